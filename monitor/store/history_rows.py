"""Between a result and its row in the history file, and what the readers of history are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from pydantic import TypeAdapter, ValidationError

from monitor.core import history
from monitor.model import Cause, Flag, Incident, Phase, Result, Target

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
PHASES = tuple(Phase)
"""A tuple: walking through an enumeration is slow."""
SCHEDULED, PLANNED = 1, 2
LONGEST_DETAIL = 200
LONGEST_CODE = 40
LONGEST_ADDRESS = 64
LARGEST = 2**53
"""No number that is kept is larger, whatever a peer made of it."""
COLUMNS = (
    "at, target, duration, holds, standing, bits, cause, phase, flags, resolve, connect, tls, processing, transfer,"
    " address, status, code, lag, detail"
)
INSERT_RUN = f"INSERT OR REPLACE INTO run ({COLUMNS}) VALUES ({', '.join('?' * 19)})"  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One run to keep. `seen_up`: whether the target has ever answered; `planned`: maintenance was planned for it."""

    result: Result
    target: Target
    seen_up: bool
    planned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """One run as it was kept. The result has no certificate and only the address that was talked to last."""

    result: Result
    in_window: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsPage:
    """Runs of one target, newest first. `next`: cursor of the page behind; None: there is none."""

    runs: tuple[PastRun, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursPage:
    """Hours of one target that are summed up, newest first. `next` as above."""

    hours: tuple[history.HourOfTarget, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentsPage:
    """Incidents that are over, the one opened last first. `next` as above."""

    incidents: tuple[Incident, ...]
    members: Mapping[str, Sequence[str]]
    """Id of an incident → ids of those it explains, where it explains any."""
    next: str | None


_incidents: TypeAdapter[Incident] = TypeAdapter(Incident)


def incident_body(incident: Incident) -> str:
    """An incident as it is kept."""
    return _incidents.dump_json(incident).decode()


def past_incident(body: str) -> Incident | None:
    """The incident of a body; None where it holds a word that this version does not know."""
    try:
        return _incidents.validate_json(body)
    except ValidationError:
        return None


def to_ms(instant: datetime) -> int:
    """Whole milliseconds since 1970 UTC."""
    return (instant - EPOCH) // MILLISECOND


def from_ms(at: int) -> datetime:
    """The instant, in UTC."""
    return EPOCH + at * MILLISECOND


def run_row(record: Record) -> tuple[Any, ...]:
    """The values of `COLUMNS`, with 0 for the id of the target."""
    result = record.result
    phases = result.phases
    return (
        to_ms(result.started_at),
        0,
        tenths(result.duration),
        history.holds(record.target, result),
        history.standing(result, seen_up=record.seen_up),
        SCHEDULED * result.scheduled + PLANNED * record.planned,
        None if result.is_ok else str(result.cause),
        None if result.phase is None else str(result.phase),
        ",".join(sorted(result.flags)) if result.flags else None,
        *[tenths(phases[phase]) if phase in phases else None for phase in PHASES],
        None if result.address is None else _packed(result.address),
        None if result.status_code is None else _bounded(result.status_code),
        _text(result.code, LONGEST_CODE),
        None if result.lag is None else _bounded(result.lag * 1000),
        _text(result.detail, LONGEST_DETAIL),
    )


def past_run(name: str, row: tuple[Any, ...]) -> PastRun | None:
    """The run of a row of `COLUMNS`; None where it holds a word that this version does not know."""
    at, _, duration, _, _, bits, cause, phase, flags, *phases, address, status, code, lag, detail = row
    try:
        result = Result(
            target=name,
            started_at=from_ms(at),
            duration=duration / 10_000,
            cause=Cause.NONE if cause is None else Cause(cause),  # type: ignore[call-arg]  # by value
            phase=None if phase is None else Phase(phase),
            flags=frozenset(map(Flag, flags.split(","))) if flags else frozenset(),
            phases={key: took / 10_000 for key, took in zip(PHASES, phases, strict=True) if took is not None},
            address=_unpacked(address),
            status_code=status,
            code=code,
            lag=None if lag is None else lag / 1000,
            detail=detail or "",
            scheduled=bool(bits & SCHEDULED),
        )
    except ValueError:
        return None
    return PastRun(result=result, in_window=bool(bits & PLANNED))


def tenths(seconds: float) -> int:
    """Tenths of a millisecond, of what we measured ourselves."""
    return int(seconds * 10_000 + 0.5)


def _bounded(value: float) -> int:
    """Whole and within what a row can hold; infinity and what is no number at all become 0."""
    return round(value) if abs(value) < LARGEST else 0


def _text(text: str | None, longest: int) -> str | None:
    """Cut, and without the lone surrogates that UTF-8 cannot hold."""
    if not text:
        return None
    return text[:longest].encode("utf-8", "replace").decode()


@lru_cache(4096)
def _packed(address: str) -> bytes | str | None:
    try:
        return ip_address(address).packed
    except ValueError:
        return _text(address, LONGEST_ADDRESS)


def _unpacked(kept: bytes | str | None) -> str | None:
    return str(ip_address(kept)) if isinstance(kept, bytes) else kept
