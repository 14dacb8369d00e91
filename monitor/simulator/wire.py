"""How a reply is written: whole, late, in drops, cut off, torn down, or wrapped in HTTP that is none."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from monitor.simulator.exchange import LINGER_ZERO, MAX_REQUEST, Streams
from monitor.simulator.kinds import Fault
from monitor.simulator.replies import Reply

_PIECE = 64 * 1024
_CHUNK = 100
_GARBAGE = b"\x00\xffSSH-2.0-this is no HTTP\r\n" * 20


async def write_reply(stream: Streams, reply: Reply, fault: Fault | None) -> None:
    """Send `reply`, in the way that a fault of stage `wire` asks for."""
    name = fault.kind.name if fault is not None else ""
    if fault is not None and name in _WAYS:
        await _WAYS[name](stream, reply, fault)
    else:
        await _write(stream, _BYTES[name](reply) if name in _BYTES else reply.head() + reply.body)


async def _write(stream: Streams, data: bytes) -> None:
    stream[1].write(data)
    await stream[1].drain()


# --- in time ---------------------------------------------------------------------------------------------------------


async def _hang(stream: Streams, reply: Reply, fault: Fault) -> None:
    await _wait_for_leaving(stream[0])


async def _slow(stream: Streams, reply: Reply, fault: Fault) -> None:
    await asyncio.sleep(fault.number)
    await write_reply(stream, reply, None)


async def _trickle_headers(stream: Streams, reply: Reply, fault: Fault) -> None:
    await _drip(stream, reply.head() + reply.body, fault.number)


async def _trickle(stream: Streams, reply: Reply, fault: Fault) -> None:
    stream[1].write(reply.head())
    await _drip(stream, reply.body, fault.number)


async def _stall_body(stream: Streams, reply: Reply, fault: Fault) -> None:
    await _write(stream, _half_of_body(reply))
    await _wait_for_leaving(stream[0])


async def _drip(stream: Streams, data: bytes, spacing: float) -> None:
    reader, writer = stream
    for byte in data:
        writer.write(bytes([byte]))
        await writer.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(spacing):
                await _wait_for_leaving(reader)
                return


async def _wait_for_leaving(reader: asyncio.StreamReader) -> None:
    """Wait until the client has closed its side, so that nothing is held for one who went away."""
    while await reader.read(MAX_REQUEST):
        pass


# --- without measure: until the client goes, for its socket's buffer is all that is ever ahead of it ------------------


async def _endless_headers(stream: Streams, reply: Reply, fault: Fault) -> None:
    await _write(stream, b"HTTP/1.1 200 OK\r\n")
    line = b"X-Padding: " + b"0" * 1000 + b"\r\n"
    await _forever(stream, line * (_PIECE // len(line)))


async def _endless_body(stream: Streams, reply: Reply, fault: Fault) -> None:
    await _write(stream, reply.head(length=None, more={"Transfer-Encoding": "chunked"}))
    await _forever(stream, b"%x\r\n" % _PIECE + b"0" * _PIECE + b"\r\n")


async def _forever(stream: Streams, piece: bytes) -> None:
    while not stream[1].is_closing():
        await _write(stream, piece)
        # Over TLS neither line above waits, or says so, once the client has gone: the loop has to be let to notice.
        await asyncio.sleep(0)


# --- torn down -------------------------------------------------------------------------------------------------------


def _close(cut: Callable[[Reply], bytes]) -> Callable[[Streams, Reply, Fault], Awaitable[None]]:
    """Send so much and close with FIN: leaving the exchange does it."""

    async def way(stream: Streams, reply: Reply, fault: Fault) -> None:
        await _write(stream, cut(reply))

    return way


def _reset(cut: Callable[[Reply], bytes]) -> Callable[[Streams, Reply, Fault], Awaitable[None]]:
    """Send so much and close with RST."""

    async def way(stream: Streams, reply: Reply, fault: Fault) -> None:
        reader, writer = stream
        await _write(stream, cut(reply))
        # A RST overtakes what the client has not read yet; a moment lets the part arrive first.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await _wait_for_leaving(reader)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        raise ConnectionResetError(
            "reset on purpose"
        )  # leaving the exchange in this way aborts the transport

    return way


def _nothing(reply: Reply) -> bytes:
    return b""


def _half_of_head(reply: Reply) -> bytes:
    head = reply.head()
    return head[: len(head) // 2]


def _half_of_body(reply: Reply) -> bytes:
    return reply.head() + reply.body[: len(reply.body) // 2]


# --- other bytes -----------------------------------------------------------------------------------------------------


def _two_lengths(reply: Reply) -> bytes:
    return reply.head(more={"Content-Length": str(len(reply.body) + 7)}) + reply.body


def _chunked(reply: Reply) -> bytes:
    chunks = [reply.body[at : at + _CHUNK] for at in range(0, len(reply.body), _CHUNK)]
    written = b"".join(b"%x\r\n" % len(chunk) + chunk + b"\r\n" for chunk in chunks)
    return reply.head(length=None, more={"Transfer-Encoding": "chunked"}) + written + b"0\r\n\r\n"


def _bad_chunk(reply: Reply) -> bytes:
    head = reply.head(length=None, more={"Transfer-Encoding": "chunked"})
    return head + b"many\r\n" + reply.body + b"\r\n"


def _packed(reply: Reply, body: bytes) -> bytes:
    return reply.head(length=len(body), more={"Content-Encoding": "gzip"}) + body


def _encoded(reply: Reply, codec: str, charset: str | None) -> bytes:
    """The same text in another encoding; `charset` is the name for it in the Content-Type, if there is any."""
    body = reply.body.decode().encode(codec)
    plain = reply.content_type.partition(";")[0]
    kind = f"{plain}; charset={charset}" if charset else plain
    body = body if charset else body.replace(b'<meta charset="utf-8">', b"")
    other = replace(reply, body=body, content_type=kind)
    return other.head() + other.body


_WAYS: Mapping[str, Callable[[Streams, Reply, Fault], Awaitable[None]]] = {
    "hang": _hang,
    "slow": _slow,
    "trickle_headers": _trickle_headers,
    "trickle": _trickle,
    "stall_body": _stall_body,
    "endless_headers": _endless_headers,
    "endless_body": _endless_body,
    "close": _close(_nothing),
    "close_headers": _close(_half_of_head),
    "close_body": _close(_half_of_body),
    "reset_request": _reset(_nothing),
    "reset_headers": _reset(_half_of_head),
    "reset_body": _reset(_half_of_body),
}

_BYTES: Mapping[str, Callable[[Reply], bytes]] = {
    "garbage": lambda reply: _GARBAGE,
    "long_length": lambda reply: reply.head(length=len(reply.body) + 10) + reply.body,
    "short_length": lambda reply: reply.head(length=len(reply.body) // 2) + reply.body,
    "two_lengths": _two_lengths,
    "bad_chunk": _bad_chunk,
    "bad_gzip": lambda reply: _packed(reply, reply.body),
    "gzip": lambda reply: _packed(reply, gzip.compress(reply.body, mtime=0)),
    "chunked": _chunked,
    "no_length": lambda reply: reply.head(length=None) + reply.body,
    "bom": lambda reply: (
        replace(reply, body=b"\xef\xbb\xbf" + reply.body).head() + b"\xef\xbb\xbf" + reply.body
    ),
    "gbk": lambda reply: _encoded(reply, "gbk", "GBK"),
    "gb18030": lambda reply: _encoded(reply, "gb18030", None),
}
