"""Webhooks of those who waited for a service: receivers for one message, made of what the outbox holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from monitor.model import EventName, Notification, Receiver
from monitor.model.waiting import WAITING


def is_guest(receiver: str) -> bool:
    """Whether an id in the outbox is that of such a webhook."""
    return receiver.startswith(f"{WAITING}:")


def receiver_of(notification: Notification, id_: str) -> Receiver | None:
    """The webhook that this is to be told to; None: it names none."""
    urls = [one.webhook for one in notification.waiting if one.receiver == id_ and one.webhook is not None]
    return Receiver(id=id_, name=WAITING, kind="webhook", url=urls[0]) if urls else None


class Meter(Protocol):
    """What is told of receivers, by id."""

    def count_notification(self, receiver: str, event: EventName, result: str) -> None:
        """One attempt to tell ended."""

    def count_left_out(self, receiver: str, event: EventName) -> None:
        """A notification had no line of its own."""

    def observe_notification_delay(self, receiver: str, seconds: float) -> None:
        """A notification was accepted."""

    def set_pending(self, receiver: str, count: int, oldest: datetime | None) -> None:
        """How many wait, and since when."""

    def count_internal_error(self, part: str) -> None:
        """A bug of ours was caught."""


@dataclass(frozen=True, slots=True)
class GuestMeter:
    """Tells of all guests as of one receiver: there may be hundreds, and each is there once."""

    meter: Meter
    waiting: dict[str, datetime] = field(default_factory=dict)
    """Id of each guest that was not told yet → when its word was decided."""

    def count_notification(self, receiver: str, event: EventName, result: str) -> None:
        """See `Meter`."""
        self.meter.count_notification(WAITING, event, result)

    def count_left_out(self, receiver: str, event: EventName) -> None:
        """See `Meter`."""
        self.meter.count_left_out(WAITING, event)

    def observe_notification_delay(self, receiver: str, seconds: float) -> None:
        """See `Meter`."""
        self.meter.observe_notification_delay(WAITING, seconds)

    def set_pending(self, receiver: str, count: int, oldest: datetime | None) -> None:
        """See `Meter`; a guest has one message at most."""
        if oldest is None:
            self.waiting.pop(receiver, None)
        else:
            self.waiting[receiver] = oldest
        self.meter.set_pending(WAITING, len(self.waiting), min(self.waiting.values(), default=None))

    def count_internal_error(self, part: str) -> None:
        """See `Meter`."""
        self.meter.count_internal_error(part)
