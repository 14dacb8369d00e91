"""What one run found beyond its phases, for a terminal: each address, each name server, what was measured."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from monitor.cli.drawing import clean, sign_and_word
from monitor.cli.texts import say
from monitor.model import AddressLook, Answer, Cause, Outcome, Result
from monitor.notify.readings import in_words
from monitor.notify.words import detail_words, words

MOST_ADDRESSES = 8
"""Addresses of one answer that are shown."""
MOST_READINGS = 40
_RTT = ("rtt_min", "rtt_mean", "rtt_max")


def found(result: Result, language: str) -> Iterator[tuple[str, Text]]:
    """Name and value, of whatever there is."""
    many = len({node.fingerprint for node in result.nodes if node.fingerprint is not None}) > 1
    for node in result.nodes:
        yield say(language, "node"), _node(node, language, with_certificate=many)
    for answer in result.answers:
        name = "random_name" if answer.decoy else "name_server"
        yield say(language, name), _answer(answer, language)
    yield from _measured(result, language)


def _node(node: AddressLook, language: str, *, with_certificate: bool) -> Text:
    address = Text(f"{clean(node.address)} ")
    if not node.counts:
        return address.append_text(sign_and_word("unknown", clean(detail_words(node.detail, language))))
    steps = [f"{seconds * 1000:.1f} ms" for seconds in (node.connect, node.tls) if seconds is not None]
    said = " + ".join(steps)
    if node.status_code is not None:
        said = f"{said} HTTP {node.status_code}".strip()
    if with_certificate and node.fingerprint:
        said = f"{said} {say(language, 'certificate')} {node.fingerprint[:16]}…".strip()
    return address.append_text(_judged(node.cause, language)).append(f" {said}" if said else "")


def _judged(cause: Cause, language: str) -> Text:
    known = words(language)
    word = known.outcomes[Outcome.OK] if cause is Cause.NONE else known.causes[cause]
    return sign_and_word(cause.outcome, word)


def _answer(answer: Answer, language: str) -> Text:
    """`223.5.5.5:53 ✓ 203.0.113.7 12.0 ms`; of a random name all is well when there is none."""
    line = Text(f"{clean(answer.resolver)} ")
    took = f" {answer.duration * 1000:.1f} ms"
    if answer.decoy and answer.cause is Cause.DNS_NXDOMAIN:
        return line.append_text(sign_and_word("ok", say(language, "as_it_should"))).append(took)
    if answer.cause is not Cause.NONE:
        return line.append_text(_judged(answer.cause, language)).append(took)
    values = [*answer.aliases, *answer.addresses[:MOST_ADDRESSES], *answer.values[:MOST_ADDRESSES]]
    count = f" ({answer.count})" if answer.count > MOST_ADDRESSES else ""
    said = clean(" ".join(values)) + count
    if answer.forged:
        return line.append_text(sign_and_word("error", f"{say(language, 'forged')} {said}")).append(took)
    if answer.differs:
        said = f"{say(language, 'differs')} {said}"
    return line.append_text(sign_and_word("ok", said)).append(took)


def _measured(result: Result, language: str) -> Iterator[tuple[str, Text]]:
    known = {reading.name: reading.value for reading in result.readings if reading.value is not None}
    if all(name in known for name in _RTT):
        times = " / ".join(f"{known[name] * 1000:.1f}" for name in _RTT)
        yield say(language, "round_trip"), Text(f"{times} ms")
    for reading in result.readings[:MOST_READINGS]:
        if (known_words := in_words(reading, language)) is not None:
            yield clean(known_words[0]), Text(clean(known_words[1]))
    if "lost" in known and "packets" in known:
        yield say(language, "lost"), Text(f"{known['lost']:g}/{known['packets']:g}")
