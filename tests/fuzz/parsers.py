# ruff: noqa: PT017  a refusal is one of the answers, and promises something too
"""What reads hostile bytes, each as one function from bytes: it returns, or fails because a promise was broken.

The promises: no exception but the documented one, an answer of bounded size, and the same answer however the bytes
were cut on their way. Time and memory are bounded by whoever calls (see `calls.py`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from monitor.config.load import ConfigError, read
from monitor.config.proxies import proxy_at
from monitor.core import notices
from monitor.core.classify import judge_captcha, judge_http
from monitor.core.sync import judge_sync
from monitor.knowledge import load_registry, load_tables
from monitor.model import (
    NATIONAL,
    Cause,
    Certificate,
    Expect,
    Freshness,
    JsonExpectation,
    Proxies,
    Proxy,
    ReferenceSource,
    Reply,
    Result,
    Seen,
    Success,
    SyncRules,
    Target,
    TlsOptions,
)
from monitor.net import HttpRequest, Request
from monitor.net.certificates import MAX_NAMES, MAX_TEXT, lacks_intermediate, read_chain
from monitor.net.failures import FaultError
from monitor.net.proxies import proxy_for
from monitor.net.redirects import first_hop, next_hop, shown
from monitor.net.reply import MAX_HEADERS, Collector
from monitor.net.resolve import parse_hosts, plain_name
from monitor.net.tunnel import MAX_ANSWER, read_answer
from monitor.notify.codes import CODE_KEYS
from monitor.notify.delivery import DeliveryError
from monitor.notify.replies import Replies, judge
from monitor.notify.replies import Reply as Answered
from monitor.probes.image import image_fault
from monitor.probes.pattern import matches
from monitor.reference import reading
from monitor.reference.fetched import Fetched, UnreadableError
from tests.core.replies import KNOWN, TARGET
from tests.fuzz import below
from tests.fuzz.cuts import cuts
from tests.reference.examples import BOARD, CONTEXT

AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
SECRET = "S3cret-hunter-22"

PROBE = replace(TARGET, host="a.example", url="")


# --- replies over HTTP -----------------------------------------------------------------------------------------------


def reply(data: bytes) -> None:
    """A reply as it comes in: the same in one piece, byte by byte and cut anyhow, for GET and HEAD."""
    for method, most in (("GET", 1 << 16), ("HEAD", 1 << 16), ("GET", 64)):
        answers = {_collected(method, most, pieces) for pieces in cuts(data)}
        assert len(answers) == 1, answers


def _collected(method: str, most: int, pieces: list[bytes]) -> tuple[Any, ...]:
    """What is left in the end: whether whole, the fault, and all that may be looked at."""
    collector, fault = Collector(method, most), None
    try:
        for piece in pieces:
            collector.feed(piece)
            if collector.done:
                break
        collector.end()
    except FaultError as problem:
        assert problem.cause in (Cause.HTTP_MALFORMED, Cause.BODY_TOO_LARGE, Cause.CONNECTION_CLOSED)
        fault = problem.cause
    found = collector.reply("http://a.example/")
    if found is None:
        return collector.done, fault
    assert len(found.body) <= most
    assert len(found.headers) <= MAX_HEADERS
    body = found.body if fault is None else b""  # beside a fault it is whatever had come by then
    return collector.done, fault, found.status, found.headers, body


def tunnel(data: bytes) -> None:
    """A proxy's answer to CONNECT: the same however it is cut, and nothing behind its head is taken."""
    answers = {asyncio.run(_tunnelled(pieces)) for pieces in cuts(data)}
    assert len(answers) == 1, answers


async def _tunnelled(pieces: list[bytes]) -> tuple[Any, ...]:
    source = _Source(pieces)
    try:
        await read_answer(source, lambda count: None)
    except FaultError as problem:
        assert problem.cause is Cause.PROXY_FAILED
        return (problem.detail[:30],)
    assert source.taken <= MAX_ANSWER + 1
    return "open", source.taken


class _Source:
    """What a wire shows, piece by piece."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = [piece for piece in pieces if piece]
        self.taken = 0

    async def peek(self) -> bytes:
        return self._pieces[0][:16384] if self._pieces else b""

    def take(self, count: int) -> bytes:
        taken, rest = (self._pieces[0][:count], self._pieces[0][count:]) if self._pieces else (b"", b"")
        self._pieces[:1] = [rest] if rest else []
        self.taken += len(taken)
        return taken


def location(data: bytes) -> None:
    """A Location: leads to a host that is allowed, with nothing of ours in the clear or elsewhere, or is refused."""
    listed = ("b.example", "10.0.0.1", "::1")
    http = HttpRequest(
        host_header="a.example", target="/p", headers=(("Authorization", SECRET),), follow=listed, body=b"x"
    )
    request = Request(host="a.example", port=443, tls=TlsOptions(), http=http)
    for status in (302, 308):
        try:
            hop = next_hop(first_hop(request), request, status, data.decode("latin-1"))
        except FaultError as problem:
            assert problem.cause is Cause.REDIRECT_REFUSED
            assert SECRET not in problem.detail
            continue
        assert hop.host in ("a.example", *listed)
        assert 1 <= hop.port <= 65535
        assert hop.http is not None
        assert all(" " < letter < "\x7f" for letter in hop.http.target)
        stays = (hop.host, hop.port, hop.tls is None) == ("a.example", 443, False)
        assert stays or (not hop.http.headers and hop.http.body is None)
        assert len(shown(hop)) <= 200


# --- what replies say ------------------------------------------------------------------------------------------------


def captcha(data: bytes) -> None:
    """The body of a captcha reply, by several statuses and types."""
    for status, kind in ((200, "text/html; charset=gbk"), (200, "application/json"), (503, "")):
        _check(judge_captcha(PROBE, _seen(data, status, kind), KNOWN, image_fault))


def image(data: bytes) -> None:
    """The bytes of an image."""
    fault = image_fault(data)
    assert fault is None or len(fault) < 200


def page(data: bytes) -> None:
    """The body of a page, held against every kind of expectation."""
    expect = Expect(
        body_contains=("发票",),
        body_regex="(a+)+$",
        json=(JsonExpectation(path="$.data.list[0].code", equals="0"),),
    )
    for status, kind in ((200, "text/html; charset=" + data[:20].decode("latin-1")), (404, "text/plain")):
        for target in (replace(PROBE, expect=expect), replace(PROBE, expect=Expect())):
            _check(judge_http(target, _seen(data, status, kind), KNOWN, matches))


def sync(data: bytes) -> None:
    """The body of a sync interface, by a table of codes, a place of success and a time."""
    for target in _interfaces():
        _check(judge_sync(target, _seen(data, 200, "application/json"), KNOWN))


@cache
def _interfaces() -> tuple[Target, ...]:
    fresh = Freshness(path="$.data.lastSync", warn=4 * 3600, fail=24 * 3600)
    tables = load_tables()
    rules = [
        SyncRules(table=name, code_paths=table.code_paths, freshness=fresh)
        for name, table in tables.items()
        if table.code_paths
    ]
    rules.append(SyncRules(success=Success(path="$.code", any_of=("0000",)), freshness=fresh))
    one = replace(PROBE, kind="sync", service="sync", carries_credential=True, secrets=(SECRET,))
    return tuple(replace(one, sync=each) for each in rules)


def _seen(body: bytes, status: int, kind: str) -> Seen:
    headers = (("content-type", kind),) if kind else ()
    found = Reply(status=status, headers=headers, body=body, url="https://a.example/")
    return Seen(started_at=AT, duration=0.1, phases={}, reply=found)


def _check(result: Result) -> None:
    """No result is our own mistake, and what people are shown of it is short, printable and without secrets."""
    assert result.cause is not Cause.INTERNAL
    assert len(result.detail) <= 500
    assert SECRET not in result.detail
    assert result.code is None or len(result.code) <= 64
    assert result.detail.isprintable(), repr(result.detail)


def receiver(data: bytes) -> None:
    """What a receiver of notifications answers: taken or refused, and nothing of it is repeated."""
    for scheme, status in product((*CODE_KEYS, "json"), (200, 400, 503)):
        replies = Replies()
        replies.seen.append(Answered(status=status, body=data))
        try:
            said = judge(scheme, status == 200, replies)
        except DeliveryError as problem:
            said = problem.reason
        assert len(said) < 120
        assert said.isprintable()


def reference(data: bytes) -> None:
    """A reference, in our own form and by a map: rows of authorities that exist, none ahead of time, or unreadable."""
    for source in (
        ReferenceSource(name="hq", url="http://a.example/"),
        ReferenceSource(name="board", url="http://a.example/", map=BOARD),
    ):
        try:
            found = reading.read(source, Fetched(body=data, changed_at=AT), CONTEXT)
        except UnreadableError as problem:
            assert len(str(problem)) < 200
            continue
        assert {row.authority for row in found.rows} <= {*CONTEXT.names.values()}
        assert len(found.rows) <= len(CONTEXT.names)
        assert all(row.checked_at.tzinfo is not None for row in found.rows)


# --- what is not HTTP ------------------------------------------------------------------------------------------------


def certificate(data: bytes) -> None:
    """A chain in DER, of one certificate and of the same twice."""
    for chain in ((data,), (data, data)):
        found = read_chain(chain, None, None)
        assert found is None or _is_bounded(found)
        assert lacks_intermediate(chain) in (True, False)


def _is_bounded(found: Certificate) -> bool:
    texts = (found.subject, found.issuer, *found.names)
    return len(found.names) <= MAX_NAMES and all(len(one) <= MAX_TEXT and one.isprintable() for one in texts)


def hosts(data: bytes) -> None:
    """A hosts file, a name, a rule of NO_PROXY and the address of a proxy."""
    text = data.decode("utf-8", "replace")
    for name in (*parse_hosts(text), text[:300]):
        try:
            assert plain_name(name).isascii()
        except FaultError as problem:
            assert problem.cause is Cause.DNS_NXDOMAIN
    one = Proxy(host="p", port=1)
    for rule in text.split(",")[:20]:
        assert proxy_for(Proxies(https=one, direct=(rule,)), scheme="https", host="a.example", port=443) in (
            None,
            one,
        )
    try:
        found = proxy_at(text)
    except ValueError:
        return
    assert 1 <= found.port <= 65535
    assert (found.authorization or "").isprintable()


def notice(data: bytes) -> None:
    """A maintenance notice, as text or page: windows that end after they start, and doubts, few and short."""
    found = notices.read(notices.decode(data), AT.date(), load_registry())
    texts = [found.title, *(window.quote for window in found.windows), *(one.text for one in found.unclear)]
    assert all(len(text) <= 120 and text.isprintable() for text in texts)
    assert len(found.windows) <= 100
    assert len(found.unclear) <= 20
    assert all(window.start < window.end for window in found.windows)
    assert {*found.authorities} <= {*load_registry(), NATIONAL}


# --- the configuration -----------------------------------------------------------------------------------------------


def configuration(data: bytes) -> None:
    """A probes.yaml: a plan, or mistakes that each have a place in the file."""
    text = data.decode("utf-8", "replace")
    lines = text.count("\n") + text.count("\r") + 2 + sum(text.count(mark) for mark in "\x85\u2028\u2029")
    try:
        loaded = read(
            text, file="probes.yaml", directory=Path("/nonexistent"), environ={}, registry=_registry()
        )
    except ConfigError as problem:
        assert problem.mistakes
        for mistake in problem.mistakes:
            assert 1 <= mistake.line <= lines
            assert mistake.column >= 1
            assert len(str(mistake)) < 2000
            assert str(mistake).isprintable(), repr(str(mistake))
        return
    assert loaded.plan.targets
    json.dumps(list(loaded.plan.targets))


@cache
def _registry() -> Mapping[str, Any]:
    return load_registry()


PARSERS: Mapping[str, Callable[[bytes], None]] = {
    parser.__name__: parser
    for parser in (
        reply, tunnel, location, captcha, image, page, sync, receiver, reference, certificate, hosts, notice, configuration,
        below.handshake, below.ping, below.answers, below.date, below.log, below.checksum,
    )
}  # fmt: skip
