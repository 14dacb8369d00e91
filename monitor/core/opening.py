"""Opens and ends an incident within a draft; whom that is told follows from what it is then (releasing.py)."""

from __future__ import annotations

from dataclasses import replace

from monitor.core import incidents as cases
from monitor.core.draft import Draft
from monitor.core.incidents import Key, key_of
from monitor.model import Incident, Inquiry, Scope

INQUIRED = frozenset({Scope.AUTHORITY, Scope.LOCAL})
"""Incidents that rest on a target of their own, of which more can be found out."""


def begin(draft: Draft, key: Key, outage: cases.Outage) -> Incident:
    """Open an incident, or the last one of its kind again: one whose end is not told as long as the service flaps, always."""
    owed = _owed(draft, key)
    last = owed or cases.to_reopen(draft.incidents.values(), key, outage, draft.plan)
    if last is None:
        incident = cases.opened(key, outage, draft.now, draft.incidents)
    else:
        end_told = owed is None and last.id not in draft.waiting
        incident = cases.reopened(last, outage, draft.now, end_told=end_told)
        if owed is not None:  # it was up since, so it counts from its last fall
            incident = replace(incident, fell_at=outage.first_failure_at, mended_at=last.resolved_at)
        draft.stop_waiting(last.id)
    draft.keep(incident)
    if incident.targets and incident.scope in INQUIRED:
        draft.inquiries.append(Inquiry(incident=incident.id, target=incident.targets[0]))
    return incident


def end(draft: Draft, incident: Incident, *, watched: bool = True) -> None:
    """End it. What was resolved before anyone was told is not told at all; what flaps is told of when it is steady."""
    draft.keep(cases.resolved(incident, draft.now, watched=watched))
    flap = draft.flap(key_of(incident))
    if flap is not None and flap.apart == incident.id:
        flap = None  # what was told of it did not come and go
    if incident.told and flap is not None:
        draft.flaps[flap.key] = replace(flap, owed=incident.id)
    if incident.told and flap is None:
        draft.wait_with(incident.id)
    else:
        draft.stop_waiting(incident.id)


def _owed(draft: Draft, key: Key) -> Incident | None:
    """The incident whose end those who were told have still to hear because the service flaps. It goes on now."""
    flap = draft.flap(key)
    if flap is None or flap.owed is None:
        return None
    draft.flaps[flap.key] = replace(flap, owed=None)
    return draft.incidents.get(flap.owed)
