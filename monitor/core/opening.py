"""Opens and ends an incident within a draft; whom that is told follows from what it is then (releasing.py)."""

from __future__ import annotations

from monitor.core import incidents as cases
from monitor.core.draft import Draft
from monitor.core.incidents import Key
from monitor.model import Incident


def begin(draft: Draft, key: Key, outage: cases.Outage) -> Incident:
    """Open an incident, or the last one of its kind again."""
    last = cases.to_reopen(draft.incidents.values(), key, outage, draft.plan)
    if last is None:
        incident = cases.opened(key, outage, draft.now, draft.incidents)
    else:
        incident = cases.reopened(last, outage, draft.now, end_told=last.id not in draft.waiting)
        draft.stop_waiting(last.id)
    draft.keep(incident)
    return incident


def end(draft: Draft, incident: Incident, *, watched: bool = True) -> None:
    """End it. What was resolved before anyone was told is not told at all."""
    draft.keep(cases.resolved(incident, draft.now, watched=watched))
    if incident.told:
        draft.wait_with(incident.id)
    else:
        draft.stop_waiting(incident.id)
