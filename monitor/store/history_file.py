"""The history file itself: opened, replaced, one transaction after the other. Everything here blocks.

It may vanish or rot at any time. One that is gone is made anew; one that is damaged, or is no history of ours, is moved
aside and made anew. WAL with `synchronous` NORMAL: a batch costs no fsync, a power cut costs the last seconds.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import TypeVar

import structlog

from monitor.store.errors import StoreError

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
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
OURS = (sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.IntegrityError, sqlite3.DataError)
"""Mistakes of ours, not of the disk: these pass through."""

T = TypeVar("T")
log = structlog.get_logger(__name__)


def shipped_history_schema() -> tuple[str, ...]:
    """The statements that lead from each version to the next; the first makes version 1 of an empty file."""
    folder = resources.files("monitor.store") / "schema" / "history"
    names = sorted(
        (entry.name for entry in folder.iterdir()), key=lambda name: int(name.removesuffix(".sql"))
    )
    return tuple((folder / name).read_text(encoding="utf-8") for name in names)


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
        self._schema = shipped_history_schema() if schema is None else tuple(schema)
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
            self._drop_logs()
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
        connection.execute("BEGIN IMMEDIATE")
        try:
            done = job(connection)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        return done

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
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.path.exists():
            self._drop_logs()
            self.path.touch(mode=0o600)
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, timeout=LOCK_WAIT
        )
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _drop_logs(self) -> None:
        """The logs of a file that is gone must not be taken for those of the next."""
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA journal_size_limit = {LEFT_OF_WAL}")
        page_size = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {self._largest // page_size}")
        self._migrate(connection)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        found: int = connection.execute("PRAGMA user_version").fetchone()[0]
        owner: int = connection.execute("PRAGMA application_id").fetchone()[0]
        empty = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
        if owner != APPLICATION_ID and not empty:
            raise _NotOurs("a database of some other program")
        if found > len(self._schema):
            raise _NotOurs("written by a newer version of this program")
        for version in range(found + 1, len(self._schema) + 1):
            connection.executescript(
                f"BEGIN IMMEDIATE; {self._schema[version - 1]}\n;"
                f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {version}; COMMIT;"
            )

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


class _NotOurs(sqlite3.DatabaseError):
    """A sound SQLite file that this program cannot use."""

    sqlite_errorcode = sqlite3.SQLITE_NOTADB


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


def is_damaged(problem: BaseException) -> bool:
    """Whether the file itself is at fault, so that waiting would not help."""
    return getattr(problem, "sqlite_errorcode", 0) & 0xFF in DAMAGED


def reason_of(problem: Exception) -> str:
    """One line for people."""
    text = problem.strerror if isinstance(problem, OSError) else None
    return text or str(problem) or type(problem).__name__
