"""What is looked at, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from monitor.model.catalogue import Code
from monitor.model.machine import FileRules, HostRules, LogRules
from monitor.model.outcomes import LOCAL
from monitor.model.proxies import Proxies
from monitor.model.sync import SyncRules


class Verify(StrEnum):
    """What a failed certificate verification means: `true` fails the run, `report` flags it, `false` is not looked at."""

    TRUE = "true"
    REPORT = "report"
    FALSE = "false"


class TlsProfile(StrEnum):
    """`legacy` lets OpenSSL talk to servers it refuses by default (old protocol, weak key, no RFC 5746)."""

    MODERN = "modern"
    LEGACY = "legacy"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsOptions:
    """How TLS is spoken to one target. Hashable: one SSLContext per distinct (ca, profile, verification on or off)."""

    verify: Verify = Verify.TRUE
    ca: str = "system"
    """`system`, `certifi`, or the path of a PEM file whose roots are added to the system's."""
    profile: TlsProfile = TlsProfile.MODERN
    expiring: float = 21 * 86400.0
    """Seconds before expiry from which the flag `certificate_expiring` is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """How many runs in a row confirm a change, and how many seconds lie between them."""

    attempts: int
    spacing: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonExpectation:
    """`path` is a JSONPath of plain steps (`$.a.b[0]`); `equals` is compared as text."""

    path: str
    equals: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What a reply must be. Empty parts ask nothing."""

    status: tuple[int, ...] = (200,)
    body_contains: tuple[str, ...] = ()
    body_absent: tuple[str, ...] = ()
    body_regex: str | None = None
    json: tuple[JsonExpectation, ...] = ()


SYSTEM = "system"
"""Stands among name servers for those of this machine, its hosts file before them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRules:
    """Whom to ask for a name, and what the answers have to be (kind `dns`)."""

    record: str = "A"
    resolvers: tuple[str, ...] = (SYSTEM,)
    """`host:port` of name servers, or `system`; each is asked by itself."""
    expect_networks: tuple[str, ...] = ()
    """Networks (`203.0.113.0/24`) in which every address has to lie; empty: anywhere."""
    random_name: bool = True
    """Also ask for a random name beside it, which should not exist."""


MACHINE_KINDS = frozenset({"log", "host", "file"})
"""Kinds that look at this machine: they make no connection, so no network fails or is proved by them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing that is looked at, with everything its probe needs. Made by config/expand.py, never changed.

    `host`, `port` are set for kinds `tls`, `tcp` and `icmp` (the port that is tried where ping is not allowed); `host`
    alone for `dns` (the name that is asked for, port 0: nothing is connected to); `url` for `http` and `captcha` (captcha: the whole yzmQuery
    address with its synthetic code); none of them for `log`, `host` and `file`. `kind` is what runs: a `tls` probe on a plain-http authority expands to `tcp`.
    """

    id: str
    probe: str
    kind: str
    authority: str
    service: str
    interval: float
    timeout: float
    while_down: float
    confirm: Repeat
    recover: Repeat
    host: str
    """Name or address as written, for the limit and for TLS server name where `server_name` is None."""
    port: int
    url: str | None = field(default=None, repr=False)
    """May hold a secret in its query."""
    server_name: str | None = None
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    expect: Expect = field(default_factory=Expect)
    slow_after: float | None = None
    wake_on: tuple[str, ...] = ()
    """Names of probes whose target of the same authority wakes this one when it changes its mind."""
    tls: TlsOptions = field(default_factory=TlsOptions)
    resolver: tuple[str, ...] = ()
    """`host:port` of name servers to ask in place of the system's; empty: the system's."""
    proxies: Proxies = field(default_factory=Proxies)
    """By which proxies it is reached; the host of the limit is the target's all the same."""
    follow_redirects: str | tuple[str, ...] = "same_host"
    """`no`, `same_host`, or the hosts that may be gone to."""
    max_body: int = 1 << 20
    user_agent: str = ""
    carries_credential: bool = False
    """A header or the URL holds a secret of ours: 401 and 403 then speak of it."""
    sync: SyncRules | None = None
    """Set for kind `sync`."""
    names: NameRules | None = None
    """Set for kind `dns`."""
    packets: int = 3
    """Echo requests of one run (kind `icmp`)."""
    every_address: bool = False
    """Every address of the host is looked at in each run, not only the first that answers."""
    codes: tuple[Code, ...] = field(default=(), repr=False)
    """Rows of the operator's own catalogue files for replies of this target; they go before the shipped ones."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What of the request must not be shown, should a reply repeat it (kind `sync`)."""
    log: LogRules | None = None
    """Set for kind `log`."""
    machine: HostRules | None = None
    """Set for kind `host`."""
    file: FileRules | None = None
    """Set for kind `file`."""

    @property
    def place(self) -> str | None:
        """What is looked at where it is no host: an address of http, a path of this machine."""
        if self.log is not None:
            return self.log.path
        return self.file.glob if self.file is not None else self.url

    @property
    def host_key(self) -> str:
        """`host:port`, the unit of `limits.per_host`; one host however its name is spelt."""
        return f"{self.host.lower().rstrip('.')}:{self.port}"

    @property
    def is_on_machine(self) -> bool:
        """Whether it looks at this machine itself and makes no connection."""
        return self.kind in MACHINE_KINDS

    @property
    def is_control(self) -> bool:
        """Whether this target tells about our own network rather than about an authority, or about a disk or a log here."""
        return self.authority == LOCAL and self.kind not in MACHINE_KINDS
