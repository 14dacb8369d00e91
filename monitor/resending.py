"""Tells each Alertmanager again, every minute, what fires and what ended lately: it forgets what it does not hear of.

That also brings everything back to one that was restarted without its data, and to one told by a daemon that was
itself restarted: what is sent follows from the state alone.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog

from monitor.clock import Clock
from monitor.core.state import State
from monitor.model import Plan, Receiver
from monitor.notify.alertmanager import Alertmanager
from monitor.notify.alerts import RESEND, Scene
from monitor.notify.delivery import DeliveryError

PATIENCE = 10.0
"""Seconds for one re-send."""

log = structlog.get_logger(__name__)


class Meter(Protocol):
    """What the re-sender tells about its work."""

    def count_resend(self, receiver: str, result: str) -> None:
        """One re-send of alerts to a receiver URL ended: `sent` or `failed`."""

    def count_internal_error(self, part: str) -> None:
        """A bug of ours was caught and logged with its traceback."""


class Resender:
    """Feeds the Alertmanagers of the plan from the state, until `run` is cancelled. Its `alertmanager` also delivers."""

    def __init__(
        self, plan: Plan, state: State, clock: Clock, meter: Meter, *, interval: float = RESEND
    ) -> None:
        self.alertmanager = Alertmanager(self._scene)
        self._plan = plan
        self._state = state
        self._clock = clock
        self._meter = meter
        self._interval = interval
        self._busy: set[str] = set()
        self._failing: set[str] = set()

    def replan(self, plan: Plan) -> None:
        """Go on by another plan."""
        self._plan = plan

    async def run(self) -> None:
        """Re-send at once and then every interval; one that does not answer holds up no other."""
        async with asyncio.TaskGroup() as sending:
            while True:
                for receiver in self._plan.receivers:
                    if receiver.kind == "alertmanager" and receiver.id not in self._busy:
                        self._busy.add(receiver.id)
                        sending.create_task(self._resend(receiver), name=f"re-send {receiver.id}")
                await asyncio.sleep(self._interval)

    def _scene(self) -> Scene:
        return Scene(plan=self._plan, state=self._state, now=self._clock.now())

    async def _resend(self, receiver: Receiver) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                alerts = await self.alertmanager.resend(receiver)
        except TimeoutError:
            self._failed(receiver, "no answer in time")
        except DeliveryError as problem:
            self._failed(receiver, problem.reason)
        except Exception:
            log.exception("alerts.bug", receiver=receiver.id)
            self._meter.count_internal_error("resender")
        else:
            if alerts:
                self._sent(receiver)
        finally:
            self._busy.discard(receiver.id)

    def _sent(self, receiver: Receiver) -> None:
        self._meter.count_resend(receiver.id, "sent")
        if receiver.id in self._failing:
            self._failing.discard(receiver.id)
            log.info("alerts.resent_again", receiver=receiver.id)

    def _failed(self, receiver: Receiver, reason: str) -> None:
        self._meter.count_resend(receiver.id, "failed")
        if receiver.id not in self._failing:
            self._failing.add(receiver.id)
            log.warning(
                "alerts.not_resent", receiver=receiver.id, reason=reason, next_try_in_s=self._interval
            )
