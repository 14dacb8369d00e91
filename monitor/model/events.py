"""What the pipeline decides on, and what a decision asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.model.evidence import Evidence
from monitor.model.notices import PostedNotice
from monitor.model.references import ReferenceReading
from monitor.model.reports import Report
from monitor.model.runs import Result
from monitor.model.waiting import Waiting
from monitor.model.windows import Silence, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Time passed: a wake-up that a commit asked for has come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """Somebody takes an incident: reminders stop until it is resolved or gets worse."""

    incident: str
    author: str
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSilence:
    """A silence by hand."""

    silence: Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSilence:
    """A silence ends now."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddWindow:
    """A maintenance window by hand."""

    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class EndWindow:
    """A window, by hand or of a rule, ends now."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeNotice:
    """A maintenance notice was found in a feed. `approve`: it counts at once where all of it was read with certainty."""

    notice: PostedNotice
    approve: bool = False
    more: bool = False
    """Others of the same look follow at once: all are told together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveNotice:
    """The windows of a notice that waits are to count."""

    id: str
    author: str = ""
    authorities: tuple[str, ...] = ()
    """Whom it is about, where it does not say so itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectNotice:
    """Nothing of a notice is to count; windows of it that are in force end."""

    id: str
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replan:
    """Another plan is in force from now on: what is no longer configured is forgotten and its incidents end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHealth:
    """Whether a store (`state`, `history`) takes what it is given; told as `daemon_degraded` and `daemon_restored`."""

    store: str
    up: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Somebody wants to be told once when a service is back. An empty service means the main one."""

    waiting: Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Somebody waits no longer."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartDrill:
    """An outage of the main services of these authorities is played for `duration` seconds."""

    id: str
    authorities: tuple[str, ...]
    duration: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDrill:
    """A drill ends now."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TellReport:
    """The report that was due at `due` is ready; None: the schedule is seen for the first time, and nothing is told yet."""

    schedule: str
    due: datetime
    report: Report | None = None


Command = (
    TellReport
    | StartDrill
    | EndDrill
    | Ack
    | AddSilence
    | EndSilence
    | AddWindow
    | EndWindow
    | Replan
    | Wait
    | Leave
    | TakeNotice
    | ApproveNotice
    | RejectNotice
)
Event = Result | Tick | ReferenceReading | StoreHealth | Evidence | Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Run this target at `at` if it is not due earlier anyway."""

    target: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """No HTTP run against this host and port before `until` (code 020)."""

    host_key: str
    until: datetime
