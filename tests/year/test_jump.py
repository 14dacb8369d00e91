"""A jump leaves everything as it would be without it: the same days lived both ways give the same messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from monitor.model import Plan
from tests.year.daemon import RECEIVERS, SOURCES, Lived, live, shipped_plan
from tests.year.draw import draw
from tests.year.timeline import Timeline

FEW = ("anhui", "gansu", "hebei", "local")


def few(plan: Plan) -> Plan:
    """The plan with three authorities: all days are lived once without a jump."""
    kept = {id_: target for id_, target in plan.targets.items() if target.authority in FEW}
    watched = {slug: known for slug, known in plan.authorities.items() if slug in FEW}
    return replace(plan, targets=kept, authorities=watched)


def words(lived: Lived) -> Sequence[tuple[str, str, str, tuple[str, ...]]]:
    """What was told, to whom, and about what, in each receiver's order; ids name an instant, and that may differ by a second."""
    return sorted(
        (
            one.receiver,
            one.event,
            one.severity,
            tuple(f"{said.authority}/{said.service}/{said.diagnosis}" for said in one.incidents),
        )
        for one in lived.heard
    )


def test_days_lived_with_and_without_jumps_tell_the_same(tmp_path: Path):
    """Jumped: nearly all results. Told: the same, within seconds."""
    timeline = draw(5, 2.0, few(shipped_plan(Timeline(seed=5, length=0.0))), SOURCES, RECEIVERS)
    busy = timeline.edges()
    assert len(busy) > 10
    plan = few(shipped_plan(timeline))
    lives = []
    for jumps in (True, False):
        directory = tmp_path / str(jumps)
        directory.mkdir()
        lives.append(live(timeline, directory, jumps=jumps, plan=plan))
    jumped, lived = lives
    assert jumped.jumped > 5 * jumped.results
    assert lived.jumped == 0
    assert abs(jumped.jumped + jumped.results - lived.results) < 0.02 * lived.results
    assert words(jumped) == words(lived)
    assert len(words(lived)) >= 4
    apart = [abs(a.at - b.at) for a, b in zip(jumped.heard, lived.heard, strict=True)]
    assert max(apart) < 15
