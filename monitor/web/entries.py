"""What the feed tells: outages that began and ended, services that come and go, maintenance. Each thing is one entry for ever.

It tells what messages would: nothing of a drill, of what a parent explains, of what a window or a silence keeps quiet,
and nothing that is still waited with. It does not ask who was told: the feed may be all that somebody configured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from monitor.core.state import Flap, State
from monitor.core.windows import upcoming
from monitor.model import Incident, Scope, Window
from monitor.notify.times import ZONE_NAMES, after, to_the_minute, wall_clock
from monitor.web.lens import Lens
from monitor.web.planned import AHEAD, concerned
from monitor.web.stories import Story, story

MOST = 50
"""Entries of the feed: the newest."""
QUIETING, LOUD_AGAIN = "muted=", ("unmuted", "reopened")
"""What the timeline of an incident says when something begins or ceases to keep it quiet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened, or is planned."""

    id: str
    """A URN that follows from what it is: the same over restarts and wherever the feed is read."""
    title: str
    at: datetime
    """When it happened, or when it was announced."""
    updated: datetime
    """When what it says changed last."""
    path: str
    """Where to read more."""
    category: str
    lines: tuple[str, ...]


def entries(lens: Lens, state: State) -> list[Entry]:
    """The newest first."""
    flaps = (_flap(lens, flap) for flap in state.flaps.values())
    found = [*_of_incidents(lens, state), *flaps, *_of_windows(lens, state)]
    return sorted(found, key=lambda entry: (entry.updated, entry.id), reverse=True)[:MOST]


def urn(lens: Lens, *what: object) -> str:
    """The id of something that this instance saw."""
    return uuid5(NAMESPACE_URL, "/".join(map(str, ("fapiao-monitor", lens.plan.vantage, *what)))).urn


# --- outages ---------------------------------------------------------------------------------------------------------


def _of_incidents(lens: Lens, state: State) -> Iterator[Entry]:
    known = state.incidents
    members: dict[str, list[Incident]] = {}
    for incident in known.values():
        members.setdefault(incident.parent or "", []).append(incident)
    spoken_of = [
        one for one in known.values() if not (one.drill or _is_quiet(one) or _is_explained(one, known))
    ]
    for incident in sorted(spoken_of, key=_last, reverse=True)[:MOST]:
        told = story(lens, incident, members.get(incident.id, ()))
        is_waited_with = state.group is not None and incident.id in state.group.incidents
        comes_and_goes = _is_of_flap(incident, state)
        if incident.sequence or not (is_waited_with or comes_and_goes):
            yield _opened(lens, incident, told)
        if incident.resolved_at is not None and not (is_waited_with or comes_and_goes):
            yield _resolved(lens, incident, told, incident.resolved_at)


def _last(incident: Incident) -> datetime:
    return incident.resolved_at or _changed(incident)


def _changed(incident: Incident) -> datetime:
    """When what is said of its beginning changed last: it began, was judged anew, or is no longer kept quiet."""
    loud = [at for at, event in incident.timeline if event in LOUD_AGAIN]
    instants = [incident.opened_at, incident.fell_at, incident.changed_at, *loud[-1:]]
    return max(at for at in instants if at is not None)


def _is_quiet(incident: Incident) -> bool:
    """Whether a window or a silence keeps its opening quiet, or did so until its end."""
    said = [event for _, event in incident.timeline if event in LOUD_AGAIN or event.startswith(QUIETING)]
    return incident.muted_by is not None or (bool(said) and said[-1] not in LOUD_AGAIN)


def _is_explained(incident: Incident, known: Mapping[str, Incident]) -> bool:
    """Whether a nationwide outage, or one of our own network, speaks for it: until that was over, or for good."""
    parent = known.get(incident.parent or "")
    if parent is None:
        return False
    if parent.resolved_at is None:
        return True
    return incident.resolved_at is not None and incident.resolved_at <= parent.resolved_at


def _is_of_flap(incident: Incident, state: State) -> bool:
    flap = state.flaps.get(f"{incident.authority}/{incident.service}")
    return flap is not None and incident.id != flap.apart


def _opened(lens: Lens, incident: Incident, told: Story) -> Entry:
    return Entry(
        id=urn(lens, "incident", incident.id, "opened", incident.reopened),
        title=lens.say("feed_opened", severity=told.severity_word, what=told.title, cause=told.cause),
        at=incident.fell_at or incident.opened_at,
        updated=_changed(incident),
        path=f"/incidents/{incident.id}",
        category="incident_opened",
        lines=(
            lens.say("feed_since", at=_stamp(lens, incident.began_at)),
            lens.say("feed_diagnosis", diagnosis=told.diagnosis, fault=told.fault),
            lens.say("feed_step", step=told.step),
            told.members,
        ),
    )


def _resolved(lens: Lens, incident: Incident, told: Story, at: datetime) -> Entry:
    begun, over = _stamp(lens, incident.began_at), _stamp(lens, at)
    return Entry(
        id=urn(lens, "incident", incident.id, "resolved", incident.reopened),
        title=lens.say("feed_resolved", what=told.title, span=lens.span(incident.began_at, at)),
        at=at,
        updated=at,
        path=f"/incidents/{incident.id}",
        category="incident_resolved",
        lines=(f"{begun} {lens.say('until')} {over}", lens.say("feed_cause", cause=told.cause), told.members),
    )


# --- services that come and go -----------------------------------------------------------------------------------------


def _flap(lens: Lens, flap: Flap) -> Entry:
    what = " · ".join(filter(None, (lens.name(flap.authority), lens.words.service(flap.service))))
    return Entry(
        id=urn(lens, "flap", flap.id),
        title=lens.say("feed_flapping", what=what),
        at=flap.began_at,
        updated=flap.began_at,
        path=f"/authorities/{flap.authority}",
        category="flapping_started",
        lines=(lens.words.fact(flap.fact, Scope.AUTHORITY), lens.words.causes[flap.cause]),
    )


# --- maintenance -------------------------------------------------------------------------------------------------------


def _of_windows(lens: Lens, state: State) -> Iterator[Entry]:
    kept = (record.window for record in state.windows.values())
    ahead = upcoming(lens.plan, state.windows, lens.now, lens.now + AHEAD)
    for window in {window.id: window for window in (*ahead, *kept)}.values():
        announced = _announced(lens, state, window)
        if not window.announce or announced > min(lens.now, window.end):
            continue
        if window.early is not None and window.end <= lens.now:
            yield _ended(lens, window)
        else:
            yield _planned(lens, window, announced)


def _announced(lens: Lens, state: State, window: Window) -> datetime:
    """When it is told ahead: as messages are, or from when the notice was read that it stands in."""
    usual = window.start - timedelta(seconds=lens.plan.notify_before)
    notice = state.notices.get(window.notice)
    return usual if notice is None else min(usual, notice.read_at)


def _planned(lens: Lens, window: Window, announced: datetime) -> Entry:
    who, what = concerned(lens, window)
    return Entry(
        id=urn(lens, "window", window.id),
        title=lens.say("feed_planned", who=who, what=what, begins=to_the_minute(window.start, lens.plan)),
        at=announced,
        updated=announced,
        path="/",
        category="maintenance_announced",
        lines=(_time(lens, window), window.name),
    )


def _ended(lens: Lens, window: Window) -> Entry:
    who, what = concerned(lens, window)
    return Entry(
        id=urn(lens, "window", window.id, "ended"),
        title=lens.say("feed_ended", who=who, what=what),
        at=window.end,
        updated=window.end,
        path="/",
        category="maintenance_ended",
        lines=(_time(lens, window), window.name),
    )


def _time(lens: Lens, window: Window) -> str:
    """As it was planned."""
    begins = to_the_minute(window.start, lens.plan)
    ends = to_the_minute(window.planned_end or window.end, lens.plan)
    return f"{begins} {lens.say('until')} {after(begins, ends)} {_zone(lens)}"


# --- words -------------------------------------------------------------------------------------------------------------


def _stamp(lens: Lens, instant: datetime) -> str:
    """With its date and its zone: it is read on another day, elsewhere."""
    return f"{wall_clock(instant, lens.plan)} {_zone(lens)}"


def _zone(lens: Lens) -> str:
    return f"({ZONE_NAMES[lens.language].get(lens.plan.timezone, lens.plan.timezone)})"
