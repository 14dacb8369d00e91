"""What is believed: of a target, a service, an authority, and whose fault it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.model.outcomes import Cause, Phase
from monitor.model.runs import Result


class Confirmed(StrEnum):
    """What enough runs in a row have made of a target."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


class AuthorityState(StrEnum):
    """State of an authority; the first that holds, in the order of the contract."""

    UNKNOWN = "unknown"
    MAINTENANCE = "maintenance"
    DOWN = "down"
    DEGRADED = "degraded"
    UP = "up"


class ServiceState(StrEnum):
    """State of one service of an authority."""

    UNKNOWN = "unknown"
    DOWN = "down"
    DEGRADED = "degraded"
    UP = "up"


class Diagnosis(StrEnum):
    """Whose fault it most likely is."""

    MAINTENANCE = "maintenance"
    MAINTENANCE_OVERRUN = "maintenance_overrun"
    BLOCKED = "blocked"
    THROTTLED = "throttled"
    CREDENTIAL = "credential"
    MISCONFIGURED = "misconfigured"
    LOCAL_DNS = "local_dns"
    LOCAL_TRUST = "local_trust"
    LOCAL_NETWORK = "local_network"
    NATIONAL_OUTAGE = "national_outage"
    CDN_NODE = "cdn_node"
    SYNC_DELAY = "sync_delay"
    PROTOCOL_CHANGED = "protocol_changed"
    PATH_FROM_HERE = "path_from_here"
    PROVINCIAL_OUTAGE = "provincial_outage"
    SLOW = "slow"
    HEALTHY = "healthy"
    UNDETERMINED = "undetermined"


class Verdict(StrEnum):
    """Own confirmed state of the main service beside the fresh references."""

    AGREE_UP = "agree_up"
    AGREE_DOWN = "agree_down"
    ONLY_US_DOWN = "only_us_down"
    ONLY_REFERENCE_DOWN = "only_reference_down"
    REFERENCE_SPLIT = "reference_split"
    REFERENCE_STALE = "reference_stale"
    NO_REFERENCE = "no_reference"
    OWN_UNKNOWN = "own_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """What is remembered of one target. Kept over restarts.

    `failures` and `oks` count runs in a row since the other kind last happened; the count lives here, once.
    """

    id: str
    confirmed: Confirmed = Confirmed.UNKNOWN
    failures: int = 0
    oks: int = 0
    slows: int = 0
    """Slow runs in a row."""
    slow: bool = False
    """Confirmed slow."""
    seen_up: bool = False
    first_failure_at: datetime | None = None
    """Start of the first failing run of the present row, kept until confirmed up; None while ok."""
    cause: Cause = Cause.NONE
    """What the present failing row (or the confirmed outage) is put down to."""
    phase: Phase | None = None
    """Where `cause` struck."""
    turned: int = 0
    """Failing runs in a row whose cause speaks of someone else than `cause` does."""
    bugs: int = 0
    """Runs in a row that a bug of ours broke off."""
    address: str = ""
    """A short print of what was looked at (kind, host, port, URL); empty: not known."""
    briskly: int = 0
    """Ok runs in a row that were not slow, counted while confirmed slow."""
    unverified: bool = False
    """The last ok run met a certificate that cannot be verified (`verify: report`)."""
    accepted: bool = False
    """Some ok run was let in as what it is: not `unsigned_refused`, not `throttled`."""
    refused: bool = False
    """The last ok run was `unsigned_refused` although an earlier one was accepted: the protocol may have changed."""
    late: bool = False
    """The last ok run of a sync interface found its data late (`lag_warning`)."""
    since: datetime | None = None
    """When `confirmed` last changed."""
    last: Result | None = None
    last_success_at: datetime | None = None
    pace: float = 1.0
    """Factor on the interval while throttled, 1 to 8."""
    course: int = 1
    """Its last scheduled runs as bits, 1 for ok, the newest last, behind a first bit that is always 1 (core/flapping.py)."""
    struck: Cause = Cause.NONE
    """Why it failed when a scheduled run failed last."""
    flapping: bool = False
    """It comes and goes: too many of those runs found another state than the one before."""
