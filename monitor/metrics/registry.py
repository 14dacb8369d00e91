"""`Metrics`: everything the daemon exports, fed by the three loops and read by the web server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import datetime

from monitor.core.alive import Part
from monitor.core.state import State
from monitor.core.status import AuthorityRow, LocalPart, status_in_steps
from monitor.metrics.beliefs import Beliefs
from monitor.metrics.calendar import Dates
from monitor.metrics.exposition import OPENMETRICS, TEXT, wants_openmetrics
from monitor.metrics.own import Own
from monitor.metrics.references import Compared
from monitor.metrics.targets import TargetSeries, target_pieces
from monitor.model import (
    LOCAL,
    AuthorityState,
    EventName,
    Plan,
    Result,
    ServiceState,
    Target,
    TargetState,
)

PIECE = 64 * 1024
"""Bytes rendered before the loop may go on: about 700 series, half a millisecond."""


class Metrics:
    """All series of one daemon. Not thread-safe: fed and rendered on the event loop."""

    def __init__(self, plan: Plan) -> None:
        self._targets: dict[str, TargetSeries] = {}
        self._own = Own()
        self.replan(plan)

    # --- the pipeline -------------------------------------------------------------------------------------------

    def observe(self, result: Result, target_state: TargetState) -> None:
        """Count one run and remember what it saw; `target_state` is the target's state after it."""
        if (target := self._targets.get(result.target)) is not None:
            target.count(result)
            target.show(result, target_state)

    def restore(self, state: State) -> None:
        """Show the results that were kept over a restart as the last runs; no counter moves."""
        for target in self._targets.values():
            known = state.targets.get(target.target.id)
            if known is not None and known.last is not None:
                target.show(known.last, known)

    def publish(self, plan: Plan, state: State, now: datetime) -> None:
        """Show what is believed now: states of authorities and incidents."""
        for _ in self.publish_in_steps(plan, state, now):
            pass

    def publish_in_steps(self, plan: Plan, state: State, now: datetime) -> Iterator[None]:
        """The same in steps of a millisecond or so, before each exposition rather than with each result: what nobody asks
        for costs nothing, and time alone changes beliefs too.
        """
        if not self._own.is_reload_known:
            self.set_reload(True, now)  # the plan these metrics were made from
        status = yield from status_in_steps(plan, state, now)
        rows = (*status.authorities, *filter(None, [status.national]))
        for row in rows:
            self._beliefs.show(row.authority, row.state, row.diagnosis)
            self._beliefs.show_services(row.authority, _services(row, status.local))
        self._beliefs.show(LOCAL, status.local.state, status.local.diagnosis)
        yield
        self._compared.show(rows, state, now)
        self._dates.show(now)
        open_incidents = [incident for incident in state.incidents.values() if incident.is_open]
        self._beliefs.show_incidents(open_incidents)
        self._own.show_incidents(open_incidents)

    def count_coalesced(self) -> None:
        """A newer result replaced a waiting one of the same target."""
        self._own.coalesced.inc()

    def count_history_dropped(self, number: int) -> None:
        """History lost this many runs because the disk did not take them."""
        self._own.history_dropped.inc(number)

    def set_store_up(self, store: str, up: bool) -> None:
        """Whether the last write to `store` (`state` or `history`) succeeded."""
        self._own.store_up.labels(store).set(up)

    # --- the watcher --------------------------------------------------------------------------------------------

    def observe_lateness(self, seconds: float) -> None:
        """A run started this long after it was due."""
        self._own.lateness.observe(seconds)

    def observe_concurrency_wait(self, seconds: float) -> None:
        """A run waited this long for one of `limits.concurrency` places."""
        self._own.concurrency_wait.observe(seconds)

    def count_skipped(self, reason: str) -> None:
        """A due run did not happen: `late`, `limit`, `banned`, `still_running` or `hampered`."""
        self._own.skipped.labels(reason).inc()

    def set_loop_lag(self, seconds: float) -> None:
        """How much later than asked for the event loop woke up, last time it was measured."""
        self._own.loop_lag.set(seconds)

    # --- the daemon itself --------------------------------------------------------------------------------------

    def set_moving(self, part: Part, moving: bool) -> None:
        """Whether a part of the daemon has moved within twice its due time."""
        self._own.part_up.labels(part).set(moving)

    def count_heartbeat(self, result: str, at: datetime) -> None:
        """A heartbeat was due at `at`: `sent`, `failed`, or `withheld` because a part stands still."""
        self._own.heartbeats.labels(result).inc()
        if result == "sent":
            self._own.set_heartbeat_success(at)

    # --- the references -----------------------------------------------------------------------------------------

    def set_publish_up(self, up: bool) -> None:
        """Whether our own view could be written to `publish.file`."""
        self._compared.publishes = up

    def set_feed_up(self, feed: str, up: bool) -> None:
        """Whether the files of a feed of notices could be looked at."""
        self._compared.feeds_up[feed] = up

    # --- the courier --------------------------------------------------------------------------------------------

    def count_notification(self, receiver: str, event: EventName, result: str) -> None:
        """One attempt to tell ended: `sent`, `failed` or `dropped`. `receiver` is a URL's id (`oncall[0]`)."""
        if self._own.knows(receiver):
            self._own.notifications.labels(receiver, event, result).inc()

    def count_left_out(self, receiver: str, event: EventName) -> None:
        """A notification had no message or line of its own, because another says as much."""
        if self._own.knows(receiver):
            self._own.left_out.labels(receiver, event).inc()

    def count_doubtful(self, receiver: str, event: EventName) -> None:
        """A notification counts as told although its receiver never said so in a whole reply."""
        if self._own.knows(receiver):
            self._own.doubtful.labels(receiver, event).inc()

    def count_resend(self, receiver: str, result: str) -> None:
        """One attempt to tell an Alertmanager again what fires ended: `sent` or `failed`."""
        if self._own.knows(receiver):
            self._own.alerts_resent.labels(receiver, result).inc()

    def observe_notification_delay(self, receiver: str, seconds: float) -> None:
        """A receiver accepted a notification this long after the decision."""
        if self._own.knows(receiver):
            self._own.notification_delay.labels(receiver).observe(seconds)

    def set_pending(self, receiver: str, count: int, oldest: datetime | None) -> None:
        """How many notifications wait for a receiver, and when the oldest of them was decided."""
        if self._own.knows(receiver):
            self._own.pending.labels(receiver).set(count)
            self._own.set_oldest(receiver, oldest)

    # --- anywhere -----------------------------------------------------------------------------------------------

    def count_internal_error(self, part: str) -> None:
        """A bug of ours was caught in `part` (`web`, `courier` …) and logged with its traceback."""
        self._own.internal_errors.labels(part).inc()

    # --- configuration ------------------------------------------------------------------------------------------

    def set_reload(self, successful: bool, at: datetime) -> None:
        """The configuration was loaded (also at start) or refused at `at`."""
        self._own.reload_successful.set(successful)
        self._own.is_reload_known = True
        if successful:
            self._own.reload_timestamp.set(at.timestamp())

    def replan(self, plan: Plan) -> None:
        """Follow a new plan: series of what is gone disappear, unchanged targets keep their counters.

        Beliefs start over as unknown: `publish` follows.
        """
        self._targets = {target.id: self._followed(target) for target in plan.targets.values()}
        self._beliefs = Beliefs(plan)
        self._compared = Compared(plan)
        self._dates = Dates(plan)
        self._own.replan(plan)

    def _followed(self, target: Target) -> TargetSeries:
        new, old = TargetSeries(target), self._targets.get(target.id)
        if old is None or old.labels != new.labels:
            return new
        old.target = target
        return old

    # --- the web server -----------------------------------------------------------------------------------------

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """The whole exposition and its content type, as `accept` (the request's header) asks for.

        Holds the loop for about 0.5 µs per series: where there may be many, the web server uses `stream`.
        """
        openmetrics = wants_openmetrics(accept)
        return b"".join(self._pieces(openmetrics=openmetrics)), OPENMETRICS if openmetrics else TEXT

    async def stream(self, *, openmetrics: bool) -> AsyncIterator[bytes]:
        """The same in pieces of about a millisecond's work, letting the loop go on after each."""
        waiting: list[bytes] = []
        size = 0
        for piece in self._pieces(openmetrics=openmetrics):
            waiting.append(piece)
            size += len(piece)
            if size >= PIECE:
                yield b"".join(waiting)
                waiting, size = [], 0
                await asyncio.sleep(0)
        yield b"".join(waiting)

    def _pieces(self, *, openmetrics: bool) -> Iterator[bytes]:
        for piece in target_pieces(list(self._targets.values()), openmetrics=openmetrics):
            yield piece.encode()
        for piece in self._beliefs.pieces(openmetrics=openmetrics):
            yield piece.encode()
        for piece in self._compared.pieces(openmetrics=openmetrics):
            yield piece.encode()
        for piece in self._dates.pieces(openmetrics=openmetrics):
            yield piece.encode()
        yield self._own.text(openmetrics=openmetrics)


def _services(row: AuthorityRow, local: LocalPart) -> dict[str, ServiceState]:
    """What is believed of its services: nothing while our own network fails, as of the authority itself."""
    if local.state is AuthorityState.DOWN:
        return dict.fromkeys(row.services, ServiceState.UNKNOWN)
    return {service: one.state for service, one in row.services.items()}
