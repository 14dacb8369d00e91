"""Requests and replies: framing, compression, bounds."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import tracemalloc
import zlib
from pathlib import Path

import pytest
import trustme

from monitor.model import Cause, Phase, Reply, Seen, TlsOptions, Verify
from monitor.net import HttpRequest, Request
from monitor.net.decoding import Decoder
from monitor.net.exchange import encode
from monitor.net.failures import FaultError
from monitor.net.reply import Collector
from tests.net.peers import OK, Handler, answers, get, look, peer, serving

HELLO = b"hello, " * 100


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


def whole(body: bytes, *headers: bytes) -> bytes:
    lines = (b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def chunked(*chunks: bytes, trailer: bytes = b"") -> bytes:
    body = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n" + trailer + b"\r\n"


BODIES = {
    "with a length": whole(HELLO),
    "in chunks": chunked(HELLO[:7], HELLO[7:]),
    "in chunks with a trailer": chunked(HELLO, trailer=b"X-Sum: 1\r\n"),
    "until the end of the connection": b"HTTP/1.0 200 OK\r\n\r\n" + HELLO,
    "gzip": whole(gzip.compress(HELLO, mtime=0), b"Content-Encoding: gzip"),
    "gzip in capitals, two members": whole(
        gzip.compress(HELLO[:9], mtime=0) + gzip.compress(HELLO[9:], mtime=0), b"CONTENT-ENCODING: GZIP"
    ),
    "gzip with padding": whole(gzip.compress(HELLO, mtime=0) + b"\0\0\0", b"Content-Encoding: x-gzip"),
    "deflate": whole(zlib.compress(HELLO), b"Content-Encoding: deflate"),
    "deflate as old servers mean it": whole(raw_deflate(HELLO), b"Content-Encoding: deflate"),
    "two codings": whole(gzip.compress(zlib.compress(HELLO), mtime=0), b"Content-Encoding: deflate, gzip"),
    "two codings in two headers": whole(
        gzip.compress(zlib.compress(HELLO), mtime=0), b"Content-Encoding: deflate", b"Content-Encoding: gzip"
    ),
    "gzip and no more": whole(gzip.compress(HELLO, mtime=0), b"Content-Encoding: gzip, identity"),
    "a coding that is none": whole(HELLO, b"Content-Encoding: none"),
    "gzip on the way": chunked(gzip.compress(HELLO, mtime=0)).replace(b"Encoding: ", b"Encoding: gzip, "),
    "after an interim reply": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + whole(HELLO),
    "with more behind it": whole(HELLO) + b"HTTP/1.1 500 No\r\n\r\n",
    "with bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 700\n\n" + HELLO,
}


@pytest.mark.parametrize("parts", [1, 7, 10_000], ids=["at once", "in pieces", "byte by byte"])
@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_read_however_it_is_framed(name: str, parts: int) -> None:
    collector, data = Collector("GET", 1 << 20), BODIES[name]
    step = max(len(data) // parts, 1)
    for start in range(0, len(data), step):
        if not collector.done:
            collector.feed(data[start : start + step])
    collector.end()
    reply = collector.reply("http://localhost/")
    assert reply is not None
    assert (reply.status, reply.body) == (200, HELLO)


@pytest.mark.parametrize("name", BODIES)
async def test_and_over_a_real_connection(name: str) -> None:
    seen = await _get(answers(BODIES[name]))
    assert seen.failure is None
    assert _reply(seen).body == HELLO
    assert list(seen.phases) == [Phase.RESOLVE, Phase.CONNECT, Phase.PROCESSING, Phase.TRANSFER]


@pytest.mark.parametrize("status", [204, 304])
async def test_a_reply_that_has_no_body_does_not_wait_for_one(status: int) -> None:
    seen = await _get(answers(b"HTTP/1.1 %d X\r\nContent-Length: 5\r\n\r\n" % status, pause=3))
    assert seen.failure is None
    assert _reply(seen).status == status


async def test_head_has_no_body() -> None:
    seen = await _get(answers(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", pause=3), method="HEAD")
    assert seen.failure is None
    assert _reply(seen).header("content-length") == "5"


BOMB = gzip.compress(b"\0" * 50_000_000)
TOO_MUCH = {
    "said beforehand": whole(b"x" * 2000),
    "in chunks": chunked(*[b"x" * 100] * 20),
    "without end": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000,
    "a gzip bomb": whole(BOMB, b"Content-Encoding: gzip"),
    "chunks of one byte, mostly extensions": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + (b"1;" + b"e" * 3000 + b"\r\nx\r\n") * 60,
}


@pytest.mark.parametrize("name", TOO_MUCH)
async def test_a_body_beyond_its_bound_is_cut_there(name: str) -> None:
    seen = await _get(answers(TOO_MUCH[name], pause=3), max_body=1000)
    assert seen.failure is not None
    assert (seen.failure.cause, seen.failure.phase) == (Cause.BODY_TOO_LARGE, Phase.TRANSFER)
    assert len(_reply(seen).body) <= 1000


def test_a_bomb_is_never_unfolded() -> None:
    decoder = Decoder("gzip", 1000)
    tracemalloc.start()
    try:
        with pytest.raises(FaultError, match="body_too_large"):
            decoder.feed(BOMB)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


async def test_a_body_of_just_the_bound_passes() -> None:
    seen = await _get(answers(whole(gzip.compress(b"x" * 1000), b"Content-Encoding: gzip")), max_body=1000)
    assert seen.failure is None
    assert len(_reply(seen).body) == 1000


MALFORMED = {
    "gzip that is cut": whole(gzip.compress(b"hello" * 9)[:-9], b"Content-Encoding: gzip"),
    "gzip that is none": whole(b"hello", b"Content-Encoding: gzip"),
    "an encoding nobody asked for": whole(b"hello", b"Content-Encoding: br"),
    "a second layer that is cut": whole(
        gzip.compress(zlib.compress(HELLO)[:-9]), b"Content-Encoding: deflate, gzip"
    ),
    "more layers than anybody needs": whole(b"hello", b"Content-Encoding: gzip" + b", gzip" * 9),
    "members without end": whole(gzip.compress(b"") * 100, b"Content-Encoding: gzip"),
    "a chunk size that is no number": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
    "a header name with a blank": b"HTTP/1.1 200 OK\r\nX Y: z\r\n\r\n",
}


async def test_a_refusal_that_cannot_be_read_is_a_refusal() -> None:
    reply = whole(b"\x0b\x02", b"Content-Encoding: br").replace(b"200 OK", b"503 No")
    seen = await _get(answers(reply))
    assert seen.failure is None
    assert _reply(seen).status == 503


@pytest.mark.parametrize("name", MALFORMED)
async def test_what_breaks_the_rules_is_malformed(name: str) -> None:
    seen = await _get(answers(MALFORMED[name], pause=0.2))
    assert seen.failure is not None
    assert seen.failure.cause is Cause.HTTP_MALFORMED


@pytest.mark.parametrize("seed", range(40))
def test_a_reply_with_a_byte_changed_never_surprises(seed: int) -> None:
    for name in ("gzip", "in chunks with a trailer", "deflate"):
        data = bytearray(BODIES[name])
        data[seed * 7 % len(data)] ^= 1 << seed % 8
        collector = Collector("GET", 1000)
        with contextlib.suppress(FaultError):
            collector.feed(bytes(data))
            collector.end()


async def test_a_fast_stream_without_end_does_not_hold_the_loop(tmp_path: Path) -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    ca = trustme.CA()
    async with peer(flood, serving(ca.issue_cert("127.0.0.1"))) as port:
        options = TlsOptions(verify=Verify.FALSE)
        request = Request(host="127.0.0.1", port=port, tls=options, http=get(max_body=1 << 30))
        seen = await look(request, timeout=0.3)
    assert seen.failure is not None
    assert seen.failure.cause is Cause.TRANSFER_TIMEOUT
    assert seen.duration < 0.6


# --- what is sent ----------------------------------------------------------------------------------------------------


def test_a_request_looks_like_this() -> None:
    http = HttpRequest(
        method="POST",
        target="/NWebQuery/yzmQuery?v=1&r=税 务",
        host_header="etax.example:8443",
        headers=(("User-Agent", "fapiao-monitor"), ("accept-encoding", "identity"), ("X-Note", "税")),
        body=b"{}",
    )
    assert encode(http).decode().split("\r\n") == [
        "POST /NWebQuery/yzmQuery?v=1&r=%E7%A8%8E%20%E5%8A%A1 HTTP/1.1",
        "Host: etax.example:8443",
        "Connection: close",
        "Content-Length: 2",
        "User-Agent: fapiao-monitor",
        "accept-encoding: identity",
        "X-Note: 税",
        "",
        "{}",
    ]


def test_a_request_shows_no_secret() -> None:
    http = get("/?token=geheim", headers=(("Authorization", "Bearer geheim"),), body=b"geheim")
    assert "geheim" not in repr(Request(host="localhost", port=80, http=http))


@pytest.mark.parametrize(
    "http",
    [
        pytest.param(get(headers=(("X-A", "b\r\nX-C: d"),)), id="a header that breaks its line"),
        pytest.param(get(headers=(("X-A: b\r\nX", "c"),)), id="a header name that does"),
        pytest.param(get(method="GET / HTTP/1.1\r\nX: y"), id="a method that does"),
    ],
)
async def test_what_would_break_out_of_its_place_is_our_mistake(http: HttpRequest) -> None:
    async with peer(answers(OK)) as port:
        seen = await look(Request(host="127.0.0.1", port=port, http=http))
    assert seen.failure is not None
    assert seen.failure.cause is Cause.PROBE_MISCONFIGURED


def test_a_target_that_would_break_out_is_quoted() -> None:
    assert encode(get("/a b\r\nX: y\0")).startswith(
        b"GET /a%20b%0D%0AX:%20y%00 HTTP/1.1\r\nHost: localhost\r\n"
    )


async def test_a_large_body_is_sent_whole() -> None:
    sent: list[int] = []

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        sent.append(len(await reader.readexactly(3_000_000)))
        writer.write(OK)
        await writer.drain()

    seen = await _get(count, method="POST", body=b"x" * 3_000_000)
    assert seen.failure is None
    assert sent == [3_000_000]


async def _get(handler: Handler, **more: object) -> Seen:
    async with peer(handler) as port:
        return await look(Request(host="127.0.0.1", port=port, http=get(**more)), timeout=2)  # type: ignore[arg-type]


def _reply(seen: Seen) -> Reply:
    assert seen.reply is not None
    return seen.reply


async def test_a_reply_that_comes_too_slowly_is_told_from_one_that_stops() -> None:
    async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for byte in OK:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.05)

    async def stops(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK[:-1])
        await asyncio.sleep(60)

    said = []
    for handler in (drips, stops):
        async with peer(handler) as port:
            seen = await look(Request(host="127.0.0.1", port=port, http=get()), timeout=1.0)
        assert seen.failure is not None
        assert seen.failure.cause is Cause.TRANSFER_TIMEOUT
        said.append(seen.failure.detail)
    assert said[0].startswith("too slow: ")
    assert said[1] == "nothing more came before the deadline (transfer)"
