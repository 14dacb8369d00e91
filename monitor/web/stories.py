"""Incidents in words: cards for the lists, and the whole story of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.core.facts import seen_here
from monitor.core.muting import is_covered, silenced_by
from monitor.model import AuthorityState, Incident, Scope, Silence
from monitor.notify.advice import advise_on
from monitor.notify.nationwide import authorities_of, beside
from monitor.notify.text import STOP
from monitor.web.lens import Lens
from monitor.web.shapes import story_of

TO = "to="
"""Begins the entry of a timeline that says who was told what stands before it."""
RECENT = 10
"""Resolved incidents shown."""
NO_SILENCES: Mapping[str, Silence] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One incident in words."""

    id: str
    severity: str
    """`critical`, `warning`, `info`, or `maintenance` while a window covers it."""
    severity_word: str
    title: str
    """Who and what: `山东 · 发票查验`; what it is where it is about no single authority: `全国性故障`."""
    cause: str
    code: str
    """The cause's own word, by which the runbook is ordered."""
    since: datetime
    lasts: str
    is_open: bool
    diagnosis: str
    fault: str
    step: str
    facts: tuple[str, ...]
    members: str
    """The authorities that a national or local incident covers, in a sentence; empty for one of its own."""
    taken: str
    """By whom, where somebody took it."""
    muted: str
    """Why nobody is told, where nobody is: not of its opening, or no longer since a silence."""
    again: str
    """That it was over in between, and when it first began."""


def story(
    lens: Lens,
    incident: Incident,
    members: Sequence[Incident] = (),
    silences: Mapping[str, Silence] = NO_SILENCES,
) -> Story:
    """An incident as the page tells it; `members` are those it explains, `silences` may keep it quiet."""
    vocabulary = lens.words
    who = [
        lens.name(incident.authority)
        if incident.scope is Scope.AUTHORITY
        else vocabulary.diagnoses[incident.diagnosis],
        vocabulary.service(incident.service),
    ]
    begun = incident.began_at if incident.is_open else incident.first_failure_at
    lasting = lens.say(
        "lasting" if incident.is_open else "lasted",
        span=lens.span(begun, incident.resolved_at),
    )
    is_planned = incident.is_open and is_covered(incident, lens.now)
    said = advise_on(vocabulary, incident, lens.name(incident.authority))
    return Story(
        id=incident.id,
        severity="maintenance" if is_planned else str(incident.severity),
        severity_word=vocabulary.states[AuthorityState.MAINTENANCE]
        if is_planned
        else vocabulary.severities[incident.severity],
        title=" · ".join(part for part in who if part),
        cause=vocabulary.cause(incident.cause, seen_here(incident.facts)),
        code=str(incident.cause),
        since=begun,
        lasts=lasting,
        is_open=incident.is_open,
        diagnosis=said.diagnosis,
        fault=said.fault,
        step=said.step,
        facts=tuple(vocabulary.fact(fact, incident.scope) for fact in incident.facts),
        members=_members(lens, incident, members),
        taken=lens.say("acknowledged", author=incident.acknowledged_by) if incident.acknowledged_at else "",
        muted=_muted(lens, incident, silences) if incident.is_open else "",
        again=lens.say("again", at=lens.when(incident.first_failure_at)) if incident.reopened else "",
    )


def _members(lens: Lens, parent: Incident, members: Sequence[Incident]) -> str:
    """Whom it covers: of a nationwide outage the authorities that are down, as its messages count them, then the rest."""
    shown = [member for member in members if member.is_open] if parent.is_open else members
    is_national = parent.scope is Scope.NATIONAL
    slugs = set(authorities_of(shown, lens.plan) if is_national else (member.authority for member in shown))
    others = beside(shown, lens.plan) if is_national else []
    named = [f"{lens.name(one.authority)} {lens.words.service(one.service)}".rstrip() for one in others]
    said = [lens.say("members", count=len(slugs), names=lens.names(sorted(slugs)))] if slugs else []
    said += [lens.say("members_beside", names=lens.words.listed(named))] if named else []
    return STOP[lens.language].join(said)


def _muted(lens: Lens, incident: Incident, silences: Mapping[str, Silence]) -> str:
    window = incident.window
    if window is not None and incident.muted_by == window.id:
        return lens.say("muted", by=window.name)
    if incident.muted_by and incident.muted_by not in silences:
        return lens.say("muted", by=incident.muted_by)
    silence = silences.get(silenced_by(incident, silences, lens.now) or "")
    if silence is None:
        return lens.say("muted", by=incident.muted_by) if incident.muted_by else ""
    return lens.say("silenced", author=silence.author, by=silence.id, end=lens.when(silence.ends_at))


def stories(
    lens: Lens, incidents: Iterable[Incident], silences: Mapping[str, Silence] = NO_SILENCES
) -> tuple[list[Story], list[Story]]:
    """Open incidents, parents first and then by start, and the resolved ones told last. Members stand in their parent."""
    known = list(incidents)
    children: dict[str, list[Incident]] = {}
    for incident in known:
        if incident.parent is not None:
            children.setdefault(incident.parent, []).append(incident)
    open_ids = {incident.id for incident in known if incident.is_open}
    shown = [incident for incident in known if incident.is_open and incident.parent not in open_ids]
    shown.sort(
        key=lambda incident: (incident.scope is Scope.AUTHORITY, incident.first_failure_at, incident.id)
    )
    ended = [
        (incident.resolved_at, incident.id, incident)
        for incident in known
        if incident.resolved_at is not None
    ]
    recent = [incident for *_, incident in sorted(ended, reverse=True)[:RECENT]]
    return (
        [story(lens, incident, children.get(incident.id, ()), silences) for incident in shown],
        [story(lens, incident, children.get(incident.id, ())) for incident in recent],
    )


# --- one incident ----------------------------------------------------------------------------------------------------


def steps(lens: Lens, incident: Incident) -> list[tuple[datetime, str]]:
    """What happened to it when, in words, oldest first."""
    story = story_of(incident)
    first_cause = next((place for place, (_, event) in enumerate(story) if event.startswith("cause=")), None)
    shown = [entry for place, entry in enumerate(story) if place != first_cause]
    heard = [event.removeprefix(TO) if event.startswith(TO) else "" for _, event in shown[1:]]
    return [
        (at, step(lens, event, to))
        for (at, event), to in zip(shown, [*heard, ""], strict=True)
        if not event.startswith(TO)
    ]


def step(lens: Lens, event: str, to: str = "") -> str:
    """One entry of a timeline (`acked=wang`) in words; one of a kind unknown here as it is. `to`: who was told."""
    name, _, value = event.partition("=")
    if to:
        who = lens.say("separator").join(to.split(", "))
        return lens.say("story_told_to", to=who, value=_value(lens, name, value))
    if name in ("first_failure", "opened", "resolved"):
        return lens.say(name)
    if not lens.knows(f"story_{name}"):
        return event
    return lens.say(f"story_{name}", value=_value(lens, name, value))


def _value(lens: Lens, name: str, value: str) -> str:
    words = lens.words
    tables: Mapping[str, Mapping[Any, str]] = {
        "cause": words.causes,
        "severity": words.severities,
        "diagnosis": words.diagnoses,
    }
    if name == "told" and lens.knows(f"told_{value}"):
        return lens.say(f"told_{value}")
    return tables.get(name, {}).get(value, value)
