"""What strangers send: each is answered in our form or cut off, says nothing of our insides, changes nothing, logs nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from monitor.web.gate import Gate
from tests.web.conftest import World, make_plan
from tests.web.gated import Reply, gated, get, send


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """Some bytes, and the statuses they may be answered with."""

    name: str
    sent: bytes
    allowed: tuple[int, ...]


def attack(name: str, sent: bytes, *allowed: int) -> Attack:
    """In one line."""
    return Attack(name=name, sent=sent, allowed=allowed)


def post(path: str, body: bytes, *headers: str) -> bytes:
    """A POST with the right token and whatever else."""
    lines = [f"POST {path} HTTP/1.1", "Host: x", "Connection: close", "Authorization: Bearer t0ken", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


JSON = "Content-Type: application/json"
HTML = "Accept: text/html"
SILENCES = "/api/v1/silences"

NO_HTTP = [
    attack("no HTTP at all", b"\x00\x01\x02GARBAGE\r\n\r\n", 400),
    attack("TLS on a plain port", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 64, 400),
    attack("SSH", b"SSH-2.0-OpenSSH_9.2\r\n", 400),
    attack("HTTP/0.9", b"GET /\r\n\r\n", 200, 400),
    attack("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    attack("no host", b"GET / HTTP/1.1\r\n\r\n", 400),
    attack("a null in the path", get("/\x00"), 400, 404),
    attack("a line feed alone in a header", b"GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", 400),
    attack("a header without a name", b"GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n", 400),
    attack("a blank before the colon", b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    attack("a folded header", b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n", 400),
    attack("two lengths", b"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", 400),
    attack("length and chunks", b"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    attack("a strange transfer encoding", b"POST /-/reload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: cow\r\n\r\n", 400),
    attack("a negative length", b"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
    attack("a length beyond counting", b"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n", 400),
]  # fmt: skip
TOO_MUCH = [
    attack("a long address", get("/" + "a" * 9000), 414),
    attack("a long query", get("/?lang=" + "a" * 9000), 414),
    attack("a long header", get("/", "X-A: " + "b" * 9000), 431),
    attack("a long name of a header", get("/", "X" * 9000 + ": b"), 431),
    attack("many headers", get("/", *(f"X-{n}: 1" for n in range(500))), 431),
    attack("many cookies", get("/", "Cookie: " + "; ".join(f"a{n}=b" for n in range(900))), 200),
    attack("many parameters", get("/?" + "&".join(f"p{n}=1" for n in range(1000))), 400),
    attack("a large body", post(SILENCES, b"x" * 70_000, JSON), 413),
    attack("a deep body", post(SILENCES, b"[" * 30_000, JSON), 400),
    attack("a body of a number without an end", post(SILENCES, b"1" * 60_000, JSON), 400),
]
PATHS = [
    attack("up", get("/../../etc/passwd", HTML), 404),
    attack("up from the static files", get("/static/../pages.py"), 404),
    attack("encoded slashes", get("/static/..%2fpages.py"), 404),
    attack("encoded dots", get("/static/%2e%2e/pages.py"), 404),
    attack("encoded twice", get("/static/%252e%252e%252fpages.py"), 404),
    attack("a backslash", get("/static/..\\pages.py"), 400, 404),
    attack("an encoded null", get("/static/page.css%00.js"), 404),
    attack("not UTF-8", get("/targets/%ff%fe", HTML), 404),
    attack("a half escape", get("/targets/%e5%", HTML), 404),
    attack("a target that climbs", get("/api/v1/targets/..%2f..%2fetc"), 404),
    attack("a line break in the path", get("/targets/a%0d%0aSet-Cookie:%20a=b", HTML), 404),
    attack("two slashes", get("//evil.example", HTML), 404),
    attack("two slashes, encoded", get("/%2fevil.example", HTML), 404),
    attack("a slash and a backslash", get("/%5cevil.example", HTML), 404),
    attack("a whole address", get("http://evil.example/", HTML), 200, 400, 404),
    attack("markup in the path", get("/%3Cscript%3Ealert(1)%3C/script%3E", HTML), 404),
    attack("markup in an id", get("/incidents/%3Cimg%20src=x%20onerror=alert(1)%3E", HTML), 404),
    attack("a template in an id", get("/targets/%7B%7B7*7%7D%7D", HTML), 404),
    attack("a bare star", b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400, 404, 405),
]
VALUES = [
    attack("an unknown language", get("/?lang=%3Cscript%3E", HTML), 400),
    attack("a language with a line break", get("/?lang=en%0d%0aX:y"), 400),
    attack("a limit of letters", get("/api/v1/targets?limit=abc"), 400),
    attack("a limit of other digits", get("/api/v1/targets?limit=%D9%A1"), 400),
    attack("a limit below one", get("/api/v1/targets?limit=-1"), 400),
    attack("a limit without end", get("/api/v1/targets?limit=" + "9" * 40), 400),
    attack("a cursor of nonsense", get("/api/v1/incidents?cursor=%00%ff"), 200),
    attack("a long cursor", get("/api/v1/incidents?cursor=" + "9" * 5000), 200),
    attack("a parameter twice", get("/api/v1/targets?limit=1&limit=2"), 400),
    attack("an unknown parameter", get("/api/v1/status?callback=evil"), 400),
    attack("an event id that is none", get("/api/v1/events?after=-1"), 400),
    attack("an event id beyond counting", get("/api/v1/events?after=" + "9" * 400), 400),
    attack("an invoice of letters", get("/api/v1/route?invoice=' OR 1=1".replace(" ", "%20")), 400),
    attack("quotes in an authority", get("/api/v1/uptime?authority=x';DROP%20TABLE%20runs--"), 404),
    attack("an address as a target", get("/probe?target=http://169.254.169.254/"), 400),
    attack("an unexpected Expect", get("/", "Expect: magic"), 417),
    attack("an Accept without an end", get("/metrics", "Accept: " + "a/b;q=0.1," * 500), 200),
    attack("coding weights of nonsense", get("/-/healthy", "Accept-Encoding: gzip;q=nan,*;q=x"), 200),
    attack("an Authorization of nonsense", get("/-/healthy", "Authorization: Basic \xff\xfe="), 200),
    attack("another host", get("/-/healthy", "X-Forwarded-Host: evil.example"), 200),
    attack("a path that a proxy rewrote", get("/-/healthy", "X-Original-URL: /-/reload"), 200),
    attack("a method that a proxy rewrote", get("/-/reload", "X-HTTP-Method-Override: POST"), 405),
    attack("TRACE", b"TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Secret: y\r\n\r\n", 405),
    attack("CONNECT", b"CONNECT evil.example:80 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400, 404, 405),
    attack("an upgrade", get("/", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: x"), 200),
]  # fmt: skip
BODIES = [
    attack("no content type", post(SILENCES, b"{}"), 415),
    attack("a form", post(SILENCES, b"author=x", "Content-Type: application/x-www-form-urlencoded"), 415),
    attack("plain text, as a form of another site can send", post(SILENCES, b"{}", "Content-Type: text/plain"), 415),
    attack("a compressed body", post(SILENCES, b"x", JSON, "Content-Encoding: gzip"), 415),
    attack("no JSON", post(SILENCES, b"{", JSON), 400),
    attack("no UTF-8", post(SILENCES, b'{"author":"\xff"}', JSON), 400),
    attack("half a surrogate", post(SILENCES, b'{"author":"\\ud800"}', JSON), 400),
    attack("a key twice", post(SILENCES, b'{"author":"a","author":"b"}', JSON), 400),
    attack("not a number", post(SILENCES, b'{"author":NaN}', JSON), 400),
    attack("a null character", post(SILENCES, b'{"author":"a\\u0000"}', JSON), 400),
    attack("the parts of a prototype", post(SILENCES, b'{"__proto__":{"x":1}}', JSON), 400),
]  # fmt: skip
ATTACKS = [*NO_HTTP, *TOO_MUCH, *PATHS, *VALUES, *BODIES]


@pytest.fixture
def world() -> World:
    """All up, and a token."""
    world = World(plan=make_plan(token="t0ken"))
    world.see_all_up()
    return world


@pytest.fixture
async def gate(world: World) -> AsyncIterator[Gate]:
    """The gate before it."""
    async with gated(world) as opened:
        yield opened


@pytest.mark.parametrize("tried", ATTACKS, ids=lambda tried: tried.name)
async def test_an_attack_is_answered_in_our_form_and_changes_nothing(world, gate, tried, caplog):
    replies = await send(gate, tried.sent)
    assert [reply.status for reply in replies] == [replies[0].status]
    assert replies[0].status in tried.allowed, replies
    assert_ours(replies[0])
    assert (world.asked, world.reloads) == ([], 0)
    assert not caplog.records
    assert [reply.status for reply in await send(gate, get("/-/healthy"))] == [200]


def assert_ours(reply: Reply) -> None:
    """Our headers and none of a stranger's, no insides, no markup of theirs, no way off this site."""
    assert reply.headers["server"] == "fapiao-monitor"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert not [name for name in reply.headers if name.startswith("access-control-")]
    assert not {"set-cookie", "location", "x"} & set(reply.headers)
    text = reply.body.decode()
    assert not [
        word
        for word in ("Traceback", "aiohttp", "site-packages", "<script>", "onerror=alert(1)>")
        if word in text
    ]
    assert "evil.example" not in "".join(part.partition('"')[0] for part in text.split('href="')[1:])
    if reply.status >= 400 and not reply.headers["content-type"].startswith("text/html"):
        assert reply.error


def test_the_attacks_have_names_of_their_own():
    assert len({tried.name for tried in ATTACKS}) == len(ATTACKS) > 70
