"""The evidence of an incident in words: who said what of the name, each address, the way, the reply, and how we were ourselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.model import (
    AddressLook,
    Answer,
    Cause,
    Certificate,
    ControlLook,
    Evidence,
    Hop,
    Outcome,
    Phase,
    SpeaksOf,
)
from monitor.notify.words import detail_words
from monitor.web.lens import SIGNS, Lens

NOT_LATE = 0.5
"""Seconds by which a run may begin late, and our loop wake up late, before we count as busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: who or what, whether that is well, and what was seen."""

    what: str
    outcome: str
    sign: str
    said: str
    took: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """A bundle as its page shows it. An empty part is not shown."""

    target: str
    taken_at: datetime
    verdict: str
    """The sentence about ourselves."""
    is_not_us: bool
    """It is theirs by all that is known, and this agrees."""
    tables: tuple[tuple[str, tuple[Row, ...]], ...]
    """Heading → rows."""
    way: tuple[Row, ...]
    certificate: tuple[tuple[str, str], ...]
    reply_heading: str
    reply: tuple[tuple[str, str], ...]
    first_bytes: str
    left_out: tuple[str, ...]


def findings(lens: Lens, found: Evidence, *, is_theirs: bool = True) -> Findings:
    """The bundle in the language of the reader. `is_theirs`: whose it is said to be beside it."""
    tables = (
        (lens.say("name_servers"), tuple(_answer(lens, one) for one in found.answers)),
        (lens.say("addresses"), tuple(_address(lens, one) for one in found.addresses)),
        (lens.say("controls"), tuple(_control(lens, one) for one in found.controls)),
    )
    return Findings(
        target=found.target,
        taken_at=found.taken_at,
        verdict=_about_us(lens, found, is_theirs=is_theirs),
        is_not_us=is_theirs and is_not_us(found),
        tables=tuple((heading, rows) for heading, rows in tables if rows),
        way=tuple(_hop(lens, hop) for hop in found.hops),
        certificate=tuple(_certificate(lens, found.certificate)) if found.certificate else (),
        reply_heading=lens.say("reply" if _has_reply(lens, found) else "one_more_run"),
        reply=tuple(_reply(lens, found)),
        first_bytes=found.first_bytes,
        left_out=tuple(_left_out(lens, part) for part in found.left_out),
    )


def _has_reply(lens: Lens, found: Evidence) -> bool:
    if lens.kind(found.target) in lens.words.kinds:
        return False
    return found.status_code is not None or found.phase in (Phase.PROCESSING, Phase.TRANSFER)


def is_not_us(found: Evidence) -> bool:
    """Whether all controls worked at that moment, we were not late ourselves, and the run said nothing of us."""
    if found.cause.speaks_of is SpeaksOf.US:
        return False
    return _was_well(found)


def _was_well(found: Evidence) -> bool:
    works = bool(found.controls) and all(one.cause is Cause.NONE for one in found.controls)
    return works and (found.lateness or 0.0) < NOT_LATE and found.loop_lag < NOT_LATE


def _about_us(lens: Lens, found: Evidence, *, is_theirs: bool) -> str:
    late = ms(max(found.lateness or 0.0, found.loop_lag))
    if _was_well(found):
        return lens.say("not_us" if is_theirs and is_not_us(found) else "network_well", late=late)
    if not found.controls:
        return lens.say("us_unknown", late=late)
    failing = sum(one.cause is not Cause.NONE for one in found.controls)
    if failing:
        return lens.say("controls_failed", failing=failing, count=len(found.controls), late=late)
    return lens.say("we_were_late", late=late)


def row(lens: Lens, what: str, cause: Cause, took: float | None, detail: str = "", fine: str = "") -> Row:
    """What somebody answered: `fine` where that is well, else the cause in words."""
    is_fine = cause is Cause.NONE
    said = fine if is_fine else lens.words.causes[cause]
    more = detail_words(detail, lens.language)
    return Row(
        what=what,
        outcome=str(cause.outcome),
        sign=SIGNS[cause.outcome],
        said=said if is_fine or not more or more in said else f"{said} ({more})",
        took="" if took is None else ms(took),
    )


def _answer(lens: Lens, one: Answer) -> Row:
    return row(lens, one.resolver, one.cause, one.duration, fine=" ".join(one.addresses))


def _address(lens: Lens, one: AddressLook) -> Row:
    return address_row(lens, one, lens.words.outcomes[Outcome.OK])


def address_row(lens: Lens, one: AddressLook, fine: str) -> Row:
    """One address, by itself; `fine`: what to say where it answers."""
    steps = [("connected", one.connect), ("shook_hands", one.tls)]
    done = [lens.say(key, took=ms(seconds)) for key, seconds in steps if seconds is not None]
    seen = row(lens, one.address, one.cause, None, one.detail, fine=fine)
    return replace(seen, took=lens.say("separator").join(done))


def _control(lens: Lens, one: ControlLook) -> Row:
    return row(lens, one.target, one.cause, None, fine=lens.words.outcomes[Outcome.OK])


def _hop(lens: Lens, hop: Hop) -> Row:
    return Row(
        what=str(hop.ttl),
        outcome="ok" if hop.address else "unknown",
        sign=SIGNS["ok" if hop.address else "unknown"],
        said=(hop.address or lens.say("nobody_answers")) + (lens.say("the_host") if hop.reached else ""),
        took="" if hop.seconds is None else ms(hop.seconds),
    )


def _certificate(lens: Lens, shown: Certificate) -> Iterator[tuple[str, str]]:
    yield lens.say("subject"), shown.subject
    yield lens.say("issuer"), shown.issuer
    yield lens.say("valid"), f"{lens.when(shown.not_before)} – {lens.when(shown.leaf_ends)}"
    if (above := shown.above) is not None:
        yield (
            lens.say("above"),
            f"{above.subject} · {lens.when(above.not_before)} – {lens.when(above.not_after)}",
        )
    yield lens.say("chain"), str(shown.chain_length)
    if shown.verified is False:
        why = next((lens.words.causes[cause] for cause in Cause if cause == shown.verify_error), "")
        yield lens.say("verified"), why or lens.say("not_verified")


def _reply(lens: Lens, found: Evidence) -> Iterator[tuple[str, str]]:
    if found.status_code is not None:
        yield lens.say("http_status"), str(found.status_code)
    yield from found.headers
    if found.cause is not Cause.NONE:
        kind = lens.kind(found.target)
        if found.phase is not None and found.status_code is None and kind not in lens.words.kinds:
            yield lens.say("stopped_in"), lens.words.phases[found.phase]
        said, detail = lens.words.cause(found.cause, kind), detail_words(found.detail, lens.language)
        yield lens.say("cause"), said if not detail or detail in said else f"{said} ({detail})"


def _left_out(lens: Lens, part: str) -> str:
    name, _, why = part.partition("=")
    said = lens.say(f"part_{name}") if lens.knows(f"part_{name}") else name
    return f"{said}: {lens.say(f'left_{why}') if lens.knows(f'left_{why}') else why}"


def ms(seconds: float) -> str:
    """Seconds as milliseconds, the finer the shorter."""
    return f"{seconds * 1000:.1f} ms" if seconds < 0.01 else f"{seconds * 1000:.0f} ms"
