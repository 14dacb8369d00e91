"""Escalation: who else is told of what is open and taken by nobody, some time after it was told first.

It is told to those of a step who did not hear yet, and to whom a route sends `incident_escalated` by name; to nobody else.

The steps are those of the routes that take the incident now, as reminders go by the routes of now: what began by day is
not escalated by a route that is for the day at night. Whatever holds reminders back (an acknowledgement, a window, a
silence, a parent) holds the steps back as well; what came due meanwhile is done when nothing does any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from monitor.core.draft import Draft
from monitor.core.releasing import is_held_back, listed, tell
from monitor.core.routes import asking, of_incident, steps
from monitor.core.telling import Word, opening_of
from monitor.model import EventName, Incident


def escalate(draft: Draft) -> None:
    """Tell those whose step has come and who did not hear of it yet."""
    tell(draft, [word for incident in draft.open.values() if (word := _word(draft, incident)) is not None])


def moments(draft: Draft) -> Iterator[datetime]:
    """When the next step of each open incident comes, as things stand."""
    for incident in draft.open.values():
        yield from (at for at, _ in _ahead(draft, incident))


def _word(draft: Draft, incident: Incident) -> Word | None:
    to = frozenset[str]().union(*(to for at, to in _ahead(draft, incident) if at <= draft.now))
    if not to:
        return None
    event = EventName.INCIDENT_ESCALATED
    matter = of_incident(event, incident, listed(draft, incident))
    return Word(event=event, incident=incident, to=to | asking(draft.plan, matter, draft.now))


def _ahead(draft: Draft, incident: Incident) -> list[tuple[datetime, frozenset[str]]]:
    """The steps that somebody did not hear of yet: when each is due, and who that is."""
    if not any(route.escalate for route in draft.plan.routes) or _pauses(draft, incident):
        return []
    since = incident.untaken_since or incident.told_at or incident.opened_at
    matter = of_incident(opening_of(incident), incident, listed(draft, incident))
    found = steps(draft.plan, matter, draft.now)
    return [(since + timedelta(seconds=after), new) for after, to in found if (new := to - incident.told)]


def _pauses(draft: Draft, incident: Incident) -> bool:
    return (
        not incident.told
        or incident.acknowledged_at is not None
        or incident.id in draft.waiting
        or is_held_back(draft, incident)
    )
