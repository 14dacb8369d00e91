"""What has been decided but is not in the file yet. Filled on the event loop, emptied by the writer's thread."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from monitor.model import Notification

Row = tuple[str, str]
"""Kind and id of one row of state."""
Status = Literal["pending", "sent", "dropped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How the telling of one notification to one receiver stands."""

    status: Status
    attempts: int = 0
    next_try: datetime | None = None
    sent_at: datetime | None = None
    place: str = ""
    """Key of the notification whose place in the order it takes; empty: it has its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one transaction writes. A value of None removes its row. Marks are keyed by (key, receiver)."""

    values: Mapping[Row, Any] = field(default_factory=dict)
    notifications: Mapping[str, Notification] = field(default_factory=dict)
    marks: Mapping[tuple[str, str], Mark] = field(default_factory=dict)
    durable: bool = False
    """Whether it must survive a power cut, not only a kill."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.values or self.notifications or self.marks)


class Owed:
    """The newest value of everything unwritten; a value that changes twice is written once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[Row, Any] = {}
        self._notifications: dict[str, Notification] = {}
        self._marks: dict[tuple[str, str], Mark] = {}
        self._durable = False

    def add(self, values: Mapping[Row, Any], notifications: Iterable[Notification], *, durable: bool) -> None:
        """Owe rows of state and notifications."""
        with self._lock:
            self._values.update(values)
            self._notifications.update((one.key, one) for one in notifications)
            self._durable = self._durable or durable

    def add_mark(self, key: str, receiver: str, mark: Mark) -> None:
        """Owe what has become of one notification at one receiver. A place that it was given before stays its own."""
        with self._lock:
            known = self._marks.get((key, receiver))
            if known is not None and known.place and not mark.place:
                mark = replace(mark, place=known.place)
            self._marks[key, receiver] = mark

    def join(self, digest: Notification, receiver: str, keys: Iterable[str]) -> None:
        """Owe one notification in place of these, all in one transaction: it stands where the first of them stood."""
        gone = list(keys)
        with self._lock:
            self._notifications[digest.key] = digest
            self._marks[digest.key, receiver] = Mark(status="pending", place=gone[0])
            self._marks.update(((key, receiver), Mark(status="dropped")) for key in gone)

    def batch(self) -> Batch:
        """Everything owed at this moment. It stays owed until it is settled."""
        with self._lock:
            return Batch(
                values=dict(self._values),
                notifications=dict(self._notifications),
                marks=dict(self._marks),
                durable=self._durable,
            )

    def settle(self, batch: Batch) -> None:
        """Owe what was written no longer, except where something newer has come meanwhile."""
        with self._lock:
            _forget(self._values, batch.values)
            _forget(self._notifications, batch.notifications)
            _forget(self._marks, batch.marks)
            self._durable = bool(self._values or self._notifications) and self._durable


def _forget(owed: dict[Any, Any], written: Mapping[Any, Any]) -> None:
    for key, value in written.items():
        if key in owed and owed[key] is value:
            del owed[key]
