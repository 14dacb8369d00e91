"""Hours of history: summing one up from its runs, and answering from sums and runs alike. Everything here blocks."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from monitor.core.history import (
    HOUR,
    Counts,
    HourOfTarget,
    Run,
    Span,
    Standing,
    Stretch,
    Tally,
    hours_of,
    spans,
    summary,
)
from monitor.core.history import measure as tally_of
from monitor.model import Cause
from monitor.store.history_rows import PLANNED

SETTLED = 5 * 60_000
"""An hour is summed up that many ms after its end: the last runs of it are in by then, and faults of ours known."""
BITE = 50
"""So many targets are summed up at a time, and at least one service."""
SLICE = 2 * 60_000
"""So many ms of runs are laid out at a time."""


STANDINGS: dict[int | None, Standing] = {int(one): one for one in Standing}


@dataclass(frozen=True, slots=True)
class Member:
    """One target of the file: its id, the service it belongs to, the longest that a run of it ever spoke for."""

    id: int
    service: int
    holds: int


# --- what runs say ---------------------------------------------------------------------------------------------------


def members(connection: sqlite3.Connection, column: str = "1", value: int = 1) -> list[Member]:
    """Targets by `id`, by `service`, or all; those of one service stand together."""
    query = f"SELECT id, service, holds FROM target WHERE {column} = ? ORDER BY service"  # noqa: S608
    return [Member(*row) for row in connection.execute(query, (value,))]


def runs(
    connection: sqlite3.Connection, targets: Collection[Member], start: int, end: int
) -> dict[int, list[Run]]:
    """target → the runs that speak of the time from `start` to `end`, in order, those before it that may included."""
    earliest = start - max((target.holds for target in targets), default=0)
    query = (
        "SELECT at, target, holds, standing, bits FROM run WHERE at >= ? AND at < ?"  # noqa: S608
        f" AND target IN ({_list(targets)}) ORDER BY at"
    )
    found: defaultdict[int, list[Run]] = defaultdict(list)
    for at, target, holds, standing, bits in connection.execute(query, (earliest, end)):
        found[target].append(_run(at, holds, standing, planned=bool(bits & PLANNED)))
    return found


def _run(at: int, holds: int, standing: int | None, *, planned: bool) -> Run:
    said = STANDINGS.get(standing)
    return Run(at=at, until=at + holds, standing=said, planned=planned)


def _list(targets: Iterable[Member]) -> str:
    return ",".join(str(target.id) for target in targets)


def blind(connection: sqlite3.Connection, start: int, end: int) -> list[Stretch]:
    """When our own network failed."""
    query = (
        "SELECT began, coalesce(resolved, ?) FROM incident"
        " WHERE scope = 'local' AND began < ? AND coalesce(resolved, ?) > ?"
    )
    return connection.execute(query, (end, end, end, start)).fetchall()


def pruned(connection: sqlite3.Connection) -> int:
    """Runs before this instant are gone."""
    row = connection.execute("SELECT value FROM mark WHERE name = 'pruned'").fetchone()
    return int(row[0]) if row else 0


# --- answering -------------------------------------------------------------------------------------------------------


def measure(
    connection: sqlite3.Connection, targets: Sequence[Member], start: int, end: int, *, by_service: bool
) -> dict[int, Tally]:
    """Up and down of each service of these targets, or of each target: from sums of hours, and from runs where there is none.

    An hour that is asked for in part and of which only the sum is left counts in proportion. Runs are kept by time, so they
    are walked through once for all that is asked, not once for each.
    """
    groups: defaultdict[int, list[Member]] = defaultdict(list)
    for target in targets:
        groups[target.service if by_service else target.id].append(target)
    found = dict.fromkeys(groups, Tally())
    loose = _loose(connection, start, end)
    for id_, hour, of_hour in _sums(connection, groups, start, end, by_service=by_service):
        if hour not in loose:
            share = (min(end, (hour + 1) * HOUR) - max(start, hour * HOUR)) / HOUR
            found[id_] += of_hour if share == 1 else of_hour.scaled(share)
    for first, last in _rows(sorted(loose)) if groups else []:
        begin, stop = max(start, first * HOUR), min(end, (last + 1) * HOUR)
        said, apart = runs(connection, targets, begin, stop), blind(connection, begin, stop)
        for id_, group in groups.items():
            of_group = [spans(said[target.id], begin, stop) for target in group if target.id in said]
            found[id_] += tally_of(of_group, apart)
    return found


def _loose(connection: sqlite3.Connection, start: int, end: int) -> set[int]:
    """The hours to be answered from runs: not summed up, or asked for in part while their runs are still there."""
    hours = hours_of(start, end)
    query = "SELECT hour FROM dirty WHERE hour >= ? AND hour < ?"
    loose = {hour for (hour,) in connection.execute(query, (hours.start, hours.stop))}
    gone = pruned(connection)
    edges = {hours[0], hours[-1]} if hours else set()
    return loose | {
        hour for hour in edges if hour * HOUR >= gone and (hour * HOUR < start or (hour + 1) * HOUR > end)
    }


def _rows(hours: Sequence[int]) -> list[Stretch]:
    """First and last of each row of hours that follow each other."""
    found: list[Stretch] = []
    for _, row in groupby(enumerate(hours), key=lambda pair: pair[1] - pair[0]):
        members_of_row = [hour for _, hour in row]
        found.append((members_of_row[0], members_of_row[-1]))
    return found


def _sums(
    connection: sqlite3.Connection, ids: Iterable[int], start: int, end: int, *, by_service: bool
) -> Iterable[tuple[int, int, Tally]]:
    """(service or target, hour, what is summed up of it)"""
    table, key = ("service_hour", "service") if by_service else ("target_hour", "target")
    hours = hours_of(start, end)
    query = (
        f"SELECT {key}, hour, up, down, planned_up, planned_down FROM {table}"  # noqa: S608
        f" WHERE {key} IN ({','.join(map(str, ids))}) AND hour >= ? AND hour < ?"
    )
    for id_, hour, up, down, planned_up, planned_down in connection.execute(query, (hours.start, hours.stop)):
        yield id_, hour, Tally(up=up, down=down, planned_up=planned_up, planned_down=planned_down)


def hours(connection: sqlite3.Connection, target: int, start: int, end: int, most: int) -> list[HourOfTarget]:
    """The sums of one target's hours that begin from `start` (inside) to `end` (outside), the newest `most`."""
    query = "SELECT * FROM target_hour WHERE target = ? AND hour >= ? AND hour < ? ORDER BY hour DESC LIMIT ?"
    asked = (target, -(-start // HOUR), -(-end // HOUR), most)
    return [_hour(*row[1:]) for row in connection.execute(query, asked)]


def _hour(hour: int, *values: int | str | None) -> HourOfTarget:
    (
        ok,
        error,
        timeout,
        planned_ok,
        planned_error,
        planned_timeout,
        total,
        p50,
        p95,
        longest,
        causes,
        *time,
    ) = values
    up, down, planned_up, planned_down = (int(part or 0) for part in time)
    return HourOfTarget(
        hour=hour,
        all=Counts(ok=int(ok or 0), error=int(error or 0), timeout=int(timeout or 0)),
        planned=Counts(
            ok=int(planned_ok or 0), error=int(planned_error or 0), timeout=int(planned_timeout or 0)
        ),
        duration_sum=int(total or 0) / 10,
        duration_p50=None if p50 is None else int(p50) / 10,
        duration_p95=None if p95 is None else int(p95) / 10,
        duration_max=None if longest is None else int(longest) / 10,
        causes=json.loads(causes) if isinstance(causes, str) else {},
        tally=Tally(up=up, down=down, planned_up=planned_up, planned_down=planned_down),
    )


# --- summing up ------------------------------------------------------------------------------------------------------


def settled_hours(connection: sqlite3.Connection, now: int) -> list[int]:
    """The hours that are over and not summed up yet, oldest first."""
    query = "SELECT hour FROM dirty WHERE hour < ? ORDER BY hour"
    return [hour for (hour,) in connection.execute(query, ((now - SETTLED) // HOUR,))]


def bites(connection: sqlite3.Connection) -> list[list[Member]]:
    """All targets in handfuls; a service is never divided."""
    found: list[list[Member]] = [[]]
    for _, group in groupby(members(connection), key=lambda one: one.service):
        service = list(group)
        if found[-1] and len(found[-1]) + len(service) > BITE:
            found.append([])
        found[-1] += service
    return found


def slices(connection: sqlite3.Connection, hour: int) -> list[Stretch]:
    """The time in which runs may have begun that speak of an hour, in pieces."""
    longest: int = connection.execute("SELECT coalesce(max(holds), 0) FROM target").fetchone()[0]
    start, end = hour * HOUR, (hour + 1) * HOUR
    before = [(at, min(at + HOUR, start)) for at in range(start - longest, start, HOUR)]
    return [*before, *((at, at + SLICE) for at in range(start, end, SLICE))]


def lay_out(connection: sqlite3.Connection, hour: int, stretch: Stretch | None) -> None:
    """Sort the runs of a stretch that speak of an hour by target, beside the file; None: begin with an empty table."""
    if stretch is None:
        connection.execute("DROP TABLE IF EXISTS temp.laid_out")
        connection.execute(
            "CREATE TEMP TABLE laid_out (target, at, holds, standing, bits, cause, duration, PRIMARY KEY (target, at))"
            " WITHOUT ROWID"
        )
        return
    connection.execute(
        "INSERT OR REPLACE INTO temp.laid_out SELECT target, at, holds, standing, bits, cause, duration FROM run"
        " WHERE at >= ? AND at < ? AND at + holds > ?",
        (*stretch, hour * HOUR),
    )


def sum_up(connection: sqlite3.Connection, hour: int, targets: Sequence[Member]) -> None:
    """Sum up one hour of some targets and their services, from nothing but the runs laid out: twice gives the same."""
    start, end = hour * HOUR, (hour + 1) * HOUR
    apart = blind(connection, start, end)
    of_service: defaultdict[int, list[list[Span]]] = defaultdict(list)
    rows = []
    for target in targets:
        said, ended = _laid_out(connection, target.id, start)
        found = spans(said, start, end)
        time = tally_of([found], apart)
        if ended or time.known:
            rows.append(_target_row(target.id, summary(hour, ended, time)))
        of_service[target.service].append(found)
    services = [
        (service, hour, time.up, time.down, time.planned_up, time.planned_down)
        for service, of_targets in of_service.items()
        if (time := tally_of(of_targets, apart)).known
    ]
    _replace(connection, hour, targets, rows, services)


def _laid_out(
    connection: sqlite3.Connection, target: int, start: int
) -> tuple[list[Run], list[tuple[Cause, float, bool]]]:
    """The runs of one target that speak of an hour, and how those that began in it ended."""
    query = (
        "SELECT at, holds, standing, bits, cause, duration FROM temp.laid_out WHERE target = ? ORDER BY at"
    )
    said: list[Run] = []
    ended: list[tuple[Cause, float, bool]] = []
    for at, holds, standing, bits, cause, duration in connection.execute(query, (target,)):
        planned = bool(bits & PLANNED)
        said.append(_run(at, holds, standing, planned=planned))
        if at >= start:
            ended.append((_cause(cause), duration / 10, planned))
    return said, ended


def _cause(word: str | None) -> Cause:
    """A cause that another version wrote and this one does not know is an error for reasons of ours."""
    try:
        return Cause.NONE if word is None else Cause(word)  # type: ignore[call-arg]  # by value
    except ValueError:
        return Cause.INTERNAL


def _target_row(target: int, hour: HourOfTarget) -> tuple[int | str | None, ...]:
    durations = (hour.duration_p50, hour.duration_p95, hour.duration_max)
    return (
        target,
        hour.hour,
        *(part for counts in (hour.all, hour.planned) for part in (counts.ok, counts.error, counts.timeout)),
        round(hour.duration_sum * 10),
        *(None if one is None else round(one * 10) for one in durations),
        json.dumps(hour.causes) if hour.causes else None,
        hour.tally.up,
        hour.tally.down,
        hour.tally.planned_up,
        hour.tally.planned_down,
    )


def _replace(
    connection: sqlite3.Connection,
    hour: int,
    targets: Collection[Member],
    of_targets: Sequence[tuple[int | str | None, ...]],
    of_services: Sequence[tuple[int, ...]],
) -> None:
    connection.executemany(
        "DELETE FROM target_hour WHERE target = ? AND hour = ?", [(one.id, hour) for one in targets]
    )
    gone = {one.service for one in targets}
    connection.executemany(
        "DELETE FROM service_hour WHERE service = ? AND hour = ?", [(one, hour) for one in gone]
    )
    connection.executemany(f"INSERT INTO target_hour VALUES ({', '.join('?' * 17)})", of_targets)  # noqa: S608
    connection.executemany("INSERT INTO service_hour VALUES (?, ?, ?, ?, ?, ?)", of_services)
