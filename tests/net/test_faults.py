"""One fault, one cause, in the phase it happened in."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass

import pytest
import trustme

from monitor.model import Cause, Failure, Outcome, Phase, Seen, TlsOptions, Verify
from monitor.net import Request
from tests.net.peers import OK, Handler, answers, deaf_port, get, look, peer, serving, then_hangs, then_resets

DEADLINE = 0.4
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
UNVERIFIED = TlsOptions(verify=Verify.FALSE)


@dataclass(frozen=True)
class Fault:
    peer: Handler
    cause: Cause
    phase: Phase
    speaks_tls: bool = False
    expects_tls: bool = False


def plain(peer: Handler, cause: Cause, phase: Phase) -> Fault:
    return Fault(peer, cause, phase)


def tls(peer: Handler, cause: Cause, phase: Phase) -> Fault:
    """TLS is asked for; the peer is a raw socket that does not get that far."""
    return Fault(peer, cause, phase, expects_tls=True)


def https(peer: Handler, cause: Cause, phase: Phase) -> Fault:
    return Fault(peer, cause, phase, speaks_tls=True, expects_tls=True)


def trickles(data: bytes) -> Handler:
    return answers(*(data[i : i + 1] for i in range(len(data))), pause=0.1)


FAULTS = {
    "hangs after accept": plain(then_hangs(), Cause.RESPONSE_TIMEOUT, Phase.PROCESSING),
    "hangs after accept, https": https(then_hangs(), Cause.RESPONSE_TIMEOUT, Phase.PROCESSING),
    "hangs after half the headers": plain(then_hangs(HEAD[:20]), Cause.TRANSFER_TIMEOUT, Phase.TRANSFER),
    "hangs in the body": plain(then_hangs(HEAD, b"half"), Cause.TRANSFER_TIMEOUT, Phase.TRANSFER),
    "trickles headers": plain(trickles(OK), Cause.TRANSFER_TIMEOUT, Phase.TRANSFER),
    "trickles the body": https(trickles(HEAD), Cause.TRANSFER_TIMEOUT, Phase.TRANSFER),
    "stalls in TLS": tls(then_hangs(), Cause.TLS_TIMEOUT, Phase.TLS),
    "stalls inside a TLS record": tls(then_hangs(b"\x16\x03\x03\x10\x00"), Cause.TLS_TIMEOUT, Phase.TLS),
    "resets at once": plain(then_resets(reads=0), Cause.CONNECTION_RESET, Phase.PROCESSING),
    "resets in TLS": tls(then_resets(), Cause.CONNECTION_RESET, Phase.TLS),
    "resets before the reply": plain(then_resets(reads=10_000), Cause.CONNECTION_RESET, Phase.PROCESSING),
    "resets in the headers": plain(
        then_resets(HEAD[:20], reads=10_000), Cause.CONNECTION_RESET, Phase.TRANSFER
    ),
    "resets in the body, https": https(
        then_resets(HEAD, b"half", reads=10_000), Cause.CONNECTION_RESET, Phase.TRANSFER
    ),
    "resets in a body without a length, https": https(
        then_resets(b"HTTP/1.1 200 OK\r\n\r\n", b"half", reads=10_000), Cause.CONNECTION_RESET, Phase.TRANSFER
    ),
    "resets in the body": plain(
        then_resets(HEAD, b"half", reads=10_000), Cause.CONNECTION_RESET, Phase.TRANSFER
    ),
    "closes in TLS": tls(answers(b"", asks=False), Cause.CONNECTION_CLOSED, Phase.TLS),
    "closes before the reply": plain(answers(), Cause.CONNECTION_CLOSED, Phase.PROCESSING),
    "closes before the reply, https": https(answers(), Cause.CONNECTION_CLOSED, Phase.PROCESSING),
    "closes in the headers": plain(answers(HEAD[:20]), Cause.CONNECTION_CLOSED, Phase.TRANSFER),
    "closes in the body": plain(answers(HEAD, b"half"), Cause.CONNECTION_CLOSED, Phase.TRANSFER),
    "closes in a chunk": plain(
        answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"),
        Cause.CONNECTION_CLOSED,
        Phase.TRANSFER,
    ),
    "speaks plain text on a TLS port": tls(
        answers(b"SSH-2.0-OpenSSH_9.2\r\n", asks=False, pause=0.2), Cause.TLS_HANDSHAKE, Phase.TLS
    ),
    "answers TLS with an alert": tls(
        answers(b"\x15\x03\x03\x00\x02\x02\x28", asks=False, pause=0.2), Cause.TLS_HANDSHAKE, Phase.TLS
    ),
    "only knows an old TLS": tls(
        answers(b"\x15\x03\x03\x00\x02\x02\x46", asks=False, pause=0.2), Cause.TLS_LEGACY, Phase.TLS
    ),
    "is not HTTP": plain(
        answers(b"SSH-2.0-OpenSSH_9.2\r\n", pause=0.2), Cause.HTTP_MALFORMED, Phase.TRANSFER
    ),
    "answers HTTP with a TLS alert": plain(
        answers(b"\x15\x03\x03\x00\x02\x02\x28"), Cause.HTTP_MALFORMED, Phase.TRANSFER
    ),
    "has a status that is no number": plain(
        answers(b"HTTP/1.1 abc OK\r\n\r\n"), Cause.HTTP_MALFORMED, Phase.TRANSFER
    ),
    "has two lengths": plain(
        answers(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
        Cause.HTTP_MALFORMED,
        Phase.TRANSFER,
    ),
    "changes the protocol": plain(
        answers(b"HTTP/1.1 101 Go\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"),
        Cause.HTTP_MALFORMED,
        Phase.TRANSFER,
    ),
    "never stops its headers": plain(
        answers(b"HTTP/1.1 200 OK\r\n", *[b"X-A: " + b"b" * 8000 + b"\r\n"] * 12),
        Cause.HTTP_MALFORMED,
        Phase.TRANSFER,
    ),
    "has one header without end": plain(
        answers(b"HTTP/1.1 200 OK\r\nX-A: ", *[b"b" * 8000] * 12), Cause.HTTP_MALFORMED, Phase.TRANSFER
    ),
    "has far too many headers": plain(
        answers(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n"), Cause.HTTP_MALFORMED, Phase.TRANSFER
    ),
    "sends interim replies for ever": plain(
        answers(b"HTTP/1.1 100 Continue\r\n\r\n" * 50), Cause.HTTP_MALFORMED, Phase.TRANSFER
    ),
}


async def see(fault: Fault, server: ssl.SSLContext) -> Seen:
    async with peer(fault.peer, server if fault.speaks_tls else None) as port:
        options = UNVERIFIED if fault.expects_tls else None
        request = Request(host="127.0.0.1", port=port, tls=options, http=get())
        return await look(request, timeout=DEADLINE)


async def test_each_fault_has_its_cause_and_phase() -> None:
    server = serving(trustme.CA().issue_cert("127.0.0.1"))
    async with asyncio.TaskGroup() as group:
        runs = {name: group.create_task(see(fault, server)) for name, fault in FAULTS.items()}
    found = {name: _where(run.result().failure) for name, run in runs.items()}
    assert found == {name: (str(fault.cause), str(fault.phase)) for name, fault in FAULTS.items()}
    for name, run in runs.items():
        seen, fault = run.result(), FAULTS[name]
        assert list(seen.phases)[-1] is fault.phase, name
        assert sum(seen.phases.values()) == pytest.approx(seen.duration, abs=0.01), name
        assert (seen.duration >= DEADLINE) == (fault.cause.outcome is Outcome.TIMEOUT), name


def _where(failure: Failure | None) -> tuple[str, str] | None:
    return None if failure is None else (str(failure.cause), str(failure.phase))


async def test_a_port_nobody_listens_on_is_refused(free_port: int) -> None:
    seen = await look(Request(host="127.0.0.1", port=free_port))
    assert _where(seen.failure) == ("connection_refused", "connect")
    assert seen.address == "127.0.0.1"
    assert seen.attempts == ()


async def test_a_host_that_drops_the_first_packet_is_a_connect_timeout() -> None:
    with deaf_port() as port:
        seen = await look(Request(host="127.0.0.1", port=port), timeout=0.2)
    assert _where(seen.failure) == ("connect_timeout", "connect")
    assert Phase.TLS not in seen.phases


async def test_no_way_there_is_unreachable() -> None:
    seen = await look(Request(host="255.255.255.255", port=80), timeout=0.5)
    assert _where(seen.failure) == ("unreachable", "connect")


async def test_what_came_of_a_broken_reply_is_kept() -> None:
    async with peer(then_hangs(HEAD, b"half a body")) as port:
        seen = await look(Request(host="127.0.0.1", port=port, http=get("/x?y=1")), timeout=0.2)
    assert seen.reply is not None
    assert (seen.reply.status, seen.reply.body) == (200, b"half a body")
    assert seen.reply.url == f"http://127.0.0.1:{port}/x?y=1"


async def test_the_outer_world_may_cancel_a_look() -> None:
    async with peer(then_hangs()) as port:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await look(Request(host="127.0.0.1", port=port, http=get()), timeout=5)


async def test_a_look_without_http_ends_with_the_handshake() -> None:
    async with peer(then_hangs(), serving(trustme.CA().issue_cert("127.0.0.1"))) as port:
        seen = await look(Request(host="127.0.0.1", port=port, tls=UNVERIFIED))
        bare = await look(Request(host="127.0.0.1", port=port))
    assert seen.failure is None
    assert list(seen.phases) == [Phase.RESOLVE, Phase.CONNECT, Phase.TLS]
    assert list(bare.phases) == [Phase.RESOLVE, Phase.CONNECT]
