"""Which services come and go, within a draft; what is told of that is core/flap_telling.py.

A service flaps while one of its targets does; an outage that rests on a target which does not is told as ever. What is seen through a broken network of ours, or in a maintenance window,
is no flapping of theirs: afterwards it is counted anew, unless it had been told before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC

from monitor.core import flapping, parents
from monitor.core.draft import Draft
from monitor.core.facts import Fact
from monitor.core.incidents import Key, key_of, noted
from monitor.core.state import Flap
from monitor.model import Confirmed, Diagnosis, Incident, Plan, Scope, Target, TargetState, Window

MARK, UNMARK = "flapping", "steady"
"""Entries in the timeline of an incident."""


def note(draft: Draft) -> None:
    """Take in which services flap now, and which no longer do; nothing while our own network is, or may be, to blame."""
    if is_unsure(draft):
        return
    found = _found(draft)
    for key, pairs in found.items():
        known = draft.flaps.get(key)
        if known is None:
            _begin(draft, pairs)
        elif known.over_at is not None:
            draft.flaps[key] = replace(known, over_at=None)
    for key, flap in draft.flaps.items():
        if key not in found and flap.over_at is None:
            draft.flaps[key] = replace(flap, over_at=draft.now)


def set_apart(draft: Draft) -> None:
    """Note which outage of a service that flaps rests on a target which does not."""
    for key, flap in draft.flaps.items():
        incident = draft.open.get(Key(Scope.AUTHORITY, flap.authority, flap.service))
        if incident is None or incident.id == flap.apart or flap.over_at is not None:
            continue
        if _rests_on_steady(draft, incident):
            draft.flaps[key] = replace(flap, apart=incident.id)


def hides(draft: Draft, incident: Incident) -> bool:
    """Whether nothing is told of it because it comes and goes: what is down for good beside that is not hidden by it."""
    flap = draft.flap(key_of(incident))
    if flap is None:
        return False
    if flap.over_at is not None:
        return incident.id != flap.apart
    return not _rests_on_steady(draft, incident)


def _rests_on_steady(draft: Draft, incident: Incident) -> bool:
    states = (draft.targets.get(id_) for id_ in incident.targets)
    return any(
        state is not None and state.confirmed is Confirmed.DOWN and not state.flapping for state in states
    )


def is_behind(draft: Draft) -> bool:
    """Whether what flaps was not taken in yet because our own network was, or might be, to blame; now it may be."""
    if is_unsure(draft):
        return False
    return {key for key, flap in draft.flaps.items() if flap.over_at is None} != set(_found(draft))


def _found(draft: Draft) -> dict[str, list[tuple[Target, TargetState]]]:
    """The services of which a target flaps, and those targets."""
    found: dict[str, list[tuple[Target, TargetState]]] = {}
    for state in draft.targets.values():
        if state.flapping and not (target := draft.plan.targets[state.id]).is_control:
            found.setdefault(f"{target.authority}/{target.service}", []).append((target, state))
    return found


def is_unsure(draft: Draft) -> bool:
    """Whether our own network fails, or what it made us believe is not all seen anew."""
    return parents.is_quiet(draft) or draft.doubt is not None


def _begin(draft: Draft, pairs: list[tuple[Target, TargetState]]) -> None:
    target, state = pairs[0]
    runs = draft.plan.judgement.flapping.runs
    stamp = draft.now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    flap = Flap(
        id="-".join(word for word in (target.authority, target.service, "flapping", stamp) if word),
        authority=target.authority,
        service=target.service,
        targets=tuple(one.id for _, one in pairs),
        began_at=draft.now,
        fact=f"{Fact.FLAPPING}={flapping.changes(state.course, runs)}/{runs}",
        cause=state.struck,
    )
    key = Key(Scope.AUTHORITY, target.authority, target.service)
    if (incident := draft.open.get(key)) is not None:
        draft.keep(noted(incident, MARK, draft.now))
    draft.flaps[flap.key] = replace(flap, owed=_unheard(draft, key))


def _unheard(draft: Draft, key: Key) -> str | None:
    """The incident of this service whose end waits to be told; it waits no longer, for that is not told now."""
    for id_ in list(draft.waiting):
        incident = draft.incidents[id_]
        if key_of(incident) == key and not incident.is_open:
            draft.stop_waiting(id_)
            return id_
    for incident in draft.incidents.values():
        if incident.end_from is not None and key_of(incident) == key:
            draft.keep(replace(incident, end_from=None))
            return incident.id
    return None


def count_anew(draft: Draft, window: Window | None = None) -> None:
    """Our own network failed, or a window is over: what was seen meanwhile is no flapping of theirs.

    What was told to flap is counted on: else windows that come often could keep it from ever being steady.
    """
    covered: Iterable[Target] = draft.plan.targets.values()
    if window is not None:
        covered = (one for one in covered if _is_covered(one, window))
    told = {key for key, flap in draft.flaps.items() if flap.told}
    for target in covered:
        state = draft.targets.get(target.id)
        if state is None or f"{target.authority}/{target.service}" in told:
            continue
        after = flapping.begun_anew(state)
        if after is not state:
            draft.change(after)


def _is_covered(target: Target, window: Window) -> bool:
    return (window.authorities is None or target.authority in window.authorities) and (
        window.services is None or target.service in window.services
    )


def stand_in(plan: Plan, flap: Flap) -> Incident:
    """What flaps in the shape of an incident that is nowhere kept: routes and texts ask for one."""
    return Incident(
        id=flap.id,
        scope=Scope.AUTHORITY,
        authority=flap.authority,
        service=flap.service,
        severity=plan.judgement.severity_flapping,
        cause=flap.cause,
        phase=None,
        diagnosis=Diagnosis.UNDETERMINED,
        facts=(flap.fact,),
        first_failure_at=flap.began_at,
        opened_at=flap.began_at,
        targets=flap.targets,
        sequence=1,
    )
