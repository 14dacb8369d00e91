"""The certificate of what is served: two PEM files, read and tried, so that a bad one is known before it is used."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monitor.model import ServerTls

MOST_BYTES = 1 << 20
"""Of a PEM file; a chain of ten certificates is 20 KiB."""
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: forward secrecy and authenticated encryption only. TLS 1.3 has no others."""


class UnfitCertificateError(Exception):
    """The files cannot be used. `key` is the key of `server.tls` that is to blame: `cert` or `key`."""

    def __init__(self, key: str, found: str, meant: str) -> None:
        super().__init__(f"server.tls.{key}: {found}; {meant}")
        self.key = key
        self.found = found
        self.meant = meant


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What a caller is shown: a context with the certificate and its key, and when the certificate expires."""

    context: ssl.SSLContext
    expires_at: datetime


def present(tls: ServerTls) -> Presented:
    """Read both files anew. Raises UnfitCertificateError; neither file's content is ever part of its text."""
    expires_at = _expiry(_read("cert", tls.cert))
    key = _read("key", tls.key)
    if b"ENCRYPTED" in key:
        raise UnfitCertificateError(
            "key", "an encrypted private key", "one without a passphrase is meant: nobody is there to type it"
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(tls.cert, tls.key, password=lambda: "")
    except (OSError, ValueError) as problem:  # ssl.SSLError is an OSError
        raise _unfit(getattr(problem, "reason", None)) from None
    return Presented(context=context, expires_at=expires_at)


def _read(key: str, path: str) -> bytes:
    meant = "a PEM file is meant"
    try:
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as problem:
        raise UnfitCertificateError(
            key, f"a file that cannot be read: {problem.strerror}", "a PEM file is meant"
        ) from None
    if len(data) > MOST_BYTES:
        raise UnfitCertificateError(key, "a file larger than 1 MiB", meant)
    return data


def _expiry(pem: bytes) -> datetime:
    """The earliest end of the chain: with any of them the page cannot be verified any longer."""
    from cryptography import (
        x509,
    )  # only where something is encrypted: most commands that read a file need none

    try:
        return min(each.not_valid_after_utc for each in x509.load_pem_x509_certificates(pem))
    except ValueError:
        raise UnfitCertificateError(
            "cert", "a file without certificates in PEM form", "the certificate and its chain, leaf first"
        ) from None


def _unfit(reason: str | None) -> UnfitCertificateError:
    """What OpenSSL said, as an operator understands it."""
    if reason == "KEY_VALUES_MISMATCH" or reason == "KEY_TYPE_MISMATCH":
        return UnfitCertificateError(
            "key",
            "a private key that does not belong to the certificate",
            "the key of the first certificate in `cert` is meant",
        )
    if reason in ("EE_KEY_TOO_SMALL", "CA_KEY_TOO_SMALL", "CA_MD_TOO_WEAK"):
        return UnfitCertificateError(
            "cert",
            f"a certificate too weak to be used ({reason.lower().replace('_', ' ')})",
            "make a new one",
        )
    return UnfitCertificateError(
        "key", "a file without a private key in PEM form", "the key of `cert` is meant"
    )
