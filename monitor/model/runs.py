"""What a run saw (`Seen`), and what it means (`Result`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitor.model.outcomes import Cause, Flag, Outcome, Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """A certificate above the leaf."""

    subject: str
    not_before: datetime
    not_after: datetime


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
    serial: str = ""
    """The leaf's serial number, hexadecimal, two digits a byte."""
    trusted_until: datetime | None = None
    """Earliest expiry of the chain that was verified, its root included; None where none was."""
    above: Above | None = None
    """The certificate above the leaf that ends before the leaf does, else the one that begins after it; None: neither is there."""
    leaf_not_after: datetime | None = None
    """The leaf's own end, where `not_after` is that of `above`."""

    @property
    def leaf_ends(self) -> datetime:
        """Until when the leaf itself is valid, whatever the chain above it."""
        return self.leaf_not_after or self.not_after


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
class AddressLook:
    """What one address of the host answered, by itself."""

    address: str
    cause: Cause
    """`none`: it answered as it should."""
    phase: Phase | None = None
    connect: float | None = None
    """Seconds; None: it was not reached."""
    tls: float | None = None
    detail: str = ""
    status_code: int | None = None
    fingerprint: str | None = None
    """Of the certificate that this address presented (SHA-256 of its DER); None: none was seen."""
    expires: datetime | None = None
    """When that certificate, or the earliest of its chain, expires."""
    counts: bool = True
    """False: nothing was learnt of the address, for this machine has no way there or the limit did not allow it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP reply, decoded (chunks, gzip, deflate) and bounded. `headers` has lower-case names, in order."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    url: str
    """Where it came from, after redirects."""
    version: str = "1.1"
    """Of HTTP, as the status line says it."""

    def header(self, name: str) -> str | None:
        """The first header of that lower-case name."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one name server said of a name."""

    resolver: str
    """`host:port`; `system` for the system's own."""
    name: str
    record: str = "A"
    addresses: tuple[str, ...] = ()
    cause: Cause = Cause.NONE
    """What went wrong with this question; `none`: it was answered."""
    duration: float = 0.0
    detail: str = ""
    values: tuple[str, ...] = ()
    """What a record says that holds no address: `10 mail.example` (MX), `ns.example` (NS) …"""
    aliases: tuple[str, ...] = ()
    """The names that lead from the one asked for to the one that has the record (CNAME)."""
    ttl: int | None = None
    """Seconds that the shortest of these records may be kept; None: not known."""
    count: int = 0
    """How many there were before they were cut."""
    decoy: bool = False
    """It is the answer about a random name that should not exist."""
    forged: bool = False
    """It is (one of) what a hijacking was judged by."""
    differs: bool = False
    """It contradicts another one, and it cannot be told which of them lies, or whether one does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One thing measured or found: `disk_free` of `/var` = 0.34, `match` of `timeout` = 7."""

    name: str
    of: str = ""
    value: float | None = None
    text: str = ""


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
    tls_cipher: str | None = None
    """OpenSSL's name of the cipher suite."""
    certificate: Certificate | None = None
    redirects: tuple[str, ...] = ()
    reply: Reply | None = None
    """Also set beside a failure when something of the reply arrived (its body may then be cut)."""
    heard: bytes = b""
    """How that began which came in place of an HTTP reply, or of TLS: some hundred bytes at most, as they were sent."""
    failure: Failure | None = None
    answers: tuple[Answer, ...] = ()
    """What each name server said (kind `dns`)."""
    readings: tuple[Reading, ...] = ()
    """What was measured or found on this machine (kinds `log`, `host`, `file`, `icmp`)."""
    each: tuple[Seen, ...] = ()
    """What each address showed by itself, in order, where every one was looked at (`addresses: all`)."""
    further: Mapping[str, Seen] = field(default_factory=dict)
    """What further requests of the run showed, by name, and under `comparison` what was made of them (kind `sync`)."""
    left_out: tuple[AddressLook, ...] = ()
    """Addresses of which nothing could be learnt, and why (`addresses: all`)."""


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
    clock_offset: float | None = None
    """Seconds by which the server's clock is ahead of ours, by the `Date` of its reply; None: it said none."""
    nodes: tuple[AddressLook, ...] = ()
    """The addresses by themselves, in order: all of them under `addresses: all`, else only where one failed before another."""
    answers: tuple[Answer, ...] = ()
    """What each name server said (kind `dns`)."""
    readings: tuple[Reading, ...] = ()
    """What was measured or found."""
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
