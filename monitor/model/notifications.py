"""What is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.model.evidence import Evidence
from monitor.model.incidents import Incident, Scope, Severity
from monitor.model.notices import PostedNotice
from monitor.model.outcomes import Outcome
from monitor.model.reports import Report
from monitor.model.waiting import Waiting
from monitor.model.windows import Window


class EventName(StrEnum):
    """What a notification says happened."""

    INCIDENT_OPENED = "incident_opened"
    INCIDENT_CHANGED = "incident_changed"
    INCIDENT_REMINDER = "incident_reminder"
    INCIDENT_ESCALATED = "incident_escalated"
    INCIDENT_RESOLVED = "incident_resolved"
    MAINTENANCE_ANNOUNCED = "maintenance_announced"
    MAINTENANCE_UPCOMING = "maintenance_upcoming"
    MAINTENANCE_STARTED = "maintenance_started"
    MAINTENANCE_ENDED = "maintenance_ended"
    MAINTENANCE_OVERRUN = "maintenance_overrun"
    FLAPPING_STARTED = "flapping_started"
    FLAPPING_STOPPED = "flapping_stopped"
    CERTIFICATE_EXPIRING = "certificate_expiring"
    AUTHORITY_RECOVERED = "authority_recovered"
    DAEMON_DEGRADED = "daemon_degraded"
    DAEMON_RESTORED = "daemon_restored"
    TEST = "test"
    REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What one reference said of an authority when something was decided."""

    source: str
    outcome: Outcome
    age_seconds: float
    stale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Digested:
    """One notification that a digest stands for. Its incidents, by id, are among those of the digest."""

    key: str
    event: EventName
    at: datetime
    severity: Severity
    scope: Scope
    incidents: tuple[str, ...] = ()
    window: Window | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One thing to tell, decided once. `key` is equal on every retry and for all receivers.

    `to` are the receiver URL ids; the store makes one outbox row of each. `still_down` lists the slugs that are down
    when a local or national incident ends.
    """

    key: str
    event: EventName
    at: datetime
    severity: Severity
    scope: Scope
    incidents: tuple[Incident, ...]
    to: tuple[str, ...]
    still_down: tuple[str, ...] = ()
    reference: tuple[Vote, ...] = ()
    """What the references say of the authority it is about; empty when it is about several."""
    window: Window | None = None
    """The window that a maintenance event is about."""
    notices: tuple[PostedNotice, ...] = ()
    """Notices that wait for a person; then it is about no window."""
    detail: str = ""
    """One line for daemon events: what does not work."""
    evidence: tuple[Evidence, ...] = ()
    """What was found out about its first incidents by then."""
    drill: bool = False
    report: Report | None = None
    """What a `report` says, in short."""
    digest: tuple[Digested, ...] = ()
    """What it stands for, the oldest first, where one receiver is told several things together; else empty."""
    unlisted: int = 0
    """How many incidents that began and ended are counted here and not listed, because they are too many."""
    waiting: tuple[Waiting, ...] = ()
    """Who is told by `authority_recovered`. One with a webhook is alone, and hears it there."""
