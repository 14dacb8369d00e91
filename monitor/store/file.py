"""The SQLite file itself: opening with care, one transaction per batch, the outbox. Everything here blocks.

WAL, because a writer then appends and fsyncs once per transaction. `synchronous` is FULL for what must survive a power
cut and NORMAL for the rest, which a kill cannot lose either: a process's writes live in the kernel. The lock is
exclusive: two daemons on one state file would tell everything twice.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import structlog
from pydantic import ValidationError

from monitor.core.state import State
from monitor.model import Notification, rfc3339
from monitor.store.errors import StateRefused, StoreError
from monitor.store.owed import Batch
from monitor.store.rows import SINGLE, kinds, notification_adapter
from monitor.store.sqlite import (
    NotOurs,
    bring_up_to_date,
    connect,
    drop_logs,
    is_damaged,
    reason_of,
    shipped_schema,
    transaction,
)

APPLICATION_ID = 0x4650_4D53
"""Marks a SQLite file as a state file of this program (`FPMS`)."""
KEEP_TOLD = 10_000
"""Finished outbox rows that are remembered: a commit handed in twice finds them and tells nothing again."""
MOST_PENDING = 10_000
"""Pending notifications read at once for one receiver."""
LOCK_WAIT = 5.0
"""Seconds a predecessor has to let go of the file."""

T = TypeVar("T")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """One notification that one receiver has still to be told. `next_try` None: at once."""

    notification: Notification
    attempts: int = 0
    next_try: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How the telling of one notification to one receiver stands."""

    key: str
    receiver: str
    status: str
    """`pending`, `sent` or `dropped`."""
    attempts: int
    """Tries that failed so far."""
    sent_at: datetime | None
    """When the receiver took it."""


class StateFile:
    """One state file. Used by one thread at a time."""

    def __init__(self, path: Path, schema: Sequence[str] | None = None) -> None:
        self._path = path
        self._schema = shipped_schema() if schema is None else tuple(schema)
        self._connection: sqlite3.Connection | None = None
        self._finished = 0
        """Rows of the outbox that were finished since those too old were removed last."""

    def load(self) -> State:
        """Open the file, bring it up to date and read the state. A damaged file is moved aside for a fresh one.

        Raises `StateRefused` (see there) and `StoreError` for what may mend: a full disk, a missing permission.
        """
        try:
            return self._load()
        except StoreError:
            raise
        except sqlite3.Error as problem:
            self.close()
            if not (is_damaged(problem) or self._is_no_file(problem)):
                raise StoreError(reason_of(problem)) from problem
            self._move_aside(problem)
        except OSError as problem:
            raise StoreError(reason_of(problem)) from problem
        return self._attempt(self._load)

    def write(self, batch: Batch) -> None:
        """Write a batch in one transaction. Raises `StoreError` and leaves the file as it was."""
        self._attempt(lambda: self._write(batch))

    def pending(self, receiver: str) -> tuple[Pending, ...]:
        """What one receiver has still to be told, in the order of deciding. Raises `StoreError`."""
        return self._attempt(lambda: self._pending(receiver))

    def sent_since(self, receiver: str, since: datetime) -> tuple[datetime, ...]:
        """When one receiver took something, the earliest first, as far back as `since`. Raises `StoreError`."""
        query = "SELECT sent_at FROM outbox WHERE receiver = ? AND sent_at >= ? ORDER BY sent_at"
        given = (receiver, rfc3339(since))
        return self._attempt(
            lambda: tuple(datetime.fromisoformat(row[0]) for row in self._open().execute(query, given))
        )

    def deliveries(self, keys: Sequence[str]) -> tuple[Delivery, ...]:
        """How the telling of these notifications stands, in the order of deciding. Raises `StoreError`."""
        query = (
            "SELECT key, receiver, status, attempts, sent_at FROM outbox"
            " WHERE key IN (SELECT value FROM json_each(?)) ORDER BY seq"
        )
        given = (json.dumps(list(keys)),)
        return self._attempt(lambda: tuple(_delivery(*row) for row in self._open().execute(query, given)))

    def waiting_receivers(self) -> frozenset[str]:
        """Ids of the receivers that something is pending for. Raises `StoreError`."""
        query = "SELECT DISTINCT receiver FROM outbox WHERE status = 'pending'"
        return self._attempt(lambda: frozenset(row[0] for row in self._open().execute(query)))

    def close(self) -> None:
        """Close the file if it is open; the next use opens it again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _attempt(self, job: Callable[[], T]) -> T:
        try:
            return job()
        except StoreError:
            raise
        except (sqlite3.Error, OSError) as problem:
            raise StoreError(reason_of(problem)) from problem

    # --- opening ------------------------------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = connect(self._path, LOCK_WAIT, self._prepare)
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise StateRefused(f"{self._path} is in use by another process") from problem
            raise
        try:
            bring_up_to_date(connection, self._schema, APPLICATION_ID)
        except NotOurs as problem:
            raise StateRefused(
                f"{self._path}: {problem}; start the program it belongs to, or move the file away"
            ) from problem

    def _move_aside(self, problem: sqlite3.Error) -> None:
        number = 1
        while (aside := self._path.with_name(f"{self._path.name}.damaged-{number}")).exists():
            number += 1
        try:
            self._path.rename(aside)
            drop_logs(self._path)
        except OSError as refused:
            raise StoreError(reason_of(refused)) from refused
        log.error(
            "store.damaged",
            reason=reason_of(problem),
            moved_to=aside.name,
            consequence="starting with a fresh state",
        )

    def _is_no_file(self, problem: sqlite3.Error) -> bool:
        """Whether something else stands where the file belongs."""
        code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
        return code == sqlite3.SQLITE_CANTOPEN and self._path.exists() and not self._path.is_file()

    # --- reading ------------------------------------------------------------------------------------------------

    def _load(self) -> State:
        connection = self._open()
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise _Damaged(verdict)
        self._prune(connection)
        state = State()
        for name, key, body in connection.execute("SELECT kind, id, body FROM entity"):
            _restore(state, name, key, body)
        return state

    def _prune(self, connection: sqlite3.Connection) -> None:
        with suppress(sqlite3.OperationalError):  # a full disk must not stand in the way of reading
            connection.execute(
                "DELETE FROM outbox WHERE status != 'pending'"
                " AND seq <= (SELECT coalesce(max(seq), 0) FROM outbox) - ?",
                (KEEP_TOLD,),
            )
            connection.execute("DELETE FROM notification WHERE key NOT IN (SELECT key FROM outbox)")

    def _pending(self, receiver: str) -> tuple[Pending, ...]:
        query = (
            "SELECT key, body, attempts, next_try FROM outbox JOIN notification USING (key)"
            " WHERE status = 'pending' AND receiver = ? ORDER BY coalesce(place, seq), seq LIMIT ?"
        )
        rows = self._open().execute(query, (receiver, MOST_PENDING)).fetchall()
        read = [_read_pending(*row, receiver=receiver) for row in rows]
        return tuple(one for one in read if one is not None)

    # --- writing ------------------------------------------------------------------------------------------------

    def _write(self, batch: Batch) -> None:
        connection = self._open()
        connection.execute(f"PRAGMA synchronous = {'FULL' if batch.durable else 'NORMAL'}")
        with transaction(connection):
            _write_values(connection, batch)
            _write_notifications(connection, batch)
            _write_marks(connection, batch)
            self._finished += sum(mark.status != "pending" for mark in batch.marks.values())
            if self._finished > KEEP_TOLD // 10:
                self._prune(connection)
                self._finished = 0


class _Damaged(sqlite3.DatabaseError):
    """The file opens but its pages contradict each other."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


def _restore(state: State, name: str, key: str, body: str) -> None:
    """Put one row into the state; a row this version cannot read is left out."""
    kind = kinds().get(name)
    if kind is None:
        log.warning("store.row_skipped", kind=name, id=key, reason="unknown kind")
        return
    try:
        value = kind.adapter.validate_json(body)
    except ValidationError as problem:
        log.warning("store.row_skipped", kind=name, id=key, reason=_first_error(problem))
        return
    if kind.is_mapping:
        getattr(state, name)[key] = value
    elif key == SINGLE:
        setattr(state, name, value)


def _read_pending(
    key: str, body: str, attempts: int, next_try: str | None, *, receiver: str
) -> Pending | None:
    try:
        notification = notification_adapter().validate_json(body)
    except ValidationError as problem:
        log.error("store.notification_unreadable", key=key, receiver=receiver, reason=_first_error(problem))  # noqa: TRY400
        return None
    at = datetime.fromisoformat(next_try) if next_try else None
    return Pending(notification=notification, attempts=attempts, next_try=at)


def _delivery(key: str, receiver: str, status: str, attempts: int, sent_at: str | None) -> Delivery:
    at = datetime.fromisoformat(sent_at) if sent_at else None
    return Delivery(key=key, receiver=receiver, status=status, attempts=attempts, sent_at=at)


def _first_error(problem: ValidationError) -> str:
    first = problem.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _write_values(connection: sqlite3.Connection, batch: Batch) -> None:
    gone = [row for row, value in batch.values.items() if value is None]
    kept = [
        (kind, key, kinds()[kind].adapter.dump_json(value).decode())
        for (kind, key), value in batch.values.items()
        if value is not None
    ]
    connection.executemany("DELETE FROM entity WHERE kind = ? AND id = ?", gone)
    connection.executemany("INSERT OR REPLACE INTO entity (kind, id, body) VALUES (?, ?, ?)", kept)


def _write_notifications(connection: sqlite3.Connection, batch: Batch) -> None:
    """A notification that is there already is left as it is: its key says that it is the same."""
    for key, notification in batch.notifications.items():
        body = notification_adapter().dump_json(notification).decode()
        connection.execute("INSERT OR IGNORE INTO notification (key, body) VALUES (?, ?)", (key, body))
        connection.executemany(
            "INSERT OR IGNORE INTO outbox (key, receiver) VALUES (?, ?)",
            [(key, receiver) for receiver in notification.to],
        )


def _write_marks(connection: sqlite3.Connection, batch: Batch) -> None:
    """What is sent or dropped stays so, whatever comes later."""
    connection.executemany(
        "INSERT INTO outbox (key, receiver, status, attempts, next_try, sent_at, place)"
        " VALUES (:key, :receiver, :status, :attempts, :next_try, :sent_at,"
        " (SELECT coalesce(place, seq) FROM outbox WHERE key = :place AND receiver = :receiver))"
        " ON CONFLICT (key, receiver) DO UPDATE SET status = excluded.status, attempts = excluded.attempts,"
        " next_try = excluded.next_try, sent_at = excluded.sent_at, place = coalesce(excluded.place, outbox.place)"
        " WHERE outbox.status = 'pending'",
        [
            {
                "key": key,
                "receiver": receiver,
                "status": mark.status,
                "attempts": mark.attempts,
                "next_try": mark.next_try and rfc3339(mark.next_try),
                "sent_at": mark.sent_at and rfc3339(mark.sent_at),
                "place": mark.place,
            }
            for (key, receiver), mark in batch.marks.items()
        ],
    )
