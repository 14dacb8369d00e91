"""A run from the target to its result, over real sockets: what is sent, and what becomes of failures of any kind."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.clock import SystemClock
from monitor.core.classify import Knowledge
from monitor.log import Redaction
from monitor.model import Cause, Expect, Flag, JsonExpectation, Phase, Result, Target
from monitor.model.targets import MACHINE_KINDS
from monitor.net import LimitReached, Net
from monitor.probes import KINDS, run
from tests.core.replies import KNOWN
from tests.probes.targets import target

REPLIES = Path(__file__).parents[1] / "data" / "replies"
Run = Callable[[Target], Awaitable[Result]]


@asynccontextmanager
async def serving(body: bytes = b"", status: int = 200) -> AsyncIterator[tuple[int, list[str]]]:
    """Answers every connection with one reply. Gives its port and the heads of the requests as they came."""
    heads: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
        except asyncio.IncompleteReadError:
            heads.append("")
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heads


@pytest.fixture
async def look() -> AsyncIterator[Run]:
    net = Net(SystemClock())
    yield lambda target: run(target, net, KNOWN, admit=lambda _: True)
    await net.close()


async def test_a_captcha_is_asked_for_honestly(look: Run) -> None:
    async with serving((REPLIES / "yzm-2019-jsonp.txt").read_bytes()) as (port, heads):
        result = await look(
            target("captcha", port, "/NWebQuery/yzmQuery?callback=jQuery1_2&fpdm=3700990130&r=0")
        )
    assert (result.cause, result.flags, result.status_code) == (Cause.NONE, frozenset(), 200)
    assert result.scheduled
    lines = heads[0].split("\r\n")
    asked = r"GET /NWebQuery/yzmQuery\?callback=jQuery1_2&fpdm=3700990130&r=0\.\d{16} HTTP/1.1"
    assert re.fullmatch(asked, lines[0]), "a fresh r each time, so that no cache answers"
    assert f"Host: 127.0.0.1:{port}" in lines
    assert "User-Agent: fapiao-monitor/0 (+https://monitor.example)" in lines
    assert "referer" not in heads[0].lower()
    assert "mozilla" not in heads[0].lower()


async def test_a_captcha_that_is_an_error_code(look: Run) -> None:
    async with serving((REPLIES / "yzm-005.json").read_bytes()) as (port, _):
        result = await look(target("captcha", port))
    assert (result.cause, result.code, result.flags) == (
        Cause.NONE,
        "005",
        frozenset({Flag.UNSIGNED_REFUSED}),
    )


async def test_an_image_is_really_decoded(look: Run) -> None:
    body = (REPLIES / "yzm-2019-key1.json").read_bytes()
    cut = body[: body.index(b'"key2"') - 2000] + b'"}'
    async with serving(cut) as (port, _):
        result = await look(target("captcha", port))
    assert result.cause is Cause.CAPTCHA_INVALID


async def test_http_is_sent_as_configured_and_judged_by_expect(look: Run) -> None:
    expect = Expect(status=(201,), body_regex=r"发票\s*ok")
    async with serving("发票 ok".encode(), 201) as (port, heads):
        headers = (("user-agent", "mine"), ("X-Own", "1"))
        asked = target("http", port, "/路径/a b?q=发 票&p=%41", expect=expect, headers=headers, method="HEAD")
        result = await look(replace(asked, method="GET"))
    assert (result.cause, result.status_code) == (Cause.NONE, 201)
    assert heads[0].startswith("GET /%E8%B7%AF%E5%BE%84/a%20b?q=%E5%8F%91%20%E7%A5%A8&p=%41 HTTP/1.1\r\n")
    assert "user-agent: mine\r\n" in heads[0]
    assert "User-Agent" not in heads[0]
    assert "X-Own: 1\r\n" in heads[0]


async def test_a_secret_that_the_server_echoes_is_not_in_the_result(look: Run, monkeypatch) -> None:
    monkeypatch.setattr("monitor.probes.REDACTION", Redaction(["S3CRET-header-13"]))
    expect = Expect(json=(JsonExpectation(path="$.msg", equals="ok"),))
    async with serving(b'{"msg": "invalid token S3CRET-header-13"}') as (port, _):
        result = await look(target("http", port, expect=expect))
    assert result.cause is Cause.CONTENT_MISMATCH
    assert "S3CRET" not in repr(result)
    assert "invalid token" in result.detail


async def test_a_pattern_that_is_none_is_our_mistake(look: Run) -> None:
    async with serving(b"x") as (port, _):
        result = await look(target("http", port, expect=Expect(body_regex="(?=x)")))
    assert result.cause is Cause.PROBE_MISCONFIGURED


async def test_tcp_connects_and_sends_nothing(look: Run) -> None:
    async with serving() as (port, heads):
        result = await look(target("tcp", port))
    assert result.is_ok
    assert set(result.phases) <= {Phase.RESOLVE, Phase.CONNECT}
    assert heads in ([], [""])


async def test_tls_on_a_port_that_speaks_none_is_a_failed_handshake(look: Run) -> None:
    async with serving() as (port, _):
        result = await look(target("tls", port, timeout=0.3))
    assert not result.is_ok
    assert result.phase is Phase.TLS


async def test_a_connection_that_is_refused(look: Run) -> None:
    async with serving() as (port, _):
        pass
    result = await look(target("captcha", port))
    assert (result.cause, result.phase, result.status_code) == (Cause.CONNECTION_REFUSED, Phase.CONNECT, None)


async def test_a_run_that_may_not_connect_is_none() -> None:
    net = Net(SystemClock())
    with pytest.raises(LimitReached):
        await run(target("tcp", 1), net, KNOWN, admit=lambda _: False)
    await net.close()


async def test_our_own_mistake_is_a_result_and_is_logged() -> None:
    """Knowledge without words stands for any mistake of ours while judging."""
    net = Net(SystemClock())
    broken = Knowledge(catalogue={}, words=None)  # type: ignore[arg-type]
    with capture_logs() as lines:
        async with serving(b"<html>") as (port, _):
            result = await run(target("captcha", port), net, broken, admit=lambda _: True, scheduled=False)
    await net.close()
    assert (result.cause, result.scheduled) == (Cause.INTERNAL, False)
    assert "AttributeError" in result.detail
    assert [(line["event"], line["target"], line["log_level"]) for line in lines] == [
        ("probe.judging_failed", "captcha/shandong", "error")
    ]
    assert lines[0]["exc_info"]


async def test_being_stopped_is_no_mistake(look: Run) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await look(target("captcha", port, timeout=30.0))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in MACHINE_KINDS])
async def test_every_kind_answers_for_a_name_that_does_not_exist(kind: str, look: Run) -> None:
    asked = target(kind, 80, host="nobody.invalid", timeout=2.0, resolver=("127.0.0.1:1",))
    assert not (await look(asked)).is_ok
