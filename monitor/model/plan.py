"""All that is configured, ready to work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath

from monitor.model.calendar import Calendar
from monitor.model.incidents import Severity
from monitor.model.outcomes import LOCAL, Outcome
from monitor.model.proxies import Proxies
from monitor.model.registry import Authority
from monitor.model.targets import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Flapping:
    """When a target counts as flapping (key `judgement.flapping`): by the weighted share of changes among its last runs."""

    high: float = 30.0
    """Percent from which it flaps."""
    low: float = 25.0
    """Percent below which it does not any more."""
    runs: int = 20
    """Scheduled runs that are looked at; nothing is said before so many are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The rules by which results become states and incidents (key `judgement` of probes.yaml)."""

    main_service: str = "verify"
    local_share: float = 0.8
    severity_main: Severity = Severity.CRITICAL
    severity_other: Severity = Severity.WARNING
    severity_local: Severity = Severity.CRITICAL
    severity_national: Severity = Severity.CRITICAL
    severity_ours: Severity = Severity.WARNING
    severity_certificate: Severity = Severity.WARNING
    severity_daemon: Severity = Severity.CRITICAL
    severity_maintenance: Severity = Severity.INFO
    severity_flapping: Severity = Severity.WARNING
    flapping: Flapping = field(default_factory=Flapping)


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """What a route asks for. Each part lists what may be; an empty part asks nothing; all parts must match."""

    severity: tuple[str, ...] = ()
    event: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    authority: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    diagnosis: tuple[str, ...] = ()
    cause: tuple[str, ...] = ()
    hours: tuple[str, str] | None = None
    """`("08:00", "22:00")` by the wall clock of `Plan.timezone`; may cross midnight; the end does not belong to it."""
    weekdays: tuple[int, ...] = ()
    """1 is Monday, 7 is Sunday."""
    workdays: bool | None = None
    """True: only on working days by the calendar (`weekdays: workdays`); False: only on days off."""
    filing_period: bool | None = None
    """True: only while the filing period runs where it happened; False: only while it does not."""
    drill: bool | None = None
    """True: drills alone; False: real things alone; None: both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Who else is told of what is open and not taken `after` seconds after it was told first."""

    after: float
    to: tuple[str, ...]
    """Names of receivers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where notifications go: each is tried in order, the first match wins unless `goes_on`."""

    to: tuple[str, ...]
    """Names of receivers, not of their URLs."""
    when: When = field(default_factory=When)
    goes_on: bool = False
    """`continue: true`: the routes behind it are tried as well."""
    escalate: tuple[Escalation, ...] = ()
    """In the order of `after`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """One URL that is told things: the unit of delivery, retry and metric. `id` is `oncall[0]`."""

    id: str
    name: str
    kind: str
    """`apprise`, `webhook` or `alertmanager`."""
    url: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    proxies: Proxies = field(default_factory=Proxies)
    cap: tuple[int, float] | None = None
    """At most so many messages within so many seconds; what is left out is counted and told. None: no cap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceMap:
    """How to read a reference in a format of its own: JSONPaths, and what its words mean."""

    rows: str
    """`$.list[*]` or an object of rows."""
    authority: str
    """Path within a row to a slug, a 4-digit code or a Chinese or English name; `$key` where rows are an object."""
    outcome: str
    at: str | None = None
    """Path to the time of its look; None: the time it was read."""
    values: Mapping[str, Outcome] = field(default_factory=dict)
    """Its words for ok, error and timeout, compared as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSource:
    """Somebody else's view of the authorities. Exactly one of `url` and `file`."""

    name: str
    url: str | None = field(default=None, repr=False)
    file: str | None = None
    interval: float = 60.0
    stale_after: float = 600.0
    token: str | None = field(default=None, repr=False)
    map: ReferenceMap | None = None
    """None: the format of `/api/v1/reference`."""
    proxies: Proxies = field(default_factory=Proxies)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceRule:
    """Maintenance as configured: `start` and `end`; or `duration` with `schedule` (cron of five fields), or with `rrule`."""

    name: str
    authorities: tuple[str, ...] | None = None
    """None: all."""
    services: tuple[str, ...] | None = None
    """None: all."""
    start: datetime | None = None
    end: datetime | None = None
    schedule: str | None = None
    """In the wall clock of `timezone`."""
    rrule: str | None = None
    """A rule of RFC 5545, counted from `start` by the wall clock of `timezone`."""
    duration: float = 0.0
    timezone: str = "Asia/Shanghai"
    announce: bool = True
    """Whether its start and end are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFeed:
    """Where maintenance notices in Chinese come from (an entry of `maintenance` with `feed`)."""

    name: str
    feed: str
    """A path with wildcards: each file is one notice."""
    approve: str = "manual"
    """`manual`: a person approves each; `auto`: what is read with certainty counts at once."""
    open_end: float = 86400.0
    """Seconds that a window without an end lasts."""

    @property
    def directory(self) -> str:
        """What must be there before any wildcard is looked at."""
        above = (str(parent) for parent in PurePath(self.feed).parents)
        return next((one for one in above if not set(one) & set("*?[")), "/")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRule:
    """When availability is reported by itself, and to whom (key `alerts.report`)."""

    schedule: str
    """Cron of five fields in `Plan.timezone`; each report covers the time since the one before."""
    to: tuple[str, ...]
    """Names of receivers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTls:
    """Paths of the PEM files by which what is served is encrypted: the certificate with its chain, and its key."""

    cert: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """Whom the daemon tells that it is alive (`alerts.heartbeat`): one GET every `interval` seconds."""

    url: str = field(repr=False)
    """A secret: who knows it can keep a dead monitor looking alive."""
    interval: float = 60.0
    proxies: Proxies = field(default_factory=Proxies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that is configured, ready to work with: targets, rules, receivers. `authorities` are those watched."""

    vantage: str
    language: str
    timezone: str
    targets: Mapping[str, Target]
    authorities: Mapping[str, Authority]
    judgement: Judgement = field(default_factory=Judgement)
    per_host: float | None = 12.0
    """Connections allowed per host and port in any 60 s; None lifts the limit."""
    per_host_window: float = 60.0
    concurrency: int = 64
    group_wait: float = 10.0
    receivers: tuple[Receiver, ...] = ()
    routes: tuple[Route, ...] = ()
    listen: tuple[str, int] = ("127.0.0.1", 8036)
    external_url: str = ""
    token: str | None = field(default=None, repr=False)
    tls: ServerTls | None = None
    """None: plain HTTP is served."""
    basic_auth: Mapping[str, str] = field(default_factory=dict, repr=False)
    """User → bcrypt hash of the password, of those who may read; empty: everybody may."""
    state_dir: str = "state"
    references: tuple[ReferenceSource, ...] = ()
    heartbeat: Heartbeat | None = None
    publish_file: str | None = None
    """Where the own view is written as a file for others, beside `/api/v1/reference`."""
    maintenance: tuple[MaintenanceRule, ...] = ()
    notices: tuple[NoticeFeed, ...] = ()
    calendar: Calendar = field(default_factory=Calendar)
    report: ReportRule | None = None
    """When availability is reported by itself; None: never."""
    overrun_grace: float = 300.0
    early_end: float = 1800.0
    """Seconds that all a window covers must be back before it ends early; 0: it lasts to its end."""
    reopen: float = 900.0
    """Seconds within which a service that is down again continues its last incident."""
    repeat: float = 4 * 3600.0
    """Seconds between two reminders of an open incident; 0: none."""
    notify_before: float = 86400.0
    keep_results: float = 14 * 86400.0
    keep_hourly: float = 400 * 86400.0
    by_authority: Mapping[str, tuple[Target, ...]] = field(init=False, repr=False, compare=False)
    """The targets of each authority, in the order of `targets`; derived."""
    controls: tuple[Target, ...] = field(init=False, repr=False, compare=False)
    """The targets of `local` that tell about our own network; derived."""
    by_service: Mapping[str, Mapping[str, tuple[Target, ...]]] = field(init=False, repr=False, compare=False)
    """Authority → service → its targets, in the order of `targets`; of `local` without the controls, which no service
    rests on; derived."""
    main_services: Mapping[str, str | None] = field(init=False, repr=False, compare=False)
    """Authority → the service that decides whether it is down: the configured one, else its only one, else none; derived."""

    def __post_init__(self) -> None:
        """Index the targets once: a decision looks at one authority, not at all of them."""
        found: dict[str, dict[str, list[Target]]] = {}
        all_of: dict[str, list[Target]] = {}
        for target in self.targets.values():
            if not target.is_control:
                found.setdefault(target.authority, {}).setdefault(target.service, []).append(target)
            all_of.setdefault(target.authority, []).append(target)
        by_service = {
            slug: {service: tuple(mine) for service, mine in services.items()}
            for slug, services in found.items()
        }
        object.__setattr__(self, "by_authority", {slug: tuple(mine) for slug, mine in all_of.items()})
        object.__setattr__(self, "by_service", by_service)
        controls = (target for target in all_of.get(LOCAL, ()) if target.is_control)
        object.__setattr__(self, "controls", tuple(controls))
        object.__setattr__(
            self, "main_services", {slug: self._main_of(services) for slug, services in by_service.items()}
        )

    def _main_of(self, services: Mapping[str, object]) -> str | None:
        if self.judgement.main_service in services:
            return self.judgement.main_service
        return next(iter(services)) if len(services) == 1 else None
