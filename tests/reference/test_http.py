"""References by HTTP: real servers that answer well, and every one that does not."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
from datetime import UTC, datetime

import pytest
import trustme

from monitor.model import ReferenceSource
from monitor.reference.fetched import Fetched, UnreadableError
from monitor.reference.http import Http
from monitor.reference.reading import parse
from tests.net.peers import peer
from tests.reference.examples import own_document
from tests.reference.servers import HOSTILE, SECRET, answers, good, reply


async def fetch(
    port: int, *, scheme: str = "http", token: str | None = None, seconds: float = 1.0
) -> Fetched:
    """One fetch within a deadline, as the loop does it."""
    http = Http()
    source = ReferenceSource(name="hq", url=f"{scheme}://127.0.0.1:{port}/{SECRET}", token=token)
    try:
        async with asyncio.timeout(seconds):
            return await http.fetch(source)
    except TimeoutError:
        raise UnreadableError("no answer in time") from None
    finally:
        await http.close()


async def test_a_document_comes_whole_with_our_token_sent():
    asked: list[bytes] = []
    async with peer(answers(good(), asked=asked)) as port:
        found = await fetch(port, token=SECRET)
    assert json.loads(found.body) == own_document()
    assert f"Authorization: Bearer {SECRET}".encode() in asked[0]


async def test_a_compressed_document_is_unfolded():
    body = json.dumps(own_document()).encode()
    async with peer(answers(reply(gzip.compress(body), "Content-Encoding: gzip"))) as port:
        assert (await fetch(port)).body == body


@pytest.mark.parametrize(
    ("header", "changed_at"),
    [
        ("Last-Modified: Sat, 21 Nov 2026 07:00:00 GMT", datetime(2026, 11, 21, 7, tzinfo=UTC)),
        ("Last-Modified: yesterday", None),
        ("Last-Modified: Sat, 99 Nov 2026 07:00:00 GMT", None),
        ("Last-Modified: Sat, 21 Nov 2026 07:00:00 +99999999999", None),
        ("Last-Modified: Sat, 01 Jan 0001 00:00:00 GMT", None),
        ("X-Nothing: 1", None),
    ],
)
async def test_the_server_may_say_when_the_document_was_changed(header, changed_at):
    async with peer(answers(reply(b"{}", header))) as port:
        assert (await fetch(port)).changed_at == changed_at


@pytest.mark.parametrize("manner", HOSTILE)
async def test_a_reference_that_misbehaves_is_a_failed_reading_in_time(manner):
    handler, reason = HOSTILE[manner]
    async with peer(handler) as port:
        with pytest.raises(UnreadableError) as problem:
            parse((await fetch(port, token=SECRET)).body)
    assert reason in str(problem.value)
    assert SECRET not in str(problem.value)


async def test_nobody_listens(free_port):
    with pytest.raises(UnreadableError, match="cannot connect"):
        await fetch(free_port)


async def test_a_certificate_that_nobody_vouches_for_is_refused():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with peer(answers(good()), context) as port:
        with pytest.raises(UnreadableError, match="certificate cannot be verified"):
            await fetch(port, scheme="https")


async def test_a_name_that_does_not_exist_is_said_so():
    http = Http()
    try:
        with pytest.raises(UnreadableError, match="cannot be resolved"):
            await http.fetch(ReferenceSource(name="hq", url="http://-.invalid./"))
    finally:
        await http.close()


async def test_an_address_that_is_none_is_said_so():
    http = Http()
    try:
        for url in (f"http://{SECRET}@/", f"http://a:{SECRET}@127.0.0.1:1/"):
            with pytest.raises(UnreadableError) as problem:
                await http.fetch(ReferenceSource(name="hq", url=url, token=SECRET))
            assert SECRET not in str(problem.value)
    finally:
        await http.close()
