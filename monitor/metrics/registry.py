"""`Metrics`: everything the daemon exports, fed by the three loops and read by the web server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from monitor.core.state import State
from monitor.model import EventName, Plan, Result, TargetState


class Metrics:
    """All series of one daemon. Not thread-safe: fed and rendered on the event loop."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    # --- the pipeline -------------------------------------------------------------------------------------------

    def observe(self, result: Result, target_state: TargetState) -> None:
        """Count one run and remember what it saw; `target_state` is the target's state after it."""

    def publish(self, plan: Plan, state: State, now: datetime) -> None:
        """Show what is believed now: states of authorities, incidents, results restored from the state file.

        Called after every commit that changes beliefs, and once at start with the loaded state.
        """

    def count_coalesced(self) -> None:
        """A newer result replaced a waiting one of the same target."""

    def set_store_up(self, store: str, up: bool) -> None:
        """Whether the last write to `store` (`state` or `history`) succeeded."""

    # --- the watcher --------------------------------------------------------------------------------------------

    def observe_lateness(self, seconds: float) -> None:
        """A run started this long after it was due."""

    def observe_concurrency_wait(self, seconds: float) -> None:
        """A run waited this long for one of `limits.concurrency` places."""

    def count_skipped(self, reason: str) -> None:
        """A due run did not happen: `late`, `limit`, `banned` or `still_running`."""

    def set_loop_lag(self, seconds: float) -> None:
        """How much later than asked for the event loop woke up, last time it was measured."""

    # --- the courier --------------------------------------------------------------------------------------------

    def count_notification(self, receiver: str, event: EventName, result: str) -> None:
        """One attempt to tell ended: `sent`, `failed` or `dropped`. `receiver` is a URL's id (`oncall[0]`)."""

    def observe_notification_delay(self, receiver: str, seconds: float) -> None:
        """A receiver accepted a notification this long after the decision."""

    def set_pending(self, receiver: str, count: int, oldest: datetime | None) -> None:
        """How many notifications wait for a receiver, and when the oldest of them was decided."""

    # --- configuration ------------------------------------------------------------------------------------------

    def set_reload(self, successful: bool, at: datetime) -> None:
        """The configuration was loaded (also at start) or refused at `at`."""

    def reconfigure(self, plan: Plan) -> None:
        """Follow a new plan: series of what is gone disappear, unchanged targets keep their counters."""

    # --- the web server -----------------------------------------------------------------------------------------

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """The whole exposition and its content type, as `accept` (the request's header) asks for."""
        return b"", "text/plain; version=0.0.4; charset=utf-8"

    async def stream(self, accept: str = "") -> AsyncIterator[bytes]:
        """The same in pieces of a few milliseconds' work, letting the loop go on in between."""
        yield b""
