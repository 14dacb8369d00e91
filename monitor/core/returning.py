"""Windows that end before their planned end because all that they cover is back, and go on where it fails again.

A window ends early when every authority that it covers was down in it, nothing that it covers is down any more, and that
has stood for `Plan.early_end`. What fails again in the planned time is not a fresh outage: the rest of the window is then
a window of its own, which is told as begun, mutes like any other, and brings the overrun at its end. After `MOST_RESTS`
of these the last one lasts to the planned end, so that an upgrade that is tried again and again is not told all night.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core import judge, planned
from monitor.core.draft import Draft
from monitor.core.incidents import LOCAL_KEY
from monitor.core.state import WindowRecord
from monitor.core.windows import current, find
from monitor.model import LOCAL, Confirmed, Early, Incident, Scope, Target, TargetState, Window

MOST_RESTS = 3
"""So often a window goes on after it ended early; then it lasts to its planned end."""


def keep(draft: Draft) -> None:
    """Let the windows end of which all is back for long enough, and those go on of which something fails again."""
    for record in list(draft.windows.values()):
        if record.window.early is Early.BACK and not _is_past(draft, record):
            _resume(draft, record)
    for window, at in _returning(draft):
        if at <= draft.now:
            ended = planned.end_early(draft.plan, draft.windows, window.id, draft.now, Early.BACK)
            if ended is not None:
                draft.windows[window.id] = ended


def moments(draft: Draft) -> Iterator[datetime]:
    """When windows end early, if nothing fails until then."""
    yield from (at for _, at in _returning(draft))


# --- all is back -----------------------------------------------------------------------------------------------------


def _returning(draft: Draft) -> Iterator[tuple[Window, datetime]]:
    """The open windows of which all is back, and when they end by that."""
    if draft.plan.early_end <= 0 or LOCAL_KEY in draft.open or draft.doubt is not None:
        return
    for window in current(draft.plan, draft.windows, draft.now):
        if _number(window) >= MOST_RESTS:
            continue
        since = _back_since(draft, window)
        if since is not None:
            at = since + timedelta(seconds=draft.plan.early_end)
            if at < window.end:
                yield window, at


def _back_since(draft: Draft, window: Window) -> datetime | None:
    """Since when all that it covers is up, all of which was down in it; None: it is not so."""
    mine = [one for one in draft.incidents.values() if _is_of(one, window)]
    ended = [one.resolved_at for one in mine if one.resolved_at is not None]
    if not ended or len(ended) < len(mine):
        return None
    pairs = list(_covered(draft, window))
    if {target.authority for target, _ in pairs} - {one.authority for one in mine}:
        return None
    return max(ended) if all(_is_well(draft, target, state) for target, state in pairs) else None


def _is_of(incident: Incident, window: Window) -> bool:
    return (
        incident.scope is Scope.AUTHORITY
        and not incident.never_up
        and incident.window is not None
        and incident.window.id == window.id
    )


def _covered(draft: Draft, window: Window) -> Iterator[tuple[Target, TargetState]]:
    """The targets that it covers and that ever answered."""
    slugs: Iterable[str] = draft.plan.by_authority if window.authorities is None else window.authorities
    for slug in slugs:
        for target in () if slug == LOCAL else draft.plan.by_authority.get(slug, ()):
            state = draft.targets.get(target.id)
            covered = window.services is None or target.service in window.services
            if covered and state is not None and state.seen_up:
                yield target, state


def _is_well(draft: Draft, target: Target, state: TargetState) -> bool:
    """Whether it is confirmed up by a run that is not long ago, answers, and does not come and go."""
    flap = draft.flaps.get(f"{target.authority}/{target.service}")
    return (
        state.confirmed is Confirmed.UP
        and not state.failures
        and not judge.is_outdated(target, state, draft.now)
        and (flap is None or flap.over_at is not None)
    )


# --- it fails again --------------------------------------------------------------------------------------------------


def _is_past(draft: Draft, record: WindowRecord) -> bool:
    """Whether nothing that fails now can belong to its planned time, or a rest of it was made already."""
    if record.planned_end is None or record.planned_end == record.window.end:
        return True
    grace = timedelta(seconds=draft.plan.overrun_grace)
    return draft.now >= record.planned_end + grace or _rest_id(record.window) in draft.windows


def _resume(draft: Draft, record: WindowRecord) -> None:
    """Make the rest of it a window where something that it covers is down again since then."""
    ended, until = record.window.end, record.planned_end
    began = [
        state.first_failure_at
        for _, state in _covered(draft, record.window)
        if state.confirmed is Confirmed.DOWN and state.first_failure_at is not None
    ]
    began = [at for at in began if until is not None and ended <= at < until]
    if not began or until is None:
        return
    id_ = _rest_id(record.window)
    rest = replace(
        record.window,
        id=id_,
        start=min(began),
        end=until,
        resumes=_first(record.window),
        early=None,
        planned_end=None,
    )
    draft.windows[id_] = WindowRecord(window=rest)


def end_orphans(draft: Draft) -> None:
    """End the rests of windows whose rule is no longer configured."""
    for id_, record in list(draft.windows.items()):
        first = record.window.resumes
        if first and find(draft.plan, draft.windows, first) is None:
            ended = planned.end_early(draft.plan, draft.windows, id_, draft.now)
            if ended is not None:
                draft.windows[id_] = ended


def _rest_id(window: Window) -> str:
    return f"{_first(window)}-again-{_number(window) + 1}"


def _first(window: Window) -> str:
    """Id of the window that was planned."""
    return window.resumes or window.id


def _number(window: Window) -> int:
    """Which rest of a window it is; 0: it is the one that was planned."""
    return int(window.id.rpartition("-again-")[2]) if window.resumes else 0
