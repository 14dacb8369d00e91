"""What a notification says in the last days to file: once, in a line of its own, seen from the day it is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.notify.dates import filing_line
from monitor.notify.text import title_and_text
from tests.notify.examples import a_notification, a_plan, an_incident

SOON = an_incident(facts=("targets_failing=1/1", "filing_deadline=2026-12-15"))
LATER = an_incident(facts=("filing_deadline=2026-12-17",))


@pytest.mark.parametrize(
    ("incidents", "at", "zh", "en"),
    [
        pytest.param([SOON], "2026-12-15T01:00Z", "今天（2026-12-15）是申报最后一天",
                     "today (2026-12-15) is the last day to file", id="the last day"),
        pytest.param([SOON], "2026-12-13T15:59Z", "申报截至 2026-12-15，还有 2 天",
                     "returns are due by 2026-12-15, 2 d left", id="the days before, as China counts them"),
        pytest.param([SOON], "2026-12-15T16:00Z", "", "", id="over"),
        pytest.param([SOON, LATER], "2026-12-16T01:00Z", "申报截至 2026-12-17，还有 1 天",
                     "returns are due by 2026-12-17, 1 d left", id="the first that is still to come"),
        pytest.param([an_incident()], "2026-12-15T01:00Z", "", "", id="an ordinary day"),
    ],
)  # fmt: skip
def test_when_returns_are_due(incidents, at, zh, en):
    instant = datetime.fromisoformat(at)
    assert filing_line(incidents, instant, "zh") == zh
    assert filing_line(incidents, instant, "en") == en


def test_it_is_a_line_of_its_own_and_no_ground_of_the_diagnosis():
    at = datetime(2026, 12, 15, 1, 0, tzinfo=UTC)
    _, text = title_and_text(a_notification(SOON, at=at), a_plan())
    assert text.splitlines().count("征期：今天（2026-12-15）是申报最后一天") == 1
    assert text.count("2026-12-15）") == 1
