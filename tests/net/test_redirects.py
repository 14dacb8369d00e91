"""Redirects: where they may lead, what goes along, and that a hostile Location is only refused."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest
import trustme

from monitor.model import Cause, Phase, Seen, TlsOptions, Verify
from monitor.net import HttpRequest, LimitReached, Request
from tests.net.peers import OK, answers, get, look, peer, serving
from tests.net.sites import moved, site


async def ask(port: int, http: HttpRequest, admit: Callable[[str], bool] = lambda key: True) -> Seen:
    return await look(Request(host="localhost", port=port, http=http), admit=admit)


async def test_a_redirect_on_the_same_host_is_followed_and_its_phases_add_up() -> None:
    async with peer(site({"/": moved("/a/b?c=secret"), "/a/b?c=secret": moved("../d"), "/d": OK})) as port:
        keys: list[str] = []

        def admit(key: str) -> bool:
            keys.append(key)
            return True

        seen = await ask(port, get(), admit)
    assert seen.failure is None
    assert seen.reply is not None
    assert seen.reply.url == f"http://localhost:{port}/d"
    assert seen.redirects == (f"http://localhost:{port}/a/b", f"http://localhost:{port}/d")
    assert keys == [f"localhost:{port}"] * 3
    assert sum(seen.phases.values()) == pytest.approx(seen.duration, abs=0.01)


async def test_scheme_and_port_may_change_on_the_same_host() -> None:
    pages: dict[str, bytes] = {}
    server = serving(trustme.CA().issue_cert("localhost"))
    async with peer(site(pages)) as port, peer(site({"/": OK}), server) as secure:
        pages["/"] = moved(f"https://LOCALHOST:{secure}/#top")
        relaxed = await ask(port, get(upgrade=TlsOptions(verify=Verify.REPORT)))
        strict = await ask(port, get())
    assert relaxed.failure is None
    assert relaxed.reply is not None
    assert relaxed.reply.url == f"https://localhost:{secure}/"
    assert relaxed.certificate is not None
    assert strict.failure is not None
    assert strict.failure.cause is Cause.TLS_UNTRUSTED


async def test_no_means_that_the_redirect_is_the_reply() -> None:
    async with peer(site({"/": moved("/a")})) as port:
        seen = await ask(port, get(follow="no"))
    assert seen.failure is not None  # its body is announced and never comes
    assert seen.reply is not None
    assert (seen.reply.status, seen.reply.header("location")) == (302, "/a")


async def test_a_listed_host_may_be_gone_to_without_what_is_secret() -> None:
    requests: list[str] = []
    async with two_hosts(requests) as port:
        headers = (("Authorization", "Bearer x"), ("Cookie", "a=b"), ("X-Key", "k"), ("User-Agent", "ua"))
        http = get(follow=("127.0.0.1",), headers=headers)
        seen = await ask(port, http)
    assert seen.failure is None
    assert seen.address == "127.0.0.1"
    assert "Authorization: Bearer x" in requests[0]
    assert requests[1].split("\r\n")[1] == f"Host: 127.0.0.1:{port}"
    assert "User-Agent: ua" in requests[1]
    for secret in ("Bearer", "Cookie", "X-Key"):
        assert secret not in requests[1]


@contextlib.asynccontextmanager
async def two_hosts(requests: list[str]) -> AsyncIterator[int]:
    """localhost redirects to 127.0.0.1, which is another host by name."""
    pages = {"/there": OK}
    async with peer(site(pages, requests)) as port:
        pages["/"] = moved(f"http://127.0.0.1:{port}/there")
        yield port


async def test_a_post_becomes_a_get_except_where_it_must_not() -> None:
    requests: list[str] = []
    pages = {"/": moved("/303", 303), "/303": moved("/307", 307), "/307": OK}
    async with peer(site(pages, requests)) as port:
        seen = await ask(port, get(method="POST", body=b"{}", headers=(("Content-Type", "text/json"),)))
    assert seen.failure is None
    assert [request.split()[0] for request in requests] == ["POST", "GET", "GET"]
    assert "Content-Type" not in requests[1]
    async with peer(site({"/": moved("/a", 307), "/a": OK}, requests)) as port:
        await ask(port, get(method="POST", body=b"{}"))
    assert requests[-1].startswith("POST /a ")
    assert "Content-Length: 2" in requests[-1]


@pytest.mark.parametrize(
    "location",
    [
        pytest.param("http://elsewhere.example/", id="another host"),
        pytest.param("//elsewhere.example/", id="another host without a scheme"),
        pytest.param("http://user:password@localhost/", id="with credentials"),
        pytest.param("http://localhost@elsewhere.example/", id="another host in disguise"),
        pytest.param("http://localhost.elsewhere.example/", id="a host below another"),
        pytest.param("file:///etc/passwd", id="a file"),
        pytest.param("javascript:alert(1)", id="a script"),
        pytest.param("http://[::1/", id="half an address"),
        pytest.param("http://localhost:99999999/", id="a port that is none"),
        pytest.param("http://localhost:port/", id="a port that is no number"),
        pytest.param("http:///", id="no host"),
        pytest.param("http://" + "发" * 90 + "/", id="a name that is none"),
        pytest.param("http://local\x01host/", id="a control character"),
        pytest.param("/" + "a" * 9000, id="far too long"),
        pytest.param("/", id="itself, for ever"),
    ],
)
async def test_a_location_that_may_not_be_gone_to_is_refused(location: str) -> None:
    async with peer(site({"/": moved(location)})) as port:
        seen = await ask(port, get())
    assert seen.failure is not None
    assert (seen.failure.cause, seen.failure.phase) == (Cause.REDIRECT_REFUSED, Phase.TRANSFER)
    assert "password" not in seen.failure.detail
    assert seen.reply is not None
    assert seen.reply.status == 302


async def test_a_location_in_chinese_is_asked_for_in_ascii() -> None:
    requests: list[str] = []
    pages = {"/": moved("/查验?省=山东"), "/%E6%9F%A5%E9%AA%8C?%E7%9C%81=%E5%B1%B1%E4%B8%9C": OK}
    async with peer(site(pages, requests)) as port:
        seen = await ask(port, get())
    assert seen.failure is None


async def test_a_redirect_without_a_place_is_the_reply() -> None:
    async with peer(answers(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n")) as port:
        seen = await ask(port, get())
    assert seen.failure is None
    assert seen.reply is not None
    assert seen.reply.status == 302


@pytest.mark.parametrize("admitted", [0, 1])
async def test_a_connection_that_is_not_admitted_skips_the_run(admitted: int) -> None:
    leave = iter([True] * admitted)
    async with peer(site({"/": moved("/a"), "/a": OK})) as port:
        with pytest.raises(LimitReached):
            await ask(port, get(), lambda key: next(leave, False))


async def test_a_second_address_that_is_not_admitted_leaves_the_first_failure(free_port: int) -> None:
    leave = iter([True])
    seen = await ask(free_port, get(), lambda key: next(leave, False))
    assert seen.failure is not None
    assert seen.failure.cause is Cause.CONNECTION_REFUSED
    assert (seen.address, seen.attempts) == ("127.0.0.1", ())


async def test_redirects_that_never_end_are_five_connections() -> None:
    asked = 0

    async def onward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(moved(f"/{asked}"))
        await writer.drain()

    async with peer(onward) as port:
        seen = await ask(port, get())
    assert seen.failure is not None
    assert (seen.failure.cause, seen.failure.detail) == (Cause.REDIRECT_REFUSED, "more than 5 redirects")
    assert (asked, len(seen.redirects)) == (6, 5)
