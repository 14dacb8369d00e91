"""A certificate signed with SHA-1, which no library signs any more: the finished one is taken apart and signed anew."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_SHA256_WITH_RSA = bytes.fromhex("2a864886f70d01010b")
_SHA1_WITH_RSA = bytes.fromhex("2a864886f70d010105")
"""RFC 4055 §5 and RFC 3279 §2.2.1; both are nine bytes, so that no length around them changes."""
_SEQUENCE, _BIT_STRING = 0x30, 0x03


def signed_with_sha1(certificate: x509.Certificate, key: rsa.RSAPrivateKey) -> x509.Certificate:
    """The same certificate, signed by `key` with SHA-1 where it was with SHA-256. `key` is its issuer's."""
    body = certificate.tbs_certificate_bytes.replace(_SHA256_WITH_RSA, _SHA1_WITH_RSA, 1)
    algorithm = _der(_SEQUENCE, b"\x06\x09" + _SHA1_WITH_RSA + b"\x05\x00")
    signature = key.sign(body, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 (weak on purpose)
    whole = _der(_SEQUENCE, body + algorithm + _der(_BIT_STRING, b"\x00" + signature))
    return x509.load_der_x509_certificate(whole)


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
