"""The kinds of probes: what each is told in probes.yaml. A default is written here and nowhere else."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from monitor.config.hosts import Redirects
from monitor.config.proxies import ProxyKey
from monitor.config.scalars import duration
from monitor.config.section import Section, written
from monitor.config.sync import FreshnessIs, SuccessIs, SyncRequest
from monitor.config.values import (
    Addresses,
    Attempts,
    Duration,
    Each,
    HeaderValue,
    JsonPath,
    Line,
    Method,
    Name,
    Pattern,
    ProfileWord,
    Resolver,
    Role,
    Size,
    Span,
    Status,
    Template,
    Text,
    VerifyWord,
    Word,
)
from monitor.model import TlsProfile, Verify


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
    expiring: Duration = written(duration("21d"), "21d")


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
    proxy: ProxyKey | None = None


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


class SpokenProbe(Probe):
    """What the kinds share that speak HTTP."""

    tls: Tls = Field(default_factory=Tls)
    user_agent: HeaderValue | None = None
    follow_redirects: Redirects | None = None
    max_body: Size | None = None


class WebProbe(SpokenProbe):
    """What the kinds share whose request is their own keys."""

    headers: dict[str, HeaderValue] = Field(default_factory=dict)


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


class SyncProbe(SpokenProbe):
    """Asks a sync interface, and reads code, success and lag out of its reply."""

    later = frozenset({"counts", "items", "canary"})

    kind: Literal["sync"]
    request: SyncRequest
    codes: Word | None = None
    code_path: JsonPath | None = None
    success: SuccessIs | None = None
    freshness: FreshnessIs | None = None


AnyProbe = TcpProbe | TlsProbe | HttpProbe | CaptchaProbe | SyncProbe
KINDS: dict[str, type[Probe]] = {
    "tcp": TcpProbe,
    "tls": TlsProbe,
    "http": HttpProbe,
    "captcha": CaptchaProbe,
    "sync": SyncProbe,
}
KINDS_LATER = frozenset({"dns", "icmp", "log", "host", "file"})
