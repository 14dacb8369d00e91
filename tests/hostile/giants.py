"""Certificates, pictures and texts that are far too large."""

from __future__ import annotations

import base64
import gzip
import io
import random
import ssl
import zlib
from datetime import UTC, datetime

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from PIL import Image

from tests.net.peers import make_leaf, self_made

MARKUP = "<script>alert(1)</script>"
KEY = ec.generate_private_key(ec.SECP256R1())
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER


def long_chain(count: int = 200) -> ssl.SSLContext:
    """A leaf with hundreds of others behind it."""
    one_by_one = (make_leaf(KEY, (f"n{n}.example",), issuer=f"authority {n}") for n in range(count))
    return self_made(issuer="authority 0", extra=tuple(one.public_bytes(PEM) for one in one_by_one))


def many_names(count: int = 9_000) -> ssl.SSLContext:
    """A leaf for thousands of names."""
    return self_made(tuple(f"{n}.cn" for n in range(count)))


def huge_subject() -> ssl.SSLContext:
    """A leaf whose subject is 30 KB of markup."""
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, MARKUP * 40) for _ in range(30)]
    certificate = _signed(x509.Name(parts), KEY.public_key())
    private = KEY.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with trustme.Blob(certificate.public_bytes(PEM)).tempfile() as c, trustme.Blob(private).tempfile() as k:
        context.load_cert_chain(c, k)
    return context


def giant_key(bits: int = 16_384) -> bytes:
    """A certificate in DER with an RSA key of that many bits; nobody has its other half."""
    number = random.Random(1).getrandbits(bits) | 1 | 1 << (bits - 1)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "giant")])
    return _signed(name, rsa.RSAPublicNumbers(65537, number).public_key()).public_bytes(DER)


def _signed(name: x509.Name, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> x509.Certificate:
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key)
    builder = builder.serial_number(2**150).not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
    builder = builder.not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    return builder.add_extension(names, critical=False).sign(KEY, hashes.SHA256())


def plain_server() -> ssl.SSLContext:
    """A sound server of TLS 1.2 that nobody trusts."""
    context = self_made()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def gzipped(size: int = 64 << 20) -> bytes:
    """So many zeros, a thousandth as long."""
    return gzip.compress(bytes(size), 9, mtime=0)


def deflated(size: int = 64 << 20) -> bytes:
    """The same as a bare stream."""
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(bytes(size)) + packer.flush()


def captcha(image: bytes) -> bytes:
    """A captcha reply with this picture."""
    return b'jQuery_0({"key1":"' + base64.b64encode(image) + b'","key2":"2026-11-21 08:00:00","key4":"00"})'


def pixel_bomb() -> bytes:
    """A picture of 100 million pixels in 100 KB."""
    with io.BytesIO() as stream:
        Image.new("1", (10_000, 10_000)).save(stream, "PNG")
        return stream.getvalue()


def damaged_picture() -> bytes:
    """A picture whose data stop."""
    with io.BytesIO() as stream:
        Image.frombytes("L", (90, 35), random.Random(1).randbytes(90 * 35)).save(stream, "PNG")
        return stream.getvalue()[:900]
