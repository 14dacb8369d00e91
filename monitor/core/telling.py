"""What is told to whom: the waiting group becomes notifications, one per receiver and event.

Who was told that it broke is told that it mended (`Incident.told`), whatever the routes say by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.core.incidents import LOUDNESS
from monitor.model import EventName, Incident, Notification, Plan, Scope, SpeaksOf

ORDER = (EventName.INCIDENT_RESOLVED, EventName.INCIDENT_CHANGED, EventName.INCIDENT_OPENED)
"""What ended is told before what began, so that a receiver hears of each service in turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One thing to say about one incident."""

    event: EventName
    incident: Incident
    to: frozenset[str]


def receivers(plan: Plan, incident: Incident) -> frozenset[str]:
    """Ids of the receiver URLs an incident is told to: the first route's; without routes, everyone's."""
    del incident  # routes of this step match everything
    if not plan.routes:
        return frozenset(receiver.id for receiver in plan.receivers)
    names = plan.routes[0].to
    return frozenset(receiver.id for receiver in plan.receivers if receiver.name in names)


def words(plan: Plan, incident: Incident) -> list[Word]:
    """What has to be said about an incident now; empty when everyone knows what there is to know."""
    if not incident.is_open:
        found = [(EventName.INCIDENT_RESOLVED, incident.told)]
    else:
        if incident.told_severity is incident.severity:
            return []
        found = [
            (EventName.INCIDENT_CHANGED, incident.told),
            (EventName.INCIDENT_OPENED, receivers(plan, incident) - incident.told),
        ]
    return [Word(event=event, incident=incident, to=to) for event, to in found if to]


def notify(said: Iterable[Word], now: datetime) -> tuple[list[Notification], dict[str, Incident]]:
    """The notifications that say these words, and the incidents as they are after it, by id.

    What a receiver is told of one event and scope is one notification; receivers that hear the same share it.
    """
    heard: dict[tuple[int, Scope, str], list[str]] = {}
    after: dict[str, Incident] = {}
    for word in said:
        after[word.incident.id] = word.incident
        for receiver in word.to:
            key = (ORDER.index(word.event), word.incident.scope, receiver)
            heard.setdefault(key, []).append(word.incident.id)
    shared: dict[tuple[int, Scope, tuple[str, ...]], list[str]] = {}
    for (place, scope, receiver), ids in sorted(heard.items()):
        shared.setdefault((place, scope, tuple(ids)), []).append(receiver)
    found = []
    for (place, scope, together), to in shared.items():
        told = [_told(after[id_], ORDER[place], to) for id_ in together]
        after.update((incident.id, incident) for incident in told)
        found.append(_notification(ORDER[place], scope, told, to, now))
    return found, after


def notify_over(
    ended: Incident, still: Sequence[Incident], slugs: Iterable[str], now: datetime
) -> tuple[Notification, list[Incident]]:
    """The one word that our own fault is over, with who is still down, and the incidents as they are after it.

    Those still down count as told to all who hear it: no `incident_opened` follows for them.
    """
    to = sorted(ended.told)
    over = replace(ended, sequence=ended.sequence + 1)
    members = [_told(incident, EventName.INCIDENT_OPENED, to) for incident in still]
    word = _notification(EventName.INCIDENT_RESOLVED, ended.scope, [over], to, now)
    return replace(word, incidents=(over, *members), still_down=tuple(sorted(set(slugs)))), [over, *members]


def _told(incident: Incident, event: EventName, to: Iterable[str]) -> Incident:
    if event is EventName.INCIDENT_RESOLVED:
        return replace(incident, sequence=incident.sequence + 1)
    return replace(
        incident,
        told=incident.told.union(to),
        told_severity=incident.severity,
        sequence=incident.sequence + 1,
    )


def _notification(
    event: EventName, scope: Scope, incidents: Sequence[Incident], to: Iterable[str], now: datetime
) -> Notification:
    first = incidents[0]
    about = first.id if len(incidents) == 1 else f"group-{first.id}"
    return Notification(
        key=f"{about}/{first.sequence}/{event}",
        event=event,
        at=now,
        severity=max((incident.severity for incident in incidents), key=LOUDNESS.index),
        scope=scope,
        incidents=tuple(incidents),
        to=tuple(sorted(to)),
    )


def by_service(incidents: Mapping[str, Incident]) -> dict[tuple[str, str], Incident]:
    """The open incidents by (authority, service); there is at most one of each."""
    return {(one.authority, one.service): one for one in incidents.values() if one.is_open}


def speaks_of_authority(incident: Incident) -> bool:
    """Whether it says that an authority is down (and not that we cannot see it, or that our own network is)."""
    return incident.scope is Scope.AUTHORITY and incident.cause.speaks_of is SpeaksOf.AUTHORITY
