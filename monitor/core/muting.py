"""What keeps quiet: silences and maintenance windows. They mute the telling, never the looking, and never an end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core.windows import covering
from monitor.model import (
    LOCAL,
    NATIONAL,
    AddSilence,
    Cause,
    Diagnosis,
    Incident,
    Plan,
    Scope,
    Severity,
    Silence,
    TargetState,
    Window,
)

MATCHERS = ("authority", "service", "severity", "diagnosis")
MOST_SILENCES = 500
MOST_WORDS = 100
"""Words that one matcher of a silence may list."""


def silenced_by(incident: Incident, silences: Mapping[str, Silence], now: datetime) -> str | None:
    """Id of a silence that mutes this incident at `now`."""
    return next(
        (
            silence.id
            for silence in silences.values()
            if silence.starts_at <= now < silence.ends_at and _matches(silence, incident)
        ),
        None,
    )


def _matches(silence: Silence, incident: Incident) -> bool:
    return all(str(getattr(incident, name)) in asked for name, asked in silence.matchers.items())


def why_not(command: AddSilence, plan: Plan, silences: Mapping[str, Silence], now: datetime) -> str:
    """Why this silence cannot be, in one line; empty: it can."""
    silence = command.silence
    if silence.ends_at <= silence.starts_at:
        return "a silence must end after it starts"
    if silence.ends_at <= now:
        return "it would be over already"
    if silence.id in silences:
        return f"there is a silence {silence.id} already"
    if len(silences) >= MOST_SILENCES:
        return f"there are {MOST_SILENCES} silences already; end some first"
    return _mistake(silence, plan)


def _mistake(silence: Silence, plan: Plan) -> str:
    """What is wrong with its matchers."""
    if not silence.matchers:
        return f"name at least one of {', '.join(MATCHERS)}"
    known: dict[str, set[str]] = {
        "authority": {*plan.authorities, *plan.by_authority, LOCAL, NATIONAL},
        "severity": set(Severity),
        "diagnosis": set(Diagnosis),
    }
    for name, words in silence.matchers.items():
        if name not in MATCHERS:
            return f"unknown matcher {name!r}; there are {', '.join(MATCHERS)}"
        if not words or len(words) > MOST_WORDS:
            return f"matcher {name} needs one to {MOST_WORDS} words"
        strange = [word for word in words if name in known and word not in known[name]]
        if strange:
            return f"unknown {name} {strange[0]!r}"
    return ""


# --- windows ---------------------------------------------------------------------------------------------------------


def under_window(incident: Incident, windows: Iterable[Window], now: datetime) -> Incident:
    """The incident with the window that covers it now, or covered it last, with the end that it really had.

    Only an outage of an authority is ever explained by maintenance.
    """
    if incident.scope is not Scope.AUTHORITY:
        return incident
    window = covering(windows, incident.authority, incident.service, now)
    if window is None and incident.window is not None and incident.window.end > now:
        window = replace(incident.window, end=now)  # it was ended early, or left the configuration
    if window is None or window == incident.window:
        return incident
    return replace(incident, window=window)


def is_covered(incident: Incident, now: datetime) -> bool:
    """Whether a window covers it at `now` (after `under_window`)."""
    return incident.window is not None and now < incident.window.end


def grace_ends(incident: Incident, plan: Plan) -> datetime | None:
    """Until when its window, if there was one, keeps its openings, changes and reminders back."""
    if incident.window is None:
        return None
    return incident.window.end + timedelta(seconds=plan.overrun_grace)


def rests(incident: Incident, plan: Plan, now: datetime) -> bool:
    """Whether a window, or the grace after it, keeps its openings, changes and reminders back."""
    end = grace_ends(incident, plan)
    return end is not None and now < end


def awaits_overrun(incident: Incident) -> bool:
    """Whether the next thing to say of it is that the maintenance is over and it still fails."""
    return incident.window is not None and not incident.told


def failed_since(incident: Incident, states: Mapping[str, TargetState], since: datetime | None) -> bool:
    """Whether a target of it failed on a run that began at `since` or later."""
    runs = (state.last for id_ in incident.targets if (state := states.get(id_)) is not None)
    return since is not None and any(
        last is not None and last.cause not in (Cause.NONE, Cause.INTERNAL) and last.started_at >= since
        for last in runs
    )
