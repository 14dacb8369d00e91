"""The scoreboard would notice: with one rule broken, a short and nasty timeline is no longer told as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.core import local, telling
from monitor.core.schedule import next_due
from monitor.model import LOCAL, Cause, Phase, Plan, Repeat
from tests.year.daemon import START, live, shipped_plan
from tests.year.score import Score, score
from tests.year.timeline import Answer, Kind, Stretch, Timeline, Trouble

REFUSED = Answer(cause=Cause.CONNECTION_REFUSED, phase=Phase.CONNECT, takes=0.05)
HOUR = 3600.0


def fail(line: Timeline, kind: Kind, ids: Iterable[str], start: float, length: float) -> None:
    """These targets of one authority fail."""
    targets = frozenset(ids)
    slug = next(iter(sorted(targets))).partition("/")[2]
    line.troubles.append(
        Trouble(kind=kind, authority=slug, service="verify", start=start, end=start + length, targets=targets)
    )
    line.stretches += [
        Stretch(target=id_, start=start, end=start + length, answer=REFUSED) for id_ in targets
    ]


def few(plan: Plan) -> Plan:
    """The plan with nine authorities: a third of them is a nationwide outage as it is with 36."""
    slugs = {*sorted(plan.authorities)[:9], LOCAL}
    kept = {id_: one for id_, one in plan.targets.items() if one.authority in slugs and one.probe != "dppt"}
    return replace(
        plan, targets=kept, authorities={slug: one for slug, one in plan.authorities.items() if slug in slugs}
    )


def before_run(id_: str, at: float) -> float:
    """A second before the first scheduled run of a target behind `at`."""
    return next_due(id_, 60.0, START.timestamp() + at) - START.timestamp() - 1.0


def nasty() -> Timeline:
    """Blips, an outage with breaths, one just over two intervals, most of the country, our own network."""
    line = Timeline(seed=0, length=10 * HOUR)
    plan = few(shipped_plan(Timeline(seed=0, length=0.0)))
    blip, breath, short, *others = sorted(plan.authorities)
    for number in range(5):
        fail(line, Kind.BLIP, [f"reach/{blip}"], before_run(f"reach/{blip}", HOUR + number * 600), 8.0)
    fail(line, Kind.OUTAGE, [f"reach/{breath}", f"captcha/{breath}"], 3 * HOUR, HOUR)
    for number in range(4):
        start = before_run(f"reach/{breath}", 3 * HOUR + 600 * (number + 1))
        line.stretches += [
            Stretch(target=f"{probe}/{breath}", start=start, end=start + 4.0, answer=Answer(takes=0.1))
            for probe in ("reach", "captcha")
        ]
    fail(line, Kind.OUTAGE, [f"reach/{short}", f"captcha/{short}"], 5 * HOUR, 125.0)
    for slug in [*others, blip]:
        fail(line, Kind.NATIONAL, [f"reach/{slug}", f"captcha/{slug}"], 7 * HOUR, 0.5 * HOUR)
    line.troubles.append(
        Trouble(kind=Kind.LOCAL, authority=LOCAL, service="", start=9 * HOUR, end=9 * HOUR + 600)
    )
    line.stretches += [
        Stretch(target=id_, start=9 * HOUR, end=9 * HOUR + 600, answer=REFUSED) for id_ in plan.targets
    ]
    return line


def judged(directory: Path, change: Callable[[Plan], Plan] = lambda plan: plan) -> Score:
    """The nasty timeline, lived by a plan; the truth is that of the shipped one."""
    line = nasty()
    plan = few(shipped_plan(line))
    return score(line, plan, live(line, directory, plan=change(plan)).heard)


def with_targets(plan: Plan, **more: Repeat) -> Plan:
    """The plan with other rules for all targets."""
    return replace(plan, targets={id_: replace(one, **more) for id_, one in plan.targets.items()})  # type: ignore[arg-type]


def test_the_shipped_rules_are_clean(tmp_path: Path):
    """The yardstick: everything told once, and nothing else."""
    found = judged(tmp_path)
    assert found.is_clean, found
    assert found.outages == 10


def test_confirming_at_once_pages_for_blips(tmp_path: Path):
    """`confirm.attempts: 1`."""
    found = judged(tmp_path, lambda plan: with_targets(plan, confirm=Repeat(attempts=1, spacing=5.0)))
    assert any("anhui" in one for one in found.false_pages)


def test_confirming_late_misses_what_is_just_over_two_intervals(tmp_path: Path):
    """`confirm: {attempts: 30, spacing: 10s}`."""
    found = judged(tmp_path, lambda plan: with_targets(plan, confirm=Repeat(attempts=30, spacing=10.0)))
    assert any("chongqing" in one for one in found.missed)


def test_recovering_at_once_tells_ends_that_are_none(tmp_path: Path):
    """`recover.attempts: 1`."""
    found = judged(tmp_path, lambda plan: with_targets(plan, recover=Repeat(attempts=1, spacing=5.0)))
    assert any("beijing" in one for one in found.false_ends)


def test_never_recovering_tells_no_end(tmp_path: Path):
    """`recover.attempts: 1000`."""
    found = judged(tmp_path, lambda plan: with_targets(plan, recover=Repeat(attempts=1000, spacing=600.0)))
    assert found.unresolved


def test_without_the_quorum_of_controls_our_fault_is_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """`core/local.py`: the controls never say that it is us, and no share of the authorities does."""
    monkeypatch.setattr(local.LocalView, "by_controls", property(lambda _self: False))
    found = judged(tmp_path, lambda plan: replace(plan, judgement=replace(plan.judgement, local_share=2.0)))
    assert any(one.startswith("local") for one in found.missed)
    assert found.false_pages


def test_without_grouping_the_country_is_a_flood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """`core/telling.py`: every word goes out alone, and a nationwide outage explains nobody."""
    together = telling.notify

    def alone(said, now, votes=lambda _: ()):
        found, after = [], {}
        for word in said:
            more, then = together([word], now, votes)
            found += more
            after.update(then)
        return found, after

    monkeypatch.setattr("monitor.core.releasing.notify", alone)
    monkeypatch.setattr("monitor.core.surroundings.Surroundings.is_national", property(lambda _self: False))
    found = judged(tmp_path)
    assert found.storms
