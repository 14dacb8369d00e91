"""Every key of probes.yaml outside `probes`, with its type and default. A default is written here and nowhere else."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from monitor.config.hosts import Redirects
from monitor.config.kinds import AnyProbe, DefaultTls, Repeat
from monitor.config.proxies import ProxyKey
from monitor.config.scalars import Rate, duration, size
from monitor.config.section import Section, written
from monitor.config.times import Day, Hours, Moment, Rrule, Schedule, Weekdays
from monitor.config.values import (
    Address,
    Addresses,
    AllOrWords,
    Approve,
    Attempts,
    Cap,
    Causes,
    Concurrency,
    Diagnoses,
    Duration,
    Events,
    FlapRuns,
    Forever,
    HeaderValue,
    Language,
    Line,
    Lines,
    Listen,
    Name,
    OutcomeWord,
    PasswordHash,
    Percent,
    PerHost,
    Resolver,
    RowPath,
    RowsPath,
    Scopes,
    Seconds,
    Secret,
    SecretWebAddress,
    Severities,
    SeverityWord,
    Share,
    Size,
    Span,
    Text,
    Timezone,
    Version,
    WebAddress,
    Word,
    Words,
    Yes,
)
from monitor.model import Proxies, Severity


class ServerFiles(Section):
    """The PEM files by which what is served is encrypted."""

    cert: Line
    key: Line


class Server(Section):
    """Where the page, /metrics and the API are served, how they are encrypted, and who may read them."""

    listen: Listen = written(("127.0.0.1", 8036), "127.0.0.1:8036")
    external_url: WebAddress = ""
    token: Secret | None = None
    tls: ServerFiles | None = None
    basic_auth: dict[str, PasswordHash] | None = None


class Keep(Section):
    """How long history is kept. Incidents are never dropped from it."""

    results: Span = written(duration("14d"), "14d")
    hourly: Span = written(duration("400d"), "400d")
    incidents: Forever = "forever"


class Storage(Section):
    """Where is kept what must outlive a restart, and for how long."""

    dir: Line | None = None
    keep: Keep = Field(default_factory=Keep)


class Authorities(Section):
    """Which of the 36 are watched, and facts of the registry that are known better here."""

    only: tuple[Word, ...] | None = None
    override: dict[str, dict[str, Text]] = Field(default_factory=dict)


class Limits(Section):
    """What may be asked of others, and done at once."""

    per_host: PerHost = written(Rate(12.0, 60.0), "12/m")
    concurrency: Concurrency = 64


class Defaults(Section):
    """What a probe does not say."""

    interval: Span = written(duration("5m"), "5m")
    timeout: Span = written(duration("5s"), "5s")
    while_down: Span = written(duration("1m"), "1m")
    tls: DefaultTls = Field(default_factory=DefaultTls)
    resolver: Resolver = written((), "system")
    addresses: Addresses = "first"
    proxy: ProxyKey = written(Proxies(), "none")
    follow_redirects: Redirects = "same_host"
    max_body: Size = written(size("1MiB"), "1MiB")
    user_agent: HeaderValue | None = None


class Confirm(Repeat):
    """How often a failure is seen before it is believed."""

    attempts: Attempts = 3
    spacing: Duration = written(duration("5s"), "5s")


class Recover(Repeat):
    """How often an answer is seen before it is believed."""

    attempts: Attempts = 2
    spacing: Duration = written(duration("5s"), "5s")


class Local(Section):
    """When it is we who are cut off."""

    share: Share = 0.8


class SeverityOf(Section):
    """How loudly each kind of incident is told."""

    main: SeverityWord = Severity.CRITICAL
    other: SeverityWord = Severity.WARNING
    local: SeverityWord = Severity.CRITICAL
    national: SeverityWord = Severity.CRITICAL
    ours: SeverityWord = Severity.WARNING
    certificate: SeverityWord = Severity.WARNING
    flapping: SeverityWord = Severity.WARNING
    daemon: SeverityWord = Severity.CRITICAL
    maintenance: SeverityWord = Severity.INFO


class Flapping(Section):
    """When a service counts as coming and going, in percent of weighted changes among its last scheduled runs."""

    high: Percent = 30.0
    low: Percent = 25.0
    runs: FlapRuns = 20


class Judgement(Section):
    """The rules by which runs become states and incidents."""

    confirm: Confirm = Field(default_factory=Confirm)
    recover: Recover = Field(default_factory=Recover)
    reopen: Duration = written(duration("15m"), "15m")
    overrun_grace: Duration = written(duration("5m"), "5m")
    early_end: Duration = written(duration("30m"), "30m")
    main_service: Name = "verify"
    local: Local = Field(default_factory=Local)
    flapping: Flapping = Field(default_factory=Flapping)
    severity: SeverityOf = Field(default_factory=SeverityOf)


class Map(Section):
    """How to read a reference that is not in the form of `/api/v1/reference`."""

    rows: RowsPath
    authority: RowPath
    outcome: RowPath
    at: RowPath | None = None
    values: dict[str, OutcomeWord] = Field(default_factory=dict)


class Reference(Section):
    """Somebody else's view of the authorities."""

    name: Name
    url: Text | None = None
    file: Line | None = None
    interval: Span = written(duration("1m"), "1m")
    stale_after: Span = written(duration("10m"), "10m")
    token: Secret | None = None
    proxy: ProxyKey = written(Proxies(), "none")
    map_: Map | None = Field(default=None, alias="map")


class Calendar(Section):
    """Days off and filing deadlines that are known better here than in what is shipped."""

    holidays: Lines = ()
    deadlines: dict[str, dict[str, Day]] = Field(default_factory=dict)


class Publish(Section):
    """Where the own view is written for others."""

    file: Line


class Maintenance(Section):
    """Planned work: `start` and `end`, `schedule` and `duration`, `rrule`, `start` and `duration`, or a `feed` of notices."""

    name: Name
    authorities: AllOrWords = None
    services: AllOrWords = None
    start: Moment | None = None
    end: Moment | None = None
    schedule: Schedule | None = None
    rrule: Rrule | None = None
    duration: Span | None = None
    announce: Yes = True
    feed: Line | None = None
    approve: Approve = "manual"
    open_end: Span = written(86400.0, "24h")


class Receiver(Section):
    """One who is told: by apprise (any of its addresses), by a structured webhook, or the members of an Alertmanager."""

    apprise: tuple[Address, ...] | None = None
    webhook: Address | None = None
    alertmanager: tuple[Address, ...] | None = None
    token: Secret | None = None
    proxy: ProxyKey | None = None
    cap: Cap = None


class When(Section):
    """What a route asks for; all parts that are given must match."""

    severity: Severities = ()
    event: Events = ()
    scope: Scopes = ()
    authority: Words = ()
    service: Words = ()
    diagnosis: Diagnoses = ()
    cause: Causes = ()
    hours: Hours | None = None
    weekdays: Weekdays = ()
    filing_period: Yes | None = None
    drill: Yes | None = None


class Step(Section):
    """Who else is told of what is open and not acknowledged so long after it was told first."""

    after: Seconds
    to: tuple[Word, ...]


class Route(Section):
    """Who is told. Without `when` a route takes everything; behind one that matches none is tried but for `continue`."""

    when: When = Field(default_factory=When)
    to: tuple[Word, ...]
    goes_on: Yes = Field(default=False, alias="continue")
    escalate: tuple[Step, ...] = ()


class Heartbeat(Section):
    """Whom the daemon tells, again and again, that it is alive."""

    url: SecretWebAddress
    interval: Seconds = written(duration("1m"), "1m")


class Report(Section):
    """When availability is reported by itself, and to whom."""

    schedule: Schedule
    to: Words


class Alerts(Section):
    """Who is told, how long openings wait for each other, how often is reminded."""

    group_wait: Duration = written(duration("10s"), "10s")
    notify_before: Duration = written(duration("24h"), "24h")
    repeat: Duration = written(duration("4h"), "4h")
    proxy: ProxyKey = written(Proxies(), "none")
    receivers: dict[str, Receiver] = Field(default_factory=dict)
    routes: tuple[Route, ...] = Field(default_factory=tuple)
    heartbeat: Heartbeat | None = Field(default_factory=lambda: None)
    report: Report | None = Field(default_factory=lambda: None)


class Configuration(Section):
    """probes.yaml as a whole."""

    version: Version = 1
    vantage: Line | None = None
    timezone: Timezone = "Asia/Shanghai"
    language: Language = "zh"
    server: Server = Field(default_factory=Server)
    storage: Storage = Field(default_factory=Storage)
    authorities: Authorities = Field(default_factory=Authorities)
    limits: Limits = Field(default_factory=Limits)
    defaults: Defaults = Field(default_factory=Defaults)
    catalogue: tuple[Line, ...] = ()
    probes: tuple[Annotated[AnyProbe, Field(discriminator="kind")], ...] = Field(default_factory=tuple)
    judgement: Judgement = Field(default_factory=Judgement)
    reference: tuple[Reference, ...] = Field(default_factory=tuple)
    publish: Publish | None = Field(default_factory=lambda: None)
    calendar: Calendar = Field(default_factory=Calendar)
    maintenance: tuple[Maintenance, ...] = Field(default_factory=tuple)
    alerts: Alerts = Field(default_factory=Alerts)
