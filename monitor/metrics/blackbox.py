"""One run in blackbox_exporter's names, for `/probe`: what was seen → text. Pure; docs/blackbox.md is checked against it.

Names, labels and what stands for "nothing" follow blackbox_exporter 0.23 to 0.28, whose dashboards and rules are to work
unchanged: an HTTP run always has its five phases, its status code and its lengths, with 0 for what was not reached.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address

from monitor.metrics.ciphers import iana_name
from monitor.metrics.exposition import labels
from monitor.metrics.family import Family
from monitor.model import Cause, Certificate, Phase, Reply, Result, Seen, Target


def _gauge(name: str, text: str, *label_names: str) -> Family:
    return Family(name=name, kind="gauge", labels=label_names, text=text)


SUCCESS = _gauge("probe_success", "Whether the run was ok.")
DURATION = _gauge("probe_duration_seconds", "How long the run took, from name resolution to the last byte.")
TIMEOUT = _gauge("probe_timeout_seconds", "Deadline of this run.")
DNS_LOOKUP = _gauge("probe_dns_lookup_time_seconds", "How long name resolution took.")
IP_PROTOCOL = _gauge("probe_ip_protocol", "4 or 6: family of the address that was talked to; 0 without one.")
IP_HASH = _gauge(
    "probe_ip_addr_hash", "Hash (32-bit FNV-1a) of the address that was talked to; 0 without one."
)
FAILED_REGEX = _gauge("probe_failed_due_to_regex", "Whether what the body had to contain was missing.")
FAILURE = _gauge("probe_failure_info", "Why the run failed; absent when it was ok.", "outcome", "cause")
STATUS_CODE = _gauge("probe_http_status_code", "HTTP status of the reply; 0 without one.")
PHASES = _gauge("probe_http_duration_seconds", "Time per phase, summed over redirects.", "phase")
REDIRECTS = _gauge("probe_http_redirects", "Redirects answered, one that was not followed included.")
SSL = _gauge("probe_http_ssl", "Whether the last reply came over TLS.")
VERSION = _gauge("probe_http_version", "Version of HTTP of the reply; 0 without one.")
CONTENT_LENGTH = _gauge(
    "probe_http_content_length", "Length the reply announces; -1 where it announces none."
)
BODY_LENGTH = _gauge("probe_http_uncompressed_body_length", "Bytes of the body, decompressed.")
LAST_MODIFIED = _gauge(
    "probe_http_last_modified_timestamp_seconds", "Last-Modified of the reply, in seconds since 1970."
)
EXPIRY = _gauge(
    "probe_ssl_earliest_cert_expiry", "Earliest expiry in the chain presented, in seconds since 1970."
)
CHAIN_EXPIRY = _gauge(
    "probe_ssl_last_chain_expiry_timestamp_seconds",
    "Earliest expiry in the chain that was verified, its root included, in seconds since 1970.",
)
CHAIN_INFO = _gauge(
    "probe_ssl_last_chain_info",
    "Facts of the certificate that was presented.",
    "fingerprint_sha256",
    "subject",
    "issuer",
    "subjectalternative",
    "serialnumber",
)
TLS_VERSION = _gauge("probe_tls_version_info", "Version of TLS that was spoken.", "version")
TLS_CIPHER = _gauge("probe_tls_cipher_info", "Cipher suite that was spoken, by its IANA name.", "cipher")

FAMILIES = (
    SUCCESS, DURATION, TIMEOUT, DNS_LOOKUP, IP_PROTOCOL, IP_HASH, FAILED_REGEX, FAILURE,
    STATUS_CODE, PHASES, REDIRECTS, SSL, VERSION, CONTENT_LENGTH, BODY_LENGTH, LAST_MODIFIED,
    EXPIRY, CHAIN_EXPIRY, CHAIN_INFO, TLS_VERSION, TLS_CIPHER,
)  # fmt: skip

REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
TLS_VERSIONS = {"TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1", "TLSv1.2": "TLS 1.2", "TLSv1.3": "TLS 1.3"}

Sample = tuple[Family, str, float]
"""Family, what stands between the braces, value."""


def render(target: Target, seen: Seen, result: Result, *, openmetrics: bool) -> str:
    """The run as text 0.0.4 or OpenMetrics 1.0.0. `target.timeout` is the deadline that the run had."""
    of: dict[str, list[str]] = {}
    for family, between, value in _samples(target, seen, result):
        name = f"{family.name}{{{between}}}" if between else family.name
        of.setdefault(family.name, []).append(f"{name} {value!r}\n")
    heads = {family.name: family.head(openmetrics=openmetrics) for family in FAMILIES}
    text = "".join(heads[name] + "".join(lines) for name, lines in sorted(of.items()))
    return text + "# EOF\n" if openmetrics else text


def _samples(target: Target, seen: Seen, result: Result) -> Iterator[Sample]:
    yield SUCCESS, "", int(result.is_ok)
    yield DURATION, "", seen.duration
    yield TIMEOUT, "", target.timeout
    yield DNS_LOOKUP, "", seen.phases.get(Phase.RESOLVE, 0.0)
    yield IP_PROTOCOL, "", 0 if seen.address is None else ip_address(seen.address).version
    yield IP_HASH, "", 0 if seen.address is None else address_hash(seen.address)
    yield FAILED_REGEX, "", int(result.cause is Cause.CONTENT_MISMATCH)
    if not result.is_ok:
        yield FAILURE, labels(outcome=result.outcome, cause=result.cause), 1
    if target.url is not None:
        yield from _http(seen)
    if seen.reply is None or _is_tls(seen.reply):
        yield from _tls(seen)


def _http(seen: Seen) -> Iterator[Sample]:
    reply = seen.reply
    found = seen.addresses or Phase.CONNECT in seen.phases  # by a proxy no address is known
    for phase in Phase if found else (Phase.RESOLVE,):
        yield PHASES, labels(phase=phase), seen.phases.get(phase, 0.0)
    yield STATUS_CODE, "", 0 if reply is None else reply.status
    yield REDIRECTS, "", len(seen.redirects) + (reply is not None and _redirects(reply))
    yield SSL, "", int(reply is not None and _is_tls(reply))
    yield VERSION, "", 0 if reply is None else float(reply.version)
    yield CONTENT_LENGTH, "", 0 if reply is None else announced_length(reply)
    yield BODY_LENGTH, "", 0 if reply is None else len(reply.body)
    modified = None if reply is None else _last_modified(reply)
    if modified is not None:
        yield LAST_MODIFIED, "", modified


def _tls(seen: Seen) -> Iterator[Sample]:
    if seen.tls_version is not None:
        yield TLS_VERSION, labels(version=TLS_VERSIONS.get(seen.tls_version, "unknown")), 1
    if seen.tls_cipher is not None:
        yield TLS_CIPHER, labels(cipher=iana_name(seen.tls_cipher)), 1
    if seen.certificate is not None:
        yield from _chain(seen.certificate)


def _chain(certificate: Certificate) -> Iterator[Sample]:
    yield EXPIRY, "", certificate.not_after.timestamp()
    if certificate.trusted_until is not None:
        yield CHAIN_EXPIRY, "", certificate.trusted_until.timestamp()
    facts = labels(
        fingerprint_sha256=certificate.fingerprint,
        subject=certificate.subject,
        issuer=certificate.issuer,
        subjectalternative=",".join(name for name in certificate.names if not _is_address(name)),
        serialnumber=certificate.serial,
    )
    yield CHAIN_INFO, facts, 1


def address_hash(address: str) -> int:
    """32-bit FNV-1a of the four or sixteen bytes of `address`, as blackbox_exporter has it."""
    found = 0x811C9DC5
    for byte in ip_address(address).packed:
        found = (found ^ byte) * 0x01000193 & 0xFFFFFFFF
    return found


def announced_length(reply: Reply) -> int:
    """The length of the body as the headers say it, -1 where they do not: a stream of chunks, or one that ends by closing."""
    if reply.status in (204, 304):
        return 0
    if reply.header("transfer-encoding") is not None:
        return -1
    text = (reply.header("content-length") or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1


def _redirects(reply: Reply) -> bool:
    """Whether the last reply leads on: it was not followed."""
    return reply.status in REDIRECT_STATUSES and bool(reply.header("location"))


def _is_tls(reply: Reply) -> bool:
    return reply.url.startswith("https:")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _last_modified(reply: Reply) -> float | None:
    """Seconds since 1970; None without the header, or where it is no date."""
    try:
        instant = parsedate_to_datetime(reply.header("last-modified") or "")
    except (ValueError, OverflowError):
        return None
    aware: datetime = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return aware.timestamp()
