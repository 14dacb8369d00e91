"""What of a decision is news: turns commits into the events `result`, `state`, `incident` and `window` of the live stream.

The data of an event is what the API answers for the same thing: a target, a row of the status, an incident, a window.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import structlog

from monitor.clock import Clock
from monitor.core.state import Commit, State
from monitor.core.status import AuthorityRow, LocalPart, status_rows
from monitor.metrics import Metrics
from monitor.model import LOCAL, Event, Plan, Result, TargetState, as_json
from monitor.web.live import Live
from monitor.web.shapes import incident_json, members_of, target_json, window_json

log = structlog.get_logger()

GATHER = 0.2
"""Seconds in which changes are gathered before the rows of the status are made anew (1.5 ms for 36 authorities)."""

Row = AuthorityRow | LocalPart


class Reporter:
    """Follows the pipeline and publishes what changed."""

    def __init__(self, live: Live, plan: Plan, state: State, clock: Clock, metrics: Metrics) -> None:
        self._live = live
        self._plan = plan
        self._state = state
        self._clock = clock
        self._metrics = metrics
        self._rows = {slug: _ageless(row) for slug, row in self._make_rows().items()}
        self._seen: dict[str, object] = {}
        """Target → what its last run showed; a run that shows the same changes no row."""
        self._waits: asyncio.TimerHandle | None = None

    def follow(self, plan: Plan, state: State, decided: Sequence[tuple[Event, Commit]]) -> None:
        """Publish what these events changed. A bug in here is ours alone: it is logged and counted, and nothing else stops."""
        try:
            self._follow(plan, state, decided)
        except Exception:
            log.exception("web.news_failed")
            self._metrics.count_internal_error("web")

    def _follow(self, plan: Plan, state: State, decided: Sequence[tuple[Event, Commit]]) -> None:
        if plan is not self._plan:
            self._seen.clear()
        self._plan, self._state = plan, state
        changed = False
        for event, commit in decided:
            changed |= self._publish(event, commit)
        if changed and self._waits is None and not self._live.closed:
            self._waits = asyncio.get_running_loop().call_later(GATHER, self._publish_rows)

    def _publish(self, event: Event, commit: Commit) -> bool:
        """Publish the parts of one commit; whether rows of the status may have changed."""
        changed = commit.durable or bool(commit.references or commit.windows or commit.silences)
        if isinstance(event, Result):
            changed |= self._publish_result(event, commit)
        known = self._state.incidents
        for incident in commit.incidents:
            members = members_of(known.values(), incident.id)
            self._live.publish("incident", partial(incident_json, incident, members))
        now = self._clock.now()
        for record in commit.windows:
            self._live.publish("window", partial(window_json, record.window, now))
        return changed

    def _publish_result(self, result: Result, commit: Commit) -> bool:
        target = self._plan.targets.get(result.target)
        state = next((one for one in commit.targets if one.id == result.target), None)
        if target is None or state is None:
            return False
        self._live.publish("result", partial(target_json, target, state, None))
        shows = _shows(state)
        before = self._seen.get(target.id)
        self._seen[target.id] = shows
        return before != shows

    def _publish_rows(self) -> None:
        self._waits = None
        try:
            rows = self._make_rows()
        except Exception:
            log.exception("web.news_failed")
            self._metrics.count_internal_error("web")
            return
        for slug, row in rows.items():
            if _ageless(row) != self._rows.get(slug):
                self._live.publish("state", partial(row_json, row))
        self._rows = {slug: _ageless(row) for slug, row in rows.items()}

    def _make_rows(self) -> Mapping[str, Row]:
        status = status_rows(self._plan, self._state, self._clock.now())
        shown = [*status.authorities, *filter(None, [status.national])]
        return {LOCAL: status.local, **{row.authority: row for row in shown}}


def _shows(state: TargetState) -> object:
    last = state.last
    return (state.confirmed, state.slow, None if last is None else (last.cause, last.flags))


def _ageless(row: Row) -> Row:
    """The row without the ages of its references: that they grow is no news."""
    if isinstance(row, LocalPart):
        return row
    return replace(row, reference=tuple(replace(one, age_seconds=0.0) for one in row.reference))


def row_json(row: Row) -> dict[str, Any]:
    """A row of `/api/v1/status`; the local part with `authority` `local`."""
    data: dict[str, Any] = as_json(row)
    return data if isinstance(row, AuthorityRow) else {"authority": LOCAL, **data}
