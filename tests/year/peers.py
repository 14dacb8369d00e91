"""The same year judged by plain thresholds, as blackbox_exporter with Alertmanager, gatus and Uptime Kuma do: per target.

A target pages after `n` scheduled runs in a row have failed and is over with the first that succeeds; while it lasts it is
repeated every four hours (Alertmanager's `repeat_interval`). Windows mute it, as all of them can. It hears every result of
the schedule that the daemon made, and none of the daemon's re-runs, which no peer makes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from monitor.model import LOCAL, Plan, Result, Target
from tests.year.score import Score
from tests.year.timeline import Answer, Kind, Timeline, Trouble
from tests.year.truth import LATE, Truth, dues, muted

REPEAT = 4 * 3600.0
Alert = tuple[float, float, float]
"""First failing run, paged, over."""


class Threshold:
    """One rule: `n` failures in a row."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.alerts: dict[str, list[Alert]] = defaultdict(list)
        self._row: dict[str, tuple[int, float]] = {}
        self._open: dict[str, tuple[float, float]] = {}

    def hear(self, id_: str, at: float, *, ok: bool) -> None:
        """One result of the schedule."""
        if ok:
            self._row.pop(id_, None)
            if (alert := self._open.pop(id_, None)) is not None:
                self.alerts[id_].append((*alert, at))
            return
        failures, first = self._row.get(id_, (0, at))
        self._row[id_] = failures + 1, first
        if failures + 1 == self.n:
            self._open[id_] = first, at

    def close(self, at: float) -> None:
        """The year is over."""
        for id_ in list(self._open):
            self.hear(id_, at, ok=True)


class Peers:
    """Listens to the results that the daemon hears."""

    def __init__(self, start: datetime, rules: Sequence[int] = (1, 3)) -> None:
        self.rules = [Threshold(n) for n in rules]
        self._start = start

    def listen(self, target: Target, result: Result) -> None:
        """One result that was made."""
        if result.scheduled:
            at = (result.started_at - self._start).total_seconds() + result.duration
            for rule in self.rules:
                rule.hear(target.id, at, ok=result.is_ok)

    def leap(
        self, target: Target, answer: Answer, dues_: Sequence[float], last: float, interval: float, more: int
    ) -> None:
        """Results that were jumped over: those at `dues_`, and `more` after `last`. More than five alike change nothing."""
        times = [*dues_, *(last + interval * (turn + 1) for turn in range(min(more, 5)))]
        for rule in self.rules:
            for at in times:
                rule.hear(target.id, at, ok=answer.cause == "none")

    def scores(self, timeline: Timeline, plan: Plan) -> list[Score]:
        """What each rule would have told."""
        for rule in self.rules:
            rule.close(timeline.length)
        return [_score(rule, timeline, plan) for rule in self.rules]


def _score(rule: Threshold, timeline: Timeline, plan: Plan) -> Score:
    found, truth = Score(), Truth(timeline)
    heard = {id_: _heard(alerts, plan.targets[id_], timeline, plan) for id_, alerts in rule.alerts.items()}
    for due in dues(timeline, plan):
        found.outages += 1
        ids = plan.targets if due.trouble.kind is Kind.LOCAL else due.trouble.targets
        reaching = [
            one
            for id_ in ids
            for one in heard.get(id_, ())
            if one[1] <= due.end + LATE and one[2] >= due.start
        ]
        if not reaching:
            found.missed.append(str(due.trouble))
        elif due.start == due.trouble.start:
            first, told, _ = min(reaching, key=lambda one: one[1])
            found.delays.append(max(0.0, told - max(first, due.start)))
    for id_, alerts in heard.items():
        target = plan.targets[id_]
        for first, told, over in alerts:
            found.messages += 2 + int((over - told) / REPEAT)
            if not _justified(truth, target, first, told):
                found.false_pages.append(f"{id_} {told:.0f}")
    found.storms = [name for name, many in _storms(timeline, heard).items() if many > 6]
    return found


def _justified(truth: Truth, target: Target, first: float, told: float) -> bool:
    if target.authority == LOCAL:
        return truth.local(first - 6, told)
    behind = truth.behind(target.authority, target.service, first - 6, told)
    return behind is not None and target.id in behind.targets


def _heard(alerts: Sequence[Alert], target: Target, timeline: Timeline, plan: Plan) -> list[Alert]:
    """What of it is told: nothing in a window; what goes on behind one is told then."""
    found = []
    windows = muted(timeline, plan, target.authority, target.service)
    for first, told, over in alerts:
        held = max((end for start, end in windows if start <= told < end), default=told)
        if held < over:
            found.append((first, held, over))
    return found


def _storms(timeline: Timeline, heard: dict[str, list[Alert]]) -> dict[str, int]:
    wide: dict[tuple[str, int], list[Trouble]] = defaultdict(list)
    for one in timeline.troubles:
        if one.kind in (Kind.LOCAL, Kind.NATIONAL):
            wide[one.kind, one.event or int(one.start)].append(one)
    told = [one[1] for alerts in heard.values() for one in alerts]
    return {
        f"{kind} {event}": sum(
            min(one.start for one in ones) <= at <= max(one.end for one in ones) for at in told
        )
        for (kind, event), ones in wide.items()
    }
