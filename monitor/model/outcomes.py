"""How a run can end: outcomes, phases, causes and flags, the closed lists of the contract."""

from __future__ import annotations

from enum import StrEnum

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
    ANSWERS_DIFFER = "answers_differ"
    """Name servers lead to addresses of the internet that have none in common."""
