"""Every key of probes.yaml with its type and default. A default is written here and nowhere else."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.config.scalars import (
    Address,
    Addresses,
    Attempts,
    Concurrency,
    Duration,
    Each,
    HeaderValue,
    JsonPath,
    Language,
    Line,
    Listen,
    Method,
    Name,
    Pattern,
    PerHost,
    ProfileWord,
    Proxy,
    Rate,
    Redirects,
    Resolver,
    Role,
    Secret,
    SeverityWord,
    Share,
    Size,
    Span,
    Status,
    Template,
    Text,
    Timezone,
    VerifyWord,
    Version,
    WebAddress,
    Word,
    duration,
    size,
)
from monitor.config.tree import BLANK
from monitor.model import Severity, TlsProfile, Verify


def _written(value: Any, text: str) -> Any:
    """A field whose default is `value`, shown in the JSON Schema as an operator writes it."""
    return Field(default=value, json_schema_extra={"default": text})


class Section(BaseModel):
    """A mapping of probes.yaml. Unknown keys are mistakes; a section after which nothing stands is absent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    later: ClassVar[frozenset[str]] = frozenset()
    """Keys of the public face that this version refuses with "not yet"."""

    @model_validator(mode="before")
    @classmethod
    def _drop_blank_sections(cls, data: Any) -> Any:
        """`receivers:` with everything under it commented out says nothing."""
        if not isinstance(data, dict) or BLANK not in data.values():
            return data
        empty = {key for key, field in cls.model_fields.items() if field.default_factory is not None}
        return {key: value for key, value in data.items() if value is not BLANK or key not in empty}


class Server(Section):
    """Where the page, /metrics and the API are served."""

    later = frozenset({"tls", "basic_auth"})

    listen: Listen = _written(("127.0.0.1", 8036), "127.0.0.1:8036")
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

    per_host: PerHost = _written(Rate(12.0, 60.0), "12/m")
    concurrency: Concurrency = 64


class Tls(Section):
    """How TLS is spoken, each key by itself: what a probe does not say, `defaults` says."""

    verify: VerifyWord | None = None
    ca: Line | None = None
    profile: ProfileWord | None = None
    expiring: Duration | None = None


class DefaultTls(Tls):
    """The same keys with the values of last resort."""

    verify: VerifyWord = Verify.TRUE
    ca: Line = "system"
    profile: ProfileWord = TlsProfile.MODERN
    expiring: Duration = _written(duration("21d"), "21d")


class Defaults(Section):
    """What a probe does not say."""

    interval: Span = _written(duration("5m"), "5m")
    timeout: Span = _written(duration("5s"), "5s")
    while_down: Span = _written(duration("1m"), "1m")
    tls: DefaultTls = Field(default_factory=DefaultTls)
    resolver: Resolver = _written((), "system")
    addresses: Addresses = "first"
    proxy: Proxy = "none"
    follow_redirects: Redirects = "same_host"
    max_body: Size = _written(size("1MiB"), "1MiB")
    user_agent: HeaderValue | None = None


class Repeat(Section):
    """How many runs in a row confirm a change; `spacing` lies between them."""

    attempts: Attempts | None = None
    spacing: Duration | None = None


class JsonEquals(Section):
    """A place in a JSON reply and the text that must stand there."""

    path: JsonPath
    equals: Text


class ExpectStatus(Section):
    """What the reply to a captcha request must be; the image is judged by the kind itself."""

    status: tuple[Status, ...] = (200,)


class Expect(ExpectStatus):
    """What a reply must be. What is not said is not asked."""

    body_contains: tuple[Text, ...] = ()
    body_absent: tuple[Text, ...] = ()
    body_regex: Pattern | None = None
    json_equals: tuple[JsonEquals, ...] = Field(default=(), alias="json")


class Probe(Section):
    """What all kinds share. A key that is absent falls back to `defaults` or `judgement`."""

    name: Name
    each: Each | None = None
    authority: Word | None = None
    role: Role | None = None
    service: Name | None = None
    interval: Span | None = None
    timeout: Span | None = None
    while_down: Span | None = None
    slow_after: Span | None = None
    wake_on: tuple[Word, ...] = ()
    confirm: Repeat = Field(default_factory=Repeat)
    recover: Repeat = Field(default_factory=Repeat)
    resolver: Resolver | None = None
    addresses: Addresses | None = None
    proxy: Proxy | None = None


class TcpProbe(Probe):
    """Connects, and says no word."""

    kind: Literal["tcp"]
    host: Template
    port: Template


class TlsProbe(Probe):
    """Connects and shakes hands; looks at the certificate."""

    kind: Literal["tls"]
    host: Template
    port: Template = "443"
    server_name: Template | None = None
    tls: Tls = Field(default_factory=Tls)


class WebProbe(Probe):
    """What the kinds share that speak HTTP."""

    tls: Tls = Field(default_factory=Tls)
    headers: dict[str, HeaderValue] = Field(default_factory=dict)
    user_agent: HeaderValue | None = None
    follow_redirects: Redirects | None = None
    max_body: Size | None = None


class HttpProbe(WebProbe):
    """One request; the reply is held against `expect`."""

    kind: Literal["http"]
    url: Template
    method: Method = "GET"
    body: Text | None = None
    expect: Expect = Field(default_factory=Expect)


class CaptchaProbe(WebProbe):
    """Asks the verification service for a captcha and judges the image."""

    kind: Literal["captcha"]
    url: Template = "{verify_url}"
    expect: ExpectStatus = Field(default_factory=ExpectStatus)


AnyProbe = TcpProbe | TlsProbe | HttpProbe | CaptchaProbe
KINDS: dict[str, type[Probe]] = {"tcp": TcpProbe, "tls": TlsProbe, "http": HttpProbe, "captcha": CaptchaProbe}
KINDS_LATER = frozenset({"sync", "dns", "icmp", "log", "host", "file"})


class Confirm(Repeat):
    """How often a failure is seen before it is believed."""

    attempts: Attempts = 3
    spacing: Duration = _written(duration("5s"), "5s")


class Recover(Repeat):
    """How often an answer is seen before it is believed."""

    attempts: Attempts = 2
    spacing: Duration = _written(duration("5s"), "5s")


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

    group_wait: Duration = _written(duration("10s"), "10s")
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
