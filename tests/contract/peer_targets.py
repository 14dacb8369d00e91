"""What both exporters look at: one set of servers on loopback, plain and over TLS, well-behaved and not."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.net.peers import peer, self_made, serving, then_hangs, then_resets

BODY = b"hello " * 20
MODIFIED = b"Last-Modified: Sat, 21 Nov 2026 08:00:00 GMT\r\n"
TLS_HELLO = b"\x16"
"""First byte of one who speaks TLS."""
HELD = 0.3
"""Seconds that slow servers hold something back."""
NOW = datetime.now(UTC).replace(microsecond=0)
ROOT_ENDS = NOW + timedelta(days=10)
LEAF_ENDS = NOW + timedelta(days=300)


def reply(status: bytes, *headers: bytes, body: bytes = b"", version: bytes = b"1.1") -> bytes:
    """A whole reply with the length of its body."""
    lines = [
        b"HTTP/" + version + b" " + status,
        b"Content-Length: %d" % len(body),
        *headers,
        b"Connection: close",
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def to(place: bytes, status: bytes = b"302 Found") -> bytes:
    """A redirect, with a body that nobody needs."""
    return reply(status, b"Location: " + place, body=b"moved")


Reply = bytes | tuple[bytes, float, bytes]
"""What is sent at once; or a part, how many seconds pass, and the rest."""

PAGES: Mapping[bytes, Reply] = {
    b"/": reply(b"200 OK", MODIFIED.strip(), body=BODY),
    b"/odd-date": reply(b"200 OK", b"Last-Modified: the day before", body=BODY),
    b"/204": b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
    b"/404": reply(b"404 Not Found", body=b"no"),
    b"/429": reply(b"429 Too Many Requests"),
    b"/500": reply(b"500 Internal Server Error", body=b"oh"),
    b"/hop3": to(b"/hop2"),
    b"/hop2": to(b"/hop1", b"301 Moved Permanently"),
    b"/hop1": to(b"/", b"307 Temporary Redirect"),
    b"/round": to(b"/round"),
    b"/gzip": reply(b"200 OK", b"Content-Encoding: gzip", body=gzip.compress(BODY, mtime=0)),
    b"/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n4\r\n you\r\n0\r\n\r\n",
    b"/old": reply(b"200 OK", body=BODY, version=b"1.0"),
    b"/old-until-closed": b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
    b"/until-closed": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + BODY,
    b"/too-short": reply(b"200 OK", body=BODY).replace(b"Length: 120", b"Length: 130"),
    b"/too-long": reply(b"200 OK", body=BODY).replace(b"Length: 120", b"Length: 100"),
    b"/slow-head": (b"", HELD, reply(b"200 OK", body=BODY)),
    b"/slow-body": (reply(b"200 OK", body=BODY)[:-60], HELD, BODY[-60:]),
    b"/stops": (reply(b"200 OK", body=BODY)[:-60], 3600.0, b""),
    b"/no-http": b"220 mail.example ESMTP\r\n",
}


def short_root() -> tuple[bytes, ssl.SSLContext]:
    """A root (PEM) that ends before the leaf it signed, and a server's context that presents the leaf alone."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "short-lived root, of the tests")])
    root = _certificate(name, name, root_key, until=ROOT_ENDS)
    root = root.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, "山东"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, 'Tests, "Inc."'),
            x509.NameAttribute(NameOID.COMMON_NAME, "localhost"),
        ]
    )
    leaf = _certificate(subject, name, key, until=LEAF_ENDS)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.DNSName("other.example")])
    leaf = leaf.add_extension(names, critical=False)
    made = leaf.sign(root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with trustme.Blob(made).tempfile() as chain, trustme.Blob(pem).tempfile() as private:
        context.load_cert_chain(chain, private)
    return root.sign(root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), context


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(0x0A0B0C)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(until)
    )


def _only(context: ssl.SSLContext, version: ssl.TLSVersion) -> ssl.SSLContext:
    context.minimum_version = context.maximum_version = version
    return context


def contexts(ca_file: Path) -> dict[str, ssl.SSLContext]:
    """Servers over TLS by name; the roots that are to be trusted are written to `ca_file`."""
    ca, stranger = trustme.CA(), trustme.CA()
    good = ("localhost", "127.0.0.1")
    root, short = short_root()
    ca_file.write_bytes(ca.cert_pem.bytes() + root)
    child = ca.create_child_ca().issue_cert(*good, not_after=LEAF_ENDS)
    return {
        "tls": serving(ca.issue_cert(*good)),
        "tls12": _only(serving(ca.issue_cert(*good)), ssl.TLSVersion.TLSv1_2),
        "tls13": _only(serving(ca.issue_cert(*good)), ssl.TLSVersion.TLSv1_3),
        "intermediate": serving(child),
        "leaf_alone": serving(child, chain=False),
        "short_root": short,
        "expired": serving(ca.issue_cert(*good, not_after=NOW - timedelta(days=1))),
        "wrong_name": serving(ca.issue_cert("other.example")),
        "stranger": serving(stranger.issue_cert(*good)),
        "self_signed": self_made(good),
    }


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request by its path; `/elsewhere/PLACE` redirects to that place."""
    head = await reader.readexactly(1)
    if head == TLS_HELLO:
        writer.write(reply(b"400 Bad Request"))
        writer.close()
        return
    head += await reader.readuntil(b"\r\n\r\n")
    method, target, _ = head.split(b"\r\n", 1)[0].split(b" ")
    path = target.partition(b"?")[0]
    if path.startswith(b"/elsewhere/"):
        wanted: Reply = to(path.removeprefix(b"/elsewhere/").replace(b"//", b"/").replace(b":/", b"://", 1))
    else:
        wanted = PAGES[path]
    first, wait, rest = wanted if isinstance(wanted, tuple) else (wanted, 0.0, b"")
    writer.write(first if method != b"HEAD" else first.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    await writer.drain()
    if wait:
        await asyncio.sleep(wait)
        writer.write(rest)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


@contextlib.asynccontextmanager
async def places(ca_file: Path) -> AsyncIterator[dict[str, int]]:
    """Everything there is to look at, by name: ports on 127.0.0.1 (`six` on ::1 where this machine has it)."""
    async with contextlib.AsyncExitStack() as stack:
        found = {
            "plain": await stack.enter_async_context(peer(_serve)),
            "hangs": await stack.enter_async_context(peer(then_hangs())),
            "resets": await stack.enter_async_context(peer(then_resets())),
            "closes": await stack.enter_async_context(peer(_close)),
        }
        for name, context in contexts(ca_file).items():
            found[name] = await stack.enter_async_context(peer(_serve, context))
        with contextlib.suppress(OSError):
            found["six"] = await stack.enter_async_context(peer(_serve, host="::1"))
        dead = stack.enter_context(socket.socket())
        dead.bind(("127.0.0.1", 0))  # bound, and nobody listens
        found["dead"] = dead.getsockname()[1]
        yield found


async def _close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.close()
