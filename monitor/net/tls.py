"""TLS: one context per distinct (roots, profile, verification), and what a failed verification means."""

from __future__ import annotations

import contextlib
import ssl
import sys

from monitor.model import Cause, TlsOptions, TlsProfile, Verify
from monitor.net.certificates import Chain, lacks_intermediate
from monitor.net.failures import VERIFICATIONS, FaultError
from monitor.net.resolve import is_literal, plain_name

_LEGACY_SERVER_CONNECT = 0x4  # ssl.OP_LEGACY_SERVER_CONNECT from Python 3.12


class Contexts:
    """The contexts of all looks, built when first needed: one with the system's roots costs 23 ms and 0.9 MB."""

    def __init__(self) -> None:
        self._contexts: dict[tuple[str, TlsProfile, bool], ssl.SSLContext] = {}

    def warm(self, options: TlsOptions) -> None:
        """Read the roots before a run begins: the time this takes is ours, not the peer's. Never raises."""
        with contextlib.suppress(FaultError):  # the run will say so
            self.get(options, verified=options.verify is not Verify.FALSE)

    def get(self, options: TlsOptions, *, verified: bool) -> ssl.SSLContext:
        """The context for these options. Raises FaultError when the roots cannot be read."""
        key = (options.ca if verified else "", options.profile, verified)
        context = self._contexts.get(key)
        if context is None:
            try:
                context = self._contexts[key] = make_context(options, verified=verified)
            except (OSError, ImportError) as error:  # a missing file, or no certificate in it
                raise FaultError(Cause.PROBE_MISCONFIGURED, f"tls.ca {options.ca}: cannot be read") from error
        return context


def make_context(options: TlsOptions, *, verified: bool) -> ssl.SSLContext:
    """A client context. Raises OSError (also as ssl.SSLError) and ImportError for roots that cannot be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    if options.profile is TlsProfile.LEGACY:
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.options |= _LEGACY_SERVER_CONNECT
    else:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION  # a second handshake, of which nothing can be overheard
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    _load_roots(context, options.ca)
    return context


def _load_roots(context: ssl.SSLContext, ca: str) -> None:
    if ca == "certifi":
        import certifi

        context.load_verify_locations(certifi.where())
        return
    context.set_default_verify_paths()
    if ca != "system":
        context.load_verify_locations(ca)


def server_name(text: str) -> str:
    """`text` as SNI and the check of the certificate need it. Raises FaultError when it is neither name nor address.

    `SSLContext.wrap_socket` leaves the socket open when it is given what it cannot encode.
    """
    try:
        return text if is_literal(text) else plain_name(text)
    except FaultError:
        raise FaultError(Cause.PROBE_MISCONFIGURED, "the server name is no name") from None


def presented_chain(tls: ssl.SSLObject) -> Chain:
    """The certificates as the peer sent them, leaf first, in DER; verified or not."""
    if sys.version_info >= (3, 13):
        return tuple(tls.get_unverified_chain())
    import _ssl

    sslobj = tls._sslobj  # type: ignore[attr-defined]  # noqa: SLF001  public from 3.13
    chain = sslobj.get_unverified_chain() if sslobj is not None else None
    return tuple(certificate.public_bytes(_ssl.ENCODING_DER) for certificate in chain or ())


def verified_chain(tls: ssl.SSLObject) -> Chain:
    """The certificates that OpenSSL verified, leaf first and root last, in DER. Only after a verified handshake."""
    if sys.version_info >= (3, 13):
        return tuple(tls.get_verified_chain())
    import _ssl

    sslobj = tls._sslobj  # type: ignore[attr-defined]  # noqa: SLF001  public from 3.13
    chain = sslobj.get_verified_chain() if sslobj is not None else None
    return tuple(certificate.public_bytes(_ssl.ENCODING_DER) for certificate in chain or ())


def verification_cause(code: int, chain: Chain) -> Cause:
    """What OpenSSL's verification code means now that the chain has been read."""
    if code in _ISSUER_MISSING and lacks_intermediate(chain):
        return Cause.TLS_INCOMPLETE_CHAIN
    return VERIFICATIONS.get(code, Cause.TLS_UNTRUSTED)


_ISSUER_MISSING = frozenset({2, 20, 21})
"""X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, …_LOCALLY, …_TO_VERIFY_LEAF_SIGNATURE."""
