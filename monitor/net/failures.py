"""The one table from exceptions to causes, by phase. What is not in it is our own bug: `internal`."""

from __future__ import annotations

import errno
import os
import ssl
from collections.abc import Mapping

from monitor.model import Cause, Failure, Phase


class FaultError(Exception):
    """Something is wrong with what the peer did, and it is known what: `cause` and a line for people."""

    def __init__(self, cause: Cause, detail: str) -> None:
        super().__init__(f"{cause}: {detail}")
        self.cause = cause
        self.detail = detail


TIMEOUTS: Mapping[Phase, Cause] = {
    Phase.RESOLVE: Cause.RESOLVE_TIMEOUT,
    Phase.CONNECT: Cause.CONNECT_TIMEOUT,
    Phase.TLS: Cause.TLS_TIMEOUT,
    Phase.PROCESSING: Cause.RESPONSE_TIMEOUT,
    Phase.TRANSFER: Cause.TRANSFER_TIMEOUT,
}

_NO_WAY = "no way there"
ERRNOS: Mapping[int, tuple[Cause, str]] = {
    errno.ECONNREFUSED: (Cause.CONNECTION_REFUSED, "connection refused"),
    errno.ECONNRESET: (Cause.CONNECTION_RESET, "connection reset by peer"),
    errno.ECONNABORTED: (Cause.CONNECTION_RESET, "connection aborted"),
    # A reset that came between connect and handshake leaves a socket that is no longer connected.
    errno.ENOTCONN: (Cause.CONNECTION_RESET, "connection reset by peer"),
    # Linux says so when the peer's FIN came before its RST.
    errno.EPIPE: (Cause.CONNECTION_CLOSED, "connection closed by peer"),
    errno.ENETUNREACH: (Cause.UNREACHABLE, "network unreachable"),
    errno.EHOSTUNREACH: (Cause.UNREACHABLE, "host unreachable"),
    errno.ENETDOWN: (Cause.UNREACHABLE, "network down"),
    errno.EHOSTDOWN: (Cause.UNREACHABLE, "host down"),
    errno.EPERM: (Cause.UNREACHABLE, "refused by a filter on this machine"),
    errno.EACCES: (Cause.UNREACHABLE, "refused by a filter on this machine"),
    errno.EADDRNOTAVAIL: (Cause.UNREACHABLE, "no local address for this family"),
    errno.EAFNOSUPPORT: (Cause.UNREACHABLE, "address family not supported here"),
    errno.EINVAL: (Cause.UNREACHABLE, "not an address that can be gone to"),
    errno.EPROTO: (Cause.UNREACHABLE, _NO_WAY),
    errno.ENOPROTOOPT: (Cause.UNREACHABLE, _NO_WAY),
    errno.EMFILE: (Cause.INTERNAL, "too many open files"),
    errno.ENFILE: (Cause.INTERNAL, "too many open files on this machine"),
    errno.ENOBUFS: (Cause.INTERNAL, "no buffer space on this machine"),
    errno.ENOMEM: (Cause.INTERNAL, "out of memory"),
}

_SHORTAGES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""What this machine lacks, whoever was to be talked to."""

LEGACY_REASONS = frozenset(
    {
        "UNSUPPORTED_PROTOCOL",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "UNSUPPORTED_SSL_VERSION",
        "VERSION_TOO_LOW",
        "UNSAFE_LEGACY_RENEGOTIATION_DISABLED",
        "DH_KEY_TOO_SMALL",
        "EE_KEY_TOO_SMALL",
        "CA_KEY_TOO_SMALL",
        "CA_MD_TOO_WEAK",
        "WRONG_SIGNATURE_TYPE",
        "LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED",
    }
)
"""OpenSSL's words for a peer that only speaks what this OpenSSL refuses by default."""

UNSUITED_REASONS = frozenset({"SSLV3_ALERT_HANDSHAKE_FAILURE", "TLSV1_ALERT_INSUFFICIENT_SECURITY"})
"""OpenSSL's words for the alert of a peer to which nothing of what was offered is good enough, new enough or old enough."""

VERIFICATIONS: Mapping[int, Cause] = {
    9: Cause.TLS_NOT_YET_VALID,
    10: Cause.TLS_EXPIRED,
    62: Cause.TLS_NAME_MISMATCH,  # host name
    63: Cause.TLS_NAME_MISMATCH,  # e-mail address
    64: Cause.TLS_NAME_MISMATCH,  # IP address
    66: Cause.TLS_LEGACY,  # leaf key too small
    67: Cause.TLS_LEGACY,  # CA key too small
    68: Cause.TLS_LEGACY,  # digest too weak
}
"""X509_V_ERR_* of OpenSSL's x509_vfy.h; every other code says that the chain does not lead to a trusted root."""


def failure_of(error: Exception, phase: Phase) -> Failure:
    """What an exception that ended `phase` means. `internal` for what nobody foresaw."""
    cause, detail = _meaning(error, phase)
    return Failure(cause=cause, phase=phase, detail=detail)


def shortage_of(error: BaseException) -> str | None:
    """What this machine lacks, where that is what the exception says: files, buffers, memory."""
    if isinstance(error, MemoryError):
        return "out of memory"
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and error.errno in _SHORTAGES:
        return ERRNOS[error.errno][1]
    return None


def _meaning(error: Exception, phase: Phase) -> tuple[Cause, str]:
    match error:
        case FaultError():
            return error.cause, error.detail
        case TimeoutError():  # the deadline, and the kernel's ETIMEDOUT
            return TIMEOUTS[phase], f"nothing more came before the deadline ({phase})"
        case ssl.SSLCertVerificationError():
            return VERIFICATIONS.get(error.verify_code, Cause.TLS_UNTRUSTED), error.verify_message
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return Cause.CONNECTION_CLOSED, "connection closed by peer"
        case ssl.SSLError():
            return _tls_meaning(getattr(error, "reason", None) or "")
        case OSError():
            return ERRNOS.get(error.errno or 0) or (Cause.INTERNAL, f"{os.strerror(error.errno or 0)}")
        case _:
            return Cause.INTERNAL, type(error).__name__


def _tls_meaning(reason: str) -> tuple[Cause, str]:
    detail = reason.replace("_", " ").lower() or "handshake failed"
    return (Cause.TLS_LEGACY if reason in LEGACY_REASONS else Cause.TLS_HANDSHAKE), detail
