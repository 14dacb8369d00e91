"""Several notifications for one receiver as one that counts and lists: beyond a cap, in a storm, after days of silence.

A digest is a `Notification` like any other, so it is kept, tried again and ordered like any other, and its key follows
from what it stands for. Every incident in it is whole and as it was told last, so an opening and its end are one line.
What it stands for is decided and `told` already: a digest is only how one receiver's outbox is emptied.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b

from monitor.core.incidents import LOUDNESS
from monitor.model import Digested, EventName, Incident, Notification, Scope

ALONE = frozenset({EventName.TEST, EventName.REPORT, EventName.AUTHORITY_RECOVERED})
"""What somebody asked for by itself."""
ENDS = frozenset({EventName.INCIDENT_RESOLVED, EventName.DAEMON_RESTORED})
QUIET = frozenset({EventName.INCIDENT_CHANGED, EventName.INCIDENT_REMINDER, EventName.INCIDENT_ESCALATED})
"""What has no line of its own in a digest: the line of its incident says how that stands."""
BEGUN = frozenset({
    EventName.INCIDENT_OPENED, EventName.MAINTENANCE_OVERRUN, EventName.DAEMON_DEGRADED, *QUIET,
})  # fmt: skip
MAY_BE_LEFT_OUT = QUIET | {
    EventName.MAINTENANCE_ANNOUNCED, EventName.MAINTENANCE_UPCOMING, EventName.MAINTENANCE_STARTED,
}  # fmt: skip
"""What may be let go of, or be told without a line of its own."""
MUST_ARRIVE = (BEGUN | ENDS | {EventName.FLAPPING_STARTED, EventName.FLAPPING_STOPPED}) - {
    EventName.INCIDENT_REMINDER,
}  # fmt: skip
"""What says that something is down or over: worth trying for days, also where it is refused."""
_ANNOUNCING = frozenset({EventName.MAINTENANCE_ANNOUNCED, EventName.MAINTENANCE_UPCOMING})
_PARENTS = frozenset({Scope.LOCAL, Scope.NATIONAL})
"""Scopes whose incidents explain others, their members, and speak for them."""
MOST_LISTED = 500
"""Incidents that one digest holds; of older ones that are over only the number."""


def may_join(note: Notification) -> bool:
    """Whether it may be told together with others. Drills are never mixed with what is real."""
    return not note.drill and note.event not in ALONE


def together_already(notes: Sequence[Notification]) -> bool:
    """Whether one of these is a digest: what follows it belongs to the same stretch, and joins it."""
    return any(note.digest for note in notes)


def joined(notes: Sequence[Notification], receiver: str) -> Notification:
    """One notification to `receiver` for these, the oldest first (at least one; digests among them are taken apart)."""
    entries = tuple(entry for note in notes for entry in _entries(note))
    latest = _latest(notes, entries)
    entries = tuple(
        replace(entry, incidents=tuple(id_ for id_ in entry.incidents if id_ in latest)) for entry in entries
    )
    kept, gone = _fitting(list(latest.values()))
    event = _event(kept, entries)
    scopes = {note.scope for note in notes}
    return Notification(
        key=f"digest-{_print(entries)}/{len(entries)}/{event}",
        event=event,
        at=notes[-1].at,
        severity=max((note.severity for note in notes), key=LOUDNESS.index),
        scope=scopes.pop() if len(scopes) == 1 else Scope.AUTHORITY,
        incidents=tuple(kept),
        to=(receiver,),
        digest=_bounded(entries, gone),
        unlisted=len(gone) + sum(note.unlisted for note in notes),
    )


def _latest(notes: Sequence[Notification], entries: Iterable[Digested]) -> dict[str, Incident]:
    """Each incident as it was told last, by id, in the order of that last word.

    Whom the end of a parent does not name is no longer down: its recovery is told by that end alone.
    """
    own = {id_ for entry in entries if entry.scope not in _PARENTS for id_ in entry.incidents}
    latest: dict[str, Incident] = {}
    for note in notes:
        for incident in note.incidents:
            latest.pop(incident.id, None)
            latest[incident.id] = incident
        if note.scope in _PARENTS and note.event in ENDS and not note.digest:
            _end_with(note, latest, own)
    return latest


def _end_with(over: Notification, latest: dict[str, Incident], own: set[str]) -> None:
    """End the members that this end of their parent does not name; without a word of their own they need no line."""
    parent, listed = over.incidents[0], {incident.id for incident in over.incidents}
    for id_, member in list(latest.items()):
        if member.parent != parent.id or id_ in listed or not member.is_open:
            continue
        if id_ in own:
            latest[id_] = replace(member, resolved_at=parent.resolved_at or over.at)
        else:
            del latest[id_]


def superseded(notes: Sequence[Notification]) -> list[Notification]:
    """Those of these, the oldest first, that say nothing which a later one does not say: nothing is lost without them.

    A reminder of what is still to be told or was; a change after which another follows before the end; a window's
    announcement or start after which its end follows.
    """
    found, changes, windows = [], set[str](), set[str]()
    for note in reversed(notes):
        ids = {incident.id for incident in note.incidents}
        if note.digest or not may_join(note):
            changes -= ids
        elif note.window is not None and not note.incidents:
            if note.window.id in windows:
                found.append(note)
            windows.add(note.window.id)
        elif note.event is EventName.INCIDENT_REMINDER:
            found.append(note)
        elif note.event is EventName.INCIDENT_CHANGED:
            if ids <= changes:
                found.append(note)
            changes |= ids
        else:
            changes -= ids
    return found[::-1]


def spent(notes: Sequence[Notification], now: datetime) -> list[Notification]:
    """Those of these, the oldest first, that time has made worthless at `now`, however little waits.

    A reminder before a later word of the same incident; a change before another one or the end, unless it says that
    what had ended is down again; the announcement of a window that is over or of which more waits.
    """
    found, heard, settled, windows = [], set[str](), set[str](), set[str]()
    for note in reversed(notes):
        ids = {incident.id for incident in note.incidents}
        if note.digest or note.drill:
            settled -= ids
        elif note.event in _ANNOUNCING and note.window is not None:
            if note.window.id in windows or note.window.end <= now:
                found.append(note)
        elif (note.event is EventName.INCIDENT_REMINDER and ids <= heard) or (
            note.event is EventName.INCIDENT_CHANGED
            and ids <= settled
            and not any(incident.reopened for incident in note.incidents)
        ):
            found.append(note)
        elif note.event in (EventName.INCIDENT_CHANGED, *ENDS):
            settled |= ids
        heard |= ids
        windows |= {note.window.id} if note.window is not None and not note.incidents else set()
    return found[::-1]


def _entries(note: Notification) -> tuple[Digested, ...]:
    if note.digest:
        return note.digest
    return (
        Digested(
            key=note.key,
            event=note.event,
            at=note.at,
            severity=note.severity,
            scope=note.scope,
            incidents=tuple(incident.id for incident in note.incidents),
            window=note.window,
            detail=note.detail,
        ),
    )


def _fitting(incidents: list[Incident]) -> tuple[list[Incident], list[Incident]]:
    """What a digest holds, and what is too much: the oldest of those that are over."""
    too_many = len(incidents) - MOST_LISTED
    gone = [incident for incident in incidents if not incident.is_open][: max(0, too_many)]
    left_out = {incident.id for incident in gone}
    return [incident for incident in incidents if incident.id not in left_out], gone


def _bounded(entries: tuple[Digested, ...], gone: Iterable[Incident]) -> tuple[Digested, ...]:
    """The entries without those that are about nothing but incidents which it does not hold."""
    ids = {incident.id for incident in gone}
    return tuple(entry for entry in entries if not entry.incidents or not ids.issuperset(entry.incidents))


def _event(incidents: Iterable[Incident], entries: Sequence[Digested]) -> EventName:
    """What it says above all: something is down, else something mended, else what the last of them says."""
    known = list(incidents)
    down = {incident.id for incident in known if incident.is_open}
    if any(tells_of_outage(entry, down) and not down.isdisjoint(entry.incidents) for entry in entries):
        return EventName.INCIDENT_OPENED
    return EventName.INCIDENT_RESOLVED if any(entry.event in ENDS for entry in entries) else entries[-1].event


def tells_of_outage(entry: Digested, down: Collection[str]) -> bool:
    """Whether it says that an outage began, goes on or is over. `down`: ids of the incidents that are open.

    So does what is steady after flapping, and down; the rest is told by its title.
    """
    if entry.event is EventName.FLAPPING_STOPPED:
        return not set(entry.incidents).isdisjoint(down)
    return entry.event in BEGUN | ENDS


def _print(entries: Iterable[Digested]) -> str:
    return blake2b("\n".join(entry.key for entry in entries).encode(), digest_size=8).hexdigest()


def told_by(note: Notification) -> list[tuple[EventName, bool]]:
    """The event of each notification that it stands for, and whether that has a line of its own."""
    if not note.digest:
        return [(note.event, True)]
    return [(entry.event, entry.event not in QUIET) for entry in note.digest]
