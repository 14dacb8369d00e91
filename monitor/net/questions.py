"""Questions to name servers, each asked by itself, so that their answers can be held against each other (kind `dns`)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn

import pycares
import structlog
from pycares import errno as ares

from monitor.model import SYSTEM, Answer, Cause, Failure, Phase, Seen
from monitor.net.ares import words_of
from monitor.net.asking import Channel
from monitor.net.attention import Attention
from monitor.net.failures import FaultError, failure_of
from monitor.net.resolve import (
    MAX_ADDRESSES,
    MAX_ALIASES,
    MOST_RECORDS,
    Resolver,
    alias_chain,
    plain_name,
    records_of,
)
from monitor.net.stopwatch import Stopwatch

LONGEST_VALUE = 200
"""Characters of a text record that are kept."""
TYPES: Mapping[str, int] = {
    "A": pycares.QUERY_TYPE_A,
    "AAAA": pycares.QUERY_TYPE_AAAA,
    "CNAME": pycares.QUERY_TYPE_CNAME,
    "MX": pycares.QUERY_TYPE_MX,
    "NS": pycares.QUERY_TYPE_NS,
    "TXT": pycares.QUERY_TYPE_TXT,
}
_CAUSES: Mapping[int, Cause] = {
    ares.ARES_ENOTFOUND: Cause.DNS_NXDOMAIN,
    ares.ARES_EBADNAME: Cause.DNS_NXDOMAIN,
    ares.ARES_ETIMEOUT: Cause.RESOLVE_TIMEOUT,
}
"""What an error of c-ares means; any other is `dns_servfail`."""
_SAID: Mapping[Cause, str] = {
    Cause.DNS_NXDOMAIN: "no such name",
    Cause.RESOLVE_TIMEOUT: "the name server does not answer",
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One name, asked of one name server."""

    resolver: str
    """`host:port`, or `system`."""
    name: str
    record: str = "A"
    """One of `TYPES`."""
    decoy: bool = False
    """The name should not exist."""


class Inquiry:
    """One run: all questions at once. One server that is silent costs the others nothing."""

    __slots__ = ("_answers", "_failure", "_questions", "_resolver", "_time", "_timeout", "_watch")

    def __init__(
        self, questions: Sequence[Question], timeout: float, resolver: Resolver, attention: Attention
    ) -> None:
        self._questions = questions
        self._timeout = timeout
        self._resolver = resolver
        self._time = attention.time
        self._watch = Stopwatch(attention.time)
        self._answers: dict[Question, Answer] = {}
        self._failure: Failure | None = None

    async def run(self) -> None:
        """Ask. What no server answers for is no error of the run: it stands in the answers."""
        async with asyncio.TaskGroup() as group:
            for question in self._questions:
                group.create_task(self._ask(question))

    def fail(self, error: Exception) -> None:
        """The deadline (the answers that are missing say so), or a mistake of ours."""
        if isinstance(error, TimeoutError):
            return
        if isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        self._failure = failure_of(error, Phase.RESOLVE)
        if self._failure.cause is Cause.INTERNAL:
            log.error("questions.failed", exc_info=error)

    def close(self) -> None:
        """Nothing is kept open beyond a question."""

    def seen(self, started_at: datetime) -> Seen:
        """All answers, in the order of the questions."""
        self._watch.stop()
        answers = tuple(
            self._answers.get(question) or self._missing(question) for question in self._questions
        )
        found = [address for answer in answers if not answer.decoy for address in answer.addresses]
        return Seen(
            started_at=started_at,
            duration=self._watch.elapsed,
            phases=self._watch.spent,
            addresses=tuple(dict.fromkeys(found))[:MAX_ADDRESSES],
            failure=self._failure,
            answers=answers,
        )

    def _missing(self, question: Question) -> Answer:
        return replace(
            _empty(question),
            cause=Cause.RESOLVE_TIMEOUT,
            detail=_SAID[Cause.RESOLVE_TIMEOUT],
            duration=self._watch.elapsed,
        )

    async def _ask(self, question: Question) -> None:
        begun = self._time()
        try:
            answer = await ask(question, self._resolver, self._timeout)
        except FaultError as fault:
            if fault.cause is Cause.PROBE_MISCONFIGURED:
                raise
            answer = replace(_empty(question), cause=fault.cause, detail=fault.detail)
        self._answers[question] = replace(answer, duration=self._time() - begun)


async def ask(question: Question, resolver: Resolver, patience: float) -> Answer:
    """What one server says, within `patience` seconds or a little more. Raises FaultError for what is no answer."""
    name = plain_name(question.name)
    if question.resolver == SYSTEM and (known := resolver.in_hosts_file(name)):
        wanted = [one for one in known if (":" in one) is (question.record == "AAAA")]
        if wanted and question.record in ("A", "AAAA"):
            return replace(_empty(question), addresses=tuple(wanted), count=len(wanted), detail="/etc/hosts")
    channel = Channel(() if question.resolver == SYSTEM else (question.resolver,), patience)
    try:
        return await _follow(channel, question, name)
    finally:
        channel.close()


async def _follow(channel: Channel, question: Question, name: str) -> Answer:
    """Ask, and go on asking where the server did not follow an alias to its end."""
    kind = TYPES[question.record]
    path: list[str] = []
    for _ in range(MAX_ALIASES):
        result, error = await channel.ask(name, kind)
        if result is None:
            _refuse(error, question.record)
        answer = result.answer[:MOST_RECORDS]
        chain = () if question.record == "CNAME" else alias_chain(answer, name)
        end = chain[-1] if chain else name
        found = records_of(answer, end, kind)
        path += chain
        if found:
            count = sum(one.type == kind for one in result.answer)
            return _answer(question, found, path, count)
        if not chain or result.authority or end in path[:-1]:
            break  # with a SOA beside it the server has followed the alias itself and found nothing
        name = end
    else:
        raise FaultError(Cause.DNS_SERVFAIL, "aliases that lead in a circle or too far")
    if path and path[-1] in path[:-1]:
        raise FaultError(Cause.DNS_SERVFAIL, "aliases that lead in a circle or too far")
    raise FaultError(Cause.DNS_NO_ADDRESS, _no_record(question.record))


def _refuse(error: int | None, record: str) -> NoReturn:
    if error == ares.ARES_ENODATA or error is None:
        raise FaultError(Cause.DNS_NO_ADDRESS, _no_record(record))
    cause = _CAUSES.get(error, Cause.DNS_SERVFAIL)
    raise FaultError(cause, _SAID.get(cause) or f"name server: {words_of(error)}")


def _no_record(record: str) -> str:
    return f"the name has no record {record}"


def _empty(question: Question) -> Answer:
    return Answer(
        resolver=question.resolver, name=question.name, record=question.record, decoy=question.decoy
    )


def _answer(
    question: Question, records: Sequence[pycares.DNSRecord], path: Iterable[str], count: int
) -> Answer:
    values = tuple(dict.fromkeys(_value(record) for record in records))
    is_address = question.record in ("A", "AAAA")
    return replace(
        _empty(question),
        addresses=values if is_address else (),
        values=() if is_address else values,
        aliases=tuple(_line(name) for name in path),
        ttl=min(record.ttl for record in records),
        count=count,
    )


def _value(record: pycares.DNSRecord) -> str:
    match record.data:
        case pycares.ARecordData(addr=text) | pycares.AAAARecordData(addr=text):
            return str(text)
        case pycares.CNAMERecordData(cname=text) | pycares.NSRecordData(nsdname=text):
            return _line(text)
        case pycares.MXRecordData(priority=priority, exchange=text):
            return _line(f"{priority} {text}")
        case pycares.TXTRecordData(data=data):
            return _line(data.decode("utf-8", "replace"))
        case _:
            return ""


def _line(text: str) -> str:
    """What a server wrote, on one printable line."""
    line = "".join(sign if sign.isprintable() else "?" for sign in text[: LONGEST_VALUE + 1])
    return line if len(line) <= LONGEST_VALUE else line[: LONGEST_VALUE - 1] + "…"
