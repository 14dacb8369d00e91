"""The matrix of the status page: one cell per authority, the reference as its background, our own last run as its text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitor.core.status import AuthorityRow, Status
from monitor.model import LOCAL, AuthorityState, Flag, Outcome, ServiceState, Verdict
from monitor.web.lens import SIGNS, Lens
from monitor.web.others import said

_ASIDE = re.compile(r"(（[^）]*）|\s*\([^)]*\))$")
"""What a phrase says in brackets at its end; there is no room for it in a cell."""

NOTEWORTHY = (Flag.CERTIFICATE_EXPIRING, Flag.TLS_UNVERIFIED, Flag.THROTTLED, Flag.ADDRESS_FAILED, Flag.SLOW)
"""Flags that a cell mentions, first to last; the others say how a reply was read, not how the authority is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One authority in the matrix: its own last outcome as sign, word and colour of the text; what is believed as a bar."""

    slug: str
    name: str
    outcome: str
    """`ok`, `error`, `timeout`, `unknown` before the first result; `degraded` where the main service answers and another fails,
    `maintenance` where it fails in a window."""
    state: str
    reference: str
    """The background: `ok`, `error`, `timeout`, `split`, `stale` or `none`."""
    agrees: bool
    """Our own last outcome is that of the reference: the text is white."""
    beside: str
    """What the reference says, in words, where it says something else than we; else empty."""
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
    if row.outcome is Outcome.OK and row.state is AuthorityState.DEGRADED:
        outcome, word = "degraded", lens.words.states[row.state]  # as it is counted above the matrix
    shown = outcome
    if row.state is AuthorityState.MAINTENANCE and row.outcome is not Outcome.OK and row.outcome is not None:
        shown, word = "maintenance", lens.words.states[row.state]  # planned: no fault to look after
    note = _note(lens, row)
    reference = said(row.reference)
    verdict = "" if row.verdict is Verdict.NO_REFERENCE else lens.words.verdicts[row.verdict]
    parts = dict.fromkeys([lens.name(row.authority), word, lens.words.states[row.state], note, verdict])
    return Cell(
        slug=row.authority,
        name=lens.name(row.authority),
        outcome=shown,
        state=str(row.state),
        reference=reference,
        agrees=outcome == reference,
        beside="" if reference in ("none", outcome, row.outcome) else reference_words(lens, reference),
        sign=SIGNS[shown],
        word=word,
        note=_ASIDE.sub("", note),
        label=lens.say("separator").join(part for part in parts if part),
    )


def reference_words(lens: Lens, reference: str) -> str:
    """What the references say together, in a word."""
    return lens.words.outcomes[Outcome(reference)] if reference in tuple(Outcome) else lens.say(reference)


def _note(lens: Lens, row: AuthorityRow) -> str:
    if row.outcome is not None and row.outcome is not Outcome.OK and row.cause is not None:
        return lens.words.causes[row.cause]
    if row.state is AuthorityState.DEGRADED:
        return _failing(lens, row) or lens.words.states[row.state]
    if row.state in (AuthorityState.DOWN, AuthorityState.MAINTENANCE):
        return lens.words.states[row.state]
    if row.maintenance:
        return lens.say("in_window")
    if row.flapping:
        return lens.say("flaps")
    return next((lens.words.flags[flag] for flag in NOTEWORTHY if flag in row.flags), "")


def _failing(lens: Lens, row: AuthorityRow) -> str:
    """The services that make it degraded."""
    failing = (ServiceState.DOWN, ServiceState.DEGRADED)
    named = [name for name, one in row.services.items() if name and one.state in failing]
    return lens.say("separator").join(map(lens.words.service, named))


_OUTCOME_OF_STATE = {
    AuthorityState.UP: "ok",
    AuthorityState.DOWN: "error",
    AuthorityState.DEGRADED: "degraded",
}
"""Our own network has no outcome of its own; its cell is coloured by what is believed."""


def surroundings(lens: Lens, status: Status) -> list[Cell]:
    """The cells beside the matrix: the national page where it is watched, and this machine."""
    local, vocabulary = status.local, lens.words
    outcome = _OUTCOME_OF_STATE.get(local.state, "unknown")
    note = vocabulary.diagnoses[local.diagnosis] if local.state is AuthorityState.DOWN else ""
    is_up = local.state is AuthorityState.UP  # one word for "all well" in all cells
    name, word = (
        lens.name(LOCAL),
        vocabulary.outcomes[Outcome.OK] if is_up else vocabulary.states[local.state],
    )
    ours = Cell(
        slug=LOCAL if LOCAL in lens.plan.by_authority else "",
        name=name,
        outcome=outcome,
        state=str(local.state),
        reference="none",
        agrees=False,
        beside="",
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
