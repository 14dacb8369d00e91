"""What `--explain` makes of what was seen: whose fault, what it rests on, when to try again. Values in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.cli.explain_look import Looked
from monitor.cli.explain_others import STALE
from monitor.core import notices
from monitor.core.again import AFTER_OUTAGE, Again, Announced, Pause, try_again
from monitor.core.clues import OPEN, find_clues, whose
from monitor.core.comparison import small_plan, states_of
from monitor.core.diagnosis import diagnose, diagnose_local
from monitor.core.facts import Fact, facts, local_facts, of_references, watched_authorities
from monitor.core.local import LocalView
from monitor.core.own_clock import clock_offset
from monitor.core.page import text_of
from monitor.core.services import judge_service
from monitor.core.signs import Beside, Clue, Party, Sign
from monitor.core.state import WindowRecord
from monitor.core.surroundings import Surroundings, look_around
from monitor.core.verdict import Opinion, count_votes
from monitor.core.windows import covering
from monitor.model import (
    LOCAL,
    PSEUDO_AUTHORITIES,
    Cause,
    Diagnosis,
    Plan,
    ReferenceReading,
    ReferenceSource,
    TargetState,
    Verdict,
    Window,
)
from monitor.probes import Observation

BY_REFERENCES = OPEN | {Diagnosis.LOCAL_DNS, Diagnosis.LOCAL_TRUST, Diagnosis.LOCAL_NETWORK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the look means. Everything is of `lead`, of its service, and of now."""

    looked: Looked
    diagnosis: Diagnosis
    party: Party
    facts: tuple[str, ...]
    clues: tuple[Clue, ...]
    opinions: tuple[Opinion, ...]
    verdict: Verdict
    window: Window | None
    again: Again
    never_up: bool

    @property
    def lead(self) -> Observation:
        """What is explained."""
        return self.looked.lead

    @property
    def is_alone(self) -> bool:
        """Whether nothing else that was looked at fails of other authorities."""
        return all(one.result.is_ok for one in self.looked.others)

    @property
    def rests_on_references(self) -> bool:
        """Whether the diagnosis is one that fresh references decide."""
        return not self.lead.result.is_ok and self.diagnosis in BY_REFERENCES

    def has(self, sign: Sign) -> bool:
        """Whether there is such a clue."""
        return any(clue.sign is sign for clue in self.clues)


def judge(looked: Looked) -> Judged:
    """Judge by the daemon's own rules, as if each run were confirmed; then by what the evidence adds."""
    lead, told = looked.lead, looked.told
    whole = (*looked.observed, *looked.controls, *looked.others)
    targets = {one.target.id: one.target for one in whole}
    known, sources = _heard(looked)
    plan = replace(small_plan(looked.plan, targets.values()), references=sources)
    never = frozenset({lead.target.authority}) if told is not None and not told.seen_up else frozenset()
    states = states_of(plan, [one.result for one in whole], looked.now, never=never)
    around = _around(looked, plan, states, known)
    beside = _beside(looked, plan, states, around)
    is_local = lead.target.is_control
    beside_it = plan.controls if is_local else plan.by_service[lead.target.authority][lead.target.service]
    view = judge_service(beside_it, states)
    diagnosis = diagnose_local(around.local) if is_local else diagnose(view, around)
    said = local_facts(plan, states, around.local) if is_local else facts(view, around)
    opinions = tuple(around.opinions.get(lead.target.authority, ()))
    votes = count_votes(opinions)
    evidence = looked.evidence
    clues = find_clues(lead.result, evidence, beside)
    if reads_no_past(lead):
        diagnosis, clues = Diagnosis.UNDETERMINED, (*clues, Clue(sign=Sign.READS_NO_PAST))
    party = whose(diagnosis, clues, beside=beside, corroborated=votes.fresh > 0)
    party = _party(party, around.local, is_local=is_local)
    if view.authority == LOCAL and view.lead is not None and not is_local:
        party = Party.US  # a disk, a log or a file of this machine
    window = covering(around.windows, lead.target.authority, lead.target.service, looked.now)
    return Judged(
        looked=looked,
        diagnosis=diagnosis,
        party=party,
        facts=tuple(fact for fact in said if not of_references(fact) and not _is_of_few(fact, around)),
        clues=clues,
        opinions=opinions,
        verdict=around.verdict(view, lead.target.authority),
        window=window,
        again=_again(looked, diagnosis, party, window),
        never_up=view.is_never_up,
    )


def reads_no_past(one: Observation) -> bool:
    """Whether it is a log of which one look sees nothing: it begins at the end."""
    return one.target.kind == "log" and one.result.is_ok


def _around(
    looked: Looked, plan: Plan, states: Mapping[str, TargetState], known: Mapping[str, ReferenceReading]
) -> Surroundings:
    """What a few tell of all: no nationwide outage, which is a share of those watched. A daemon that watches more has counted."""
    watched = len(watched_authorities(looked.plan))
    around = look_around(
        plan, states, looked.now, references=known, records=_records(looked), altogether=watched
    )
    if not looked.lead.target.authority:
        return replace(around, down=0, drifted=0)  # it is nobody's, and no part of any outage of theirs
    if looked.told is not None and looked.told.watched > around.watched:
        return replace(around, down=looked.told.down, watched=looked.told.watched, altogether=0)
    return around


def _is_of_few(fact: str, around: Surroundings) -> bool:
    """Whether it counts those that were looked at as if they were all."""
    return around.watched < around.altogether and fact.partition("=")[0] in (Fact.DOWN, Fact.DRIFTED)


def _party(party: Party, local: LocalView, *, is_local: bool) -> Party:
    """Of the controls themselves: where some of them fail and some do not, it is theirs, not our network's."""
    if is_local and local.ran and not local.holds and local.controls_failing:
        return Party.THEM
    return party


def _heard(looked: Looked) -> tuple[Mapping[str, ReferenceReading], tuple[ReferenceSource, ...]]:
    """What references say, ours and those of a daemon; nothing of a service of which they do not speak."""
    target = looked.lead.target
    if looked.plan.main_services.get(target.authority, target.service) != target.service:
        return {}, ()
    readings = {one.source: one for one in looked.readings if one.up}
    sources = {one.name: one for one in looked.sources if one.name in readings}
    for reading in looked.told.references if looked.told is not None else ():
        if reading.source not in readings:
            readings[reading.source] = reading
            sources[reading.source] = ReferenceSource(name=reading.source, stale_after=STALE)
    return readings, tuple(sources.values())


def _records(looked: Looked) -> Mapping[str, WindowRecord]:
    windows = looked.told.windows if looked.told is not None else ()
    return {window.id: WindowRecord(window=window) for window in windows}


def _beside(looked: Looked, plan: Plan, states: Mapping[str, TargetState], around: Surroundings) -> Beside:
    resolved, asked = looked.names
    target = looked.lead.target
    alike = [
        one for one in looked.others if (one.target.kind, one.target.service) == (target.kind, target.service)
    ]
    return Beside(
        controls=[one.result for one in looked.controls],
        others=[one.result for one in looked.others],
        alike=[one.result for one in alike],
        watched=around.altogether if target.authority not in ("", *PSEUDO_AUTHORITIES) else 0,
        names=resolved,
        asked=asked,
        clock=clock_offset(plan, states, looked.now),
        way=looked.way,
    )


# --- when to try again -----------------------------------------------------------------------------------------------


def _again(looked: Looked, diagnosis: Diagnosis, party: Party, window: Window | None) -> Again:
    lead = looked.lead
    if reads_no_past(lead):
        return Again(pause=Pause.NOT_NEEDED)
    reply = lead.seen.reply
    said = Announced(
        window_ends=None if window is None else window.end,
        page_ends=_end_of_page(lead, looked.plan, looked.now),
        retry_after=None if reply is None else reply.header("retry-after"),
    )
    again = try_again(
        lead.result, diagnosis, party, said, looked.plan.calendar, lead.target.authority, looked.now
    )
    is_rush = again.pause is Pause.PEAK and not lead.target.authority  # the days to file are the tax offices'
    return Again(pause=Pause.LATER, at=looked.now + AFTER_OUTAGE) if is_rush else again


def _end_of_page(lead: Observation, plan: Plan, now: datetime) -> datetime | None:
    """The end of the maintenance that a page announces about itself, where it is read with certainty."""
    if lead.result.cause is not Cause.MAINTENANCE_PAGE or lead.seen.reply is None:
        return None
    found = notices.read(text_of(lead.seen.reply), now.date(), plan.authorities)
    ends = [one.end for one in found.windows if not one.open_ended and one.start <= now < one.end]
    return max(ends, default=None)
