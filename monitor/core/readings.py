"""What references say: the latest reading of each source is kept, and whoever it speaks of anew is settled again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from monitor.core.draft import Draft
from monitor.core.facts import Fact
from monitor.core.state import State
from monitor.core.verdict import Opinion, looked, merged, opinions, overdue_age
from monitor.model import Incident, Outcome, Plan, ReferenceReading

INSTANT = timedelta(microseconds=1)
ASK_ANEW = timedelta(seconds=15)
"""How often references are asked while what they say of an outage was seen before it began."""
FRESH_OUTAGE = timedelta(minutes=3)
"""So long after its beginning: by then whoever looks every minute or two has looked again."""


def take(draft: Draft, reading: ReferenceReading) -> None:
    """Keep a reading of a configured source, and settle the authorities of which it says something else than before."""
    if all(source.name != reading.source for source in draft.plan.references):
        return
    known = draft.references.get(reading.source)
    before = _said(draft)
    draft.references[reading.source] = merged(known, reading)
    after = _said(draft)
    turned = {slug for slug in before.keys() | after.keys() if before.get(slug) != after.get(slug)}
    turned |= {incident.authority for incident in _in_question(draft)}  # by a newer look, of the same word
    draft.unsettled |= turned
    if turned or known is None or known.up != reading.up:
        draft.believes_otherwise = True
    for edge in moments(draft):
        draft.ring_at(edge)


def ask_anew(draft: Draft) -> None:
    """Have the references asked again where an outage is judged by what they saw before it."""
    if (at := _asks_at(draft)) is not None and at <= draft.now:
        draft.first_failure = True


def _asks_at(draft: Draft) -> datetime | None:
    """When the references are to be asked again because of an outage that has just begun; None: not for that."""
    read = [reading.read_at for reading in draft.references.values()]
    in_question = any(draft.now < incident.began_at + FRESH_OUTAGE for incident in _in_question(draft))
    return min(max(read), draft.now) + ASK_ANEW if read and in_question else None


def _in_question(draft: Draft) -> Iterable[Incident]:
    """Those of which references say only what they saw before it."""
    for incident in draft.open.values():
        if any(fact.startswith(Fact.REFERENCES_BEFORE) for fact in incident.facts):
            yield incident


def have_looked(state: State, plan: Plan, authority: str, since: datetime, until: datetime) -> bool:
    """Whether a reference looked at this authority between two instants: what it said then may be believed now."""
    sources = {source.name for source in plan.references}
    return any(
        row.authority == authority and since < looked(row, reading) <= until
        for name, reading in state.references.items()
        if name in sources
        for row in reading.rows
    )


def _said(draft: Draft) -> dict[str, list[tuple[str, Outcome, bool]]]:
    """What is believed of the references' words, without their ages."""
    said = opinions(draft.references, draft.plan.references, draft.now)
    return {slug: [_word(one) for one in several] for slug, several in said.items()}


def _word(opinion: Opinion) -> tuple[str, Outcome, bool]:
    return opinion.source, opinion.outcome, opinion.stale


def moments(draft: Draft) -> Iterable[datetime]:
    """When words of references go stale, and when a look that was to come is overdue."""
    lasting = {source.name: source.stale_after for source in draft.plan.references}
    oldest: dict[str, float] = {}
    in_question = {incident.authority for incident in _in_question(draft)}
    for slug, said in opinions(draft.references, draft.plan.references, draft.now).items():
        for one in said:
            if not one.stale:
                oldest[one.source] = max(one.age_seconds, oldest.get(one.source, 0.0))
            left = overdue_age(draft.references[one.source]) - one.age_seconds
            if slug in in_question and left > 0:
                yield draft.now + timedelta(seconds=left) + INSTANT
    if (at := _asks_at(draft)) is not None:
        yield max(at, draft.now + ASK_ANEW / 3)
    for source, age in oldest.items():
        yield draft.now + timedelta(seconds=lasting[source] - age) + INSTANT
