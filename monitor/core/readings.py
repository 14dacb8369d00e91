"""What references say: the latest reading of each source is kept, and whoever it speaks of anew is settled again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from monitor.core.draft import Draft
from monitor.core.state import State
from monitor.core.verdict import Opinion, looked, merged, opinions
from monitor.model import Outcome, Plan, ReferenceReading

INSTANT = timedelta(microseconds=1)


def take(draft: Draft, reading: ReferenceReading) -> None:
    """Keep a reading of a configured source, and settle the authorities of which it says something else than before."""
    if all(source.name != reading.source for source in draft.plan.references):
        return
    known = draft.references.get(reading.source)
    before = _said(draft)
    draft.references[reading.source] = merged(known, reading)
    after = _said(draft)
    turned = {slug for slug in before.keys() | after.keys() if before.get(slug) != after.get(slug)}
    draft.unsettled |= turned
    if turned or known is None or known.up != reading.up:
        draft.believes_otherwise = True
    for edge in moments(draft):
        draft.ring_at(edge)


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
    """When words of references go stale."""
    lasting = {source.name: source.stale_after for source in draft.plan.references}
    oldest: dict[str, float] = {}
    for said in opinions(draft.references, draft.plan.references, draft.now).values():
        for one in said:
            if not one.stale:
                oldest[one.source] = max(one.age_seconds, oldest.get(one.source, 0.0))
    for source, age in oldest.items():
        yield draft.now + timedelta(seconds=lasting[source] - age) + INSTANT
