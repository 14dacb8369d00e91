"""What was found out about a failure when it was confirmed: one bounded bundle, kept with its incident."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.model.outcomes import Cause, Phase
from monitor.model.runs import AddressLook, Answer, Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """Evidence is wanted of this target, for this incident."""

    incident: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One router on the way, as far as it says so: `ttl` is its place, 1 the nearest."""

    ttl: int
    address: str | None
    """None: nobody answered for it."""
    seconds: float | None = None
    reached: bool = False
    """It is the host itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlLook:
    """What a control last said before the evidence was taken."""

    target: str
    cause: Cause
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that was found out. An empty part was not asked for, or is named in `left_out`."""

    incident: str
    target: str
    taken_at: datetime
    duration: float
    answers: tuple[Answer, ...] = ()
    """What each name server says of the host."""
    addresses: tuple[AddressLook, ...] = ()
    certificate: Certificate | None = None
    cause: Cause = Cause.NONE
    """Of one more whole run, made for the evidence."""
    phase: Phase | None = None
    detail: str = ""
    status_code: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    """Of the reply, those that say who answered."""
    first_bytes: str = ""
    """The beginning of the reply as text, without what we sent or keep secret."""
    hops: tuple[Hop, ...] = ()
    controls: tuple[ControlLook, ...] = ()
    lateness: float | None = None
    """Seconds by which the failing run began late: how busy we were ourselves."""
    loop_lag: float = 0.0
    """Seconds by which our event loop last woke up late."""
    left_out: tuple[str, ...] = ()
    """Parts that could not be taken: `answers`, `addresses`, `run` or `hops`, each with why: `run=limit`."""
