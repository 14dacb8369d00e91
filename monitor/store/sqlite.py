"""What both files have in common: how a SQLite file is opened, brought up to date, written in transactions, judged.

Everything here blocks. What is to be done about a file that is damaged or not ours is decided by who owns it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path

DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class NotOurs(sqlite3.DatabaseError):
    """A sound SQLite file that this program cannot use."""

    sqlite_errorcode = sqlite3.SQLITE_NOTADB


def shipped_schema(folder: str = "") -> tuple[str, ...]:
    """The statements that lead from each version to the next; the first makes version 1 of an empty file.

    `folder` is one below `schema`; its files are called by their version.
    """
    place = resources.files("monitor.store").joinpath("schema", folder)
    names = sorted((entry.name for entry in place.iterdir() if entry.name.endswith(".sql")), key=_version)
    return tuple((place / name).read_text(encoding="utf-8") for name in names)


def _version(name: str) -> int:
    return int(name.removesuffix(".sql"))


def connect(path: Path, wait: float, prepare: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    """A prepared connection to a file that only its owner may read; it and its folder are made where there is none.

    `wait`: seconds that somebody else's lock is waited for.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=wait)
    try:
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def bring_up_to_date(connection: sqlite3.Connection, schema: Sequence[str], application_id: int) -> None:
    """Take every step from the version found to the last one, each in a transaction. Raises `NotOurs`."""
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    owner: int = connection.execute("PRAGMA application_id").fetchone()[0]
    empty = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if owner != application_id and not empty:
        raise NotOurs("a database of some other program")
    if found > len(schema):
        raise NotOurs(
            f"written by a newer version of this program (its format is {found}, this version knows {len(schema)})"
        )
    for version in range(found + 1, len(schema) + 1):
        connection.executescript(
            f"BEGIN IMMEDIATE; {schema[version - 1]}\n;"
            f"PRAGMA application_id = {application_id}; PRAGMA user_version = {version}; COMMIT;"
        )


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing of what is done inside."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def drop_logs(path: Path) -> None:
    """The logs of a file that is gone must not be taken for those of the next."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def is_damaged(problem: BaseException) -> bool:
    """Whether the file itself is at fault, so that waiting would not help."""
    return getattr(problem, "sqlite_errorcode", 0) & 0xFF in DAMAGED


def reason_of(problem: Exception) -> str:
    """One line for people."""
    text = problem.strerror if isinstance(problem, OSError) else None
    return text or str(problem) or type(problem).__name__
