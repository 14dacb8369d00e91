"""Drills: outages that are only played, told by the real routes to the real receivers, and part of nothing else.

The incidents of a drill live in its record alone, never among the real ones. So they count for no quorum, no statistics,
no page, no metric of outages and nothing that is published, and a real outage of the same service is told beside them as
what it is. Neither windows nor silences hold a drill back: somebody asked for it. Only the routes decide who hears.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.core.draft import Draft
from monitor.core.incidents import noted
from monitor.core.services import main_service
from monitor.core.state import Drill
from monitor.core.telling import notify, words
from monitor.model import (
    PSEUDO_AUTHORITIES,
    Cause,
    Diagnosis,
    EndDrill,
    Incident,
    Phase,
    Scope,
    StartDrill,
)

SHORTEST, LONGEST = 1.0, 4 * 3600.0
"""Seconds that a drill may last."""
MOST_KEPT = 20
"""Drills that are over and still remembered with who was told."""


# --- commands --------------------------------------------------------------------------------------------------------


def start(draft: Draft, command: StartDrill) -> str:
    """Begin a drill. Why it cannot be, in one line; empty: it has begun."""
    why_not = _why_not(draft, command)
    if not why_not:
        draft.drills[command.id] = Drill(
            id=command.id,
            authorities=command.authorities,
            started_at=draft.now,
            until=draft.now + timedelta(seconds=command.duration),
            incidents=tuple(_played(draft, slug, command.id) for slug in command.authorities),
        )
    return why_not


def _why_not(draft: Draft, command: StartDrill) -> str:
    watched = draft.plan.by_authority.keys() - PSEUDO_AUTHORITIES
    strange = [slug for slug in command.authorities if slug not in watched]
    if strange:
        return f"authority {strange[0]!r} is not watched"
    if not command.authorities or len(set(command.authorities)) < len(command.authorities):
        return "name at least one authority, and each once"
    if not SHORTEST <= command.duration <= LONGEST:
        return f"a drill lasts {SHORTEST:g} s to {LONGEST / 3600:g} h"
    if command.id in draft.drills:
        return f"there is a drill {command.id} already"
    busy = {slug for drill in draft.drills.values() if drill.is_on for slug in drill.authorities}
    twice = [slug for slug in command.authorities if slug in busy]
    return f"a drill of {twice[0]} is going on already" if twice else ""


def end(draft: Draft, command: EndDrill) -> str:
    """End a drill now. Why it cannot be, in one line; empty: it is over."""
    drill = draft.drills.get(command.id)
    if drill is None:
        return f"there is no drill {command.id}"
    if not drill.is_on:
        return f"drill {command.id} is over"
    draft.drills[drill.id] = replace(drill, until=draft.now)
    return ""


def _played(draft: Draft, slug: str, drill: str) -> Incident:
    """An outage of the main service that never was: no answer, as the province's own fault.

    The drill's id is part of its own: keys of messages come once, also for two drills in one second.
    """
    service = main_service(draft.plan, slug) or ""
    stamp = draft.now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    incident = Incident(
        id="-".join(word for word in ("drill", slug, service, stamp, drill.removeprefix("drill-")) if word),
        scope=Scope.AUTHORITY,
        authority=slug,
        service=service,
        severity=draft.plan.judgement.severity_main,
        cause=Cause.RESPONSE_TIMEOUT,
        phase=Phase.PROCESSING,
        diagnosis=Diagnosis.PROVINCIAL_OUTAGE,
        facts=(),
        first_failure_at=draft.now,
        opened_at=draft.now,
        drill=True,
    )
    return noted(incident, "opened", draft.now)


# --- time ------------------------------------------------------------------------------------------------------------


def play(draft: Draft) -> None:
    """Tell what has begun and what is over, and forget the oldest of what is over."""
    for drill in [drill for drill in draft.drills.values() if drill.is_on]:
        _tell(draft, _over(draft, drill) if draft.now >= drill.until else drill)
    over = sorted((drill.ended_at, drill.id) for drill in draft.drills.values() if drill.ended_at is not None)
    for _, id_ in over[:-MOST_KEPT]:
        del draft.drills[id_]


def _over(draft: Draft, drill: Drill) -> Drill:
    ended = tuple(
        replace(noted(one, "resolved", draft.now), resolved_at=draft.now) for one in drill.incidents
    )
    drill = replace(drill, incidents=ended, ended_at=draft.now)
    draft.drills[drill.id] = drill
    return drill


def _tell(draft: Draft, drill: Drill) -> None:
    """That it began, until somebody was told; then that it is over, to everyone who was."""
    silent = [one for one in drill.incidents if one.is_open or one.told]
    said = [word for one in silent for word in words(draft.plan, one, draft.now)]
    found, after = notify(said, draft.now)
    if found:
        draft.notifications += found
        incidents = tuple(after.get(one.id, one) for one in drill.incidents)
        keys = (*drill.keys, *(note.key for note in found))
        draft.drills[drill.id] = replace(drill, incidents=incidents, keys=keys)


def moments(draft: Draft) -> Iterator[datetime]:
    """When the drills that are on are over."""
    return (drill.until for drill in draft.drills.values() if drill.is_on)
