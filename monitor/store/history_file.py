"""The history file itself: opened, replaced, one transaction after the other. Everything here blocks.

It may vanish or rot at any time. One that is gone is made anew; one that is damaged, or is no history of ours, is moved
aside and made anew. WAL with `synchronous` NORMAL: a batch costs no fsync, a power cut costs the last seconds.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import structlog

from monitor.store.errors import StoreError
from monitor.store.sqlite import (
    bring_up_to_date,
    connect,
    drop_logs,
    is_damaged,
    reason_of,
    shipped_schema,
    transaction,
)

APPLICATION_ID = 0x4650_4D48
"""Marks a SQLite file as a history file of this program (`FPMH`)."""
LARGEST_FILE = 8 << 30
"""Bytes; a file that has grown to this makes room by its oldest runs, whatever the retention says."""
ROOM = 2000
"""So many runs make room at a time."""
LOCK_WAIT = 1.0
"""Seconds that somebody else's lock is waited for."""
LEFT_OF_WAL = 4 << 20
"""Bytes of the write-ahead log that stay after a checkpoint."""
RESERVE = 64 << 20
"""Bytes of the disk that history leaves to the state file, or `RESERVED` of a small disk."""
RESERVED = 0.05
SMALLEST_FILE = 512
"""No SQLite file has fewer bytes."""
OURS = (sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.IntegrityError, sqlite3.DataError)
"""Mistakes of ours, not of the disk: these pass through."""

T = TypeVar("T")
log = structlog.get_logger(__name__)


class HistoryFile:
    """One history file. Used by one thread at a time."""

    def __init__(
        self, path: Path, *, largest: int = LARGEST_FILE, schema: Sequence[str] | None = None
    ) -> None:
        """`largest`: bytes that the file may grow to."""
        self.path = path
        self.damage = ""
        """What was wrong with the file that was moved aside last, in one line; whoever reads it empties it."""
        self.generation = 0
        """Counts how often a file was opened: what is known of the one before (ids) is not true of the next."""
        self._largest = largest
        self._schema = shipped_schema("history") if schema is None else tuple(schema)
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None

    def transaction(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Do the job in one transaction, in a fresh file where the old one is gone or damaged.

        Raises `StoreError` where the disk does not let it; the file is then as it was.
        """
        return self._attempt(lambda: self._transact(job))

    def give_back(self, pages: int) -> bool:
        """Return that many free pages to the file system; whether there are more. Raises `StoreError`."""
        return self._attempt(lambda: self._give_back(pages))

    def require_room(self) -> None:
        """Raises `StoreError` where the disk has only left what the state file may need."""
        try:
            disk = shutil.disk_usage(self.path.parent)
        except OSError:
            return  # whatever is wrong, the transaction will say it better
        if disk.free < min(RESERVE, disk.total * RESERVED):
            raise StoreError(f"the disk is nearly full: its last {disk.free >> 10} KiB are left to the state")

    def move_aside(self, reason: str) -> None:
        """Keep a damaged file beside the new one (the last one only). Raises `StoreError`."""
        self.close()
        aside = self.path.with_name(f"{self.path.name}.damaged")
        try:
            self.path.replace(aside)
            drop_logs(self.path)
        except OSError as problem:
            raise StoreError(reason_of(problem)) from problem
        self.damage = reason
        log.error("history.damaged", reason=reason, moved_to=aside.name, consequence="a fresh one is begun")

    def close(self) -> None:
        """Close the file if it is open; the next use opens it again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _attempt(self, job: Callable[[], T]) -> T:
        """Do it, once more where what failed could be mended at once."""
        try:
            return job()
        except OURS:
            raise
        except (sqlite3.Error, OSError) as problem:
            if is_damaged(problem):
                self.move_aside(reason_of(problem))
            elif not self._make_room(problem):
                self.close()
                raise StoreError(reason_of(problem)) from problem
        try:
            return job()
        except OURS:
            raise
        except (sqlite3.Error, OSError) as problem:
            self.close()
            raise StoreError(reason_of(problem)) from problem

    def _give_back(self, pages: int) -> bool:
        connection = self._open()
        free: int = connection.execute("PRAGMA freelist_count").fetchone()[0]
        if free:  # execute() would step once, which is one page
            connection.executescript(f"PRAGMA incremental_vacuum({pages})")
        return free > pages

    def _transact(self, job: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._open()
        with transaction(connection):
            return job(connection)

    # --- opening ------------------------------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._identity != self._found():
            log.warning("history.gone", file=self.path.name, consequence="a fresh one is begun")
            self.close()
        if self._connection is None:
            self._connection = self._connect()
            self._identity = self._found()
            self.generation += 1
        return self._connection

    def _found(self) -> tuple[int, int] | None:
        """Which file stands at our path now; None: none, or one that somebody emptied."""
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return None
        return (stat.st_dev, stat.st_ino) if stat.st_size >= SMALLEST_FILE else None

    def _connect(self) -> sqlite3.Connection:
        if not self.path.exists():
            drop_logs(self.path)
        return connect(self.path, LOCK_WAIT, self._prepare)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA journal_size_limit = {LEFT_OF_WAL}")
        page_size = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {self._largest // page_size}")
        bring_up_to_date(connection, self._schema, APPLICATION_ID)

    def _make_room(self, problem: Exception) -> bool:
        """Drop the oldest runs where it is our own limit that was met, not that of the disk."""
        if getattr(problem, "sqlite_errorcode", 0) != sqlite3.SQLITE_FULL or self._connection is None:
            return False
        pages, size, free = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "page_size", "freelist_count")
        )
        if (pages - free + 1) * size < self._largest * 0.9:
            return False
        self._transact(drop_oldest)
        return True


def drop_oldest(connection: sqlite3.Connection, before: int = 1 << 62, most: int = ROOM) -> int:
    """Delete the oldest runs, at most `most` and only those before an instant (ms), and remember how far. How many."""
    row = connection.execute(
        "SELECT max(at), count(*) FROM (SELECT at FROM run WHERE at < ? ORDER BY at LIMIT ?)", (before, most)
    ).fetchone()
    if row[0] is None:
        return 0
    connection.execute("DELETE FROM run WHERE at <= ?", (row[0],))
    connection.execute(
        "INSERT INTO mark VALUES ('pruned', ?)"
        " ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
        (row[0] + 1,),
    )
    return int(row[1])
