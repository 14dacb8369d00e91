"""Two months in the life of the daemon: nothing is missed, nobody is woken for nothing, and the rules are what does it."""

from __future__ import annotations

import pytest

from tests.year.year import year


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_month_is_told_as_it_was(seed: int):
    """Zero misses, zero false pages, every end told once; plain thresholds cannot have all of these on the same results."""
    lived = year(seed, 30.0)
    score = lived.score
    assert score.outages > 15
    assert score.missed == []
    assert score.false_pages == []
    assert score.unresolved == []
    assert score.false_ends == []
    assert score.doubles == []
    assert score.storms == []
    assert score.is_clean
    eager, patient = (plain for _, plain in lived.plain)
    assert eager.false_pages
    assert patient.missed
    assert score.messages < min(eager.messages, patient.messages)
