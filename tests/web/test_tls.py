"""Served over TLS: modern only, renewed without a pause, and nobody who stalls at the door keeps others out."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from monitor.config.certificate import UnfitCertificateError, present
from monitor.model import ServerTls
from monitor.web import gate as gates
from tests.web.conftest import World
from tests.web.gated import gated, get, send

CA = trustme.CA()
OTHER = trustme.CA()


def files(folder: Path, ca: trustme.CA = CA) -> ServerTls:
    """A certificate for localhost and its key, as PEM files."""
    made = ca.issue_cert("localhost")
    cert, key = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(b"".join(part.bytes() for part in made.cert_chain_pems))
    made.private_key_pem.write_to_path(key)
    return ServerTls(cert=str(cert), key=str(key))


def trusting(ca: trustme.CA = CA) -> ssl.SSLContext:
    """A client that trusts one authority."""
    context = ssl.create_default_context()
    ca.configure_trust(context)
    return context


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    """What the daemon would serve with."""
    return present(files(tmp_path)).context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
async def test_modern_versions_are_served(world: World, context, version):
    trust = trusting()
    trust.minimum_version = trust.maximum_version = version
    async with gated(world, lambda: context) as gate:
        replies = await send(gate, get("/-/healthy"), trust)
    assert [reply.status for reply in replies] == [200]


async def test_old_versions_and_ciphers_without_forward_secrecy_are_refused(world: World, context):
    old, weak = trusting(), trusting()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    weak.maximum_version = ssl.TLSVersion.TLSv1_2
    weak.set_ciphers("AES256-GCM-SHA384")
    async with gated(world, lambda: context) as gate:
        for trust in (old, weak):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await send(gate, get("/-/healthy"), trust)


async def test_plain_http_on_the_encrypted_port_is_told_what_is_meant(world: World, context, caplog):
    async with gated(world, lambda: context) as gate:
        for sent in (get("/"), b"POST /-/reload HTTP/1.1\r\n" + b"x" * 100_000, b"\x00"):
            (reply,) = await send(gate, sent)
            assert (reply.status, reply.headers["server"]) == (400, "fapiao-monitor")
            assert "https://" in reply.error
    assert not caplog.records


async def test_a_new_certificate_is_shown_to_new_connections_while_old_ones_go_on(world: World, tmp_path):
    held = [present(files(tmp_path)).context]
    async with gated(world, lambda: held[0]) as gate:
        reader, writer = await asyncio.open_connection(
            *gate.address, ssl=trusting(), server_hostname="localhost"
        )
        held[0] = present(files(tmp_path, OTHER)).context
        (reply,) = await send(gate, get("/-/healthy"), trusting(OTHER))
        assert reply.status == 200
        with pytest.raises(ssl.SSLCertVerificationError):
            await send(gate, get("/-/healthy"), trusting())
        writer.write(get("/-/healthy"))
        assert b"200 OK" in await reader.readline()
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


@pytest.mark.parametrize(
    "said",
    [b"", b"\x16", b"\x16\x03\x01\x02\x00", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"],
    ids=["nothing", "one byte", "half a record", "half a hello"],
)
async def test_who_stalls_in_the_handshake_is_left(world: World, context, said):
    async with gated(world, lambda: context, handshake=0.3) as gate:
        reader, writer = await asyncio.open_connection(*gate.address)
        writer.write(said)
        with suppress(ConnectionError):
            async with asyncio.timeout(10):
                while await reader.read(1000):
                    pass
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_crowd_that_stalls_in_the_handshake_does_not_keep_others_out(
    world: World, context, monkeypatch
):
    monkeypatch.setattr(gates, "MOST_GREETED", 4)
    async with gated(world, lambda: context, handshake=60.0) as gate:
        crowd = [await asyncio.open_connection(*gate.address) for _ in range(30)]
        for _, writer in crowd[::2]:
            writer.write(b"\x16\x03\x01")
        (reply,) = await send(gate, get("/-/healthy"), trusting())
        assert reply.status == 200
        for _, writer in crowd:
            writer.close()
        for _, writer in crowd:
            with suppress(ConnectionError):
                await writer.wait_closed()


async def test_who_is_still_at_the_door_does_not_delay_the_end(world: World, context):
    begun = asyncio.get_running_loop().time()
    async with gated(world, lambda: context, handshake=60.0) as gate:
        clients = [await asyncio.open_connection(*gate.address) for _ in range(5)]
        for _, writer in clients[:3]:
            writer.write(b"\x16\x03\x01")
        await asyncio.sleep(0.05)
    for _, writer in clients:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    assert asyncio.get_running_loop().time() - begun < 10


# --- what is no certificate to serve with ----------------------------------------------------------------------------

KEY = CA.issue_cert("localhost").private_key_pem.bytes()


def encrypted(key: bytes) -> bytes:
    """The same key behind a passphrase."""
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    return load_pem_private_key(key, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")
    )


@pytest.mark.parametrize(
    ("key", "content", "says"),
    [
        ("cert", None, "cannot be read: No such file"),
        ("key", None, "cannot be read: No such file"),
        ("cert", b"", "without certificates"),
        ("cert", KEY, "without certificates"),
        ("cert", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "without certificates"),
        ("key", b"", "without a private key"),
        ("key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "without a private key"),
        ("key", KEY, "does not belong to the certificate"),
        ("key", encrypted(KEY), "an encrypted private key"),
        ("cert", b"\xff" * (2 << 20), "larger than 1 MiB"),
    ],
)
def test_unfit_files_are_refused_and_not_shown(tmp_path: Path, key: str, content: bytes | None, says: str):
    tls = files(tmp_path)
    path = Path(getattr(tls, key))
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(UnfitCertificateError) as caught:
        present(tls)
    assert caught.value.key == key
    assert says in str(caught.value)
    assert "BEGIN" not in str(caught.value)
