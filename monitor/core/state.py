"""All that is remembered, and the change that one event makes to it.

`State` is owned by the pipeline and read by everyone; `Commit` is what `decide` returns: everything one event changes,
written whole or not at all. `apply` is the only function that changes a `State`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitor.model import (
    Ban,
    Cause,
    Due,
    Evidence,
    Incident,
    Inquiry,
    Notification,
    PostedNotice,
    ReferenceReading,
    Silence,
    TargetState,
    Waiting,
    Window,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A corroboration sweep: the runs that must be in before the first word is said.

    It ends when `awaiting` is empty or `until` has come, whichever is first. The last one is kept after its end,
    because there is at most one a minute.
    """

    started_at: datetime
    until: datetime
    awaiting: frozenset[str] = frozenset()

    def is_pending(self, now: datetime) -> bool:
        """Whether something is still waited for (not if the clock was set back behind its start)."""
        return bool(self.awaiting) and self.started_at <= now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Openings and resolutions that wait to be told together: ids of incidents, and when they may be told."""

    incidents: tuple[str, ...]
    release_at: datetime
    latest: datetime | None = None
    """When they are told at the latest, while it is waited for whether the outage is nationwide; None: it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Our own network is back: that something is down is believed again once a run that began `since` then says so.

    At `until` the old belief counts again, whatever kept the runs from coming.
    """

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRecord:
    """A window, and what of it has been told."""

    window: Window
    announced_told: bool = False
    upcoming_told: bool = False
    started_told: bool = False
    ended_told: bool = False
    told: frozenset[str] = frozenset()
    """Ids of the receiver URLs that heard of its start: these hear of its end."""
    planned_end: datetime | None = None
    """When it was to end, where it ended early (`window.end` is when); None: it keeps to its plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRecord:
    """A certificate that expires soon, and whether that has been told. Told once for each certificate."""

    fingerprint: str
    target: str
    """Where it was met first."""
    seen_at: datetime
    not_after: datetime
    subject: str
    told: bool = False
    heard: frozenset[str] = frozenset()
    """The receivers that it was told to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flap:
    """A service that comes and goes, and what of that has been told."""

    id: str
    authority: str
    service: str
    targets: tuple[str, ...]
    """Those of its targets that come and go."""
    began_at: datetime
    fact: str
    """How much it flapped when that was noticed: `flapping=9/20`."""
    cause: Cause
    """Why it failed last when that was noticed."""
    told: frozenset[str] = frozenset()
    """Ids of the receiver URLs that heard of its beginning: these hear of its end."""
    owed: str | None = None
    """Id of the incident that ended since it flaps, and of whose end those who were told of it have still to hear."""
    over_at: datetime | None = None
    """When it was steady again; None: it still flaps."""
    apart: str | None = None
    """Id of its latest incident that rested on a target which does not come and go: of that is told as ever."""

    @property
    def key(self) -> str:
        """What `State.flaps` keeps it by."""
        return f"{self.authority}/{self.service}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """An outage that is only played, and what of it was told."""

    id: str
    authorities: tuple[str, ...]
    started_at: datetime
    until: datetime
    incidents: tuple[Incident, ...]
    """One for each authority; nowhere else."""
    ended_at: datetime | None = None
    """When it was over; None: it is going on."""
    keys: tuple[str, ...] = ()
    """Keys of its notifications, in the order of deciding."""

    @property
    def is_on(self) -> bool:
        """Whether it is going on."""
        return self.ended_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """Which report was told last, so that each is told once over restarts."""

    schedule: str
    """Another one begins anew."""
    at: datetime
    """When it was due; before the first, when the schedule was first seen."""


@dataclass(slots=True, kw_only=True)
class State:
    """Everything remembered between two events. Kept in the state file, loaded at start."""

    targets: dict[str, TargetState] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    """Open incidents and the resolved ones still worth showing, by id."""
    bans: dict[str, datetime] = field(default_factory=dict)
    """host:port → until when no HTTP run may go there."""
    sweep: Sweep | None = None
    group: Group | None = None
    unsettled: frozenset[str] = frozenset()
    """Authorities of which a belief changed since the last Tick brought the incidents in line."""
    references: dict[str, ReferenceReading] = field(default_factory=dict)
    """Name of the source → its latest successful reading; `up` False when the latest attempt failed."""
    windows: dict[str, WindowRecord] = field(default_factory=dict)
    """Windows by hand, and those of rules that have started or were announced, by id; dropped some time after their end."""
    notices: dict[str, PostedNotice] = field(default_factory=dict)
    """Maintenance notices from feeds, by id: those that wait for a person, and those decided on for a while."""
    silences: dict[str, Silence] = field(default_factory=dict)
    stores_down: dict[str, datetime] = field(default_factory=dict)
    """Name of a store that does not work → since when."""
    starts: tuple[datetime, ...] = ()
    """When the daemon was started lately: each start looked at every host, and may have been killed before it could say so."""
    certificates: dict[str, CertificateRecord] = field(default_factory=dict)
    """Certificates that expire soon, by fingerprint."""
    expected: dict[str, Waiting] = field(default_factory=dict)
    """Who waits for a service to be back, by id."""
    alarm: datetime | None = None
    """The earliest thing that waits for its time alone: reminders, ends of windows and silences, references that go stale."""
    overdue: frozenset[str] = frozenset()
    """Authorities of which something fails after its window and the grace: the next failing run makes it an overrun."""
    doubt: Doubt | None = None
    """What was seen through a broken network of ours, while that is not all seen anew."""
    flaps: dict[str, Flap] = field(default_factory=dict)
    """Services that come and go, by `authority/service`."""
    drills: dict[str, Drill] = field(default_factory=dict)
    """Drills that are on, and the latest of those that are over, by id."""
    evidence: dict[str, Evidence] = field(default_factory=dict)
    """What was found out when an incident was opened, by its id; goes with it."""
    reported: Reported | None = None
    """The report that was told last; None: none was ever due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Everything one event changes. Empty parts change nothing."""

    at: datetime
    targets: tuple[TargetState, ...] = ()
    incidents: tuple[Incident, ...] = ()
    notifications: tuple[Notification, ...] = ()
    bans: tuple[Ban, ...] = ()
    lifted: tuple[str, ...] = ()
    """host:port of bans that ran out: drop them."""
    forgotten: tuple[str, ...] = ()
    """Ids of incidents to drop: old resolved ones, and openings withdrawn before anyone was told."""
    sweep: Sweep | None = None
    """The latest sweep after this event, pending or over (None: there was none)."""
    group: Group | None = None
    """The waiting group after this event (None: there is none)."""
    unsettled: frozenset[str] = frozenset()
    """The authorities whose incidents the next Tick brings in line; it is asked for at once."""
    references: tuple[ReferenceReading, ...] = ()
    windows: tuple[WindowRecord, ...] = ()
    notices: tuple[PostedNotice, ...] = ()
    silences: tuple[Silence, ...] = ()
    stores_down: Mapping[str, datetime] | None = None
    """All stores that are down after this event (None: unchanged)."""
    certificates: tuple[CertificateRecord, ...] = ()
    flaps: tuple[Flap, ...] = ()
    drills: tuple[Drill, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    inquiries: tuple[Inquiry, ...] = ()
    """Evidence that is wanted."""
    expected: tuple[Waiting, ...] = ()
    alarm: datetime | None = None
    """`State.alarm` after this event."""
    overdue: frozenset[str] = frozenset()
    """`State.overdue` after this event."""
    doubt: Doubt | None = None
    """`State.doubt` after this event."""
    starts: tuple[datetime, ...] | None = None
    """The late starts after this event (None: unchanged)."""
    reported: Reported | None = None
    """The report that was told last, after this event (None: unchanged)."""
    dropped: tuple[tuple[str, str], ...] = ()
    """(`targets` | `references` | `windows` | `notices` | `silences` | `certificates` | `flaps` | `drills` | `expected`, id) of what is to be dropped."""
    refused: str = ""
    """Why a command changed nothing, in one line: an unknown id, a window that ends before it starts."""
    due: tuple[Due, ...] = ()
    """Runs wanted earlier than their schedule has them: re-runs, corroboration, woken targets."""
    intervals: Mapping[str, float] = field(default_factory=dict)
    """target id → seconds between its scheduled runs from now on (while down, throttled, back to normal)."""
    first_failure: bool = False
    """What the references say is wanted at once: of a first failing run, of an outage that they did not look at yet."""
    next_wakeup: datetime | None = None
    """When a Tick is needed next; None: not at all."""
    durable: bool = False
    """Whether it must be on disk before anything is told: a change of belief, an incident, a notification, a ban.

    A commit that only carries a newer last result may be written later, together with others.
    """


def apply(state: State, commit: Commit) -> None:
    """Make `state` what `commit` says."""
    state.targets.update((target.id, target) for target in commit.targets)
    state.incidents.update((incident.id, incident) for incident in commit.incidents)
    state.bans.update((ban.host_key, ban.until) for ban in commit.bans)
    for key in commit.lifted:
        state.bans.pop(key, None)
    for gone in commit.forgotten:
        state.incidents.pop(gone, None)
        state.evidence.pop(gone, None)
    state.references.update((reading.source, reading) for reading in commit.references)
    state.windows.update((record.window.id, record) for record in commit.windows)
    state.notices.update((notice.id, notice) for notice in commit.notices)
    state.silences.update((silence.id, silence) for silence in commit.silences)
    state.certificates.update((record.fingerprint, record) for record in commit.certificates)
    state.flaps.update((flap.key, flap) for flap in commit.flaps)
    state.drills.update((drill.id, drill) for drill in commit.drills)
    state.evidence.update((found.incident, found) for found in commit.evidence)
    state.expected.update((one.id, one) for one in commit.expected)
    if commit.stores_down is not None:
        for name in [name for name in state.stores_down if name not in commit.stores_down]:
            del state.stores_down[name]
        state.stores_down.update(commit.stores_down)
    if commit.starts is not None:
        state.starts = commit.starts
    if commit.reported is not None:
        state.reported = commit.reported
    for kind, id_ in commit.dropped:
        getattr(state, kind).pop(id_, None)
    state.sweep = commit.sweep
    state.group = commit.group
    state.unsettled = commit.unsettled
    state.alarm = commit.alarm
    state.overdue = commit.overdue
    state.doubt = commit.doubt
