# ruff: noqa: PT017  a refusal is one of the answers, and promises something too
"""What reads hostile bytes below HTTP and beside it, each as one function from bytes; see `parsers.py` for what is promised."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import pycares

from monitor.core.own_clock import LONGEST, offset_of
from monitor.model import Answer, Cause, LogPattern, LogRules, Reply, Seen
from monitor.net import questions
from monitor.net.asking import Channel
from monitor.net.failures import FaultError
from monitor.net.overheard import Overheard
from monitor.net.ping import Echo
from monitor.net.resolve import MAX_ALIASES, MOST_RECORDS, alias_chain
from monitor.probes.file import written_sum
from monitor.probes.log import _counter
from tests.fuzz.cuts import cuts

AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
NAME = "a.example"
LINES = LogRules(path="/x", patterns=(LogPattern(name="one", regex="(E[0-9]+)+ timeout$"),))


# --- TLS and ICMP ----------------------------------------------------------------------------------------------------


def handshake(data: bytes) -> None:
    """What a server says before it encrypts: refused or not, however it was cut."""
    assert len({_heard(pieces) for pieces in cuts(data)}) == 1


def _heard(pieces: list[bytes]) -> bool:
    heard = Overheard()
    try:
        for piece in pieces:
            if not heard.is_over:
                heard.hear(piece)
    except FaultError as problem:
        assert problem.cause is Cause.TLS_HANDSHAKE
        return True
    return False


def ping(data: bytes) -> None:
    """A packet that comes back: only the echo of what was sent counts, and once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        echo = Echo(any_socket, 3, lambda: 1.0)
        echo._sent[1] = 0.5
        echo._take(data)
        assert echo.times == []
        own = struct.pack("!BBHHH", 0, 0, 0, 0, 1) + echo._token
        for _ in range(2):
            echo._take(own)
        assert echo.times == [0.5]


# --- names -----------------------------------------------------------------------------------------------------------


def answers(data: bytes) -> None:
    """The records of answers, as c-ares hands them over: an answer of bounded size, or a cause."""
    for record in ("A", "AAAA", "CNAME", "MX", "TXT"):
        question = questions.Question(resolver="127.0.0.1:53", name=NAME, record=record)
        try:
            found = asyncio.run(questions._follow(cast(Channel, _Told(data)), question, NAME))
        except FaultError as problem:
            assert problem.cause in (
                Cause.DNS_SERVFAIL,
                Cause.DNS_NO_ADDRESS,
                Cause.DNS_NXDOMAIN,
                Cause.RESOLVE_TIMEOUT,
            )
            assert len(problem.detail) < 200
            continue
        _check_answer(found)


def _check_answer(found: Answer) -> None:
    texts = (*found.values, *found.aliases)
    assert all(len(text) <= questions.LONGEST_VALUE and text.isprintable() for text in texts)
    assert len(found.addresses) + len(found.values) <= MOST_RECORDS
    assert len(found.aliases) <= MAX_ALIASES * MOST_RECORDS


class _Told:
    """A name server that answers each question with the next part of the data: a line for each record."""

    def __init__(self, data: bytes) -> None:
        self._parts = iter(data.split(b"\n\n"))

    def ask(self, name: str, kind: int) -> asyncio.Future[Any]:
        """As `Channel.ask`."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        part = next(self._parts, b"")
        if part.startswith(b"!"):
            future.set_result((None, part[1] if len(part) > 1 else None))
        else:
            records = [one for line in part.split(b"\n") for one in _record(line)]
            future.set_result((pycares.DNSResult(answer=records, authority=[], additional=[]), None))
        return future


def _record(line: bytes) -> Iterator[pycares.DNSRecord]:
    """`name KIND value` as a record; names come from c-ares as any text, values that are addresses as addresses."""
    words = line.decode("utf-8", "replace").split(" ", 2)
    if len(words) < 3:
        return
    name, word, value = words
    kind = questions.TYPES.get(word, 0)
    data: Any = None
    match word:
        case "A":
            data = pycares.ARecordData(addr="127.0.0.1")
        case "AAAA":
            data = pycares.AAAARecordData(addr="::1")
        case "CNAME":
            data = pycares.CNAMERecordData(cname=value)
        case "MX":
            data = pycares.MXRecordData(priority=len(value), exchange=value)
        case "TXT":
            data = pycares.TXTRecordData(data=value.encode("utf-8", "surrogatepass"))
        case _:
            kind = 99
    yield pycares.DNSRecord(name=name, type=kind, record_class=1, ttl=60, data=data)
    with contextlib.suppress(FaultError):
        alias_chain([pycares.DNSRecord(name=name, type=kind, record_class=1, ttl=1, data=data)], name)


# --- times, logs, checksums ------------------------------------------------------------------------------------------


def date(data: bytes) -> None:
    """The header `Date` of a reply: an offset, or none."""
    headers = tuple(("date", line) for line in data.decode("latin-1").split("\n"))
    for header in headers:
        said = Reply(status=200, headers=(header,), body=b"", url="http://a.example/")
        found = offset_of(Seen(started_at=AT, duration=0.1, phases={}, reply=said))
        assert found is None or len(header[1]) <= LONGEST
        assert found is None or abs(found) < 10_000 * 366 * 86_400


def log(data: bytes) -> None:
    """Lines of a log that somebody else writes, held against a pattern that backtracks."""
    found = {"one": 0, ":E0001": 0}
    count = _counter(LINES, found)
    lines = data.split(b"\n")
    for line in lines[:200]:
        count(line)
    assert 0 <= found["one"] <= len(lines)
    assert 0 <= found[":E0001"] <= len(lines)


def checksum(data: bytes) -> None:
    """A file of checksums: sixty-four hexadecimal digits, or none."""
    found = written_sum(data.decode("utf-8", "replace"), "backup.sql")
    assert found is None or (len(found) == 64 and int(found, 16) >= 0 and found.islower() | found.isdigit())
