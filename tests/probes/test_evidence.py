"""Evidence: what is taken, within which limits, and what never gets into it. Real sockets on loopback."""

from __future__ import annotations

import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from monitor.clock import SystemClock
from monitor.config.load import load
from monitor.core.classify import Knowledge
from monitor.knowledge import load_catalogue, load_registry, load_words
from monitor.log import REDACTION
from monitor.model import Cause, Evidence, Inquiry, NameRules, Phase, Proxies, Proxy, Target
from monitor.net import Net
from monitor.probes import observe
from monitor.probes.evidence import FIRST_BYTES, LONGEST_HEADER, MOST_ADDRESSES, take
from monitor.simulator import Simulator
from tests.net.peers import peer, then_hangs

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
KNOWLEDGE = Knowledge(catalogue=load_catalogue(), words=load_words())


@pytest.fixture
async def net() -> AsyncIterator[Net]:
    found = Net(SystemClock())
    yield found
    await found.close()


@pytest.fixture
async def sim(tmp_path) -> AsyncIterator[Simulator]:
    """Two stand-ins that name servers are asked for."""
    async with Simulator(
        only=["shandong", "yunnan"], names=True, shape="key1", ca_file=tmp_path / "ca.pem"
    ) as found:
        yield found


def watched(sim: Simulator, folder, timeout: str = "2s") -> Target:
    """The captcha of Shandong."""
    file = folder / "probes.yaml"
    file.write_text(sim.config(timeout=timeout, interval="60s"), encoding="utf-8")
    return load(file, environ={}, registry=load_registry()).plan.targets["captcha/shandong"]


async def taken(target: Target, net: Net, admit: Callable[[str], bool] = lambda _: True, **more) -> Evidence:
    """Evidence of this target."""
    inquiry = Inquiry(incident="i", target=target.id)
    return await take(inquiry, target, net, KNOWLEDGE, admit=admit, now=NOW, **more)


def at_most(count: int) -> Callable[[str], bool]:
    """Leave for so many connections."""
    left = [count]

    def admit(_: str) -> bool:
        left[0] -= 1
        return left[0] >= 0

    return admit


# --- what is taken ---------------------------------------------------------------------------------------------------


async def test_a_reply_that_says_no_is_kept_with_all_that_led_to_it(sim, net, tmp_path):
    sim.set_fault("shandong", "status_503", "verify")
    found = await taken(watched(sim, tmp_path), net)
    assert (found.cause, found.phase, found.status_code) == (Cause.HTTP_STATUS, Phase.PROCESSING, 503)
    assert dict(found.headers)["server"] == "fapiao-simulator"
    assert "<title>503</title>" in found.first_bytes
    [answer] = found.answers
    assert (answer.resolver, answer.addresses) == (sim.names.addresses[0], ("127.0.0.1",))
    [address] = found.addresses
    assert address.cause is Cause.NONE
    assert address.tls is not None
    assert found.certificate is not None
    assert (found.hops, found.left_out) == ((), ())


async def test_name_servers_beside_its_own_are_asked_too(sim, net, tmp_path):
    sim.set_fault("resolver", "nxdomain")
    found = await taken(watched(sim, tmp_path), net, servers=sim.names.addresses)
    own, other = found.answers
    assert (own.cause, own.addresses) == (Cause.DNS_NXDOMAIN, ())
    assert (other.resolver, other.addresses) == (sim.names.addresses[1], ("127.0.0.1",))
    assert [one.cause for one in found.addresses] == [Cause.NONE]  # what the other names is tried


async def test_one_dead_address_is_told_from_one_that_works(sim, net, tmp_path):
    sim.set_fault("shandong", "bad_node", "verify")
    found = await taken(watched(sim, tmp_path), net)
    causes = {one.address: one.cause for one in found.addresses}
    assert causes == {"127.0.0.2": Cause.CONNECTION_REFUSED, "127.0.0.1": Cause.NONE}


async def test_who_does_not_take_connections_is_traced(sim, net, tmp_path):
    sim.set_fault("shandong", "refuse", "verify")
    found = await taken(watched(sim, tmp_path), net)
    [address] = found.addresses
    assert (address.cause, address.phase) == (Cause.CONNECTION_REFUSED, Phase.CONNECT)
    assert [(hop.ttl, hop.address, hop.reached) for hop in found.hops] == [(1, "127.0.0.1", True)]


async def test_the_run_that_gave_rise_to_it_is_not_made_again(sim, net, tmp_path):
    sim.set_fault("shandong", "status_503", "verify")
    target = watched(sim, tmp_path)
    seen = await observe(target, net, KNOWLEDGE, admit=lambda _: True)
    sim.forget_hits()
    found = await taken(target, net, observed=seen)
    assert found.status_code == 503
    assert len(sim.hits("shandong", "verify")) == 1  # only the handshake at its address


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("allowed", "left_out"),
    [
        (0, {"run=limit", "addresses=limit"}),
        (1, {"addresses=limit", "hops=limit"}),
        (2, {"hops=limit"}),
        (20, set()),
    ],
)
async def test_what_the_limit_does_not_allow_is_left_out_by_name(sim, net, tmp_path, allowed, left_out):
    sim.set_fault("shandong", "refuse", "verify")
    found = await taken(watched(sim, tmp_path), net, at_most(allowed))
    expected = left_out - {"hops=limit"} if not found.addresses else left_out  # nothing to trace to
    assert set(found.left_out) == expected
    assert found.answers  # name servers are not the host


async def test_every_connection_is_counted_for_its_host(sim, net, tmp_path):
    sim.set_fault("shandong", "refuse", "verify")
    target, asked = watched(sim, tmp_path), list[str]()

    def admit(key: str) -> bool:
        asked.append(key)
        return True

    await taken(target, net, admit)
    assert set(asked) == {target.host_key}
    assert len(asked) == 1 + 1 + 5  # the run, its address, five places on the way at once


async def test_a_host_that_hangs_costs_no_more_than_its_deadline_for_each_part(sim, net, tmp_path):
    sim.set_fault("shandong", "hang_before_accept", "verify")
    found = await taken(watched(sim, tmp_path, timeout="500ms"), net)
    assert [one.cause for one in found.addresses] == [Cause.CONNECT_TIMEOUT]
    assert found.cause is Cause.CONNECT_TIMEOUT
    assert found.duration < 10


# --- what servers write ----------------------------------------------------------------------------------------------


@contextmanager
def answering(body: bytes | None = None, headers: tuple[tuple[str, str], ...] = ()) -> Iterator[int]:
    """A server that answers 503 with that body; None: with what it was sent. Its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = f"{self.path}\n{self.headers}".encode() if body is None else body
            self.send_response(503)
            for name, value in (("Content-Type", "text/plain"), *headers):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, format: str, *args) -> None:  # noqa: A002  the name in the standard library
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def page(sim: Simulator, folder, port: int, **more) -> Target:
    """A page at that port."""
    target = replace(
        watched(sim, folder),
        id="page",
        kind="http",
        host="127.0.0.1",
        port=port,
        url=f"http://127.0.0.1:{port}/?q=1",
    )
    return replace(target, **more)


async def test_what_we_sent_and_what_is_secret_does_not_come_back(sim, net, tmp_path):
    REDACTION.add(["geheim-known"])
    with answering() as port:
        target = page(
            sim, tmp_path, port, carries_credential=True, secrets=("geheim-body",),
            url=f"http://127.0.0.1:{port}/hook?token=geheim-query&s=geheim-known",
            headers=(("Authorization", "Basic geheim-login"), ("X-Api-Key", "geheim-key"), ("Accept", "text/plain")),
        )  # fmt: skip
        found = await taken(target, net)
    assert "geheim" not in repr(found)
    assert "[hidden]" in found.first_bytes
    assert "text/plain" in found.first_bytes


@pytest.mark.parametrize("login", ["Basic Ym9iOmdlaGVpbS1wdw==", "Bearer geheim-bearer"])
async def test_a_login_comes_back_in_no_spelling(sim, net, tmp_path, login):
    said = b"bad login bob:geheim-pw, geheim-bearer, Ym9iOmdlaGVpbS1wdw==, geheim%2Dpw, key geheimGEHEIM12345"
    with answering(said) as port:
        url = f"http://127.0.0.1:{port}/hook/geheimGEHEIM12345"
        found = await taken(page(sim, tmp_path, port, url=url, headers=(("Authorization", login),)), net)
    shown = found.first_bytes
    assert "geheimGEHEIM" not in shown
    assert login.split()[1] not in shown
    assert ("geheim-pw" in shown) is login.startswith("Bearer")
    assert ("geheim-bearer" in shown) is login.startswith("Basic")


async def test_a_body_that_is_no_text_is_only_measured(sim, net, tmp_path):
    noise = bytes(range(256)) * 16
    with answering(b"\x89PNG" + noise) as port:
        found = await taken(page(sim, tmp_path, port), net)
    assert found.first_bytes == "(4100 bytes of data)"


INSTEAD = {
    "a banner in place of TLS": ("https", b"SSH-2.0-OpenSSH_9.2\r\n", Cause.TLS_HANDSHAKE, "SSH-2.0-OpenSSH_9.2"),
    "plain HTTP in place of TLS": ("https", b"HTTP/1.1 400 Bad Request\r\n\r\n<p>plain", Cause.TLS_HANDSHAKE, "HTTP/1.1 400 Bad Request <p>plain"),
    "a banner in place of HTTP": ("http", b"220 mail.example ESMTP\r\n", Cause.HTTP_MALFORMED, "220 mail.example ESMTP"),
    "Chinese in place of HTTP": ("http", "请先登录".encode("gb18030"), Cause.HTTP_MALFORMED, "请先登录"),
    "an alert of TLS in place of HTTP": ("http", b"\x15\x03\x01\x00\x02\x02\x46", Cause.HTTP_MALFORMED, "(15 03 01 00 02 02 46)"),
    "a login of ours in place of HTTP": ("http", b"denied zauberwort", Cause.HTTP_MALFORMED, "denied [hidden]"),
    "more than anybody reads": ("http", b"x" * 5000, Cause.HTTP_MALFORMED, "x" * (FIRST_BYTES - 1) + "…"),
}  # fmt: skip


@pytest.mark.parametrize(("scheme", "said", "cause", "shown"), INSTEAD.values(), ids=INSTEAD)
async def test_what_came_in_place_of_a_reply_is_kept(sim, net, tmp_path, scheme, said, cause, shown):
    async with peer(then_hangs(said)) as port:
        url = f"{scheme}://127.0.0.1:{port}/"
        asked = page(sim, tmp_path, port, url=url, secrets=("zauberwort",), timeout=1.0)
        found = await taken(asked, net)
    assert (found.cause, found.first_bytes) == (cause, shown)


async def test_tls_that_fails_is_no_text_that_came_in_its_place(sim, net, tmp_path):
    sim.set_fault("shandong", "expired")
    found = await taken(watched(sim, tmp_path), net)
    assert (found.cause, found.first_bytes) == (Cause.TLS_EXPIRED, "")
    [address] = found.addresses
    assert (address.cause, address.phase) == (Cause.TLS_EXPIRED, Phase.TLS)
    assert None not in (address.connect, address.tls), "how long both took is known"


async def test_a_long_reply_is_cut_and_stays_one_line(sim, net, tmp_path):
    body = ("第一行\r\n\x1b[2J" + "很长" * 100_000).encode("gb18030")
    with answering(body, (("Via", "x" * 4000), ("Set-Cookie", "session=geheim"))) as port:
        found = await taken(page(sim, tmp_path, port, url=f"http://127.0.0.1:{port}/"), net)
    assert len(found.first_bytes) == FIRST_BYTES
    assert found.first_bytes.startswith("第一行")
    assert found.first_bytes.isprintable()
    assert len(dict(found.headers)["via"]) == LONGEST_HEADER
    assert "set-cookie" not in dict(found.headers)


async def test_many_addresses_are_not_all_tried(sim, net, tmp_path):
    with wide_name_server(addresses=20) as server:
        target = replace(watched(sim, tmp_path), resolver=(server,), timeout=0.5)
        found = await taken(target, net)
    assert len(found.addresses) == MOST_ADDRESSES


async def test_by_a_proxy_names_and_addresses_are_its_affair(sim, net, tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        proxy = Proxy(host="127.0.0.1", port=closed.getsockname()[1])
        target = replace(watched(sim, tmp_path), proxies=Proxies(https=proxy, http=proxy))
        found = await taken(target, net)
    assert found.cause is Cause.PROXY_FAILED
    assert (found.answers, found.addresses, found.hops) == ((), (), ())


async def test_a_probe_of_names_has_asked_its_servers_itself(sim, net, tmp_path):
    sim.set_fault("resolver", "nxdomain")
    rules = NameRules(resolvers=sim.names.addresses, random_name=True)
    target = replace(watched(sim, tmp_path), id="names", kind="dns", port=0, url=None, names=rules)
    found = await taken(target, net)
    assert {(one.resolver, bool(one.addresses)) for one in found.answers} == {
        (sim.names.addresses[0], False),
        (sim.names.addresses[1], True),
    }
    assert (found.addresses, found.hops, found.left_out) == ((), (), ())


async def test_a_kind_that_goes_nowhere_has_only_its_run(sim, net, tmp_path):
    target = replace(watched(sim, tmp_path), resolver=("127.0.0.1:1",), host="", port=0)
    found = await taken(target, net)
    assert (found.answers, found.addresses) == ((), ())


@contextmanager
def wide_name_server(addresses: int) -> Iterator[str]:
    """A name server that answers every question with so many loopback addresses."""
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                query, peer = sock.recvfrom(2000)
                if query == b"stop":
                    return
                sock.sendto(_wide(query, addresses), peer)

        thread = Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{sock.getsockname()[1]}"
        finally:
            sock.sendto(b"stop", sock.getsockname())
            thread.join()


def _wide(query: bytes, addresses: int) -> bytes:
    """A reply with A records 127.0.1.1 and so on; AAAA gets none."""
    end = query.index(b"\0", 12) + 5
    question = query[12:end]
    count = addresses if question[-4:-2] == b"\0\1" else 0
    head = query[:2] + b"\x84\x00" + struct.pack("!4H", 1, count, 0, 0)
    records = [b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\1" + bytes([1 + n]) for n in range(count)]
    return head + question + b"".join(records)
