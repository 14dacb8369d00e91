"""Certificates: what each flaw is called, that its facts are read all the same, and what `report` makes of it."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import rsa

from monitor.clock import SystemClock
from monitor.model import Cause, Phase, Seen, TlsOptions, TlsProfile, Verify
from monitor.net import LimitReached, Net, Request
from monitor.net.failures import FaultError
from monitor.net.overheard import Overheard
from monitor.net.secured import MOST_UNTOLD, Secured
from monitor.net.tls import make_context
from tests.net.peers import OK, answers, get, look, openssl_peer, peer, self_made, serving, then_hangs

YESTERDAY = datetime.now(UTC) - timedelta(days=1)
TOMORROW = datetime.now(UTC) + timedelta(days=1)


class Roots:
    """A root that is trusted, one that is not, and an authority below the trusted one."""

    def __init__(self, where: Path) -> None:
        self.trusted = trustme.CA()
        self.stranger = trustme.CA()
        self.below = self.trusted.create_child_ca()
        self.file = where / "roots.pem"
        self.trusted.cert_pem.write_to_path(str(self.file))

    def options(self, verify: Verify = Verify.TRUE) -> TlsOptions:
        return TlsOptions(verify=verify, ca=str(self.file))


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> Roots:
    return Roots(tmp_path_factory.mktemp("roots"))


def flaw(name: str, roots: Roots) -> ssl.SSLContext:
    """A server whose certificate has that flaw."""
    issue = roots.trusted.issue_cert
    match name:
        case "expired":
            return serving(issue("localhost", not_before=YESTERDAY - timedelta(days=9), not_after=YESTERDAY))
        case "not yet valid":
            return serving(issue("localhost", not_before=TOMORROW))
        case "of another name":
            return serving(issue("elsewhere.example", "10.1.2.3"))
        case "of a root nobody trusts":
            return serving(roots.stranger.issue_cert("localhost"))
        case "self-signed":
            return self_made()
        case "leaf alone, says where its issuer is":
            return self_made(issuer="an authority", aia=True)
        case "leaf alone, says nothing":
            return self_made(issuer="an authority")
        case "leaf with a stranger's intermediate":
            extra = roots.stranger.create_child_ca().cert_pem.bytes()
            return self_made(issuer="an authority", aia=True, extra=(extra,))
        case "without its intermediate":
            return serving(roots.below.issue_cert("localhost"), chain=False)
        case "with a key of 1024 bits":
            return self_made(key=rsa.generate_private_key(65537, 1024))
        case _:
            raise AssertionError(name)


FLAWS = {
    "expired": Cause.TLS_EXPIRED,
    "not yet valid": Cause.TLS_NOT_YET_VALID,
    "of another name": Cause.TLS_NAME_MISMATCH,
    "of a root nobody trusts": Cause.TLS_UNTRUSTED,
    "self-signed": Cause.TLS_UNTRUSTED,
    "leaf alone, says where its issuer is": Cause.TLS_INCOMPLETE_CHAIN,
    "leaf alone, says nothing": Cause.TLS_UNTRUSTED,
    "leaf with a stranger's intermediate": Cause.TLS_UNTRUSTED,
    "without its intermediate": Cause.TLS_UNTRUSTED,  # trustme names no caIssuers
    "with a key of 1024 bits": Cause.TLS_LEGACY,
}


@pytest.mark.parametrize("name", FLAWS)
async def test_a_flaw_fails_the_run_and_its_certificate_is_read(name: str, roots: Roots) -> None:
    async with peer(answers(OK), flaw(name, roots)) as port:
        seen = await _look(port, roots.options())
    assert seen.failure is not None
    assert (seen.failure.cause, seen.failure.phase) == (FLAWS[name], Phase.TLS)
    assert seen.certificate is not None
    assert (seen.certificate.verified, seen.certificate.verify_error) == (False, FLAWS[name])
    assert seen.certificate.subject
    assert Phase.PROCESSING not in seen.phases


@pytest.mark.parametrize("name", FLAWS)
async def test_under_report_the_run_goes_on_and_says_so(name: str, roots: Roots) -> None:
    async with peer(answers(OK), flaw(name, roots)) as port:
        seen = await _look(port, roots.options(Verify.REPORT))
    assert seen.failure is None
    assert seen.reply is not None
    assert seen.reply.body == b"hello"
    assert seen.certificate is not None
    assert (seen.certificate.verified, seen.certificate.verify_error) == (False, FLAWS[name])


async def test_a_good_chain_is_verified_and_its_earliest_expiry_counts(roots: Roots) -> None:
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    async with peer(answers(OK), serving(roots.below.issue_cert("localhost", not_after=soon))) as port:
        seen = await _look(port, roots.options())
    assert seen.failure is None
    assert seen.tls_version == "TLSv1.3"
    certificate = seen.certificate
    assert certificate is not None
    assert (certificate.verified, certificate.verify_error) == (True, None)
    assert (certificate.not_after, certificate.chain_length) == (soon, 2)
    assert certificate.names == ("localhost",)


async def test_unverified_says_neither_good_nor_bad(roots: Roots) -> None:
    async with peer(answers(OK), flaw("expired", roots)) as port:
        seen = await _look(port, TlsOptions(verify=Verify.FALSE))
    assert seen.failure is None
    assert seen.certificate is not None
    assert seen.certificate.verified is None
    assert seen.certificate.verify_error is None


async def test_an_address_is_checked_against_the_addresses_of_the_certificate(roots: Roots) -> None:
    async with peer(answers(OK), serving(roots.trusted.issue_cert("127.0.0.1"))) as port:
        by_address = await look(Request(host="127.0.0.1", port=port, tls=roots.options()))
        by_name = await _look(port, roots.options())
    assert by_address.failure is None
    assert by_name.failure is not None
    assert by_name.failure.cause is Cause.TLS_NAME_MISMATCH


async def test_the_server_name_is_sent_and_checked(roots: Roots) -> None:
    asked: list[str | None] = []
    context = serving(roots.trusted.issue_cert("etax.example"))
    context.sni_callback = lambda sock, name, ctx: asked.append(name)
    async with peer(answers(OK), context) as port:
        seen = await look(
            Request(host="127.0.0.1", port=port, tls=roots.options(), server_name="etax.example")
        )
    assert seen.failure is None
    assert asked == ["etax.example"]


async def test_the_legacy_profile_talks_to_a_server_the_modern_one_refuses(roots: Roots) -> None:
    context = serving(roots.trusted.issue_cert("localhost"))
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with openssl_peer(context, connections=2) as port:
        modern = await _look(port, roots.options())
        legacy = await _look(port, replace(roots.options(), profile=TlsProfile.LEGACY))
    assert modern.failure is not None
    assert modern.failure.cause is Cause.TLS_LEGACY
    assert legacy.failure is None
    assert legacy.tls_version == "TLSv1.1"


@contextmanager
def signing_with_sha1(roots: Roots, tmp_path: Path) -> Iterator[int]:
    """A server of OpenSSL's that signs with SHA-1 alone, and says by alert that nothing else suits it."""
    both = tmp_path / "server.pem"
    roots.trusted.issue_cert(
        "localhost", key_type=trustme.KeyType.RSA
    ).private_key_and_cert_chain_pem.write_to_path(str(both))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["-accept", f"127.0.0.1:{port}", "-tls1_2", "-quiet", "-sigalgs", "RSA+SHA1"]
    options += ["-cert", str(both), "-cert_chain", str(both), "-key", str(both)]
    options += ["-cipher", "ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"]
    server = subprocess.Popen(
        ["openssl", "s_server", *options], stderr=subprocess.DEVNULL, stdin=subprocess.PIPE
    )
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.02)
        yield port
    finally:
        server.kill()
        server.communicate()


@pytest.mark.peer("openssl")
@pytest.mark.parametrize("verify", [Verify.TRUE, Verify.REPORT])
async def test_an_alert_of_a_server_that_would_take_the_legacy_profile_is_legacy(
    roots: Roots, tmp_path: Path, verify: Verify
) -> None:
    with signing_with_sha1(roots, tmp_path) as port:
        seen = await _look(port, replace(roots.options(), verify=verify))
        alone = await _look(port, roots.options(), admitted=1)
    assert seen.failure is not None
    assert (seen.failure.cause, seen.failure.phase) == (Cause.TLS_LEGACY, Phase.TLS)
    assert "legacy alone" in seen.failure.detail
    assert seen.certificate is not None
    assert seen.reply is None, "nothing is sent over it"
    assert alone.failure is not None
    assert alone.failure.cause is Cause.TLS_HANDSHAKE, "without leave there is no second look"


async def test_an_alert_that_the_legacy_profile_meets_too_is_no_more_than_a_handshake(roots: Roots) -> None:
    context = serving(roots.trusted.issue_cert("localhost"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("PSK-AES128-CBC-SHA")  # asks for a key that both know
    with openssl_peer(context, connections=2) as port:
        seen = await _look(port, roots.options())
    assert seen.failure is not None
    assert seen.failure.cause is Cause.TLS_HANDSHAKE


async def test_roots_that_cannot_be_read_are_our_mistake(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    async with peer(then_hangs()) as port:
        for ca in (tmp_path / "absent.pem", empty):
            seen = await _look(port, TlsOptions(ca=str(ca)))
            assert seen.failure is not None
            assert seen.failure.cause is Cause.PROBE_MISCONFIGURED


async def test_a_server_name_that_is_no_name_is_our_mistake(roots: Roots) -> None:
    async with peer(then_hangs()) as port:
        seen = await look(
            Request(host="127.0.0.1", port=port, tls=roots.options(), server_name="." + "x" * 80)
        )
    assert seen.failure is not None
    assert seen.failure.cause is Cause.PROBE_MISCONFIGURED


async def test_contexts_are_shared_and_certificates_parsed_once(roots: Roots) -> None:
    net = Net(SystemClock())
    async with peer(answers(OK), serving(roots.trusted.issue_cert("localhost"))) as port:
        request = Request(host="localhost", port=port, tls=roots.options())
        first = await net.look(request, timeout=5, admit=lambda key: True)
        second = await net.look(request, timeout=5, admit=lambda key: True)
    assert first.certificate is not None
    assert first.certificate is second.certificate
    await net.close()


# --- the second handshake is a connection like any other ------------------------------------------------------------


async def test_a_second_handshake_that_is_not_admitted_leaves_the_verdict_without_facts(roots: Roots) -> None:
    async with peer(answers(OK), flaw("expired", roots)) as port:
        seen = await _look(port, roots.options(), admitted=1)
    assert seen.failure is not None
    assert seen.failure.cause is Cause.TLS_EXPIRED
    assert seen.certificate is None


async def test_under_report_a_second_handshake_that_is_not_admitted_skips_the_run(roots: Roots) -> None:
    async with peer(answers(OK), flaw("expired", roots)) as port:
        with pytest.raises(LimitReached):
            await _look(port, roots.options(Verify.REPORT), admitted=1)


async def test_a_good_certificate_takes_one_connection(roots: Roots) -> None:
    async with peer(answers(OK), serving(roots.trusted.issue_cert("localhost"))) as port:
        seen = await _look(port, roots.options(), admitted=1)
    assert seen.failure is None


async def _look(port: int, options: TlsOptions, admitted: int = 9) -> Seen:
    """A GET of localhost that may make `admitted` connections."""
    leave = iter([True] * admitted)
    request = Request(host="localhost", port=port, tls=options, http=get())
    return await look(request, admit=lambda key: next(leave, False))


# --- servers that never come to the point -----------------------------------------------------------------------------


@pytest.mark.parametrize("record", [b"\x16\x03\x03\x40\x00" + b"\0" * 16_384, b"\x16\x03\x03\x00\x04\0\0\0\0"], ids=["full", "tiny"])  # fmt: skip
async def test_a_flood_of_what_openssl_skips_by_itself_ends(record: bytes) -> None:
    """Requests to greet again: OpenSSL would read past them for as long as its socket has any, and here it always has."""
    stop = threading.Event()

    def flood() -> None:
        with suppress(OSError), server.accept()[0] as sock:
            sock.recv(16_384)
            while not stop.is_set():
                sock.sendall(record * ((1 << 20) // len(record)))

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=flood)
        thread.start()
        try:
            request = Request(host="127.0.0.1", port=server.getsockname()[1], tls=TlsOptions())
            seen = await look(request, timeout=20)
        finally:
            stop.set()
            thread.join()
    assert seen.failure is not None
    assert seen.failure.cause is Cause.TLS_HANDSHAKE


def test_bytes_that_never_become_data_are_bounded() -> None:
    secured = Secured(make_context(TlsOptions(), verified=False), "localhost")
    record = b"\x17\x03\x03\x40\x00" + bytes(16_384)
    for _ in range(MOST_UNTOLD // len(record)):
        secured.take(record)
    with pytest.raises(FaultError, match="bytes of TLS that say nothing"):
        secured.take(record)


def _handshake(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def _record(body: bytes, kind: int = 22) -> bytes:
    return bytes([kind]) + b"\x03\x03" + len(body).to_bytes(2, "big") + body


DONE = _handshake(14, b"")


def test_that_a_certificate_of_ours_is_asked_for_is_overheard() -> None:
    for asks in (True, False):
        heard = Overheard()
        for byte in _record(_handshake(2, bytes(70)) + (_handshake(13, bytes(40)) if asks else b"") + DONE):
            heard.hear(bytes([byte]))
        assert (heard.wants_certificate, heard.is_over) == (asks, True)


async def test_a_server_that_wants_a_certificate_of_ours_is_told_from_one_that_wants_none(
    roots: Roots,
) -> None:
    context = serving(roots.trusted.issue_cert("localhost"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    with openssl_peer(context, connections=1) as port:
        seen = await _look(port, roots.options())
    assert seen.failure is not None
    assert seen.failure.cause is Cause.TLS_HANDSHAKE
    assert "certificate of ours" in seen.failure.detail


@pytest.mark.parametrize(
    ("demand", "tickets", "cause"),
    [
        (ssl.CERT_NONE, 2, None),
        (ssl.CERT_NONE, 0, None),
        (ssl.CERT_OPTIONAL, 2, None),
        (ssl.CERT_OPTIONAL, 0, None),
        (ssl.CERT_REQUIRED, 2, Cause.TLS_HANDSHAKE),
    ],
)
async def test_a_handshake_alone_hears_that_a_certificate_of_ours_was_wanted(
    roots: Roots, demand: ssl.VerifyMode, tickets: int, cause: Cause | None
) -> None:
    """In TLS 1.3 our side is done before the server has read that we have none."""
    context = serving(roots.trusted.issue_cert("localhost"))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode, context.num_tickets = demand, tickets
    with openssl_peer(context, connections=1) as port:
        seen = await look(Request(host="localhost", port=port, tls=roots.options()), timeout=4.0)
    assert (seen.failure and seen.failure.cause) is cause
    assert seen.certificate is not None
    if seen.failure is not None:
        assert (seen.failure.phase, "certificate of ours" in seen.failure.detail) == (Phase.TLS, True)
    if demand is ssl.CERT_NONE:
        assert seen.duration < 0.9, "who asks for nothing is not waited for"


async def test_silence_to_a_greeting_is_told_from_a_handshake_that_stops() -> None:
    async with peer(then_hangs(b"", reads=1)) as port:
        silent = await look(Request(host="127.0.0.1", port=port, tls=TlsOptions()), timeout=0.5)
    async with peer(then_hangs(b"\x16\x03\x03\x10", reads=1)) as port:
        stalled = await look(Request(host="127.0.0.1", port=port, tls=TlsOptions()), timeout=0.5)
    assert [one.failure.detail for one in (silent, stalled) if one.failure] == [
        "not one byte came before the deadline (tls)", "nothing more came before the deadline (tls)",
    ]  # fmt: skip


@pytest.mark.parametrize(("size", "is_refused"), [(256, False), (768, False), (769, True), (1250, True)])
def test_a_group_that_would_take_seconds_is_refused_however_the_bytes_are_cut(
    size: int, is_refused: bool
) -> None:
    numbers = size.to_bytes(2, "big") + b"\xff" * size
    messages = _handshake(2, bytes(70)) + _handshake(11, bytes(3000)) + _handshake(12, numbers) + DONE
    whole = b"".join(_record(messages[i : i + 1000]) for i in range(0, len(messages), 1000))
    for cut in (1, 7, 1500, len(whole)):
        heard = Overheard()
        refused = nullcontext() if not is_refused else pytest.raises(FaultError, match="more than 6144 bits")
        with refused:
            for place in range(0, len(whole), cut):
                heard.hear(whole[place : place + cut])
        assert heard.is_over


async def test_such_a_server_is_left_before_anything_is_reckoned() -> None:
    flight = _handshake(12, (1250).to_bytes(2, "big") + b"\xff" * 1250)
    async with peer(then_hangs(_record(flight), reads=1)) as port:
        seen = await look(Request(host="127.0.0.1", port=port, tls=TlsOptions()), timeout=20)
    assert seen.failure is not None
    assert (seen.failure.cause, seen.failure.phase) == (Cause.TLS_HANDSHAKE, Phase.TLS)
    assert "Diffie-Hellman" in seen.failure.detail


def test_a_server_that_asks_to_begin_anew_is_not_followed() -> None:
    """Encrypted, so nothing of it could be overheard."""
    context = make_context(TlsOptions(), verified=False)
    assert context.options & ssl.OP_NO_RENEGOTIATION


async def test_what_was_read_ahead_is_not_read_once_a_look_has_begun(roots: Roots, tmp_path: Path) -> None:
    copy = tmp_path / "ca.pem"
    options = replace(roots.options(), ca=str(copy))
    copy.write_bytes(Path(roots.options().ca).read_bytes())
    net = Net(SystemClock())
    net.warm(options)
    copy.unlink()
    with openssl_peer(serving(roots.trusted.issue_cert("localhost")), connections=1) as port:
        request = Request(host="localhost", port=port, tls=options)
        seen = await net.look(request, timeout=10, admit=lambda _: True)
    await net.close()
    assert seen.failure is None
