"""What is read from the history file, over a connection of its own: a slow question holds up no writing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from monitor.core import history
from monitor.core.history import HOUR, Uptime
from monitor.model import Incident
from monitor.store import history_sums as sums
from monitor.store.errors import StoreError
from monitor.store.history_file import LOCK_WAIT
from monitor.store.history_rows import COLUMNS, HoursPage, IncidentsPage, RunsPage, past_incident, past_run
from monitor.store.sqlite import is_damaged, reason_of

MOST = 1000
"""Entries of one page at most."""
LONGEST = 3.0
"""Seconds after which a question is given up."""
STEPS = 20_000
"""Steps of SQLite between two looks at the clock."""
LONGEST_CURSOR = 200

T = TypeVar("T")


class HistoryDamagedError(StoreError):
    """The file cannot be read because it is damaged."""


class HistoryReader:
    """Answers questions about one history file. Used by one thread at a time; nothing stays open between two questions."""

    def __init__(self, path: Path, monotonic: Callable[[], float]) -> None:
        self._path = path
        self._monotonic = monotonic

    def ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Answer it within `LONGEST` seconds. Raises `StoreError`, of which `HistoryDamagedError`."""
        try:
            return self._ask(question)
        except (sqlite3.Error, OSError) as problem:
            kind = HistoryDamagedError if is_damaged(problem) else StoreError
            raise kind(reason_of(problem)) from problem

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        address = f"{self._path.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=LOCK_WAIT)
        latest = self._monotonic() + LONGEST
        connection.set_progress_handler(lambda: self._monotonic() > latest, STEPS)
        try:
            connection.execute("BEGIN")  # one view of the file, though it is written meanwhile
            return question(connection)
        finally:
            connection.close()


def runs_page(
    connection: sqlite3.Connection, target: str, since: int, until: int, limit: int, cursor: str | None
) -> RunsPage:
    """Runs of one target that began from `since` (inside) to `until` (outside), newest first.

    Raises ValueError for a cursor that is none of ours.
    """
    most = max(1, min(limit, MOST))
    row = connection.execute("SELECT id FROM target WHERE name = ?", (target,)).fetchone()
    below = until if cursor is None else min(until, _number(cursor))
    rows = [] if row is None else list(_newest(connection, row[0], since, below, most + 1))
    read = (past_run(target, one) for one in rows[:most])
    return RunsPage(
        runs=tuple(one for one in read if one is not None),
        next=str(rows[most - 1][0]) if len(rows) > most else None,
    )


def _newest(
    connection: sqlite3.Connection, target: int, since: int, below: int, most: int
) -> Iterator[tuple[object, ...]]:
    """Rows of a target, newest first, hour by hour: runs are kept by time, so only hours it has runs in are looked into."""
    hours = history.hours_of(max(since, sums.pruned(connection) - HOUR), below)
    known = connection.execute(
        "SELECT hour FROM target_hour WHERE target = ? AND hour >= ? AND hour < ?"
        " UNION SELECT hour FROM dirty WHERE hour >= ? AND hour < ? ORDER BY hour DESC",
        (target, hours.start, hours.stop, hours.start, hours.stop),
    ).fetchall()
    query = f"SELECT {COLUMNS} FROM run WHERE at >= ? AND at < ? AND target = ? ORDER BY at DESC LIMIT ?"  # noqa: S608
    for (hour,) in known:
        asked = (max(since, hour * HOUR), min(below, (hour + 1) * HOUR), target, most)
        found = connection.execute(query, asked).fetchall()
        yield from found
        most -= len(found)
        if most <= 0:
            return


def service_uptimes(
    connection: sqlite3.Connection, authority: str, services: Iterable[str], since: int, until: int
) -> dict[str, Uptime]:
    """Availability of some services of one authority from `since` to `until`; nothing known of one that is not there."""
    known = dict(
        connection.execute("SELECT service, id FROM service WHERE authority = ?", (authority,)).fetchall()
    )
    ids = {service: known.get(service) for service in services}
    asked = [
        one for id_ in ids.values() if id_ is not None for one in sums.members(connection, "service", id_)
    ]
    found = sums.measure(connection, asked, since, until, by_service=True)
    nothing = history.Tally()
    return {
        service: history.uptime(nothing if id_ is None else found.get(id_, nothing), since, until)
        for service, id_ in ids.items()
    }


def target_uptime(connection: sqlite3.Connection, target: str, since: int, until: int) -> Uptime:
    """Availability of one target from `since` to `until`; nothing known where there is none of that id."""
    found = sums.measure(connection, _target(connection, target), since, until, by_service=False)
    return history.uptime(next(iter(found.values()), history.Tally()), since, until)


def target_hours(
    connection: sqlite3.Connection, target: str, since: int, until: int, limit: int, cursor: str | None
) -> HoursPage:
    """The hours of a target that began from `since` (inside) to `until` (outside) and are summed up, newest first.

    Raises ValueError for a cursor that is none of ours.
    """
    most = max(1, min(limit, MOST))
    below = until if cursor is None else min(until, _number(cursor) * HOUR)
    found = _target(connection, target)
    hours = sums.hours(connection, found[0].id, since, below, most + 1) if found else []
    return HoursPage(hours=tuple(hours[:most]), next=str(hours[most - 1].hour) if len(hours) > most else None)


def _target(connection: sqlite3.Connection, name: str) -> list[sums.Member]:
    row = connection.execute("SELECT id FROM target WHERE name = ?", (name,)).fetchone()
    return [] if row is None else sums.members(connection, "id", row[0])


def incidents_page(
    connection: sqlite3.Connection, since: int, until: int, limit: int, cursor: str | None
) -> IncidentsPage:
    """Incidents that are over and were opened from `since` (inside) to `until` (outside), the newest first.

    Raises ValueError for a cursor that is none of ours.
    """
    most = max(1, min(limit, MOST))
    at, id_ = (until, "") if cursor is None else _place(cursor)
    rows = connection.execute(
        "SELECT opened, id, body FROM incident WHERE resolved IS NOT NULL AND opened >= ? AND opened < ?"
        " AND (opened, id) < (?, ?) ORDER BY opened DESC, id DESC LIMIT ?",
        (since, until, at, id_, most + 1),
    ).fetchall()
    more = rows[most - 1] if len(rows) > most else None
    return IncidentsPage(
        incidents=_read(body for _, _, body in rows[:most]),
        members=_members(connection, [id_ for _, id_, _ in rows[:most]]),
        next=None if more is None else f"{more[0]}:{more[1]}",
    )


def incident_and_kin(connection: sqlite3.Connection, id_: str) -> tuple[Incident, ...]:
    """One incident that is over, the one that explains it and those it explains; nothing of an unknown one."""
    rows = connection.execute(
        "WITH found AS (SELECT id, json_extract(body, '$.parent') AS parent FROM incident WHERE id = ? AND resolved IS NOT NULL)"
        " SELECT body FROM incident WHERE id IN (SELECT id FROM found UNION SELECT parent FROM found)"
        " OR json_extract(body, '$.parent') IN (SELECT id FROM found)",
        (id_,),
    )
    return _read(body for (body,) in rows)


def _members(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for parent, id_ in connection.execute(
        "SELECT json_extract(body, '$.parent'), id FROM incident"
        " WHERE json_extract(body, '$.parent') IN (SELECT value FROM json_each(?)) ORDER BY id",
        (json.dumps(ids),),
    ):
        found.setdefault(parent, []).append(id_)
    return found


def _read(bodies: Iterable[str]) -> tuple[Incident, ...]:
    return tuple(found for body in bodies if (found := past_incident(body)) is not None)


def _place(cursor: str) -> tuple[int, str]:
    at, _, id_ = cursor[:LONGEST_CURSOR].partition(":")
    return _number(at), id_


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise ValueError("cursor: not one of ours")
    return int(text)
