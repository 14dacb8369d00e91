"""Every key of probes.yaml outside `probes`, with its type and default. A default is written here and nowhere else."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from monitor.config.kinds import AnyProbe, DefaultTls, Repeat
from monitor.config.scalars import (
    Address,
    Addresses,
    Attempts,
    Concurrency,
    Duration,
    HeaderValue,
    Language,
    Line,
    Listen,
    Name,
    PerHost,
    Proxy,
    Rate,
    Redirects,
    Resolver,
    Secret,
    SeverityWord,
    Share,
    Size,
    Span,
    Text,
    Timezone,
    Version,
    WebAddress,
    Word,
    duration,
    size,
)
from monitor.config.section import Section, written
from monitor.model import Severity


class Server(Section):
    """Where the page, /metrics and the API are served."""

    later = frozenset({"tls", "basic_auth"})

    listen: Listen = written(("127.0.0.1", 8036), "127.0.0.1:8036")
    external_url: WebAddress = ""
    token: Secret | None = None


class Storage(Section):
    """Where is kept what must outlive a restart."""

    later = frozenset({"keep"})

    dir: Line | None = None


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
    proxy: Proxy = "none"
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

    later = frozenset({"certificate", "flapping", "daemon", "maintenance"})

    main: SeverityWord = Severity.CRITICAL
    other: SeverityWord = Severity.WARNING
    local: SeverityWord = Severity.CRITICAL
    national: SeverityWord = Severity.CRITICAL
    ours: SeverityWord = Severity.WARNING


class Judgement(Section):
    """The rules by which runs become states and incidents."""

    later = frozenset({"reopen", "flapping", "overrun_grace"})

    confirm: Confirm = Field(default_factory=Confirm)
    recover: Recover = Field(default_factory=Recover)
    main_service: Name = "verify"
    local: Local = Field(default_factory=Local)
    severity: SeverityOf = Field(default_factory=SeverityOf)


class Receiver(Section):
    """One who is told: by apprise (any of its addresses) or by a structured webhook."""

    later = frozenset({"alertmanager", "cap"})

    apprise: tuple[Address, ...] | None = None
    webhook: Address | None = None
    token: Secret | None = None


class Route(Section):
    """Who is told. Without `when` a route takes everything, so the first one wins."""

    later = frozenset({"when", "escalate", "continue"})

    to: tuple[Word, ...]


class Alerts(Section):
    """Who is told, and how long openings wait for each other."""

    later = frozenset({"notify_before", "repeat", "heartbeat"})

    group_wait: Duration = written(duration("10s"), "10s")
    receivers: dict[str, Receiver] = Field(default_factory=dict)
    routes: tuple[Route, ...] = Field(default_factory=tuple)


class Configuration(Section):
    """probes.yaml as a whole."""

    later = frozenset({"reference", "publish", "calendar", "catalogue", "maintenance"})

    version: Version = 1
    vantage: Line | None = None
    timezone: Timezone = "Asia/Shanghai"
    language: Language = "zh"
    server: Server = Field(default_factory=Server)
    storage: Storage = Field(default_factory=Storage)
    authorities: Authorities = Field(default_factory=Authorities)
    limits: Limits = Field(default_factory=Limits)
    defaults: Defaults = Field(default_factory=Defaults)
    probes: tuple[Annotated[AnyProbe, Field(discriminator="kind")], ...] = Field(default_factory=tuple)
    judgement: Judgement = Field(default_factory=Judgement)
    alerts: Alerts = Field(default_factory=Alerts)
