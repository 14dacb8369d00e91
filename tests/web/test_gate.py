"""The gate: clients that dawdle or crowd in cannot keep the others out, and nobody delays the end."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket

import pytest
import structlog
from aiohttp import web

from monitor.web.gate import Gate, listeners


@contextlib.asynccontextmanager
async def gate(*, most=16, patience=0.5):
    """A gate before a page that answers at once and a stream that never ends."""

    async def page(_request):
        return web.Response(text="here")

    async def stream(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        await asyncio.sleep(3600)
        return response

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/stream", stream)
    made = Gate(app, most=most, patience=patience)
    await made.open("127.0.0.1", 0)
    async with asyncio.TaskGroup() as tasks:
        keeper = tasks.create_task(made.run())
        try:
            yield made
        finally:
            keeper.cancel()
            await made.close()


async def ask(
    made: Gate, text: bytes, of: str = "127.0.0.1"
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client with the address `of` that has said `text`."""
    reader, writer = await asyncio.open_connection(*made.address, local_addr=(of, 0))
    writer.write(text)
    return reader, writer


async def leave(writer: asyncio.StreamWriter) -> None:
    """Close the client's side."""
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def test_half_a_request_is_not_waited_for_for_ever():
    async with gate() as made:
        reader, writer = await ask(made, b"GET / HTT")
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        await leave(writer)


ONE = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
STREAM = b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("of", ["127.0.0.1", "127.0.0.2"])
async def test_one_client_that_holds_connections_for_nothing_keeps_nobody_out(of: str):
    async with gate(most=8, patience=30) as made:
        idle = [await ask(made, b"") for _ in range(20)]
        await until(lambda: made.connected)
        async with asyncio.timeout(5):
            reader, writer = await ask(made, ONE, of)
            assert b"here" in await reader.read()
        await until(lambda: made.connected <= 4)
        for _, each in (*idle, (reader, writer)):
            await leave(each)


async def test_when_all_places_are_taken_who_has_been_idle_for_longest_leaves_where_most_are():
    async with gate(most=8, patience=30) as made:
        few = [await ask(made, b"", "127.0.0.2")]
        many = [await ask(made, b"", "127.0.0.3") for _ in range(4)]
        others = [await ask(made, b"", f"127.0.0.{last}") for last in (4, 4, 5)]
        await until(lambda: made.connected == 8)
        async with asyncio.timeout(5):
            reader, writer = await ask(made, ONE, "127.0.0.6")
            assert b"here" in await reader.read()
            assert await many[0][0].read() == b""
        for _, each in (*few, *many, *others, (reader, writer)):
            await leave(each)


async def test_who_is_being_served_is_not_sent_away_and_one_client_has_half_of_the_places():
    async with gate(most=8) as made:
        streams = [await ask(made, STREAM) for _ in range(4)]
        for reader, _ in streams:
            await reader.readuntil(b"first")
        reader, refused = await ask(made, ONE)
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        reader, other = await ask(made, ONE, "127.0.0.2")
        assert b"here" in await reader.read()
        assert made.connected >= 4
        for _, each in (*streams, (reader, refused), (reader, other)):
            await leave(each)


async def test_a_stream_may_stay_as_long_as_it_likes():
    async with gate(patience=0.2) as made:
        reader, writer = await ask(made, b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"first")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.5):
                await reader.readuntil(b"never")
        await leave(writer)


async def test_open_streams_do_not_delay_the_end():
    async with gate() as made:
        clients = [await ask(made, b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(5)]
        for reader, _ in clients:
            await reader.readuntil(b"first")
        begun = asyncio.get_running_loop().time()
        await made.close()
        assert asyncio.get_running_loop().time() - begun < 1.5
        for _, writer in clients:
            await leave(writer)


async def test_who_asks_again_and_again_is_not_taken_for_idle():
    async with gate(patience=1.5) as made:
        reader, writer = await ask(made, b"")
        begun = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() - begun < 3.5:
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200 OK" in await reader.readline()
            await reader.readuntil(b"here")
            await asyncio.sleep(0.3)
        await leave(writer)


async def test_who_does_not_read_his_answer_is_cut():
    async def much(_request):
        return web.Response(body=b"x" * (64 << 20))

    app = web.Application()
    app.router.add_get("/", much)
    made = Gate(app, patience=0.5)
    await made.open("127.0.0.1", 0)
    async with asyncio.TaskGroup() as tasks:
        keeper = tasks.create_task(made.run())
        with socket.create_connection(made.address) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await until(lambda: made.connected == 1)
            await until(lambda: made.connected == 0)
        keeper.cancel()
    await made.close()


async def until(seen) -> None:
    """Wait until `seen()` is true; fails after ten seconds."""
    async with asyncio.timeout(10):
        while not seen():
            await asyncio.sleep(0.02)


async def test_every_address_of_a_name_is_listened_on():
    opened = await listeners("localhost", 0)
    try:
        assert {each.getsockname()[0] for each in opened} <= {"127.0.0.1", "::1"}
        assert opened
    finally:
        for each in opened:
            each.close()


async def test_a_taken_address_is_told_and_leaves_nothing_open():
    async with gate() as made:
        second = Gate(web.Application())
        with pytest.raises(OSError, match="in use"):
            await second.open(*made.address)


async def test_without_a_file_descriptor_left_it_says_so_and_goes_on_when_there_is_one():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with gate(patience=30) as made:
        _, writer = await ask(made, b"")
        waiting = socket.socket()
        lowest = waiting.fileno()
        waiting.setblocking(False)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 1, hard))
        try:
            with contextlib.suppress(BlockingIOError):
                waiting.connect(made.address)
            with structlog.testing.capture_logs() as lines:
                await until(lambda: lines)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert lines[0]["event"] == "web.cannot_accept"
        await until(lambda: made.connected == 2)
        waiting.close()
        await leave(writer)
