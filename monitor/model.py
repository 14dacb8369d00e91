"""The words of the product: every value that passes from one part to another, and nothing that acts.

`Seen` is what one run saw; `Result` is what it means. `Target` is what is looked at; `Plan` is all of them with the
rules to judge by. `Incident` is one outage; `Notification` is one thing to tell. All values are frozen. Instants are
aware `datetime`s in UTC; spans are seconds as `float` unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

LOCAL = "local"
"""Pseudo-authority of the controls: this machine and its network."""
NATIONAL = "national"
"""Pseudo-authority of the national page."""
PSEUDO_AUTHORITIES = (NATIONAL, LOCAL)


class Outcome(StrEnum):
    """How a run ended. `timeout`: the deadline of the run passed; `error`: everything else that is not ok."""

    OK = "ok"
    ERROR = "error"
    TIMEOUT = "timeout"


class Phase(StrEnum):
    """A stretch of one run, in the order in which they follow each other. One not reached is absent, not 0."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    PROCESSING = "processing"
    TRANSFER = "transfer"


class SpeaksOf(StrEnum):
    """Whom a cause speaks of: the authority, or us (then the authority's state is unknown, never down)."""

    AUTHORITY = "authority"
    US = "us"


class Cause(StrEnum):
    """The one thing that went wrong first in a failing run. Carries its outcome, so the two cannot contradict."""

    outcome: Outcome
    speaks_of: SpeaksOf

    def __new__(cls, value: str, outcome: Outcome, speaks_of: SpeaksOf = SpeaksOf.AUTHORITY) -> Cause:
        member = str.__new__(cls, value)
        member._value_ = value
        member.outcome = outcome
        member.speaks_of = speaks_of
        return member

    NONE = "none", Outcome.OK

    RESOLVE_TIMEOUT = "resolve_timeout", Outcome.TIMEOUT
    CONNECT_TIMEOUT = "connect_timeout", Outcome.TIMEOUT
    TLS_TIMEOUT = "tls_timeout", Outcome.TIMEOUT
    RESPONSE_TIMEOUT = "response_timeout", Outcome.TIMEOUT
    TRANSFER_TIMEOUT = "transfer_timeout", Outcome.TIMEOUT

    DNS_NXDOMAIN = "dns_nxdomain", Outcome.ERROR
    DNS_SERVFAIL = "dns_servfail", Outcome.ERROR
    DNS_NO_ADDRESS = "dns_no_address", Outcome.ERROR
    DNS_HIJACKED = "dns_hijacked", Outcome.ERROR, SpeaksOf.US

    CONNECTION_REFUSED = "connection_refused", Outcome.ERROR
    UNREACHABLE = "unreachable", Outcome.ERROR
    CONNECTION_RESET = "connection_reset", Outcome.ERROR
    CONNECTION_CLOSED = "connection_closed", Outcome.ERROR

    TLS_EXPIRED = "tls_expired", Outcome.ERROR
    TLS_NOT_YET_VALID = "tls_not_yet_valid", Outcome.ERROR
    TLS_NAME_MISMATCH = "tls_name_mismatch", Outcome.ERROR
    TLS_UNTRUSTED = "tls_untrusted", Outcome.ERROR
    TLS_INCOMPLETE_CHAIN = "tls_incomplete_chain", Outcome.ERROR
    TLS_LEGACY = "tls_legacy", Outcome.ERROR
    TLS_HANDSHAKE = "tls_handshake", Outcome.ERROR

    HTTP_STATUS = "http_status", Outcome.ERROR
    HTTP_MALFORMED = "http_malformed", Outcome.ERROR
    REDIRECT_REFUSED = "redirect_refused", Outcome.ERROR
    BODY_TOO_LARGE = "body_too_large", Outcome.ERROR

    CONTENT_MISMATCH = "content_mismatch", Outcome.ERROR
    CAPTCHA_INVALID = "captcha_invalid", Outcome.ERROR
    MAINTENANCE_PAGE = "maintenance_page", Outcome.ERROR
    BACKEND_BUSY = "backend_busy", Outcome.ERROR
    API_ERROR = "api_error", Outcome.ERROR
    FORMAT_DRIFT = "format_drift", Outcome.ERROR

    SYNC_LAG = "sync_lag", Outcome.ERROR
    RECORD_MISSING = "record_missing", Outcome.ERROR
    COUNT_MISMATCH = "count_mismatch", Outcome.ERROR

    BLOCKED = "blocked", Outcome.ERROR, SpeaksOf.US
    CREDENTIAL = "credential", Outcome.ERROR, SpeaksOf.US
    PROXY_FAILED = "proxy_failed", Outcome.ERROR, SpeaksOf.US
    PROBE_MISCONFIGURED = "probe_misconfigured", Outcome.ERROR, SpeaksOf.US
    INTERNAL = "internal", Outcome.ERROR, SpeaksOf.US


class Flag(StrEnum):
    """Something worth knowing about a run that does not make it fail."""

    SLOW = "slow"
    THROTTLED = "throttled"
    UNSIGNED_REFUSED = "unsigned_refused"
    OPAQUE = "opaque"
    CERTIFICATE_EXPIRING = "certificate_expiring"
    TLS_UNVERIFIED = "tls_unverified"
    ADDRESS_FAILED = "address_failed"
    WARNING_CODE = "warning_code"
    LAG_WARNING = "lag_warning"


# --- what is known of an authority -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact of the registry: its value, where it was found and how sure we are. `value` None: not found."""

    value: str | None
    source: str | None = None
    confidence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """One of the 36 provincial-level tax authorities (or a pseudo-authority, which has no facts).

    `facts` holds what braces in probes.yaml may name: `verify_url` `verify_host` `verify_port` `verify_scheme`,
    the same for `dppt` and `etax`, `code` and `slug`.
    """

    slug: str
    code: str
    name: str
    """Short Chinese name: 山东."""
    name_en: str
    full_name: str
    """Name on its notices: 国家税务总局山东省税务局."""
    facts: Mapping[str, Fact] = field(default_factory=dict)


# --- what is looked at -----------------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """What a sync interface says when all is well: the value at `path` is, as text, one of `any_of`."""

    path: str
    any_of: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Where a sync interface says when it last synchronised, and how long ago that may be, in seconds."""

    path: str
    warn: float
    fail: float
    timezone: str = "Asia/Shanghai"
    """Of times that carry none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRules:
    """How the replies of a sync interface are read (kind `sync`)."""

    table: str | None = None
    """Table of the catalogue that its codes are in; None: it has none."""
    code_paths: tuple[tuple[str, str], ...] = ()
    """(endpoint of the table, where its code stands), outermost first. Only the first must be there."""
    success: Success | None = None
    freshness: Freshness | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing that is looked at, with everything its probe needs. Made by config/expand.py, never changed.

    `host`, `port` are set for kinds `tls` and `tcp`; `url` for `http` and `captcha` (captcha: the whole yzmQuery
    address with its synthetic code). `kind` is what runs: a `tls` probe on a plain-http authority expands to `tcp`.
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
    follow_redirects: str | tuple[str, ...] = "same_host"
    """`no`, `same_host`, or the hosts that may be gone to."""
    max_body: int = 1 << 20
    user_agent: str = ""
    carries_credential: bool = False
    """A header or the URL holds a secret of ours: 401 and 403 then speak of it."""
    sync: SyncRules | None = None
    """Set for kind `sync`."""
    codes: tuple[Code, ...] = field(default=(), repr=False)
    """Rows of the operator's own catalogue files for replies of this target; they go before the shipped ones."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What of the request must not be shown, should a reply repeat it (kind `sync`)."""

    @property
    def host_key(self) -> str:
        """`host:port`, the unit of `limits.per_host`; one host however its name is spelt."""
        return f"{self.host.lower().rstrip('.')}:{self.port}"

    @property
    def is_control(self) -> bool:
        """Whether this target tells about our own network rather than about an authority."""
        return self.authority == LOCAL


class Severity(StrEnum):
    """How loudly an incident is told."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where notifications go: each is tried in order, the first match wins unless `goes_on`."""

    to: tuple[str, ...]
    """Names of receivers, not of their URLs."""
    when: When = field(default_factory=When)
    goes_on: bool = False
    """`continue: true`: the routes behind it are tried as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """One URL that is told things: the unit of delivery, retry and metric. `id` is `oncall[0]`."""

    id: str
    name: str
    kind: str
    """`apprise` or `webhook`."""
    url: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceRule:
    """Maintenance as configured: `start` and `end`, or `schedule` (cron of five fields) and `duration`."""

    name: str
    authorities: tuple[str, ...] | None = None
    """None: all."""
    services: tuple[str, ...] | None = None
    """None: all."""
    start: datetime | None = None
    end: datetime | None = None
    schedule: str | None = None
    """In the wall clock of `timezone`."""
    duration: float = 0.0
    timezone: str = "Asia/Shanghai"
    announce: bool = True
    """Whether its start and end are told."""


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
    state_dir: str = "state"
    references: tuple[ReferenceSource, ...] = ()
    publish_file: str | None = None
    """Where the own view is written as a file for others, beside `/api/v1/reference`."""
    maintenance: tuple[MaintenanceRule, ...] = ()
    overrun_grace: float = 300.0
    reopen: float = 900.0
    """Seconds within which a service that is down again continues its last incident."""
    repeat: float = 4 * 3600.0
    """Seconds between two reminders of an open incident; 0: none."""
    notify_before: float = 86400.0
    keep_results: float = 14 * 86400.0
    keep_hourly: float = 400 * 86400.0
    by_authority: Mapping[str, tuple[Target, ...]] = field(init=False, repr=False, compare=False)
    """The targets of each authority (`local`: the controls), in the order of `targets`; derived."""

    def __post_init__(self) -> None:
        """Index the targets once: a decision looks at one authority, not at all of them."""
        found: dict[str, list[Target]] = {}
        for target in self.targets.values():
            found.setdefault(target.authority, []).append(target)
        object.__setattr__(self, "by_authority", {slug: tuple(mine) for slug, mine in found.items()})


# --- what a run saw, and what it means -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What the peer presented, read even when verification failed. Expiry is the earliest of the chain."""

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    names: tuple[str, ...]
    """Names and addresses of the leaf's subjectAltName, at most 100 of them."""
    fingerprint: str
    """SHA-256 of the leaf's DER, hexadecimal."""
    chain_length: int
    verified: bool | None
    """None: verification was not asked for."""
    verify_error: str | None = None
    """The cause a failed verification stands for (`tls_expired` …), whatever `verify` made of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a connection or an exchange ended early, already translated from the exception by the table in net/."""

    cause: Cause
    phase: Phase
    detail: str
    """One line for people, without secrets and without addresses of memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One address that was tried and failed before another was tried."""

    address: str
    failure: Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP reply, decoded (chunks, gzip, deflate) and bounded. `headers` has lower-case names, in order."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    url: str
    """Where it came from, after redirects."""

    def header(self, name: str) -> str | None:
        """The first header of that lower-case name."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one run saw, not yet judged. Exactly one of `failure` and success of all asked-for phases holds."""

    started_at: datetime
    duration: float
    phases: Mapping[Phase, float]
    """Seconds per phase reached, summed over redirects; includes the one that failed."""
    addresses: tuple[str, ...] = ()
    """All answers of name resolution, in order."""
    address: str | None = None
    """The address that was talked to last."""
    attempts: tuple[Attempt, ...] = ()
    tls_version: str | None = None
    certificate: Certificate | None = None
    redirects: tuple[str, ...] = ()
    reply: Reply | None = None
    """Also set beside a failure when something of the reply arrived (its body may then be cut)."""
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one run means. `phase` is where it failed, None when ok."""

    target: str
    started_at: datetime
    duration: float
    cause: Cause
    phase: Phase | None = None
    flags: frozenset[Flag] = frozenset()
    phases: Mapping[Phase, float] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    address: str | None = None
    status_code: int | None = None
    tls_version: str | None = None
    certificate: Certificate | None = None
    code: str | None = None
    """The platform's own code (`005`) where the reply carried one."""
    detail: str = ""
    lag: float | None = None
    """Seconds since a sync interface last synchronised, by its own word; None: not asked or not readable."""
    scheduled: bool = True
    """False for re-runs, corroboration and woken runs: these do not count for flapping."""
    restored: bool = False
    """Taken from the state file after a restart."""

    @property
    def outcome(self) -> Outcome:
        """The outcome that the cause stands for."""
        return self.cause.outcome

    @property
    def is_ok(self) -> bool:
        """Whether the run succeeded (flags or not)."""
        return self.cause is Cause.NONE


# --- the catalogue of error codes ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What a code in a reply means for the health of the service. Keyed by (endpoint, code) in a table.

    `cause` NONE with `flag` None: the service answered (a business answer). `phase` is always processing's reply.
    """

    table: str
    endpoint: str
    code: str
    cause: Cause
    flag: Flag | None
    message: str
    """What the platform says, in Chinese."""
    meaning: str
    """What it means, in English."""
    back_off: float | None = None
    """Seconds the target must not be looked at (020: 86400)."""
    source: str = ""
    transaction: Outcome = Outcome.OK
    """What it means for the one thing that was asked, in a log of transactions: E007 is well for the service and an
    error for the invoice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTable:
    """One table of the catalogue: the codes of one platform or vendor."""

    name: str
    title: str
    """Whose codes these are, in their own language."""
    source: str
    code_paths: tuple[tuple[str, str], ...]
    """(endpoint, where its code stands in a JSON reply), outermost first; empty: not for kind `sync`."""
    codes: tuple[Code, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Phrases that give away what a page is (knowledge/words.yaml)."""

    maintenance: tuple[str, ...]
    challenge: tuple[str, ...]
    """Markers of a WAF or a JavaScript challenge."""
    busy: tuple[str, ...] = ()


# --- states, incidents, notifications --------------------------------------------------------------------------------


class Confirmed(StrEnum):
    """What enough runs in a row have made of a target."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


class AuthorityState(StrEnum):
    """State of an authority; the first that holds, in the order of the contract."""

    UNKNOWN = "unknown"
    MAINTENANCE = "maintenance"
    DOWN = "down"
    DEGRADED = "degraded"
    UP = "up"


class ServiceState(StrEnum):
    """State of one service of an authority."""

    UNKNOWN = "unknown"
    DOWN = "down"
    DEGRADED = "degraded"
    UP = "up"


class Diagnosis(StrEnum):
    """Whose fault it most likely is."""

    MAINTENANCE = "maintenance"
    MAINTENANCE_OVERRUN = "maintenance_overrun"
    BLOCKED = "blocked"
    THROTTLED = "throttled"
    CREDENTIAL = "credential"
    MISCONFIGURED = "misconfigured"
    LOCAL_DNS = "local_dns"
    LOCAL_TRUST = "local_trust"
    LOCAL_NETWORK = "local_network"
    NATIONAL_OUTAGE = "national_outage"
    CDN_NODE = "cdn_node"
    SYNC_DELAY = "sync_delay"
    PROTOCOL_CHANGED = "protocol_changed"
    PATH_FROM_HERE = "path_from_here"
    PROVINCIAL_OUTAGE = "provincial_outage"
    SLOW = "slow"
    HEALTHY = "healthy"
    UNDETERMINED = "undetermined"


class Verdict(StrEnum):
    """Own confirmed state of the main service beside the fresh references."""

    AGREE_UP = "agree_up"
    AGREE_DOWN = "agree_down"
    ONLY_US_DOWN = "only_us_down"
    ONLY_REFERENCE_DOWN = "only_reference_down"
    REFERENCE_SPLIT = "reference_split"
    REFERENCE_STALE = "reference_stale"
    NO_REFERENCE = "no_reference"
    OWN_UNKNOWN = "own_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """What is remembered of one target. Kept over restarts.

    `failures` and `oks` count runs in a row since the other kind last happened; the count lives here, once.
    """

    id: str
    confirmed: Confirmed = Confirmed.UNKNOWN
    failures: int = 0
    oks: int = 0
    slows: int = 0
    """Slow runs in a row."""
    slow: bool = False
    """Confirmed slow."""
    seen_up: bool = False
    first_failure_at: datetime | None = None
    """Start of the first failing run of the present row, kept until confirmed up; None while ok."""
    cause: Cause = Cause.NONE
    """What the present failing row (or the confirmed outage) is put down to."""
    phase: Phase | None = None
    """Where `cause` struck."""
    turned: int = 0
    """Failing runs in a row whose cause speaks of someone else than `cause` does."""
    bugs: int = 0
    """Runs in a row that a bug of ours broke off."""
    address: str = ""
    """A short print of what was looked at (kind, host, port, URL); empty: not known."""
    briskly: int = 0
    """Ok runs in a row that were not slow, counted while confirmed slow."""
    unverified: bool = False
    """The last ok run met a certificate that cannot be verified (`verify: report`)."""
    accepted: bool = False
    """Some ok run was let in as what it is: not `unsigned_refused`, not `throttled`."""
    refused: bool = False
    """The last ok run was `unsigned_refused` although an earlier one was accepted: the protocol may have changed."""
    late: bool = False
    """The last ok run of a sync interface found its data late (`lag_warning`)."""
    since: datetime | None = None
    """When `confirmed` last changed."""
    last: Result | None = None
    last_success_at: datetime | None = None
    pace: float = 1.0
    """Factor on the interval while throttled, 1 to 8."""


class Scope(StrEnum):
    """What an incident is about."""

    AUTHORITY = "authority"
    NATIONAL = "national"
    LOCAL = "local"
    DAEMON = "daemon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One outage of one (authority, service), or of our own network (`local`), with an id of its own."""

    id: str
    scope: Scope
    authority: str
    service: str
    severity: Severity
    cause: Cause
    phase: Phase | None
    diagnosis: Diagnosis
    facts: tuple[str, ...]
    first_failure_at: datetime
    opened_at: datetime
    resolved_at: datetime | None = None
    parent: str | None = None
    never_up: bool = False
    """It never answered since it was configured: the address may be wrong."""
    targets: tuple[str, ...] = ()
    told: frozenset[str] = frozenset()
    """Ids of the receiver URLs that a notification of its opening was decided for."""
    told_severity: Severity | None = None
    """How loudly it was told last; None: nobody was told."""
    sequence: int = 0
    """Number of notifications decided so far; part of their keys."""
    verdict: Verdict = Verdict.NO_REFERENCE
    """Own view beside the references, when last looked at."""
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    comment: str = ""
    told_at: datetime | None = None
    """When a notification about it was decided last; reminders count from here."""
    muted_by: str | None = None
    """Id of the window or silence that keeps its opening untold; None: nothing does."""
    reopened: int = 0
    """How often it was down again within `reopen` of its resolution."""
    timeline: tuple[tuple[datetime, str], ...] = ()
    """What happened to it, oldest first, as language-neutral words (`opened`, `cause=tls_expired`, `acked=wang`), at most 100."""
    heard: frozenset[str] = frozenset()
    """Ids of the receiver URLs that heard of an earlier end of it and not yet that it is down again."""
    told_cause: Cause | None = None
    """What it was put down to when told last."""
    told_diagnosis: Diagnosis | None = None
    """Whose fault it was said to be when told last."""
    changed_at: datetime | None = None
    """When cause, severity or diagnosis changed last."""
    window: Window | None = None
    """The maintenance window that covers it, or covered it last while it was open."""
    fading_since: datetime | None = None
    """Since when its reason is gone, while it stays open in case that comes back (national, daemon)."""

    @property
    def is_open(self) -> bool:
        """Whether it is not resolved yet."""
        return self.resolved_at is None


class EventName(StrEnum):
    """What a notification says happened."""

    INCIDENT_OPENED = "incident_opened"
    INCIDENT_CHANGED = "incident_changed"
    INCIDENT_REMINDER = "incident_reminder"
    INCIDENT_RESOLVED = "incident_resolved"
    MAINTENANCE_UPCOMING = "maintenance_upcoming"
    MAINTENANCE_STARTED = "maintenance_started"
    MAINTENANCE_ENDED = "maintenance_ended"
    MAINTENANCE_OVERRUN = "maintenance_overrun"
    CERTIFICATE_EXPIRING = "certificate_expiring"
    DAEMON_DEGRADED = "daemon_degraded"
    DAEMON_RESTORED = "daemon_restored"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What one reference said of an authority when something was decided."""

    source: str
    outcome: Outcome
    age_seconds: float
    stale: bool = False


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
    detail: str = ""
    """One line for daemon events: what does not work."""
    drill: bool = False


# --- what others say, planned work, silences --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRow:
    """What one reference says of one authority."""

    authority: str
    outcome: Outcome
    cause: str | None = None
    """Its own word for the cause, not trusted to be one of ours."""
    since: datetime | None = None
    checked_at: datetime
    """When it looked; its age is counted from here. A future time counts as now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceReading:
    """One attempt to read a reference; an event. A failed one (`up` False) has no rows and leaves the known ones."""

    source: str
    read_at: datetime
    up: bool
    rows: tuple[ReferenceRow, ...] = ()
    local_fault: bool = False
    """It says of itself that its own network fails: its rows are not believed."""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One maintenance window: a stretch of absolute time. Its start belongs to it, its end does not."""

    id: str
    """Deterministic for windows of rules (name and start), so that each is told once over restarts."""
    name: str
    authorities: tuple[str, ...] | None
    """None: all."""
    services: tuple[str, ...] | None
    """None: all."""
    start: datetime
    end: datetime
    announce: bool = True
    by_hand: bool = False

    def covers(self, authority: str, service: str, instant: datetime) -> bool:
        """Whether it explains a failure of this service at `instant`."""
        return (
            self.start <= instant < self.end
            and (self.authorities is None or authority in self.authorities)
            and (self.services is None or service in self.services)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Mutes the telling of what matches; never a resolution of what was told before."""

    id: str
    matchers: Mapping[str, tuple[str, ...]]
    """`authority`, `service`, `severity`, `diagnosis` → the words that match; all given ones must."""
    starts_at: datetime
    ends_at: datetime
    author: str = ""
    comment: str = ""


# --- events and commits ----------------------------------------------------------------------------------------------


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
class Replan:
    """Another plan is in force from now on: what is no longer configured is forgotten and its incidents end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHealth:
    """Whether a store (`state`, `history`) takes what it is given; told as `daemon_degraded` and `daemon_restored`."""

    store: str
    up: bool
    detail: str = ""


Command = Ack | AddSilence | EndSilence | AddWindow | EndWindow | Replan
Event = Result | Tick | ReferenceReading | StoreHealth | Command


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


def as_json(value: Any) -> Any:
    """Plain JSON values: dataclasses as objects, enums as text, instants as RFC 3339 in UTC, tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: as_json(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(as_json(item) for item in value)
    if isinstance(value, tuple | list):
        return [as_json(item) for item in value]
    return value


def rfc3339(instant: datetime) -> str:
    """`2026-11-21T08:00:00.125Z`: UTC, milliseconds only where there are any."""
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds" if instant.microsecond else "seconds")
    return text.replace("+00:00", "Z")
