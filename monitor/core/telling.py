"""What is told to whom: what is to be said of an incident becomes notifications, one per event for all who hear it.

Who was told that it broke is told that it mended (`Incident.told`), whatever the routes say by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.core.facts import of_references
from monitor.core.incidents import LOUDNESS, depth, is_louder, is_worse, noted
from monitor.core.muting import awaits_overrun
from monitor.core.routes import of_incident, receivers
from monitor.model import (
    Diagnosis,
    EventName,
    Incident,
    Notification,
    Plan,
    Scope,
    Verdict,
    Vote,
    Window,
)

ORDER = (
    EventName.INCIDENT_RESOLVED,
    EventName.DAEMON_RESTORED,
    EventName.INCIDENT_CHANGED,
    EventName.INCIDENT_OPENED,
    EventName.MAINTENANCE_OVERRUN,
    EventName.DAEMON_DEGRADED,
    EventName.INCIDENT_ESCALATED,
    EventName.INCIDENT_REMINDER,
)
"""What ended is told before what began, so that a receiver hears of each service in turns."""

WHOSE_FAULT = frozenset({Diagnosis.PATH_FROM_HERE, Diagnosis.PROVINCIAL_OUTAGE})
"""Where one of these turns into the other because a reference says so, that is worth a word."""
REFERENCE_SAYS = frozenset({Verdict.AGREE_DOWN, Verdict.ONLY_US_DOWN})

Votes = Callable[[Incident], tuple[Vote, ...]]
"""What the references say of what an incident is about; nothing of a service of which they do not speak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One thing to say about one incident."""

    event: EventName
    incident: Incident
    to: frozenset[str]


# --- what is to be said ----------------------------------------------------------------------------------------------


def words(
    plan: Plan, incident: Incident, now: datetime, *, steady: bool = True, members: Iterable[Incident] = ()
) -> list[Word]:
    """What has to be said about an incident now; empty when everyone knows what there is to know.

    `steady`: what changed about it has stood long enough to be said. `members`: of a national one.
    """
    if not incident.is_open:
        found = [(_ending(incident), _believers(plan, incident, _ending(incident), now))]
    elif not incident.told:
        found = _first(plan, incident, now, list(members))
    else:
        found = _changes(plan, incident, now, steady=steady, members=list(members))
    return [Word(event=event, incident=incident, to=to) for event, to in found if to]


def first_words(plan: Plan, incident: Incident, now: datetime) -> list[Word]:
    """What is said of an open incident of which nobody knows."""
    return [
        Word(event=event, incident=incident, to=to) for event, to in _first(plan, incident, now, []) if to
    ]


def unaware(plan: Plan, incident: Incident, now: datetime) -> list[Word]:
    """Its opening, for those whom the routes name and who did not hear the parent's end in which it was listed."""
    event = EventName.INCIDENT_OPENED
    to = receivers(plan, of_incident(event, incident), now) - incident.told
    return [Word(event=event, incident=incident, to=to)] if to and incident.told else []


def _believers(plan: Plan, incident: Incident, event: EventName, now: datetime) -> frozenset[str]:
    """Who was told of it. Where the configuration has some of them no more, also those whom the routes name now."""
    known = incident.told.intersection(receiver.id for receiver in plan.receivers)
    if known == incident.told:
        return incident.told
    return known | receivers(plan, of_incident(event, incident), now)


def _ending(incident: Incident) -> EventName:
    return EventName.DAEMON_RESTORED if incident.scope is Scope.DAEMON else EventName.INCIDENT_RESOLVED


def opening_of(incident: Incident) -> EventName:
    """The event that tells that it began."""
    if incident.scope is Scope.DAEMON:
        return EventName.DAEMON_DEGRADED
    return EventName.MAINTENANCE_OVERRUN if awaits_overrun(incident) else EventName.INCIDENT_OPENED


def _first(
    plan: Plan, incident: Incident, now: datetime, members: list[Incident]
) -> list[tuple[EventName, frozenset[str]]]:
    """It is down and nobody believes so: those who heard of its end hear that it goes on, the others that it began."""
    opening = opening_of(incident)
    to = receivers(plan, of_incident(opening, incident, members), now)
    if opening is EventName.MAINTENANCE_OVERRUN:
        return [(opening, to)]
    again = incident.heard & receivers(plan, of_incident(EventName.INCIDENT_CHANGED, incident, members), now)
    return [(EventName.INCIDENT_CHANGED, again), (opening, to - again)]


def _changes(
    plan: Plan, incident: Incident, now: datetime, *, steady: bool, members: list[Incident]
) -> list[tuple[EventName, frozenset[str]]]:
    louder = is_louder(incident.severity, incident.told_severity)
    if not (louder or (steady and differs(incident))):
        return []
    believers = _believers(plan, incident, EventName.INCIDENT_CHANGED, now)
    heard = believers & _concerned(plan, incident, now, members)
    if not louder:
        return [(EventName.INCIDENT_CHANGED, heard)]
    to = receivers(plan, of_incident(opening_of(incident), incident, members), now)
    return [(EventName.INCIDENT_CHANGED, heard), (opening_of(incident), to - believers)]


def _concerned(plan: Plan, incident: Incident, now: datetime, members: list[Incident]) -> frozenset[str]:
    """Whom the routes tell of a change, by what it is or by what it was when told last."""
    was = replace(
        incident,
        severity=incident.told_severity or incident.severity,
        cause=incident.told_cause or incident.cause,
        diagnosis=incident.told_diagnosis or incident.diagnosis,
    )
    event = EventName.INCIDENT_CHANGED
    return receivers(plan, of_incident(event, incident, members), now) | receivers(
        plan, of_incident(event, was, members), now
    )


def differs(incident: Incident) -> bool:
    """Whether it is no longer what was told, in a way that matters: cause, severity, or whose fault a reference says it is."""
    if not incident.told:
        return False
    return (
        incident.severity is not incident.told_severity
        or incident.told_cause not in (None, incident.cause)
        or (
            incident.told_diagnosis is not incident.diagnosis
            and {incident.told_diagnosis, incident.diagnosis} == WHOSE_FAULT
            and incident.verdict in REFERENCE_SAYS
        )
    )


def reminder(
    plan: Plan, incident: Incident, now: datetime, members: Iterable[Incident] = ()
) -> frozenset[str]:
    """Who would be reminded of it now, by the routes."""
    return incident.told & receivers(plan, of_incident(EventName.INCIDENT_REMINDER, incident, members), now)


# --- what is said ----------------------------------------------------------------------------------------------------


def notify(
    said: Iterable[Word], now: datetime, votes: Votes = lambda _: ()
) -> tuple[list[Notification], dict[str, Incident]]:
    """The notifications that say these words, and the incidents as they are after it, by id.

    What a receiver is told of one event and scope is one notification; receivers that hear the same share it.
    """
    heard: dict[tuple[int, Scope, str, str], list[str]] = {}
    after: dict[str, Incident] = {}
    for word in said:
        after[word.incident.id] = word.incident
        for receiver in word.to:
            key = (ORDER.index(word.event), word.incident.scope, _window_id(word), receiver)
            heard.setdefault(key, []).append(word.incident.id)
    shared: dict[tuple[int, Scope, tuple[str, ...]], list[str]] = {}
    for (place, scope, _, receiver), ids in sorted(heard.items()):
        shared.setdefault((place, scope, tuple(ids)), []).append(receiver)
    found = []
    for (place, scope, together), to in shared.items():
        told = [told_of(after[id_], ORDER[place], to, now) for id_ in together]
        after.update((incident.id, incident) for incident in told)
        found.append(notification(ORDER[place], scope, told, to, now, votes))
    return found, after


def _window_id(word: Word) -> str:
    """Overruns of different windows are told apart."""
    window = word.incident.window
    return window.id if window is not None and word.event is EventName.MAINTENANCE_OVERRUN else ""


def notify_over(
    ended: Incident, to: Iterable[str], still: Sequence[Incident], now: datetime
) -> tuple[Notification, list[Incident]]:
    """The one word that a national or local incident is over, with who is still down, and the incidents after it.

    Those still down count as told to all who hear it: no `incident_opened` follows for them.
    """
    to = sorted(to)
    over = told_of(ended, EventName.INCIDENT_RESOLVED, to, now)
    members = [told_of(incident, EventName.INCIDENT_OPENED, to, now) for incident in still]
    if ended.scope is Scope.NATIONAL:  # it says that those are each province's own
        members = [
            judged(one, Diagnosis.PROVINCIAL_OUTAGE) if one.diagnosis in WHOSE_FAULT else one
            for one in members
        ]
    word = notification(EventName.INCIDENT_RESOLVED, ended.scope, [over], to, now)
    return replace(
        word, incidents=(over, *members), still_down=tuple(sorted({one.authority for one in still}))
    ), [over, *members]


def told_of(incident: Incident, event: EventName, to: Iterable[str], now: datetime) -> Incident:
    """The incident after `event` of it was told `to` these receivers. A change for the worse lifts the acknowledgement."""
    after = replace(noted(incident, f"told={event}", now), sequence=incident.sequence + 1, told_at=now)
    if event in (EventName.INCIDENT_RESOLVED, EventName.DAEMON_RESTORED):
        return after
    if event is EventName.INCIDENT_REMINDER:
        return judged(after)
    after = replace(after, told=incident.told.union(to), heard=incident.heard.difference(to))
    if event is EventName.INCIDENT_ESCALATED:
        after = noted(after, f"to={', '.join(names_of(to))}", now)
        return replace(after, escalated=incident.escalated.union(to), told_at=incident.told_at)
    if incident.acknowledged_at is not None and _lifts(incident):
        after = replace(
            after,
            acknowledged_at=None,
            acknowledged_by="",
            comment="",
            untaken_since=now,
            lifted_depth=depth(incident.cause),
        )
    if event is EventName.INCIDENT_CHANGED and incident.told:
        after = replace(after, changes=incident.changes + 1)
    if not incident.told:
        after = replace(after, untaken_since=now)
    return replace(
        judged(after),
        told_severity=incident.severity,
        told_cause=incident.cause,
        relapse_told_at=now if _is_relapse(incident, event) else incident.relapse_told_at,
    )


def names_of(to: Iterable[str]) -> list[str]:
    """The names of receivers whose URL ids these are: `boss[0]` and `boss[1]` are `boss`."""
    return sorted({id_.rpartition("[")[0] or id_ for id_ in to})


def _lifts(incident: Incident) -> bool:
    """Whether it became worse in a way for which no acknowledgement was lifted before: louder, or earlier on the way."""
    if is_louder(incident.severity, incident.told_severity):
        return True
    known = incident.lifted_depth
    return is_worse(incident) and (known is None or depth(incident.cause) < known)


def judged(incident: Incident, diagnosis: Diagnosis | None = None) -> Incident:
    """The incident after it was told whose fault it is; `diagnosis` where a parent said so of all its members."""
    said = () if diagnosis else tuple(fact for fact in incident.facts if of_references(fact))
    return replace(
        incident,
        told_diagnosis=diagnosis or incident.diagnosis,
        told_verdict=incident.verdict,
        told_facts=said,
    )


def _is_relapse(incident: Incident, event: EventName) -> bool:
    """Whether this tells that it is down again: a change that nobody knows yet to be down."""
    return event is EventName.INCIDENT_CHANGED and not incident.told


def notification(
    event: EventName,
    scope: Scope,
    incidents: Sequence[Incident],
    to: Iterable[str],
    now: datetime,
    votes: Votes = lambda _: (),
) -> Notification:
    """One event of one or several incidents of a scope, as a notification.

    Several are called by the first of them in the order of ids, so that the same ones are called the same every time;
    by its own count no key comes twice.
    """
    first, named = incidents[0], min(incidents, key=lambda one: one.id)
    about = first.id if len(incidents) == 1 else f"group-{named.id}"
    places = {incident.authority for incident in incidents}
    said = map(votes, incidents) if scope is Scope.AUTHORITY and len(places) == 1 else ()
    return Notification(
        key=f"{about}/{named.sequence}/{event}",
        event=event,
        at=now,
        severity=max((incident.severity for incident in incidents), key=LOUDNESS.index),
        scope=scope,
        incidents=tuple(incidents),
        to=tuple(sorted(to)),
        reference=next(filter(None, said), ()),
        window=_overrun(event, first),
        drill=first.drill,
        detail="; ".join(
            incident.facts[0] for incident in incidents if scope is Scope.DAEMON and incident.facts
        ),
    )


def _overrun(event: EventName, incident: Incident) -> Window | None:
    return incident.window if event is EventName.MAINTENANCE_OVERRUN else None
