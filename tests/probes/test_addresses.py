"""`addresses: all` over real sockets: the one bad node among several, and what it makes of the run."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest
import trustme

from monitor.clock import SystemClock
from monitor.core.nodes import broken_family
from monitor.model import Cause, Expect, Flag, Phase, Result, TlsOptions, Verify
from monitor.net import LimitReached, Net
from monitor.net.each import MAX_EACH
from monitor.probes import run
from tests.core.replies import KNOWN
from tests.net.peers import OK, Handler, answers, name_server, peer, then_hangs
from tests.probes.targets import target

NAME = "cdn.example"
FAILED = frozenset({Flag.ADDRESS_FAILED})
FINE, BUSY = answers(OK), answers(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n")
BAN = b'{"key1":"020"}'
BANS = answers(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BAN), BAN))


async def look(
    nodes: dict[str, Handler | None],
    kind: str = "http",
    tls: dict[str, ssl.SSLContext] | None = None,
    admit: Callable[[str], bool] = lambda _: True,
    how: TlsOptions | None = None,
    first: bool = False,
    timeout: float = 5.0,
) -> Result:
    """One run at a name with these addresses, on all of which the same port answers so; None: nobody listens."""
    async with AsyncExitStack() as stack:
        port = 0
        for address, handler in nodes.items():
            if handler is not None:
                context = (tls or {}).get(address)
                port = await stack.enter_async_context(peer(handler, context, host=address, port=port))
        port = port or _shut()
        server = await stack.enter_async_context(
            name_server({f"{NAME} A": [*nodes], f"{NAME} AAAA": [*nodes], NAME: "NXDOMAIN"})
        )
        scheme = "https" if tls else "http"
        asked = target(
            kind, port, host=NAME, url=f"{scheme}://{NAME}:{port}/", resolver=(server,),
            every_address=not first, expect=Expect(), tls=how or TlsOptions(), timeout=timeout,
        )  # fmt: skip
        net = Net(SystemClock())
        try:
            return await run(asked, net, KNOWN, admit=admit)
        finally:
            await net.close()


def _shut() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def told(result: Result) -> dict[str, Cause]:
    return {node.address: node.cause for node in result.nodes}


async def test_all_answer() -> None:
    result = await look({"127.0.0.1": FINE, "127.0.0.2": FINE, "::1": FINE})
    assert (result.cause, result.flags, result.detail) == (Cause.NONE, frozenset(), "")
    assert told(result) == dict.fromkeys(("127.0.0.1", "127.0.0.2", "::1"), Cause.NONE)
    assert [node.status_code for node in result.nodes] == [200, 200, 200]
    assert all(node.connect is not None for node in result.nodes)


@pytest.mark.parametrize(
    ("bad", "cause"),
    [
        pytest.param(None, Cause.CONNECTION_REFUSED, id="nobody listens there"),
        pytest.param(BUSY, Cause.HTTP_STATUS, id="it answers 503"),
        pytest.param(then_hangs(), Cause.RESPONSE_TIMEOUT, id="it never answers"),
        pytest.param(answers(b"nonsense\r\n\r\n"), Cause.HTTP_MALFORMED, id="it talks nonsense"),
    ],
)
async def test_one_bad_node_is_found_wherever_it_stands(bad: Handler | None, cause: Cause) -> None:
    result = await look({"127.0.0.1": FINE, "127.0.0.2": FINE, "127.0.0.3": bad}, timeout=1.0)
    assert (result.cause, result.flags) == (Cause.NONE, FAILED)
    assert result.detail == f"1 of 3 addresses failed: 127.0.0.3 {cause}"
    assert told(result)["127.0.0.3"] is cause
    assert result.address == "127.0.0.1"
    assert result.status_code == 200


async def test_the_first_may_be_the_bad_one() -> None:
    result = await look({"127.0.0.2": None, "127.0.0.1": FINE})
    assert (result.cause, result.flags, result.address) == (Cause.NONE, FAILED, "127.0.0.1")


async def test_where_none_answers_the_first_ones_cause_stands() -> None:
    result = await look({"127.0.0.1": BUSY, "127.0.0.2": None, "127.0.0.3": then_hangs()}, timeout=1.0)
    assert (result.cause, result.flags, result.address) == (Cause.HTTP_STATUS, frozenset(), "127.0.0.1")
    assert len(told(result)) == 3
    late = await look({"127.0.0.1": then_hangs(), "127.0.0.2": None}, timeout=0.6)
    assert (late.cause, late.phase) == (Cause.RESPONSE_TIMEOUT, Phase.PROCESSING)


async def test_all_of_it_takes_one_deadline() -> None:
    hung: dict[str, Handler | None] = {f"127.0.0.{n}": then_hangs() for n in range(1, 6)}
    result = await look(hung, timeout=0.8)
    assert 0.7 < result.duration < 1.6
    assert set(told(result).values()) == {Cause.RESPONSE_TIMEOUT}


async def test_only_ipv6_fails() -> None:
    result = await look({"127.0.0.1": FINE, "::1": None})
    assert (result.flags, broken_family(result)) == (FAILED, "IPv6")
    assert told(result) == {"127.0.0.1": Cause.NONE, "::1": Cause.CONNECTION_REFUSED}
    both = await look({"127.0.0.1": FINE, "127.0.0.2": None, "::1": None})
    assert broken_family(both) is None, "one of IPv4 fails as well"


async def test_a_crowd_is_cut() -> None:
    crowd: dict[str, Handler | None] = {f"127.0.1.{n}": None for n in range(1, 30)}
    result = await look({"127.0.0.1": FINE, **crowd})
    assert len(result.nodes) == MAX_EACH


async def test_the_limit_of_the_host_holds_for_all_of_them() -> None:
    left = iter([True, True])
    nodes: dict[str, Handler | None] = {"127.0.0.1": FINE, "127.0.0.2": FINE, "127.0.0.3": None}
    result = await look(nodes, admit=lambda _: next(left, False))
    assert (result.cause, result.flags) == (Cause.NONE, frozenset()), (
        "what was not looked at is not held against it"
    )
    assert [node.counts for node in result.nodes] == [True, True, False]
    with pytest.raises(LimitReached):
        await look(nodes, admit=lambda _: False)


async def test_a_ban_by_one_node_is_a_ban() -> None:
    image = answers(b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"key1":"005"}')
    result = await look({"127.0.0.1": image, "127.0.0.2": BANS}, kind="captcha")
    assert (result.cause, result.code) == (Cause.BLOCKED, "020")


async def test_a_name_that_is_not_there_fails_as_ever() -> None:
    result = await look({})
    assert (result.cause, result.phase, result.nodes) == (Cause.DNS_NO_ADDRESS, Phase.RESOLVE, ())


# --- certificates ----------------------------------------------------------------------------------------------------


def contexts(ca: trustme.CA, *names: str) -> list[ssl.SSLContext]:
    made = []
    for name in names:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert(name).configure_cert(context)
        made.append(context)
    return made


@pytest.mark.parametrize(
    ("verify", "cause", "flags"),
    [
        (Verify.TRUE, Cause.TLS_NAME_MISMATCH, FAILED),
        (Verify.REPORT, Cause.NONE, frozenset({Flag.TLS_UNVERIFIED})),
    ],
)
async def test_one_node_presents_another_certificate(
    tmp_path_factory: pytest.TempPathFactory, verify: Verify, cause: Cause, flags: frozenset[Flag]
) -> None:
    ca = trustme.CA()
    roots = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(roots)
    right, wrong = contexts(ca, NAME, "stranger.example")
    result = await look(
        {"127.0.0.1": FINE, "127.0.0.2": FINE},
        tls={"127.0.0.1": right, "127.0.0.2": wrong},
        how=TlsOptions(verify=verify, ca=str(roots), expiring=0),
    )
    assert (result.cause, result.flags) == (Cause.NONE, flags)
    assert told(result) == {"127.0.0.1": Cause.NONE, "127.0.0.2": cause}
    assert len({node.fingerprint for node in result.nodes}) == 2
    assert result.certificate is not None
    assert result.certificate.names == ("stranger.example",), (
        "the one to worry about is the one that is shown"
    )


# --- addresses: first ------------------------------------------------------------------------------------------------


async def test_with_first_those_that_failed_before_are_shown() -> None:
    result = await look({"127.0.0.2": None, "127.0.0.1": FINE}, first=True)
    assert told(result) == {"127.0.0.2": Cause.CONNECTION_REFUSED, "127.0.0.1": Cause.NONE}
    assert result.flags == {Flag.ADDRESS_FAILED}
    alone = await look({"127.0.0.1": FINE, "127.0.0.2": None}, first=True)
    assert alone.nodes == (), "what was not tried is not shown"
