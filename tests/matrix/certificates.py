"""Certificates of every sort, made for one session of tests: a root, two authorities below it, and what servers present.

root → upper → lower → leaf. The roots file holds the root, and an older certificate of the same name and key that has
expired: operating systems keep such pairs for years.
"""

from __future__ import annotations

import base64
import ssl
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID as Access
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from monitor.simulator.weak import signed_with_sha1

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
NAMES = ("localhost", "127.0.0.1", "verify.example")
DAY = timedelta(days=1)
NOW = datetime.now(UTC).replace(microsecond=0)
PEM = serialization.Encoding.PEM


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A certificate and its key, which may sign others."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        """The certificate alone."""
        return self.certificate.public_bytes(PEM)

    @property
    def key_pem(self) -> bytes:
        """The key alone."""
        return self.key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def make(
    subject: str,
    by: Signed | None = None,
    *,
    key: Key | None = None,
    names: Iterable[str] = (),
    days: tuple[int, int] = (-30, 90),
    is_ca: bool = False,
    depth: int | None = None,
    aia: bool = False,
    more: Iterable[tuple[x509.ExtensionType, bool]] = (),
) -> Signed:
    """A certificate signed `by` somebody, or by itself. `days`: begin and end, counted from now."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(by.certificate.subject if by else _name(subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + days[0] * DAY)
        .not_valid_after(NOW + days[1] * DAY)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=depth), critical=True)
    )
    for extension, critical in [*_usual(tuple(names), aia), *more]:
        builder = builder.add_extension(extension, critical)
    signer = by.key if by else key
    digest = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Signed(certificate=builder.sign(signer, digest), key=key)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usual(names: tuple[str, ...], aia: bool) -> list[tuple[x509.ExtensionType, bool]]:
    found: list[tuple[x509.ExtensionType, bool]] = []
    if names:
        found.append((x509.SubjectAlternativeName([_general(name) for name in names]), False))
    if aia:
        where = x509.UniformResourceIdentifier("http://ca.example/issuer.crt")
        found.append(
            (x509.AuthorityInformationAccess([x509.AccessDescription(Access.CA_ISSUERS, where)]), False)
        )
    return found


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Authority:
    """Who signs, whom nobody knows, and the file of roots that the looks trust."""

    def __init__(self, where: Path) -> None:
        """Make them all; `where` is a folder to write to."""
        self.root = make("Root of the matrix", is_ca=True)
        twin = make("Root of the matrix", key=self.root.key, is_ca=True, days=(-900, -1))
        self.upper = make("Upper authority", self.root, is_ca=True)
        self.lower = make("Lower authority", self.upper, is_ca=True)
        self.stranger = make("Root of nobody", is_ca=True)
        self.crossed = make("Root of the matrix", self.stranger, key=self.root.key, is_ca=True)
        self.roots = where / "roots.pem"
        self.roots.write_bytes(twin.pem + self.root.pem)
        self._contexts: dict[str, ssl.SSLContext] = {}

    def leaf(self, by: Signed | None = None, **more: object) -> Signed:
        """A leaf for `NAMES` under the lower authority, unless `more` says otherwise."""
        return make("leaf", by or self.lower, **{"names": NAMES, **more})  # type: ignore[arg-type]

    def context(self, presents: str) -> ssl.SSLContext:
        """The server's side that presents it: a name of `PRESENTED`, or of `ODD` for a server that speaks oddly."""
        if presents not in self._contexts:
            shape = ODD.get(presents)
            usual = "rsa 2048" if presents == "small group" else "good"
            chain = PRESENTED[usual if shape else presents](self)
            made = serving(chain, lenient=presents.startswith("weak"))
            if shape:
                shape(made, self)
            self._contexts[presents] = made
        return self._contexts[presents]


def serving(chain: list[Signed], *, lenient: bool = False) -> ssl.SSLContext:
    """A server's context that presents `chain` in this order; the key is the first one's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if lenient:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # else this OpenSSL would not even load it
    with (
        trustme.Blob(b"".join(one.pem for one in chain)).tempfile() as presented,
        trustme.Blob(chain[0].key_pem).tempfile() as key,
    ):
        context.load_cert_chain(presented, key)
    return context


# --- what is presented -----------------------------------------------------------------------------------------------


def _below(ca: Authority, leaf: Signed) -> list[Signed]:
    return [leaf, ca.lower, ca.upper]


def _usage(*purposes: ObjectIdentifier) -> list[tuple[x509.ExtensionType, bool]]:
    return [(x509.ExtendedKeyUsage(purposes), False)]


def _weak_digest(ca: Authority) -> list[Signed]:
    key = rsa.generate_private_key(65537, 2048)
    authority = make("Old authority", ca.root, key=key, is_ca=True)
    leaf = ca.leaf(authority)
    return [Signed(certificate=signed_with_sha1(leaf.certificate, key), key=leaf.key), authority]


def _under(ca: Authority, leaf: dict[str, object] | None = None, **more: object) -> list[Signed]:
    """A leaf under an authority of its own, signed by the root; `more` says what is the matter with that one."""
    authority = make("An authority", ca.root, **{"is_ca": True, **more})  # type: ignore[arg-type]
    return [ca.leaf(authority, **(leaf or {})), authority]


def _constrained(ca: Authority) -> list[Signed]:
    only = x509.NameConstraints([x509.DNSName("other.example")], None)
    return _under(ca, {"names": ["localhost"]}, more=[(only, True)])


def _too_deep(ca: Authority) -> list[Signed]:
    upper = make("Shallow authority", ca.root, is_ca=True, depth=0)
    lower = make("One too many", upper, is_ca=True)
    return [ca.leaf(lower), lower, upper]


_UNKNOWN_DEMAND = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00")

PRESENTED: Mapping[str, Callable[[Authority], list[Signed]]] = {
    "good": lambda ca: _below(ca, ca.leaf()),
    "reversed": lambda ca: [ca.leaf(), ca.root, ca.upper, ca.lower],
    "with its root": lambda ca: [*_below(ca, ca.leaf()), ca.root],
    "twice": lambda ca: [leaf := ca.leaf(), leaf, ca.lower, ca.upper],
    "with a stranger between": lambda ca: [ca.leaf(), ca.stranger, ca.lower, ca.upper],
    "address": lambda ca: _below(ca, ca.leaf(names=["127.0.0.1"])),
    "wildcard": lambda ca: _below(ca, ca.leaf(names=["*.shandong.example"])),
    "partial wildcard": lambda ca: _below(ca, ca.leaf(names=["ver*.example"])),
    "capitals": lambda ca: _below(ca, ca.leaf(names=["LocalHost"])),
    "thousand names": lambda ca: _below(
        ca, ca.leaf(names=[*(f"n{n}.example" for n in range(1000)), "localhost"])
    ),
    "crossed": lambda ca: [*_below(ca, ca.leaf()), ca.crossed],
    "ed25519": lambda ca: _below(ca, ca.leaf(key=ed25519.Ed25519PrivateKey.generate())),
    "rsa 2048": lambda ca: _below(ca, ca.leaf(key=rsa.generate_private_key(65537, 2048))),
    "expiring": lambda ca: _below(ca, ca.leaf(days=(-30, 5))),
    "expired": lambda ca: _below(ca, ca.leaf(days=(-30, -1))),
    "not yet valid": lambda ca: _below(ca, ca.leaf(days=(1, 90))),
    "elsewhere": lambda ca: _below(ca, ca.leaf(names=["elsewhere.example"])),
    "only a common name": lambda ca: _below(ca, make("localhost", ca.lower)),
    "self-signed": lambda ca: [make("leaf", names=NAMES)],
    "unknown root": lambda ca: [ca.leaf(ca.stranger), ca.stranger],
    "unknown root, root kept back": lambda ca: [ca.leaf(ca.stranger)],
    "leaf alone, aia": lambda ca: [ca.leaf(aia=True)],
    "leaf alone": lambda ca: [ca.leaf()],
    "gap": lambda ca: [ca.leaf(aia=True), ca.lower],
    "stranger's intermediate": lambda ca: [ca.leaf(aia=True), make("Someone else", ca.stranger, is_ca=True)],
    "expired intermediate": lambda ca: _under(ca, days=(-90, -1)),
    "future intermediate": lambda ca: _under(ca, days=(1, 90)),
    "signed by a leaf": lambda ca: _under(ca, is_ca=False),
    "constrained": _constrained,
    "too deep": _too_deep,
    "for clients only": lambda ca: _below(ca, ca.leaf(more=_usage(ExtendedKeyUsageOID.CLIENT_AUTH))),
    "demands what nobody knows": lambda ca: _below(ca, ca.leaf(more=[(_UNKNOWN_DEMAND, True)])),
    "weak key": lambda ca: _below(ca, ca.leaf(key=rsa.generate_private_key(65537, 1024))),
    "weak key above": lambda ca: _under(ca, key=rsa.generate_private_key(65537, 1024)),
    "weak digest": _weak_digest,
}
"""Name → the certificates that the server sends, its own first."""


# --- servers that speak oddly ----------------------------------------------------------------------------------------


def _only(version: ssl.TLSVersion) -> Callable[[ssl.SSLContext, Authority], None]:
    def shape(context: ssl.SSLContext, ca: Authority) -> None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is the point
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.maximum_version = version

    return shape


def _ciphers(words: str) -> Callable[[ssl.SSLContext, Authority], None]:
    def shape(context: ssl.SSLContext, ca: Authority) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(words)

    return shape


def _small_group(context: ssl.SSLContext, ca: Authority) -> None:
    """Diffie-Hellman in the second group of RFC 2409 §6.2, of 1024 bits."""
    _ciphers("DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0")(context, ca)
    der = bytes.fromhex("30818702818100" + _OAKLEY_2 + "020102")
    pem = b"-----BEGIN DH PARAMETERS-----\n" + base64.encodebytes(der) + b"-----END DH PARAMETERS-----\n"
    with trustme.Blob(pem).tempfile() as parameters:
        context.load_dh_params(parameters)


def _demands(version: ssl.TLSVersion) -> Callable[[ssl.SSLContext, Authority], None]:
    def shape(context: ssl.SSLContext, ca: Authority) -> None:
        context.minimum_version = context.maximum_version = version
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(ca.roots)

    return shape


def _by_name(context: ssl.SSLContext, ca: Authority) -> None:
    """The right certificate only for who says whom it means; anybody else is shown another's."""
    other = serving([ca.leaf(names=["default.example"]), ca.lower, ca.upper])

    def choose(sock: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name != "verify.example":
            sock.context = other

    context.sni_callback = choose


_OAKLEY_2 = (
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF"
)

ODD: Mapping[str, Callable[[ssl.SSLContext, Authority], None]] = {
    "TLS 1.0": _only(ssl.TLSVersion.TLSv1),
    "TLS 1.1": _only(ssl.TLSVersion.TLSv1_1),
    "TLS 1.2": _ciphers("DEFAULT"),
    "TLS 1.3": lambda context, ca: setattr(context, "minimum_version", ssl.TLSVersion.TLSv1_3),
    "small group": _small_group,
    "demands a certificate, 1.2": _demands(ssl.TLSVersion.TLSv1_2),
    "demands a certificate, 1.3": _demands(ssl.TLSVersion.TLSv1_3),
    "chooses by name": _by_name,
}
"""Name → what is done to the context of a server with a good certificate."""


def write(ca: Authority, where: Path) -> tuple[Path, Path]:
    """The good chain and its key as files in `where`, for servers that read such."""
    chain, key = where / "chain.pem", where / "key.pem"
    presented = PRESENTED["good"](ca)
    chain.write_bytes(b"".join(one.pem for one in presented))
    key.write_bytes(presented[0].key_pem)
    return chain, key
