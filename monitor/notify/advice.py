"""Whose fault it most likely is and what to do next, in sentences that fit the service, the places and the cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.core.diagnosis import SYNC_CAUSES
from monitor.core.facts import ANSWERED, Fact, seen_here
from monitor.model import LOCAL, NATIONAL, Cause, Diagnosis, Incident, Scope, SpeaksOf
from monitor.notify.words import Vocabulary

MOST_NAMED = 3
"""Authorities that a sentence names one by one."""
BANNED = f"{Fact.CODE}=020"
"""The only code that is a ban of 24 hours (domain facts §4); any other block is a firewall's."""


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
    """One sentence each: whose fault it most likely is, what to do next."""

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


def advise(
    known: Vocabulary,
    diagnosis: Diagnosis,
    case: Case | None = None,
    *,
    places: Sequence[str] = (),
    services: Sequence[str] = (),
) -> Advice:
    """The advice on outages that share a diagnosis. `places`: names as they are shown; `services`: as configured."""
    own = known.cases[case] if case else {"fault": known.faults[diagnosis], "step": known.steps[diagnosis]}
    return Advice(fault=own["fault"], step=_filled(known, own["step"], places, services))


def advise_on(known: Vocabulary, incident: Incident, place: str) -> Advice:
    """The advice on one incident; `place` is the name of its authority."""
    case = case_of_incident(incident)
    return advise(known, incident.diagnosis, case, places=[place], services=services_of([incident]))


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
