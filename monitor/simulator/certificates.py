"""A certificate authority of its own, made at start, and one server context per way in which a certificate can be.

Root → intermediate → leaf, all on P-256. One key and one leaf serve all healthy stand-ins: its names are theirs.
"""

from __future__ import annotations

import ipaddress
import ssl
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from monitor.simulator.weak import signed_with_sha1

DAY = timedelta(days=1)
HEALTHY = "healthy"
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Issuer:
    """A certificate that may sign others, and its key."""

    certificate: x509.Certificate
    key: Key


class Authority:
    """The CA of one simulator. `ca_path` is the root as PEM; contexts are made when first asked for."""

    def __init__(self, directory: Path, names: Sequence[str], address: str, issuer_url: str) -> None:
        """Make root, intermediate and key. `issuer_url` is where the leaves say their intermediate is (AIA)."""
        self._directory = directory
        self._names = [*(x509.DNSName(name) for name in names), x509.IPAddress(ipaddress.ip_address(address))]
        self._issuer_url = issuer_url
        self._key = _new_key()
        self._root = _issuer("Simulated Root CA", None)
        self._intermediate = _issuer("Simulated Intermediate CA", self._root)
        self._contexts: dict[str, ssl.SSLContext] = {}
        self.ca_path = directory / "ca.pem"
        self.ca_path.write_bytes(_pem(self._root.certificate))

    @property
    def intermediate_der(self) -> bytes:
        """What stands at the leaves' AIA address."""
        return self._intermediate.certificate.public_bytes(serialization.Encoding.DER)

    def context(self, variant: str = HEALTHY) -> ssl.SSLContext:
        """The server context with that certificate: `healthy` or the name of a fault of stage `certificate`."""
        if variant not in self._contexts:
            self._contexts[variant] = self._made(variant)
        return self._contexts[variant]

    def leaf(
        self,
        issuer: Issuer | None = None,
        begins: timedelta = -DAY,
        ends: timedelta = 90 * DAY,
        names: Sequence[x509.GeneralName] = (),
        key: Key | None = None,
    ) -> x509.Certificate:
        """A leaf for `names` (default: all stand-ins), valid from `begins` to `ends` counted from now."""
        issuer = issuer or self._intermediate
        now = datetime.now(UTC)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = (
            _builder("stand-in", issuer.certificate.subject, key or self._key, now + begins, now + ends)
            .add_extension(x509.SubjectAlternativeName(list(names) or self._names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=False)
            .add_extension(_authority_key(issuer), critical=False)
            .add_extension(self._access(), critical=False)
        )
        return builder.sign(issuer.key, hashes.SHA256())

    def _access(self) -> x509.AuthorityInformationAccess:
        place = x509.UniformResourceIdentifier(self._issuer_url)
        return x509.AuthorityInformationAccess(
            [x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)]
        )

    def _made(self, variant: str) -> ssl.SSLContext:
        match variant:
            case "legacy_tls":
                context = self._load(HEALTHY, self._chain(HEALTHY))
                context.set_ciphers("ALL:@SECLEVEL=0")
                with (
                    warnings.catch_warnings()
                ):  # Python calls TLS 1.0 and 1.1 deprecated, which is the point here
                    warnings.simplefilter("ignore", DeprecationWarning)
                    context.minimum_version = ssl.TLSVersion.TLSv1
                    context.maximum_version = ssl.TLSVersion.TLSv1_1
            case "client_certificate":
                context = self._load(HEALTHY, self._chain(HEALTHY))
                context.maximum_version = (
                    ssl.TLSVersion.TLSv1_2
                )  # in TLS 1.3 the demand fails only after the handshake
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(self.ca_path)
            case "weak_key":
                key = rsa.generate_private_key(65537, 1024)  # noqa: S505 (weak on purpose)
                context = self._load(variant, self._whole(self.leaf(key=key)), key)
            case _:
                context = self._load(variant, self._chain(variant))
        return context

    def _load(
        self, variant: str, chain: Sequence[x509.Certificate], key: Key | None = None
    ) -> ssl.SSLContext:
        path = self._directory / f"{variant}.pem"
        path.touch(0o600)
        path.write_bytes(_key_pem(key or self._key) + b"".join(_pem(certificate) for certificate in chain))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if variant.startswith("weak"):
            context.set_ciphers("DEFAULT:@SECLEVEL=0")  # else this OpenSSL would not load it either
        context.load_cert_chain(path)
        return context

    def _chain(self, variant: str) -> list[x509.Certificate]:
        match variant:
            case "healthy":
                return self._whole(self.leaf())
            case "expired":
                return self._whole(self.leaf(begins=-30 * DAY, ends=-DAY))
            case "expired_intermediate":
                return self._under_expired()
            case "weak_digest":
                return self._weakly_signed()
            case "expiring":
                return self._whole(self.leaf(ends=5 * DAY))
            case "not_yet_valid":
                return self._whole(self.leaf(begins=DAY))
            case "wrong_name":
                return self._whole(self.leaf(names=[x509.DNSName("elsewhere.invalid")]))
            case "self_signed":
                return self._self_signed()
            case "unknown_ca":
                return self._unknown()
            case "incomplete_chain":
                return [self.leaf()]
            case "stranger_chain":
                return self._stranger()
            case _:
                raise ValueError(f"no certificate is called {variant}")

    def _whole(self, leaf: x509.Certificate) -> list[x509.Certificate]:
        return [leaf, self._intermediate.certificate]

    def _self_signed(self) -> list[x509.Certificate]:
        now = datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
        builder = _builder("stand-in", subject, self._key, now - DAY, now + 90 * DAY)
        builder = builder.add_extension(x509.SubjectAlternativeName(self._names), critical=False)
        return [builder.sign(self._key, hashes.SHA256())]

    def _unknown(self) -> list[x509.Certificate]:
        root = _issuer("Unknown Root CA", None)
        intermediate = _issuer("Unknown Intermediate CA", root)
        return [self.leaf(intermediate), intermediate.certificate, root.certificate]

    def _under_expired(self) -> list[x509.Certificate]:
        old = _issuer("Simulated Old Intermediate CA", self._root, ends=-DAY)
        return [self.leaf(old), old.certificate]

    def _weakly_signed(self) -> list[x509.Certificate]:
        key = rsa.generate_private_key(65537, 2048)
        old = _issuer("Simulated RSA Intermediate CA", self._root, key=key)
        return [signed_with_sha1(self.leaf(old), key), old.certificate]

    def _stranger(self) -> list[x509.Certificate]:
        stranger = _issuer("Stranger Intermediate CA", _issuer("Stranger Root CA", None))
        return [self.leaf(), stranger.certificate]


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _issuer(
    name: str, parent: Issuer | None, *, ends: timedelta = 3650 * DAY, key: Key | None = None
) -> Issuer:
    key = key or _new_key()
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issued_by = parent.certificate.subject if parent else subject
    builder = (
        _builder(name, issued_by, key, now - 60 * DAY, now + ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_signing_usage(), critical=True)
    )
    if parent:
        builder = builder.add_extension(_authority_key(parent), critical=False)
    return Issuer(builder.sign(parent.key if parent else key, hashes.SHA256()), key)


def _builder(
    common_name: str, issuer: x509.Name, key: Key, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    return (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _authority_key(issuer: Issuer) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())


def _signing_usage() -> x509.KeyUsage:
    signs = {"key_cert_sign": True, "crl_sign": True, "digital_signature": True}
    others = (
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**signs, **dict.fromkeys(others, False))


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
