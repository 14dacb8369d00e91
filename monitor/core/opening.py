"""Opens and ends an incident within a draft; whom that is told follows from what it is then (releasing.py)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from monitor.core import damping
from monitor.core import incidents as cases
from monitor.core.draft import Draft
from monitor.core.incidents import Key, key_of
from monitor.model import Incident, Inquiry, Scope

AGAIN = timedelta(minutes=2)
"""What changes is looked at closer once more, at most so often."""
INQUIRED = frozenset({Scope.AUTHORITY, Scope.LOCAL})
"""Incidents that rest on a target of their own, of which more can be found out."""


def begin(draft: Draft, key: Key, outage: cases.Outage) -> Incident:
    """Open an incident, or the last one of its kind again: one whose end could not be told yet, always."""
    owed = _owed(draft, key)
    last = owed or _ending(draft, key) or cases.to_reopen(draft.incidents.values(), key, outage, draft.plan)
    if last is None:
        incident = cases.opened(key, outage, draft.now, draft.incidents)
    else:
        quiet = owed is not None or last.end_from is not None
        end_told = not quiet and last.id not in draft.waiting
        incident = cases.reopened(last, outage, draft.now, end_told=end_told)
        if quiet or damping.of_end(last):  # it was up since, so it counts from its last fall
            incident = replace(incident, fell_at=outage.first_failure_at, mended_at=last.resolved_at)
        draft.stop_waiting(last.id)
    draft.keep(incident)
    _inquire(draft, incident)
    return incident


def inquire_anew(draft: Draft, incident: Incident) -> None:
    """Ask for evidence of what it became, unless there is some of just now: what flickers is not looked at without end."""
    known = draft.evidence.get(incident.id)
    if known is None or not draft.now - AGAIN < known.taken_at <= draft.now:
        _inquire(draft, incident)


def _inquire(draft: Draft, incident: Incident) -> None:
    if incident.targets and incident.scope in INQUIRED:
        draft.inquiries.append(Inquiry(incident=incident.id, target=incident.targets[0]))


def end(draft: Draft, incident: Incident, *, watched: bool = True) -> None:
    """End it. What was resolved before anyone was told is not told at all; what flaps is told of when it is steady."""
    draft.keep(cases.resolved(incident, draft.now, watched=watched))
    flap = draft.flap(key_of(incident))
    if flap is not None and flap.apart == incident.id:
        flap = None  # what was told of it did not come and go
    if incident.told and flap is not None:
        draft.flaps[flap.key] = replace(flap, owed=incident.id)
    if incident.told and flap is None:
        _tell_end(draft, draft.incidents[incident.id], watched=watched)
    else:
        draft.stop_waiting(incident.id)


def _tell_end(draft: Draft, ended: Incident, *, watched: bool) -> None:
    """Let its end wait to be told; what was down again and again must be up for a while before."""
    hold = damping.of_end(ended) if watched else timedelta()
    if hold:
        draft.stop_waiting(ended.id)
        draft.keep(replace(ended, end_from=draft.now + hold))
    else:
        draft.wait_with(ended.id)


def tell_ends(draft: Draft) -> None:
    """Let those ends wait to be told that have stood for long enough (not held by a clock that was set back)."""
    for incident in list(draft.incidents.values()):
        if incident.end_from is None:
            continue
        latest = draft.now + damping.of_end(incident)
        if incident.end_from <= draft.now:
            draft.keep(replace(incident, end_from=None))
            draft.wait_with(incident.id)
        elif incident.end_from > latest:
            draft.keep(replace(incident, end_from=latest))


def _ending(draft: Draft, key: Key) -> Incident | None:
    """The incident whose end has not stood for long enough to be told. It goes on now."""
    return next(
        (one for one in draft.incidents.values() if one.end_from is not None and key_of(one) == key), None
    )


def _owed(draft: Draft, key: Key) -> Incident | None:
    """The incident whose end those who were told have still to hear because the service flaps. It goes on now."""
    flap = draft.flap(key)
    if flap is None or flap.owed is None:
        return None
    draft.flaps[flap.key] = replace(flap, owed=None)
    return draft.incidents.get(flap.owed)
