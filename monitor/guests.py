"""Webhooks of those who waited for a service: receivers for one message, made of what the outbox holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from monitor.model import EventName, Notification, Receiver
from monitor.model.waiting import WAITING

MOST_GUESTS = 1000
"""Of how many of those there are tellers at once."""
MOST_TOLD = 10_000
"""Of how many it is known that they were told, should the disk not take that."""


def is_guest(receiver: str) -> bool:
    """Whether an id in the outbox is that of such a webhook."""
    return receiver.startswith(f"{WAITING}:")


def receiver_of(notification: Notification, id_: str) -> Receiver | None:
    """The webhook that this is to be told to; None: it names none."""
    urls = [one.webhook for one in notification.waiting if one.receiver == id_ and one.webhook is not None]
    return Receiver(id=id_, name=WAITING, kind="webhook", url=urls[0]) if urls else None


class Guest(Protocol):
    """The teller of one of them."""

    @property
    def rests(self) -> bool:
        """Whether it only waits for its next try."""

    def stop(self) -> None:
        """End soon; its word stays in the outbox."""


G = TypeVar("G", bound=Guest)


class GuestBook(Generic[G]):
    """Who is there now, by id, and who was told: never more than `MOST_GUESTS` tellers; the others wait in the outbox."""

    def __init__(self) -> None:
        self.here: dict[str, G] = {}
        self.is_crowded = False
        """Whether somebody waits for room."""
        self._leaving: set[str] = set()
        self._told: dict[str, None] = {}
        self._turn = ""

    def turns(self, waiting: Iterable[str]) -> list[str]:
        """Those of these that are neither here nor told, beginning after who had the last turn."""
        fresh = [name for name in waiting if name not in self.here and name not in self._told]
        return sorted(fresh, key=lambda name: (name <= self._turn, name))

    def has_room(self) -> bool:
        """Whether one more may come."""
        return len(self.here) - len(self._leaving) < MOST_GUESTS

    def admits(self, id_: str) -> bool:
        """Whether this one may come now: it was not told, and there is room."""
        return id_ not in self._told and self.has_room()

    def resting(self) -> Iterator[str]:
        """Who could make room, the longest here first."""
        return iter([id_ for id_, one in self.here.items() if id_ not in self._leaving and one.rests])

    def make_room(self, resting: Iterator[str]) -> bool:
        """Have one of the resting leave where there is no room. Whether there is room now."""
        if self.has_room():
            return True
        self.is_crowded = True
        gone = next(resting, None)
        if gone is None:
            return False
        self._leaving.add(gone)
        self.here[gone].stop()
        return True

    def welcome(self, id_: str, guest: G) -> None:
        """One is here."""
        self.here[id_] = guest
        self._turn = id_

    def left(self, id_: str) -> None:
        """Its teller ended: it was told, unless it had to make room."""
        del self.here[id_]
        if id_ in self._leaving:
            self._leaving.discard(id_)
            return
        self._told[id_] = None
        if len(self._told) > MOST_TOLD:
            del self._told[next(iter(self._told))]


class Meter(Protocol):
    """What is told of receivers, by id."""

    def count_notification(self, receiver: str, event: EventName, result: str) -> None:
        """One attempt to tell ended."""

    def count_left_out(self, receiver: str, event: EventName) -> None:
        """A notification had no line of its own."""

    def count_doubtful(self, receiver: str, event: EventName) -> None:
        """A notification counts as told although no whole reply ever said so."""

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

    def count_doubtful(self, receiver: str, event: EventName) -> None:
        """See `Meter`."""
        self.meter.count_doubtful(WAITING, event)

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
