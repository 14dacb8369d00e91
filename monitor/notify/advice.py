"""Whose fault it most likely is and what to do next, in sentences that fit the service, the places and the cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.core.diagnosis import SYNC_CAUSES
from monitor.core.facts import ANSWERED, Fact, seen_here
from monitor.core.local import TRUST_CAUSES
from monitor.model import LOCAL, NATIONAL, Cause, Diagnosis, Incident, Scope, SpeaksOf
from monitor.notify.words import Vocabulary

MOST_NAMED = 3
"""Authorities that a sentence names one by one."""
BANNED = f"{Fact.CODE}=020"
"""The only code that is a ban of 24 hours (domain facts §4); any other block is a firewall's."""


GONE = frozenset(f"{Fact.STATUS}={status}" for status in (403, 404, 410))
"""What a server says of a page that is not there, or that it does not give."""
STEPS = frozenset({
    *TRUST_CAUSES, Cause.TLS_LEGACY, Cause.TLS_HANDSHAKE, Cause.DNS_NXDOMAIN, Cause.REDIRECT_REFUSED,
    Cause.HTTP_MALFORMED, Cause.FORMAT_DRIFT, Cause.CAPTCHA_INVALID, Cause.CONTENT_MISMATCH,
})  # fmt: skip
"""Causes with a step of their own: they end when somebody changes something."""
LOG = "log"
"""The kind that counts lines."""


class Case(StrEnum):
    """What is known more precisely than by the diagnosis, and told otherwise."""

    NEVER_UP = "never_up"
    NEVER_RIGHT = "never_right"
    SEEN_BEFORE = "seen_before"
    BANNED = "banned"
    MAINTENANCE_PAGE = "maintenance_page"
    DNS_HIJACKED = "dns_hijacked"
    PROXY_FAILED = "proxy_failed"
    INTERNAL = "internal"
    ON_MACHINE = "on_machine"
    OUR_LOG = "our_log"
    OUR_FILE = "our_file"


BY_CAUSE = {
    (Diagnosis.PROVINCIAL_OUTAGE, Cause.MAINTENANCE_PAGE): Case.MAINTENANCE_PAGE,
    (Diagnosis.UNDETERMINED, Cause.MAINTENANCE_PAGE): Case.MAINTENANCE_PAGE,
    (Diagnosis.MISCONFIGURED, Cause.DNS_HIJACKED): Case.DNS_HIJACKED,
    (Diagnosis.MISCONFIGURED, Cause.PROXY_FAILED): Case.PROXY_FAILED,
    (Diagnosis.MISCONFIGURED, Cause.INTERNAL): Case.INTERNAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One sentence each: whose fault it most likely is, what to do next. `diagnosis` is the same in a word."""

    diagnosis: str
    fault: str
    step: str


def case_of(
    diagnosis: Diagnosis, cause: Cause | None, facts: Sequence[str] = (), *, never_up: bool = False
) -> Case | None:
    """The case that is told otherwise than its diagnosis; None for most."""
    if diagnosis is Diagnosis.BLOCKED:
        return Case.BANNED if BANNED in facts else None
    if kind := seen_here(facts):
        is_open = diagnosis in (Diagnosis.UNDETERMINED, Diagnosis.SYNC_DELAY)
        return (Case.OUR_LOG if kind == LOG else Case.OUR_FILE) if is_open else None
    if never_up and cause in ANSWERED:
        return Case.NEVER_RIGHT if cause in SYNC_CAUSES else BY_CAUSE.get((diagnosis, cause))
    if never_up and (cause is None or cause.speaks_of is SpeaksOf.AUTHORITY):
        return Case.NEVER_UP
    if diagnosis is Diagnosis.PATH_FROM_HERE and has_looked_before(facts):
        return Case.SEEN_BEFORE
    return None if cause is None else BY_CAUSE.get((diagnosis, cause))


def has_looked_before(facts: Sequence[str]) -> str | None:
    """The fact that the references which say ok looked before this failure began; None where that is not so."""
    return next((fact for fact in facts if fact.startswith(f"{Fact.REFERENCES_BEFORE}=")), None)


def case_of_incident(incident: Incident) -> Case | None:
    """The same of an incident."""
    if incident.scope is Scope.AUTHORITY and incident.authority == LOCAL:
        return Case.ON_MACHINE
    return case_of(incident.diagnosis, incident.cause, incident.facts, never_up=incident.never_up)


def step_of_incident(incident: Incident) -> str:
    """Which step its cause asks for; "" where it is its diagnosis's, or its case's."""
    if case_of_incident(incident) is not None or incident.scope is not Scope.AUTHORITY:
        return ""
    return step_by(incident.diagnosis, incident.cause, incident.facts)


def advise(
    known: Vocabulary,
    diagnosis: Diagnosis,
    case: Case | None = None,
    *,
    by: str = "",
    places: Sequence[str] = (),
    services: Sequence[str] = (),
) -> Advice:
    """The advice on outages that share a diagnosis.

    `by`: the step that their cause asks for (`step_by`); `places`: names as they are shown; `services`: as configured.
    """
    own = known.cases[case] if case else {"fault": known.faults[diagnosis], "step": known.steps[diagnosis]}
    step = known.cause_steps[by] if by and case is None else own["step"]
    diagnosed = own.get("diagnosis", known.diagnoses[diagnosis])
    return Advice(diagnosis=diagnosed, fault=own["fault"], step=_filled(known, step, places, services))


def step_by(diagnosis: Diagnosis, cause: Cause | None, facts: Sequence[str] = ()) -> str:
    """Which step the cause asks for in place of the diagnosis's: waiting, or another way there, does not help; "" for none."""
    if diagnosis is Diagnosis.PATH_FROM_HERE:
        return cause if cause in TRUST_CAUSES else ""
    if diagnosis not in (Diagnosis.PROVINCIAL_OUTAGE, Diagnosis.UNDETERMINED) or cause is None:
        return ""
    if cause is Cause.HTTP_STATUS:
        return "gone" if any(fact in GONE for fact in facts) else ""
    return cause if cause in STEPS else ""


def advise_on(known: Vocabulary, incident: Incident, place: str) -> Advice:
    """The advice on one incident; `place` is the name of its authority."""
    case, by = case_of_incident(incident), step_of_incident(incident)
    return advise(known, incident.diagnosis, case, by=by, places=[place], services=services_of([incident]))


def advise_after(known: Vocabulary, incidents: Sequence[Incident], places: Sequence[str]) -> str:
    """The next step when these are over: the business hears only of what it could not use."""
    theirs = [
        one
        for one in incidents
        if one.cause.speaks_of is SpeaksOf.AUTHORITY
        and one.authority != LOCAL
        and case_of_incident(one) is not Case.NEVER_UP
    ]
    if theirs:
        return _filled(known, known.endings["theirs"], places, services_of(theirs))
    ending = "never_up" if {case_of_incident(one) for one in incidents} == {Case.NEVER_UP} else "ours"
    return _filled(known, known.endings[ending], places, ())


def services_of(incidents: Sequence[Incident]) -> list[str]:
    """Their services without repetition. The national page has none of its own: invoices are verified there."""
    named = [
        one.service or ("verify" if one.authority == NATIONAL else "")
        for one in incidents
        if one.scope is Scope.AUTHORITY
    ]
    return [service for service in dict.fromkeys(named) if service]


def _filled(known: Vocabulary, sentence: str, places: Sequence[str], services: Sequence[str]) -> str:
    works = works_of(known, services)
    many = known.places_many.replace("{count}", str(len(places)))
    where = known.listed(places) if len(places) <= MOST_NAMED else many
    return sentence.replace("{place}", where).replace("{work}", works)


def works_of(known: Vocabulary, services: Sequence[str]) -> str:
    """What the business does with these services."""
    return known.listed(list(dict.fromkeys(map(known.work, services)))) or known.work_unknown
