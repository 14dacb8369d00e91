"""Looks through a proxy: a tunnel for everything, and a proxy that fails is never the authority's fault."""

from __future__ import annotations

import asyncio

import pytest
import trustme

from monitor.model import Cause, Outcome, Phase, Proxies, Proxy, SpeaksOf, TlsOptions, Verify
from monitor.net import LimitReached, Request
from monitor.net.proxies import proxy_for
from monitor.notify.words import detail_words
from tests.net.peers import (
    OK,
    answers,
    deaf_port,
    get,
    look,
    peer,
    self_made,
    serving,
    then_hangs,
    then_resets,
)
from tests.net.proxy import BROKEN, CREDENTIAL, PASSWORD, proxy
from tests.net.sites import moved, site


async def test_plain_http_goes_through_a_tunnel_too() -> None:
    async with peer(answers(OK)) as port, proxy() as it:
        seen = await look(Request(host="localhost", port=port, http=get("/x"), proxies=it.proxies()))
    assert seen.failure is None
    assert seen.reply is not None
    assert seen.reply.body == b"hello"
    assert it.asked == [f"localhost:{port}"]
    assert bytes(it.carried).startswith(b"GET /x HTTP/1.1\r\nHost: localhost\r\n")


async def test_the_certificate_behind_the_tunnel_is_the_targets() -> None:
    ca = trustme.CA()
    with ca.cert_pem.tempfile() as roots:
        async with peer(answers(OK), serving(ca.issue_cert("behind.example"))) as port, proxy() as it:
            request = Request(
                host="behind.example",
                port=port,
                tls=TlsOptions(ca=roots),
                http=get(),
                proxies=it.proxies(),
            )
            seen = await look(request)
    assert seen.failure is None
    assert seen.certificate is not None
    assert seen.certificate.names == ("behind.example",)
    assert b"hello" not in it.carried
    assert b"GET" not in it.carried


async def test_the_proxy_resolves_so_there_is_no_phase_for_it_and_no_address() -> None:
    async with peer(answers(OK)) as port, proxy() as it:
        request = Request(host="behind.example", port=port, http=get(), proxies=it.proxies())
        seen = await look(request)
    assert list(seen.phases) == [Phase.CONNECT, Phase.PROCESSING, Phase.TRANSFER]
    assert sum(seen.phases.values()) == pytest.approx(seen.duration, abs=0.01)
    assert (seen.addresses, seen.address, seen.attempts) == ((), None, ())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_an_address_is_asked_for_as_it_is(host: str) -> None:
    async with peer(answers(OK), host=host) as port, proxy() as it:
        seen = await look(Request(host=host, port=port, proxies=it.proxies()))
    assert seen.failure is None
    assert it.asked == [f"[{host}]:{port}" if ":" in host else f"{host}:{port}"]


async def test_a_name_beyond_ascii_is_asked_for_in_its_own_encoding() -> None:
    async with proxy() as it:
        await look(Request(host="发票.EXAMPLE.", port=443, proxies=it.proxies()))
    assert it.asked == [f"{'发票'.encode('idna').decode()}.example:443"]


async def test_it_shows_name_and_password_to_the_proxy_and_to_nobody_else() -> None:
    async with peer(answers(OK)) as port, proxy(wants=CREDENTIAL) as it:
        seen = await look(Request(host="localhost", port=port, http=get(), proxies=it.proxies(CREDENTIAL)))
    assert seen.failure is None
    assert f"Proxy-Authorization: {CREDENTIAL}" in it.heads[0]
    assert b"Proxy-Authorization" not in it.carried
    assert PASSWORD not in repr(it.proxies(CREDENTIAL))
    assert CREDENTIAL not in repr(it.proxies(CREDENTIAL))


@pytest.mark.parametrize("manner", BROKEN)
async def test_what_a_proxy_does_wrong_speaks_of_us(manner: str) -> None:
    handler, words = BROKEN[manner]
    async with peer(handler) as port:
        seen = await look(Request(host="behind.example", port=443, proxies=at(port), tls=TlsOptions()))
    assert seen.failure is not None
    assert (seen.failure.cause, seen.failure.phase) == (Cause.PROXY_FAILED, Phase.CONNECT)
    assert words in seen.failure.detail
    assert seen.failure.cause.speaks_of is SpeaksOf.US
    assert "login.example" not in seen.failure.detail


async def test_a_proxy_that_is_not_there_speaks_of_us(free_port: int) -> None:
    refused = await look(Request(host="behind.example", port=443, proxies=at(free_port)))
    nameless = await look(Request(host="behind.example", port=443, proxies=at(3128, "-.invalid.")))
    for seen, words in ((refused, "connection refused"), (nameless, "its name cannot be resolved")):
        assert seen.failure is not None
        assert (seen.failure.cause, seen.failure.phase) == (Cause.PROXY_FAILED, Phase.CONNECT)
        assert words in seen.failure.detail


async def test_a_proxy_that_cannot_be_reached_in_time_speaks_of_us() -> None:
    with deaf_port() as port:
        seen = await look(Request(host="behind.example", port=443, proxies=at(port)), timeout=0.3)
    assert seen.failure is not None
    assert seen.failure.cause is Cause.PROXY_FAILED
    assert "no connection to it before the deadline" in seen.failure.detail


async def test_a_proxy_whose_answer_does_not_end_in_time_speaks_of_us() -> None:
    async with peer(then_hangs(b"HTTP/1.1 200 OK\r\nX-")) as port:
        seen = await look(Request(host="behind.example", port=443, proxies=at(port)), timeout=0.5)
    assert seen.failure is not None
    assert seen.failure.cause is Cause.PROXY_FAILED
    assert "did not end before the deadline" in seen.failure.detail


async def test_a_tunnel_that_is_awaited_until_the_deadline_is_a_connection_that_did_not_come() -> None:
    """The proxy may hang, or wait for a target that drops every packet: nobody can tell, so the deadline decides."""
    async with peer(then_hangs(reads=1000)) as port:
        seen = await look(Request(host="behind.example", port=443, proxies=at(port)), timeout=0.3)
    assert seen.failure is not None
    assert (seen.failure.cause, seen.failure.phase) == (Cause.CONNECT_TIMEOUT, Phase.CONNECT)
    assert seen.failure.cause.outcome is Outcome.TIMEOUT


@pytest.mark.parametrize(
    ("handler", "cause", "phase"),
    [
        (then_hangs(), Cause.RESPONSE_TIMEOUT, Phase.PROCESSING),
        (then_resets(), Cause.CONNECTION_RESET, Phase.PROCESSING),
        (answers(), Cause.CONNECTION_CLOSED, Phase.PROCESSING),
        (answers(b"SSH-2.0\r\n"), Cause.HTTP_MALFORMED, Phase.TRANSFER),
        (then_hangs(b"HTTP/1.1 200 OK\r\n"), Cause.TRANSFER_TIMEOUT, Phase.TRANSFER),
    ],
    ids=["hangs", "resets", "hangs up", "babbles", "trickles"],
)
async def test_behind_the_tunnel_all_causes_are_the_targets(handler, cause: Cause, phase: Phase) -> None:
    async with peer(handler) as port, proxy() as it:
        request = Request(host="localhost", port=port, http=get(), proxies=it.proxies())
        seen = await look(request, timeout=1.0)
    assert seen.failure is not None
    assert (seen.failure.cause, seen.failure.phase) == (cause, phase)


async def test_a_certificate_is_read_again_through_a_second_tunnel() -> None:
    context = self_made(("behind.example",))
    async with peer(answers(OK), context) as port, proxy() as it:
        strict = Request(host="behind.example", port=port, tls=TlsOptions(), http=get(), proxies=it.proxies())
        refused = await look(strict)
        lenient = Request(
            host="behind.example",
            port=port,
            tls=TlsOptions(verify=Verify.REPORT),
            http=get(),
            proxies=it.proxies(),
        )
        reported = await look(lenient)
    assert refused.failure is not None
    assert refused.failure.cause is Cause.TLS_UNTRUSTED
    assert refused.certificate is not None
    assert reported.failure is None
    assert it.asked == [f"behind.example:{port}"] * 4


async def test_the_limit_counts_the_targets_host_once_per_tunnel() -> None:
    keys: list[str] = []
    leave = iter([True, False])

    def admit(key: str) -> bool:
        keys.append(key)
        return next(leave)

    async with peer(site({"/": moved("/a"), "/a": OK})) as port, proxy() as it:
        request = Request(host="localhost", port=port, http=get(), proxies=it.proxies())
        with pytest.raises(LimitReached):
            await look(request, admit=admit)
    assert keys == [f"localhost:{port}"] * 2
    assert len(it.asked) == 1


async def test_a_redirect_goes_by_the_proxy_of_where_it_leads() -> None:
    pages: dict[str, bytes] = {}
    secure_pages = serving(trustme.CA().issue_cert("localhost"))
    async with peer(site(pages)) as port, peer(site({"/": OK}), secure_pages) as secure, proxy() as it:
        pages["/"] = moved(f"https://localhost:{secure}/")
        only_https = Proxies(https=it.proxies().https)
        http = get(upgrade=TlsOptions(verify=Verify.REPORT))
        seen = await look(Request(host="localhost", port=port, http=http, proxies=only_https))
    assert seen.failure is None
    assert set(it.asked) == {f"localhost:{secure}"}
    assert next(iter(seen.phases)) is Phase.RESOLVE


async def test_what_comes_with_the_answer_belongs_to_the_tunnel() -> None:
    """A proxy that was quick hands over the answer and the first bytes of the target in one packet."""
    greeting = b"HTTP/1.1 200 OK\r\nVia: 1.1 it\r\n\r\n" + OK
    async with peer(then_hangs(greeting, reads=1)) as port:
        seen = await look(Request(host="behind.example", port=80, http=get(), proxies=at(port)))
    assert seen.failure is None
    assert seen.reply is not None
    assert seen.reply.body == b"hello"


@pytest.mark.parametrize("pieces", [1, 2, 3])
async def test_an_answer_in_pieces_is_one_answer(pieces: int) -> None:
    async def slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        answer = b"HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
        for start in range(0, len(answer), pieces):
            writer.write(answer[start : start + pieces])
            await writer.drain()
            await asyncio.sleep(0.001)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await writer.drain()

    async with peer(slowly) as port:
        seen = await look(Request(host="behind.example", port=80, http=get(), proxies=at(port)))
    assert seen.failure is None
    assert seen.reply is not None
    assert seen.reply.status == 200


async def test_forty_looks_at_once_each_have_a_tunnel() -> None:
    async with peer(answers(OK)) as port, proxy() as it:
        request = Request(host="localhost", port=port, http=get(), proxies=it.proxies())
        async with asyncio.TaskGroup() as group:
            looks = [group.create_task(look(request)) for _ in range(40)]
    assert {one.result().failure for one in looks} == {None}
    assert len(it.asked) == 40


def at(port: int, host: str = "127.0.0.1") -> Proxies:
    one = Proxy(host=host, port=port)
    return Proxies(http=one, https=one)


A, B = Proxy(host="a", port=1), Proxy(host="b", port=2)


@pytest.mark.parametrize(
    ("direct", "host", "goes_directly"),
    [
        ((), "example.cn", False),
        (("*",), "example.cn", True),
        (("example.cn",), "example.cn", True),
        (("example.cn",), "EXAMPLE.cn.", True),
        (("example.cn",), "a.example.cn", True),
        (("example.cn",), "anexample.cn", False),
        ((".example.cn",), "a.example.cn", True),
        ((".example.cn",), "example.cn", True),
        (("*.example.cn",), "a.b.example.cn", True),
        (("example.cn:443",), "example.cn", True),
        (("example.cn:80",), "example.cn", False),
        (("10.0.0.1",), "10.0.0.1", True),
        (("10.0.0.1:443",), "10.0.0.1", True),
        (("10.0.0.0/8",), "10.9.9.9", True),
        (("10.0.0.0/8",), "11.9.9.9", False),
        (("::1",), "::1", True),
        (("[::1]",), "::1", True),
        (("[::1]:443",), "0:0:0:0:0:0:0:1", True),
        (("[::1]:80",), "::1", False),
        (("fe80::/10",), "fe80::1", True),
        (("10.0.0.0/8",), "example.cn", False),
        (("0.0.1",), "10.0.0.1", False),
        (("a.cn", "b.cn"), "b.cn", True),
        (("发票.cn",), "发票.cn", False),
    ],
)
def test_hosts_that_are_gone_to_directly(direct: tuple[str, ...], host: str, goes_directly: bool) -> None:
    proxies = Proxies(http=A, https=A, direct=direct)
    assert (proxy_for(proxies, scheme="https", host=host, port=443) is None) is goes_directly


@pytest.mark.parametrize(("scheme", "proxy_"), [("http", A), ("https", B), ("", B)])
def test_plain_http_has_a_proxy_of_its_own(scheme: str, proxy_: Proxy) -> None:
    assert proxy_for(Proxies(http=A, https=B), scheme=scheme, host="x", port=1) is proxy_


def test_without_a_proxy_everything_is_gone_to_directly() -> None:
    assert proxy_for(Proxies(), scheme="https", host="x", port=1) is None
    assert proxy_for(Proxies(http=A), scheme="https", host="x", port=1) is None


@pytest.mark.parametrize("manner", BROKEN)
async def test_what_it_did_wrong_is_said_in_chinese_too(manner: str) -> None:
    async with peer(BROKEN[manner][0]) as port:
        seen = await look(Request(host="behind.example", port=443, proxies=at(port)))
    assert seen.failure is not None
    assert "代理" in detail_words(seen.failure.detail, "zh")
    assert "the proxy" not in detail_words(seen.failure.detail, "zh")
