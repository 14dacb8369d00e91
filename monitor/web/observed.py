"""What one run found beyond its phases, in words: each address, each name server, what was measured."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.core.limits import limits, passed
from monitor.model import AddressLook, Answer, Cause, Outcome, Reading, Result
from monitor.notify.readings import in_words, limit_words
from monitor.notify.words import detail_words
from monitor.web.findings import Row, address_row, ms, row
from monitor.web.lens import SIGNS, Lens

MOST_ADDRESSES = 8
"""Addresses of one answer that are shown."""
_RTT = ("rtt_min", "rtt_mean", "rtt_max")


def observed(lens: Lens, result: Result) -> tuple[tuple[str, tuple[Row, ...]], ...]:
    """Heading → rows, of the parts that there are."""
    tables = (
        (lens.say("addresses"), tuple(_node(lens, node, result) for node in result.nodes)),
        (lens.say("name_servers"), tuple(_answer(lens, one) for one in result.answers)),
        (lens.say("measured"), tuple(_readings(lens, result))),
    )
    return tuple((heading, rows) for heading, rows in tables if rows)


def _node(lens: Lens, node: AddressLook, result: Result) -> Row:
    if not node.counts:
        detail = detail_words(node.detail, lens.language)
        return Row(what=node.address, outcome="unknown", sign=SIGNS["unknown"], said=detail)
    fine = lens.words.outcomes[Outcome.OK] if node.status_code is None else f"HTTP {node.status_code}"
    if _is_odd(node, result):
        fine = f"{fine} · {lens.say('certificate_of', fingerprint=(node.fingerprint or '')[:16])}"
    return address_row(lens, node, fine)


def _is_odd(node: AddressLook, result: Result) -> bool:
    """Whether the addresses present different certificates, this one among them."""
    shown = {one.fingerprint for one in result.nodes if one.fingerprint is not None}
    return node.fingerprint is not None and len(shown) > 1


def _answer(lens: Lens, one: Answer) -> Row:
    what = f"{one.resolver} · {lens.say('random_name')}" if one.decoy else one.resolver
    if one.decoy and one.cause is Cause.DNS_NXDOMAIN:
        return Row(
            what=what, outcome="ok", sign=SIGNS["ok"], said=lens.say("as_it_should"), took=ms(one.duration)
        )
    said = [*one.aliases, *one.addresses[:MOST_ADDRESSES], *one.values[:MOST_ADDRESSES]]
    count = f" ({one.count})" if one.count > MOST_ADDRESSES else ""
    mark = f"{lens.say('forged' if one.forged else 'differs')} " if one.forged or one.differs else ""
    found = row(lens, what, one.cause, one.duration, one.detail, fine=f"{mark}{' '.join(said)}{count}")
    if not one.forged:
        return found
    return Row(what=what, outcome="error", sign=SIGNS["error"], said=found.said, took=found.took)


def _readings(lens: Lens, result: Result) -> Iterator[Row]:
    known = {reading.name: reading for reading in result.readings}
    outcome = str(result.outcome)
    target = lens.plan.targets.get(result.target)
    meant = {} if target is None else limits(target)
    beyond = [] if target is None else list(passed(target, result.readings))
    for reading in result.readings:
        if reading.name not in _RTT:
            what, said = in_words(reading, lens.language) or (_name(lens, reading), _value(reading))
            limit = meant.get((reading.name, reading.of))
            yield Row(
                what=what,
                outcome="error" if reading in beyond else "told",
                sign=SIGNS["error"] if reading in beyond else "",
                said=said,
                took="" if limit is None else limit_words(limit, reading, lens.language),
            )
    if all(name in known for name in _RTT):
        said = " / ".join(ms(known[name].value or 0.0) for name in _RTT)
        yield Row(what=lens.say("reading_rtt"), outcome=outcome, sign="", said=said)


def _name(lens: Lens, reading: Reading) -> str:
    key = f"reading_{reading.name}"
    name = lens.say(key) if lens.knows(key) else reading.name
    return f"{name} {reading.of}" if reading.of else name


def _value(reading: Reading) -> str:
    number = "" if reading.value is None else f"{reading.value:g}"
    return " ".join(filter(None, (number, reading.text)))
