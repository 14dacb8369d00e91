"""What is written into the history file: batches of runs and incidents, and the chores. Everything here blocks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from monitor.core.history import HOUR, Stretch, hours_of
from monitor.model import Incident, Scope
from monitor.store import history_sums as sums
from monitor.store.history_file import HistoryFile, drop_oldest
from monitor.store.history_rows import INSERT_RUN, Record, incident_body, run_row, to_ms

MOST_BITES = 20
"""Bites of old runs dropped in one round of chores: a clock that jumps ahead for a while costs little."""
HOURS_BITE = 200
"""Targets whose old hours are dropped at a time."""
VACUUM_BITE = 250
"""Pages given back at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryBatch:
    """What one transaction writes. `withdrawn`: ids of incidents that were forgotten before they were over."""

    runs: tuple[Record, ...] = ()
    incidents: tuple[Incident, ...] = ()
    withdrawn: tuple[str, ...] = ()
    begins: bool = False
    """The first one since the start: what was open before and is not among `incidents` is no longer."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.runs or self.incidents or self.withdrawn or self.begins)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how many ms runs and the sums of their hours are kept."""

    results: int
    hourly: int


# --- batches ---------------------------------------------------------------------------------------------------------


class Pen:
    """Writes batches into one file. Remembers the ids of targets as long as the file is the same."""

    def __init__(self, file: HistoryFile) -> None:
        self._file = file
        self._generation = -1
        self._ids: dict[str, tuple[int, str, str, int]] = {}

    def write(self, batch: HistoryBatch) -> None:
        """Write a batch, all or nothing. Raises `StoreError`."""
        self._file.require_room()
        try:
            self._file.transaction(lambda connection: self._write(connection, batch))
        except BaseException:
            self._ids.clear()
            raise

    def _write(self, connection: sqlite3.Connection, batch: HistoryBatch) -> None:
        if self._generation != self._file.generation:
            self._ids.clear()
            self._generation = self._file.generation
        rows = [self._row(connection, record) for record in batch.runs]
        connection.executemany(INSERT_RUN, rows)
        if batch.begins:
            _withdraw(connection, _open_ones(connection))
        connection.executemany(
            "INSERT OR REPLACE INTO incident VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            map(_incident_row, batch.incidents),
        )
        if batch.withdrawn:
            _withdraw(connection, [one for one in _open_ones(connection) if one[0] in batch.withdrawn])
        _soil(connection, {hour for at, _, _, holds, *_ in rows for hour in hours_of(at, at + holds)})
        _soil(connection, {hour for one in batch.incidents for hour in _hours_of_fault(one)})

    def _row(self, connection: sqlite3.Connection, record: Record) -> tuple[Any, ...]:
        target = record.target
        row = run_row(record)
        holds: int = row[3]
        known = self._ids.get(target.id)
        if known is None or known[1:3] != (target.authority, target.service) or known[3] < holds:
            known = _know(connection, target.id, target.authority, target.service, holds)
            self._ids[target.id] = known
        return (row[0], known[0], *row[2:])


def _know(
    connection: sqlite3.Connection, name: str, authority: str, service: str, holds: int
) -> tuple[int, str, str, int]:
    connection.execute(
        "INSERT OR IGNORE INTO service (authority, service) VALUES (?, ?)", (authority, service)
    )
    row = connection.execute(
        "INSERT INTO target (name, service, holds)"
        " VALUES (?, (SELECT id FROM service WHERE authority = ? AND service = ?), ?)"
        " ON CONFLICT (name) DO UPDATE SET service = excluded.service, holds = max(holds, excluded.holds)"
        " RETURNING id, holds",
        (name, authority, service, holds),
    ).fetchone()
    return row[0], authority, service, row[1]


def _incident_row(incident: Incident) -> tuple[object, ...]:
    return (
        incident.id,
        str(incident.scope),
        incident.authority,
        incident.service,
        to_ms(incident.first_failure_at),
        to_ms(incident.opened_at),
        None if incident.resolved_at is None else to_ms(incident.resolved_at),
        incident_body(incident),
    )


def _open_ones(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    """Ids and beginnings (ms) of the faults of ours that are kept as not over."""
    return connection.execute("SELECT id, began FROM incident WHERE resolved IS NULL").fetchall()


def _withdraw(connection: sqlite3.Connection, gone: Iterable[tuple[str, int]]) -> None:
    """Forget faults of ours that were none; what was summed up since they began knew less than it should."""
    latest = connection.execute("SELECT max(at) FROM run").fetchone()[0]
    for id_, began in gone:
        connection.execute("DELETE FROM incident WHERE id = ?", (id_,))
        _soil(connection, hours_of(began, began + 1 if latest is None else latest))


def _hours_of_fault(incident: Incident) -> Iterable[int]:
    """The hours that a fault of our own network makes say something else."""
    if incident.scope is not Scope.LOCAL:
        return ()
    end = incident.resolved_at or incident.opened_at
    return hours_of(to_ms(incident.first_failure_at), to_ms(end) + 1)


def _soil(connection: sqlite3.Connection, hours: Iterable[int]) -> None:
    """These hours are to be summed up (again); those whose runs are gone keep the sums they have."""
    gone = sums.pruned(connection)
    connection.executemany(
        "INSERT INTO dirty VALUES (?, 1) ON CONFLICT (hour) DO UPDATE SET writes = writes + 1",
        [(hour,) for hour in hours if hour * HOUR >= gone],
    )


# --- chores ----------------------------------------------------------------------------------------------------------


def chores(file: HistoryFile, now: int, retention: Retention) -> Iterator[None]:
    """Sum up the hours that are over, drop what is too old, give back space: a bite at a time. Raises `StoreError`."""
    for hour in file.transaction(lambda connection: sums.settled_hours(connection, now)):
        yield from _sum_up(file, hour)
    for _ in range(MOST_BITES):
        if not file.transaction(partial(_prune_runs, before=now - retention.results)):
            break
        yield
    yield from _prune_hours(file, (now - retention.hourly) // HOUR)
    while file.give_back(VACUUM_BITE):
        yield


def _sum_up(file: HistoryFile, hour: int) -> Iterator[None]:
    """Sum up one hour. It counts as done only if nothing was written for it meanwhile, and the file is still the same."""
    generation = file.generation
    writes = file.transaction(partial(_writes, hour=hour))
    laying: list[Stretch | None] = [None, *file.transaction(partial(sums.slices, hour=hour))]
    jobs = [partial(sums.lay_out, hour=hour, stretch=stretch) for stretch in laying]
    jobs += [partial(sums.sum_up, hour=hour, targets=targets) for targets in file.transaction(sums.bites)]
    for job in jobs:
        yield
        if file.generation != generation:
            return
        file.transaction(job)
    file.transaction(partial(_is_summed_up, hour=hour, writes=writes))


def _is_summed_up(connection: sqlite3.Connection, hour: int, writes: int) -> None:
    connection.execute("DELETE FROM dirty WHERE hour = ? AND writes = ?", (hour, writes))


def _writes(connection: sqlite3.Connection, hour: int) -> int:
    row = connection.execute("SELECT writes FROM dirty WHERE hour = ?", (hour,)).fetchone()
    return int(row[0]) if row else 0


def _prune_runs(connection: sqlite3.Connection, before: int) -> int:
    """Drop a bite of old runs, but none of an hour that is not summed up."""
    first = connection.execute("SELECT min(hour) FROM dirty").fetchone()[0]
    return drop_oldest(connection, before if first is None else min(before, first * HOUR))


def _prune_hours(file: HistoryFile, before: int) -> Iterator[None]:
    for table, key, ids in (("target_hour", "target", "target"), ("service_hour", "service", "service")):
        last: int = file.transaction(partial(_last_id, table=ids))
        for first in range(1, last + 1, HOURS_BITE):
            query = f"DELETE FROM {table} WHERE {key} = ? AND hour < ?"  # noqa: S608 - our own words
            old = [(one, before) for one in range(first, min(first + HOURS_BITE, last + 1))]
            file.transaction(partial(_execute_all, query=query, rows=old))
            yield


def _last_id(connection: sqlite3.Connection, table: str) -> int:
    return connection.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0]  # type: ignore[no-any-return]  # noqa: S608


def _execute_all(connection: sqlite3.Connection, query: str, rows: list[tuple[int, int]]) -> None:
    connection.executemany(query, rows)
