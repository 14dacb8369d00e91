"""What availability was over a stretch of time, and how fast outages were found, told and over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from monitor.model.incidents import Scope, Severity
from monitor.model.outcomes import Cause
from monitor.model.states import Diagnosis


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How long something took, in seconds, over several outages; None: it never happened."""

    count: int = 0
    p50: float | None = None
    p95: float | None = None
    longest: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """One service of one authority over the stretch: seconds up and down, and shares of the time that is known.

    `uptime` leaves out the time in which maintenance was planned, `uptime_with_maintenance` counts it like any other;
    None: nothing is known. `coverage` is the known share of the stretch.
    """

    authority: str
    service: str
    uptime: float | None
    uptime_with_maintenance: float | None
    coverage: float
    up_seconds: float
    down_seconds: float
    maintenance_up_seconds: float
    maintenance_down_seconds: float
    incidents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One incident of the stretch. Spans are seconds from the first failing run; None: not (yet)."""

    id: str
    scope: Scope
    authority: str
    service: str
    severity: Severity
    cause: Cause
    diagnosis: Diagnosis
    first_failure_at: datetime
    resolved_at: datetime | None
    detected_after_seconds: float
    told_after_seconds: float | None
    """To the decision of the first message about it; None: nobody was told of it by itself."""
    recovered_after_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Availability from `since` (inside) to `until` (outside), without drills.

    Its incidents are those that were opened in that time; what was open before and still is stands beside them. The spreads are over those of authorities whose cause speaks
    of the authority and that answered before: what the monitor is there for.
    """

    since: datetime
    until: datetime
    uptime: float | None
    """Of all services together."""
    uptime_with_maintenance: float | None
    services: tuple[Availability, ...]
    outages: tuple[Outage, ...]
    incidents: int
    """How many incidents; `outages` may have fewer."""
    open: int
    """How many of them are not over."""
    open_before: int = 0
    """How many were opened before the stretch and not over at its end; they are not among `incidents`."""
    before: tuple[Outage, ...] = ()
    """Those, the oldest first; there may be fewer."""
    national: int = 0
    local: int = 0
    detect: Spread = field(default_factory=Spread)
    tell: Spread = field(default_factory=Spread)
    recover: Spread = field(default_factory=Spread)
