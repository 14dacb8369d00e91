"""What the pages show, as plain values: made from rows and incidents, rendered by the templates. Pure; the time is the lens's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.core.status import AuthorityRow, LocalPart, Status
from monitor.model import LOCAL, AuthorityState, Flag, Incident, Outcome, Phase, Result, Scope, TargetState
from monitor.web.lens import SIGNS, Lens

_ASIDE = re.compile(r"(（[^）]*）|\s*\([^)]*\))$")
"""What a phrase says in brackets at its end; there is no room for it in a cell."""

NOTEWORTHY = (Flag.CERTIFICATE_EXPIRING, Flag.TLS_UNVERIFIED, Flag.THROTTLED, Flag.ADDRESS_FAILED, Flag.SLOW)
"""Flags that a cell mentions, first to last; the others say how a reply was read, not how the authority is."""

RECENT = 10
"""Resolved incidents shown."""


# --- the matrix ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One authority in the matrix: its own last outcome as colour, sign and word; what is believed as a bar."""

    slug: str
    name: str
    outcome: str
    """`ok`, `error`, `timeout`, or `unknown` before the first result."""
    state: str
    sign: str
    word: str
    note: str
    """The cause in few words; empty while all is well."""
    label: str
    """All of it as one phrase, the cause in full, for those who hear the page."""


def cell(lens: Lens, row: AuthorityRow) -> Cell:
    """The cell of one row."""
    outcome = "unknown" if row.outcome is None else str(row.outcome)
    word = lens.say("no_result") if row.outcome is None else lens.words.outcomes[row.outcome]
    note = _note(lens, row)
    parts = [lens.name(row.authority), word, lens.words.states[row.state], note]
    return Cell(
        slug=row.authority,
        name=lens.name(row.authority),
        outcome=outcome,
        state=str(row.state),
        sign=SIGNS[outcome],
        word=word,
        note=_ASIDE.sub("", note),
        label=lens.say("separator").join(part for part in parts if part),
    )


def _note(lens: Lens, row: AuthorityRow) -> str:
    if row.outcome is not None and row.outcome is not Outcome.OK and row.cause is not None:
        return lens.words.causes[row.cause]
    if row.state in (AuthorityState.DOWN, AuthorityState.DEGRADED, AuthorityState.MAINTENANCE):
        return lens.words.states[row.state]
    return next((lens.words.flags[flag] for flag in NOTEWORTHY if flag in row.flags), "")


_OUTCOME_OF_STATE = {AuthorityState.UP: "ok", AuthorityState.DOWN: "error"}
"""Our own network has no outcome of its own; its cell is coloured by what is believed."""


def surroundings(lens: Lens, status: Status) -> list[Cell]:
    """The cells beside the matrix: the national page where it is watched, and this machine."""
    local, vocabulary = status.local, lens.words
    outcome = _OUTCOME_OF_STATE.get(local.state, "unknown")
    note = vocabulary.diagnoses[local.diagnosis] if local.state is AuthorityState.DOWN else ""
    name, word = lens.name(LOCAL), vocabulary.states[local.state]
    ours = Cell(
        slug=LOCAL if LOCAL in lens.plan.by_authority else "",
        name=name,
        outcome=outcome,
        state=str(local.state),
        sign=SIGNS[outcome],
        word=word,
        note=note,
        label=lens.say("separator").join(part for part in (name, word, note) if part),
    )
    return [ours] if status.national is None else [cell(lens, status.national), ours]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many authorities are in a state."""

    state: str
    sign: str
    word: str
    count: int


def tally(lens: Lens, status: Status) -> list[Count]:
    """The states that occur, worst first."""
    order = ("down", "degraded", "maintenance", "unknown", "up")
    counts = {state: sum(row.state == state for row in status.authorities) for state in order}
    return [
        Count(
            state=state, sign=SIGNS[state], word=lens.words.states[AuthorityState(state)], count=counts[state]
        )
        for state in order
        if counts[state]
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What is believed of one authority (or of our own network), in words."""

    state: str
    sign: str
    word: str
    since: datetime | None
    diagnosis: str
    fault: str
    step: str
    facts: tuple[str, ...]
    services: tuple[tuple[str, str, str, str], ...]
    """(service, state, sign, state in words)"""


def belief(lens: Lens, row: AuthorityRow | LocalPart) -> Belief:
    """The head of an authority's page."""
    vocabulary = lens.words
    services = row.services if isinstance(row, AuthorityRow) else {}
    never = isinstance(row, AuthorityRow) and row.state is AuthorityState.DOWN and not row.seen_up
    return Belief(
        state=str(row.state),
        sign=SIGNS[row.state],
        word=vocabulary.states[row.state],
        since=row.since if isinstance(row, AuthorityRow) else None,
        diagnosis=vocabulary.diagnoses[row.diagnosis],
        fault=vocabulary.never_up if never else vocabulary.faults[row.diagnosis],
        step=vocabulary.never_up_step if never else vocabulary.steps[row.diagnosis],
        facts=tuple(vocabulary.fact(fact) for fact in row.facts),
        services=tuple(
            (
                vocabulary.service(name),
                str(one.state),
                SIGNS[one.state],
                vocabulary.states[AuthorityState(one.state)],
            )
            for name, one in services.items()
            if name
        ),
    )


# --- incidents -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One incident in words."""

    id: str
    severity: str
    severity_word: str
    title: str
    """Who and what: `山东 · 发票查验`; what it is where it is about no single authority: `全国性故障`."""
    cause: str
    since: datetime
    lasts: str
    is_open: bool
    diagnosis: str
    fault: str
    step: str
    facts: tuple[str, ...]
    members: str
    """The authorities that a national or local incident covers, in a sentence; empty for one of its own."""


def story(lens: Lens, incident: Incident, members: Sequence[Incident] = ()) -> Story:
    """An incident as the page tells it; `members` are those it explains."""
    vocabulary = lens.words
    who = [
        lens.name(incident.authority)
        if incident.scope is Scope.AUTHORITY
        else vocabulary.diagnoses[incident.diagnosis],
        vocabulary.service(incident.service),
    ]
    lasting = lens.say(
        "lasting" if incident.is_open else "lasted",
        span=lens.span(incident.first_failure_at, incident.resolved_at),
    )
    slugs = sorted({member.authority for member in members})
    return Story(
        id=incident.id,
        severity=str(incident.severity),
        severity_word=vocabulary.severities[incident.severity],
        title=" · ".join(part for part in who if part),
        cause=vocabulary.causes[incident.cause],
        since=incident.first_failure_at,
        lasts=lasting,
        is_open=incident.is_open,
        diagnosis=vocabulary.diagnoses[incident.diagnosis],
        fault=vocabulary.never_up if incident.never_up else vocabulary.faults[incident.diagnosis],
        step=vocabulary.never_up_step if incident.never_up else vocabulary.steps[incident.diagnosis],
        facts=tuple(vocabulary.fact(fact) for fact in incident.facts),
        members=lens.say("members", count=len(slugs), names=lens.names(slugs)) if slugs else "",
    )


def stories(lens: Lens, incidents: Iterable[Incident]) -> tuple[list[Story], list[Story]]:
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
        [story(lens, incident, children.get(incident.id, ())) for incident in shown],
        [story(lens, incident, children.get(incident.id, ())) for incident in recent],
    )


# --- one authority's targets -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One phase in the drawing of a run: where it starts and how wide it is, in per cent of the whole."""

    phase: str
    word: str
    start: float
    width: float
    seconds: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One target and its last run."""

    id: str
    outcome: str
    sign: str
    word: str
    cause: str
    detail: str
    flags: tuple[str, ...]
    bars: tuple[Bar, ...]
    duration: str
    address: str
    started_at: datetime | None
    next_run: datetime | None
    expiry: datetime | None
    restored: bool


def look(lens: Lens, state: TargetState, next_run: datetime | None) -> Look:
    """A target as its authority's page shows it."""
    last, vocabulary = state.last, lens.words
    outcome = "unknown" if last is None else str(last.outcome)
    return Look(
        id=state.id,
        outcome=outcome,
        sign=SIGNS[outcome],
        word=lens.say("no_result") if last is None else vocabulary.outcomes[last.outcome],
        cause="" if last is None or last.is_ok else vocabulary.causes[last.cause],
        detail="" if last is None else last.detail,
        flags=() if last is None else tuple(vocabulary.flags[flag] for flag in sorted(last.flags)),
        bars=() if last is None else bars(lens, last),
        duration="" if last is None else _seconds(last.duration),
        address="" if last is None else last.address or "",
        started_at=None if last is None else last.started_at,
        next_run=next_run,
        expiry=None if last is None or last.certificate is None else last.certificate.not_after,
        restored=last is not None and last.restored,
    )


def bars(lens: Lens, result: Result) -> tuple[Bar, ...]:
    """The phases of a run one after the other, as shares of their sum."""
    total = sum(result.phases.values()) or 1.0
    drawn: list[Bar] = []
    start = 0.0
    for phase in Phase:
        if (seconds := result.phases.get(phase)) is not None:
            width = 100 * seconds / total
            word = lens.words.phases[phase]
            drawn.append(
                Bar(
                    phase=str(phase),
                    word=word,
                    start=round(start, 2),
                    width=round(width, 2),
                    seconds=_seconds(seconds),
                )
            )
            start += width
    return tuple(drawn)


def _seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"
