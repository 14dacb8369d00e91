"""What waits to be told to one receiver, in the order of deciding: what is due, what may be told together, what is too much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from monitor.core.digest import joined, may_join, spent, superseded
from monitor.model import Notification
from monitor.store.state import Pending

MOST = 500
"""Notifications that may wait for one receiver; beyond it what says nothing new goes, and the older half becomes one."""

REFUSALS = 8
"""Refusals after which one holds up no other: about two minutes, enough for a receiver that is being redeployed."""


class Waitlist:
    """The queue of one receiver. Knows no store and no clock."""

    def __init__(self, longest_wait: float) -> None:
        """`longest_wait`: seconds after which anything is due, should the wall clock have jumped."""
        self._longest_wait = longest_wait
        self._waiting: dict[str, Pending] = {}
        self._refusals = Counter[str]()
        """How often the receiver said no to one, by key."""
        self._doubts = Counter[str]()
        """How often it is not known whether the receiver took one, by key."""

    def __contains__(self, key: str) -> bool:
        return key in self._waiting

    def __len__(self) -> int:
        """How many notifications wait, each of those in a digest counted."""
        return sum(len(pending.notification.digest) or 1 for pending in self._waiting.values())

    def oldest(self) -> datetime | None:
        """When the first of what waits was decided."""
        first = (_first(pending.notification) for pending in self._waiting.values())
        return min(first, default=None)

    def put(self, pending: Pending) -> None:
        """Take one in, or what has become of one that is there."""
        self._waiting[pending.notification.key] = pending

    def forget(self, key: str) -> None:
        """One is done with."""
        del self._waiting[key]
        self._refusals.pop(key, None)
        self._doubts.pop(key, None)

    def refused(self, key: str) -> None:
        """The receiver said no to one."""
        self._refusals[key] += 1

    def doubted(self, key: str) -> int:
        """It is not known whether the receiver took one: how often that was so by now."""
        self._doubts[key] += 1
        return self._doubts[key]

    def hasten(self) -> None:
        """Everything is due that was not refused: the receiver is back."""
        for key, pending in self._waiting.items():
            if pending.next_try is not None and key not in self._refusals:
                self._waiting[key] = replace(pending, next_try=None)

    def due(self, now: datetime) -> list[Pending]:
        """Those that may be told now, in order: due, and not behind one about the same that is not.

        Else a receiver that was away could hear that the next outage began before it hears that the last one ended.
        """
        found, held, stubborn = [], set[tuple[str, str]](), set[tuple[str, str]]()
        for key, pending in self._waiting.items():
            about, is_refused = _about(pending.notification), self.is_refused(key)
            behind = held | stubborn if is_refused else held
            if not about & behind and self._wait_for(pending, now) <= 0:
                found.append(pending)
            elif is_refused:
                stubborn |= about  # it may be this one alone: what is new is tried
            else:
                held |= about
        return found

    def is_refused(self, key: str) -> bool:
        """Whether the receiver said no to it so often that it is tried rarely, if at all."""
        return self._refusals[key] >= REFUSALS

    def told_better(self, told: Notification) -> list[Notification]:
        """What was refused before `told`, which was taken, and is about no other incidents: it says nothing new any more."""
        found: list[Notification] = []
        ids = {incident.id for incident in told.incidents}
        for key, pending in self._waiting.items():
            if key == told.key:
                return found
            about = {incident.id for incident in pending.notification.incidents}
            if self.is_refused(key) and about and about <= ids:
                found.append(pending.notification)
        return []

    def next_wait(self, now: datetime) -> float | None:
        """Seconds until something more is due; None: nothing will be by itself."""
        waits = [wait for pending in self._waiting.values() if (wait := self._wait_for(pending, now)) > 0]
        return min(waits, default=None)

    def _wait_for(self, pending: Pending, now: datetime) -> float:
        if pending.next_try is None:
            return 0.0
        return min((pending.next_try - now).total_seconds(), self._longest_wait)

    # --- several in one -----------------------------------------------------------------------------------------

    def together(self, due: Iterable[Pending]) -> list[Notification]:
        """Those of what is due that may be told as one. One that was refused is not: it would take the others along.

        Nor is one that may have been taken: as part of others it would be repeated without end.
        """
        apart = self._refusals.keys() | self._doubts.keys()
        return [
            pending.notification
            for pending in due
            if may_join(pending.notification) and pending.notification.key not in apart
        ]

    def overflow(self, now: datetime) -> tuple[list[Notification], list[Notification]]:
        """What must go: what time made worthless and, where too much waits, what says nothing new; then what becomes one."""
        notes = [pending.notification for pending in self._waiting.values()]
        vain = spent(notes, now)
        left = _without(notes, vain)
        if len(left) <= MOST:
            return vain, []
        vain += superseded(left)
        left = _without(notes, vain)
        if len(left) <= MOST:
            return vain, []
        return vain, [note for note in left[: len(left) - MOST // 2] if may_join(note)]

    def join(self, notes: list[Notification], receiver: str) -> Notification:
        """Put one in the place of these, where the first of them stood."""
        digest = joined(notes, receiver)
        keys = {note.key for note in notes}
        entries = list(self._waiting.items())
        self._waiting = {}
        for key, pending in entries:
            if key not in keys:
                self._waiting[key] = pending
            else:
                self._waiting.setdefault(digest.key, Pending(notification=digest))
                self._refusals.pop(key, None)
                self._doubts.pop(key, None)
        return digest


def _without(notes: list[Notification], vain: list[Notification]) -> list[Notification]:
    keys = {note.key for note in vain}
    return [note for note in notes if note.key not in keys]


def _about(note: Notification) -> set[tuple[str, str]]:
    """What it is about: services as (authority, service), windows as ("window", id)."""
    windows = [note.window, *(entry.window for entry in note.digest)]
    return {(one.authority, one.service) for one in note.incidents} | {
        ("window", window.id) for window in windows if window is not None
    }


def _first(notification: Notification) -> datetime:
    return notification.digest[0].at if notification.digest else notification.at
