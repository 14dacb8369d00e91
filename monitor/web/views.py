"""What is believed of one authority, in words: the head of its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.core.status import AuthorityRow, LocalPart
from monitor.model import AuthorityState, Scope, ServiceState, Verdict
from monitor.notify.advice import Advice, Case, advise, case_of, step_by
from monitor.web.lens import SIGNS, Lens
from monitor.web.others import Voice, voices


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
    verdict: str
    """Empty where no reference is configured."""
    voices: tuple[Voice, ...]


def belief(lens: Lens, row: AuthorityRow | LocalPart) -> Belief:
    """The head of an authority's page."""
    vocabulary = lens.words
    services = row.services if isinstance(row, AuthorityRow) else {}
    never = isinstance(row, AuthorityRow) and row.state is AuthorityState.DOWN and not row.seen_up
    said = _advice(lens, row, never=never)
    return Belief(
        state=str(row.state),
        sign=SIGNS[row.state],
        word=vocabulary.states[row.state],
        since=row.since if isinstance(row, AuthorityRow) else None,
        diagnosis=said.diagnosis,
        fault=said.fault,
        step=said.step,
        facts=tuple(
            vocabulary.fact(fact, Scope.AUTHORITY if isinstance(row, AuthorityRow) else Scope.LOCAL)
            for fact in row.facts
        ),
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
        verdict=_verdict(lens, row),
        voices=tuple(voices(lens, row.reference)) if isinstance(row, AuthorityRow) else (),
    )


def _verdict(lens: Lens, row: AuthorityRow | LocalPart) -> str:
    if not isinstance(row, AuthorityRow) or (
        row.verdict is Verdict.NO_REFERENCE and not lens.plan.references
    ):
        return ""
    return lens.words.verdicts[row.verdict]


def _advice(lens: Lens, row: AuthorityRow | LocalPart, *, never: bool) -> Advice:
    if not isinstance(row, AuthorityRow):  # its diagnosis is that of the network; a disk is another matter
        only_else = row.state is AuthorityState.DEGRADED
        return advise(lens.words, row.diagnosis, Case.ON_MACHINE if only_else else None)
    case = case_of(row.diagnosis, row.cause, row.facts, never_up=never)
    failing = [name for name, one in row.services.items() if name and one.state is ServiceState.DOWN]
    services = failing or [lens.plan.judgement.main_service]
    by = step_by(row.diagnosis, row.cause, row.facts)
    return advise(
        lens.words, row.diagnosis, case, by=by, places=[lens.name(row.authority)], services=services
    )
