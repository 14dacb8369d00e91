"""The kinds of probes: what each is told in probes.yaml. A default is written here and nowhere else."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from monitor.config.hosts import Redirects
from monitor.config.machine import (
    Amount,
    Codes,
    Disks,
    Memory,
    MostFiles,
    MostLoad,
    MostOffset,
    Patterns,
)
from monitor.config.proxies import ProxyKey
from monitor.config.scalars import duration
from monitor.config.section import Section, written
from monitor.config.sync import CanaryIs, CountsAre, FreshnessIs, ItemsAre, SuccessIs, SyncRequest
from monitor.config.values import (
    Addresses,
    Asked,
    Attempts,
    Duration,
    Each,
    HeaderValue,
    JsonPath,
    Line,
    Method,
    Name,
    Network,
    Packets,
    Pattern,
    ProfileWord,
    RecordWord,
    Resolver,
    Role,
    Size,
    Span,
    Status,
    Template,
    Text,
    VerifyWord,
    Word,
    Yes,
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


class HostProbe(Probe):
    """What the kinds share that go to the addresses of a host."""

    resolver: Resolver | None = None
    addresses: Addresses | None = None


class ConnectingProbe(HostProbe):
    """What the kinds share that connect."""

    proxy: ProxyKey | None = None


class TcpProbe(ConnectingProbe):
    """Connects, and says no word."""

    kind: Literal["tcp"]
    host: Template
    port: Template


class TlsProbe(ConnectingProbe):
    """Connects and shakes hands; looks at the certificate."""

    kind: Literal["tls"]
    host: Template
    port: Template = "443"
    server_name: Template | None = None
    tls: Tls = Field(default_factory=Tls)


class SpokenProbe(ConnectingProbe):
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
    """Asks a sync interface, reads code, success and lag out of its reply, and compares what both sides have."""

    kind: Literal["sync"]
    request: SyncRequest | None = None
    codes: Word | None = None
    code_path: JsonPath | None = None
    success: SuccessIs | None = None
    freshness: FreshnessIs | None = None
    counts: CountsAre | None = None
    canary: CanaryIs | None = None
    items: ItemsAre | None = None


class DnsProbe(Probe):
    """Asks name servers for a name, and holds their answers against each other."""

    kind: Literal["dns"]
    host: Template
    record: RecordWord = "A"
    resolvers: Asked | None = None
    expect_networks: tuple[Network, ...] = ()
    random_name: Yes = True


class IcmpProbe(HostProbe):
    """Pings a host."""

    kind: Literal["icmp"]
    host: Template
    packets: Packets = 3


class LogProbe(Probe):
    """Follows a log and counts lines."""

    kind: Literal["log"]
    path: Template
    patterns: Patterns = ()
    codes: Codes | None = None


class MachineProbe(Probe):
    """Looks at what this machine has left."""

    kind: Literal["host"]
    disk: Disks = ()
    memory: Memory | None = None
    load: MostLoad | None = None
    files: MostFiles | None = None
    clock_offset: MostOffset | None = None


class FileProbe(Probe):
    """Looks at the newest file that matches."""

    kind: Literal["file"]
    glob: Template
    max_age: Span | None = None
    min_size: Amount | None = None
    sha256_from: Line | None = None


AnyProbe = (
    TcpProbe
    | TlsProbe
    | HttpProbe
    | CaptchaProbe
    | SyncProbe
    | DnsProbe
    | IcmpProbe
    | LogProbe
    | MachineProbe
    | FileProbe
)
KINDS: dict[str, type[Probe]] = {
    "tcp": TcpProbe,
    "tls": TlsProbe,
    "http": HttpProbe,
    "captcha": CaptchaProbe,
    "sync": SyncProbe,
    "dns": DnsProbe,
    "icmp": IcmpProbe,
    "log": LogProbe,
    "host": MachineProbe,
    "file": FileProbe,
}
