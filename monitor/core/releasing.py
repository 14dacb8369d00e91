"""What is told now: the waiting group, the ends of parents with who is still down, and reminders.

Every Tick asks of every open incident what there is to say of it. So nothing is lost that a silence, a window, a parent
or the hours of a route held back for a while: it is said when nothing holds it back any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core import damping, flaps, muting, parents
from monitor.core.draft import Draft
from monitor.core.incidents import LOCAL_KEY
from monitor.core.judge import interval_of
from monitor.core.services import is_spoken_of
from monitor.core.settling import open_still_down, settle_all
from monitor.core.stores import CONFIRM, is_unconfirmed
from monitor.core.telling import Word, differs, judged, notify, notify_over, reminder, unaware, words
from monitor.core.verdict import reference_rows
from monitor.core.wakeup import LOOK_AGAIN, release_time
from monitor.model import Diagnosis, EventName, Incident, Notification, Scope, TargetState, Vote

SOON = 0.05
"""What is to be reminded of within this part of `repeat` goes along with what is due."""
OLD_WORDS = timedelta(seconds=60)
"""How long a fault of ours waits, that rests on what references saw before it began, until they look again."""
ASK_AGAIN = timedelta(seconds=15)
"""How often they are asked meanwhile."""
MOST_EVIDENCE = 5
"""Incidents of one message whose evidence goes with it."""

# --- the group that waits --------------------------------------------------------------------------------------------


def collect(draft: Draft) -> None:
    """Let everything wait that there is something to say of, and nothing else."""
    for incident in draft.open.values():
        if said(draft, incident):
            draft.wait_with(incident.id)
        else:
            draft.stop_waiting(incident.id)


def said(draft: Draft, incident: Incident) -> list[Word]:
    """What there is to say of an incident now. An end is always told, the rest when nothing holds it back."""
    if not incident.is_open:
        return words(draft.plan, incident, draft.now)
    if is_held_back(draft, incident) or (
        muting.awaits_overrun(incident) and not has_overrun(draft, incident)
    ):
        return []
    if not incident.told and is_unconfirmed(incident, draft.now):
        return []
    return words(
        draft.plan,
        incident,
        draft.now,
        steady=draft.now >= steady_at(draft, incident),
        members=listed(draft, incident),
    )


def is_held_back(draft: Draft, incident: Incident) -> bool:
    """Whether a parent, a window, a silence, or that it comes and goes, keeps openings, changes and reminders back."""
    return (
        flaps.hides(draft, incident)
        or parents.is_explained(draft, incident)
        or muting.rests(incident, draft.plan, draft.now)
        or muting.silenced_by(incident, draft.silences, draft.now) is not None
    )


def has_overrun(draft: Draft, incident: Incident) -> bool:
    """Whether it failed on a run after its window and the grace."""
    return muting.failed_since(incident, draft.targets, muting.grace_ends(incident, draft.plan))


def steady_at(draft: Draft, incident: Incident) -> datetime:
    """From when a change of it counts as confirmed: as many runs must have said so as confirm a failure, and twice as many each time."""
    since = incident.changed_at or incident.opened_at
    if incident.scope is Scope.NATIONAL:
        return min(since, draft.now) + damping.of_change(incident, parents.hold(draft, incident))
    target = draft.plan.targets.get(incident.targets[0]) if incident.targets else None
    if target is None or since > draft.now:  # the clock was set back
        return min(since, draft.now)
    state = draft.targets.get(target.id) or TargetState(id=target.id)
    runs = (target.confirm.attempts - 1) * max(interval_of(target, state), target.confirm.spacing)
    row = timedelta(seconds=runs + target.timeout if runs else 0)
    return since + damping.of_change(incident, row)


def listed(draft: Draft, incident: Incident) -> list[Incident]:
    """Whom it lists: the members of a national one."""
    return parents.members(draft, incident) if incident.scope is Scope.NATIONAL else []


def may_release(draft: Draft) -> bool:
    """Whether the waiting group may be told now."""
    group = draft.group()
    if group is None:
        return False
    at = release_time(draft.plan, draft.now, group=group, sweep=draft.sweep, states=draft.targets)
    if draft.now < at:
        return False
    return not _waits_for_the_country(draft)


def _waits_for_the_country(draft: Draft) -> bool:
    """Put the first word off, within limits, while it is not known whether it is about one authority, many, or us."""
    if parents.rests_on_old_words(draft):
        patience, step = OLD_WORDS, ASK_AGAIN
    elif parents.is_suspected(draft) or parents.may_be_ours(draft):
        patience, step = parents.longest_row(draft), LOOK_AGAIN
    else:
        return False
    draft.latest = min(draft.now + patience, draft.latest or draft.now + patience)
    if draft.now >= draft.latest:
        return False
    draft.first_failure = draft.first_failure or step is ASK_AGAIN  # the references are asked anew
    draft.release_at = min(draft.latest, draft.now + step)
    return True


def release(draft: Draft) -> None:
    """Decide the notifications of the waiting group, after a fresh look at what each of them rests on.

    What ended first, so that the end of a parent may say that it is down again.
    """
    settle_all(draft, draft.around())
    collect(draft)
    over = parents.ended(draft)
    ended = [incident for id_ in draft.waiting if not (incident := draft.incidents[id_]).is_open]
    draft.waiting = [id_ for id_ in draft.waiting if draft.incidents[id_].is_open]
    tell(draft, (word for one in ended if one not in over for word in said(draft, one)))
    for parent in over:
        _release_end(draft, parent)
    if over:
        parents.settle_national(draft, draft.around())
        collect(draft)
    tell(draft, (word for id_ in draft.waiting for word in said(draft, draft.incidents[id_])))
    draft.waiting = []
    draft.latest = None


def tell(draft: Draft, decided: Iterable[Word]) -> None:
    """Decide these notifications. That of a national outage lists its members."""
    found, after = notify(decided, draft.now, lambda incident: votes(draft, incident))
    draft.notifications += [_with_evidence(draft, _with_members(draft, note)) for note in found]
    for incident in after.values():
        draft.keep(incident)
    for member in [one for note in found for one in _nationwide(draft, note)]:
        if member.told:
            draft.keep(judged(member, Diagnosis.NATIONAL_OUTAGE))


def _with_members(draft: Draft, note: Notification) -> Notification:
    members = _nationwide(draft, note)
    return replace(note, incidents=(*note.incidents, *members)) if members else note


def _nationwide(draft: Draft, note: Notification) -> list[Incident]:
    """Those of which it says that they are part of a nationwide outage."""
    if note.scope is not Scope.NATIONAL or note.event is EventName.INCIDENT_RESOLVED:
        return []
    return [one for parent in note.incidents for one in parents.members(draft, parent)]


def _with_evidence(draft: Draft, note: Notification) -> Notification:
    """What has been found out by now of the first it is about."""
    found = (draft.evidence.get(incident.id) for incident in note.incidents[:MOST_EVIDENCE])
    return replace(note, evidence=tuple(one for one in found if one is not None))


def votes(draft: Draft, incident: Incident) -> tuple[Vote, ...]:
    """What the references say now of what it is about: they speak of main services only."""
    if not is_spoken_of(draft.plan, incident.authority, incident.service):
        return ()
    return tuple(
        Vote(
            source=one.source,
            outcome=one.outcome,
            age_seconds=one.age_seconds,
            stale=one.stale,
        )
        for one in reference_rows(draft.references, draft.plan.references, incident.authority, draft.now)
    )


def _release_end(draft: Draft, parent: Incident) -> None:
    """The end of a parent, with those who are down still; these count as told to all who hear it.

    Who is down still and was not told of the parent hears of it as usual.
    """
    if parent.scope is Scope.LOCAL:
        if LOCAL_KEY not in draft.open:
            for incident in open_still_down(draft):
                draft.keep(replace(incident, parent=parent.id))
        still = [one for one in draft.open.values() if parents.is_still_down(one)]
    else:
        still = parents.members(draft, parent)
    still = [one for one in still if one.told or not _is_muted(draft, one)]
    to = frozenset[str]().union(*(word.to for word in said(draft, parent)))
    word, after = notify_over(parent, to, still, draft.now)
    if to:
        draft.notifications.append(word)
    for incident in after:
        draft.keep(incident)
    tell(draft, (word for one in after if one.is_open for word in unaware(draft.plan, one, draft.now)))


def _is_muted(draft: Draft, incident: Incident) -> bool:
    return (
        flaps.hides(draft, incident)
        or muting.rests(incident, draft.plan, draft.now)
        or muting.silenced_by(incident, draft.silences, draft.now) is not None
    )


# --- reminders -------------------------------------------------------------------------------------------------------


def remind(draft: Draft) -> None:
    """Remind of what is open, told and not taken by anybody; what is due soon goes along."""
    due = {incident.id: at for incident in draft.open.values() if (at := remind_at(draft, incident))}
    if not due or min(due.values()) > draft.now:
        return
    along = draft.now + timedelta(seconds=draft.plan.repeat * SOON)
    decided = [
        Word(
            event=EventName.INCIDENT_REMINDER,
            incident=draft.incidents[id_],
            to=_reminded(draft, draft.incidents[id_]),
        )
        for id_, at in due.items()
        if at <= along
    ]
    tell(draft, decided)


def remind_at(draft: Draft, incident: Incident) -> datetime | None:
    """When to remind of an incident next; None: not as things stand."""
    paused = incident.acknowledged_at is not None or incident.id in draft.waiting
    if draft.plan.repeat <= 0 or paused or not incident.told or is_held_back(draft, incident):
        return None
    if not _reminded(draft, incident):
        return None
    at = (incident.told_at or incident.opened_at) + timedelta(seconds=draft.plan.repeat)
    return max(at, muting.grace_ends(incident, draft.plan) or at)


def _reminded(draft: Draft, incident: Incident) -> frozenset[str]:
    return reminder(draft.plan, incident, draft.now, listed(draft, incident))


# --- when to look again ----------------------------------------------------------------------------------------------


def moments(draft: Draft) -> Iterable[datetime | None]:
    """When there may next be something to say of an open incident, for what its time alone brings."""
    for incident in draft.open.values():
        yield muting.grace_ends(incident, draft.plan)
        yield remind_at(draft, incident)
        if differs(incident):
            yield steady_at(draft, incident)
        if incident.scope is Scope.DAEMON:
            yield incident.opened_at + CONFIRM
            yield incident.fading_since and incident.fading_since + CONFIRM
    yield parents.ends_fading(draft)
    yield from (incident.end_from for incident in draft.incidents.values())


def note_overdue(draft: Draft) -> None:
    """Note whose next failing run makes an overrun, and ask for that run."""
    overdue = [
        incident
        for incident in draft.open.values()
        if muting.awaits_overrun(incident)
        and not muting.rests(incident, draft.plan, draft.now)
        and not has_overrun(draft, incident)
    ]
    for incident in overdue:
        if incident.authority not in draft.overdue:
            for id_ in incident.targets:
                if (target := draft.plan.targets.get(id_)) is not None:
                    draft.want(target, draft.now)
    draft.overdue = frozenset(incident.authority for incident in overdue)
