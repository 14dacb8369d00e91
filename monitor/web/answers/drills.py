"""The shapes of drills, and of who was told of them."""

from __future__ import annotations

from typing_extensions import TypedDict  # the one of typing is read by pydantic from Python 3.12 on

from monitor.model import EventName
from monitor.web.answers.basics import Instant, closed


@closed
class DrillAnswer(TypedDict):
    """An outage that is only played. `state`: active or over; `incidents`: as receivers are told of them."""

    id: str
    authorities: list[str]
    state: str
    started_at: Instant
    ends_at: Instant
    ended_at: Instant | None
    incidents: list[str]


@closed
class DeliveryAnswer(TypedDict):
    """How the telling of one event to one receiver stands. `after_seconds`: from the start (or end) of the drill."""

    event: EventName
    receiver: str
    result: str
    """`pending`, `sent` or `dropped`."""
    attempts: int
    sent_at: Instant | None
    after_seconds: float | None


@closed
class DrillReportAnswer(DrillAnswer):
    """A drill with who was told after how long."""

    told: list[DeliveryAnswer]


@closed
class DrillsAnswer(TypedDict):
    """A page of drills, newest first."""

    drills: list[DrillAnswer]
    next: str | None
