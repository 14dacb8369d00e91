"""`probe --explain`: answers "is it me?" with what was tried, where it stopped, whose fault it is, what to do and when to try again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from monitor.cli.explain_judge import Judged
from monitor.cli.explain_lines import Line, lines, said_of
from monitor.cli.explain_stories import blanks_of, story_of
from monitor.cli.explain_words import Speech, remark_on
from monitor.core.again import Pause
from monitor.core.clues import OPEN, decisive
from monitor.core.signs import Clue, Party, Sign
from monitor.model import LOCAL, Cause, Diagnosis, Flag, Phase, Scope, as_json
from monitor.notify.advice import Case, advise, case_of
from monitor.notify.evidence import evidence_json
from monitor.notify.times import ZONE_NAMES, duration, wall_clock
from monitor.notify.words import authority_name, clean

COMPARED = frozenset({Cause.COUNT_MISMATCH, Cause.RECORD_MISSING})
"""Causes that rest on several replies, each of which was as it should be."""
TOLD_BY_FLAG = frozenset(map(str, (Flag.SLOW, Flag.THROTTLED, Flag.TLS_UNVERIFIED)))
"""Facts that say of many runs what the flag of the same name says of this one: one look has seen no more than that."""
GENERAL = frozenset({
    Diagnosis.MAINTENANCE, Diagnosis.HEALTHY, Diagnosis.SLOW, Diagnosis.NATIONAL_OUTAGE, Diagnosis.PROTOCOL_CHANGED,
})  # fmt: skip
"""Diagnoses that say more of what to do than the cause does."""
BEYOND_IT = frozenset({Diagnosis.NATIONAL_OUTAGE, Diagnosis.PATH_FROM_HERE})
"""Diagnoses by which what one run shows of that one host is not the point."""
OF_ADDRESSES = OPEN | {Diagnosis.HEALTHY, Diagnosis.LOCAL_DNS, Diagnosis.LOCAL_TRUST, Diagnosis.LOCAL_NETWORK}
"""Diagnoses whose texts speak of tax authorities and invoices."""
OF_WHOSE = frozenset({Sign.ONLY_IT, Sign.ONE_SERVER, Sign.CUT_IN_HELLO})
"""Clues that say whose it is, not what it is: the story says more of what to do."""
OF_OUR_NAMES = frozenset({Sign.NAMES_DEAD, Sign.ONE_SERVER, Sign.SERVERS_DISAGREE})
"""Clues whose advice is about our own name servers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer in words of one language."""

    answer: str
    fault: str
    tried: tuple[Line, ...]
    """Name of a label, and what is said."""
    stopped: str
    known: tuple[str, ...]
    finance: str
    engineers: str
    again: str
    unknown: tuple[str, ...]


def explain(judged: Judged, language: str) -> Explanation:
    """Everything in words."""
    say = Speech(language)
    blanks = _blanks(judged, say)
    keys = _keys(judged)
    return Explanation(
        answer=say(f"answers.{_answer(judged)}"),
        fault=_fault(judged, keys, blanks, say),
        tried=tuple(lines(judged, say)),
        stopped=_stopped(judged, say),
        known=tuple(_known(judged, say)),
        finance=_told(judged, "finance", keys, blanks, say),
        engineers=_told(judged, "engineers", keys, blanks, say),
        again=_again(judged, say),
        unknown=tuple(_unknown(judged, say)),
    )


def _answer(judged: Judged) -> str:
    if judged.has(Sign.READS_NO_PAST):
        return "unseen"
    is_planned = judged.diagnosis is Diagnosis.MAINTENANCE
    return "planned" if is_planned else str(judged.party)


# --- whose fault, what to do -----------------------------------------------------------------------------------------


def _decisive(judged: Judged) -> Clue | None:
    """The clue that says more than the diagnosis; one that agrees with it says it more exactly."""
    if judged.diagnosis in OPEN and not (
        judged.diagnosis is Diagnosis.NATIONAL_OUTAGE and judged.party is Party.THEM
    ):
        return decisive(judged.clues, judged.party)
    if judged.diagnosis is Diagnosis.LOCAL_TRUST:
        return next((clue for clue in judged.clues if clue.points_at is Party.US), None)
    return None


def _case(judged: Judged) -> Case | None:
    """What is known more precisely than by the diagnosis."""
    target, result = judged.lead.target, judged.lead.result
    if target.is_on_machine and target.authority == LOCAL and not result.is_ok:
        return Case.ON_MACHINE
    return case_of(judged.diagnosis, result.cause, judged.facts, never_up=judged.never_up)


def _keys(judged: Judged) -> list[str]:
    """What texts are looked for by, the most exact first."""
    clue = _decisive(judged)
    case = _case(judged)
    cause = judged.lead.result.cause
    is_general = judged.diagnosis in BEYOND_IT or str(judged.diagnosis).startswith("local_")
    special = Sign.SPECIAL_ADDRESS if judged.has(Sign.SPECIAL_ADDRESS) and not is_general else None
    story = None if is_general else story_of(judged)
    known: list[StrEnum | None] = [None if clue is None else clue.sign, case, special, story]
    if clue is not None and clue.sign in OF_WHOSE:
        known = [*known[1:], clue.sign]
    keys = [str(one) for one in known if one is not None]
    if judged.diagnosis in GENERAL:
        return [*keys, str(judged.diagnosis), str(cause)]
    if str(judged.diagnosis).startswith("local_"):
        return [*keys, str(judged.diagnosis)]
    keys += [str(judged.diagnosis)] if judged.diagnosis in BEYOND_IT else []
    keys += [str(cause)] if cause is not Cause.NONE else []
    keys += ["not_alone"] if judged.diagnosis is Diagnosis.PROVINCIAL_OUTAGE and not judged.is_alone else []
    return [*keys, str(judged.diagnosis), "none"]


def _told(judged: Judged, section: str, keys: Sequence[str], blanks: Mapping[str, str], say: Speech) -> str:
    """The first text there is; what has gaps that nothing fills is passed over."""
    if (key := _of_nobodys(judged, section)) is not None:
        return say(f"nobodys.{key}", **blanks)
    for key in keys:
        if say.has(section, key):
            return say(f"{section}.{key}", **blanks)
    return say(f"{section}.{'undetermined' if section == 'finance' else 'none'}", **blanks)


def _of_nobodys(judged: Judged, section: str) -> str | None:
    """Which text of its own an address has at which no authority is watched; None: that of all others."""
    if judged.lead.target.authority or judged.diagnosis not in OF_ADDRESSES:
        return None
    if section == "finance":
        return f"finance_{judged.party}"
    clue, phase = _decisive(judged), judged.lead.result.phase
    is_told = judged.party in (Party.US, Party.NOBODY) or (clue is not None and clue.sign in OF_OUR_NAMES)
    return None if is_told or phase is None else f"engineers_{phase}"


def _blanks(judged: Judged, say: Speech) -> dict[str, str]:
    target = judged.lead.target
    clue = _decisive(judged)
    return {
        **blanks_of(judged, say),
        "place": place_of(judged, say),
        "work": say.words.work(target.service),
        "host": target.host,
        "port": str(target.port),
        **(dict(clue.values) if clue is not None else {}),
    }


def place_of(judged: Judged, say: Speech) -> str:
    """What is looked at as people call it."""
    target = judged.lead.target
    if not target.authority:
        return target.id
    return authority_name(target.authority, judged.looked.plan.authorities, say.language)


def _fault(judged: Judged, keys: Sequence[str], blanks: Mapping[str, str], say: Speech) -> str:
    if (key := next((key for key in keys if say.has("faults", key)), None)) is not None:
        return say(f"faults.{key}", **blanks)
    if not judged.lead.target.authority and judged.party in (Party.THEM, Party.UNCLEAR):
        return say(f"nobodys.fault_{judged.party}", **blanks)
    if judged.has(Sign.SEVERAL_FAIL) and judged.party is Party.THEM and _case(judged) is None:
        return say(f"faults.{Sign.SEVERAL_FAIL}")
    if judged.party is Party.UNCLEAR and judged.diagnosis is Diagnosis.PROVINCIAL_OUTAGE:
        return say("faults.nothing_beside")
    case = _case(judged)
    return advise(say.words, judged.diagnosis, case if case in set(Case) else None).fault


# --- where it stopped, what that rests on ----------------------------------------------------------------------------


def _stopped(judged: Judged, say: Speech) -> str:
    result = judged.lead.result
    if result.is_ok:
        return say("stopped.ok", seconds=f"{result.duration:.2f}")
    cause, detail = say.cause(result.cause, judged.lead.target.kind), clean(remark_on(result, say.language))
    said = {"cause": cause, "detail": say("remark", remark=detail) if detail and detail not in cause else ""}
    if judged.lead.target.is_on_machine:
        return say("stopped.machine", **said)
    if result.phase is None:
        return say("stopped.before", **said)
    if result.cause in COMPARED and result.readings:
        return say("stopped.compared", **said)
    if result.status_code is not None and result.phase is Phase.PROCESSING:
        return say("stopped.content", **said)
    return say("stopped.phase", phase=say.words.phases[result.phase], **said)


def _known(judged: Judged, say: Speech) -> Iterator[str]:
    for clue in judged.clues:
        if judged.party is Party.US and (clue.points_at is Party.THEM or clue.sign is Sign.SEVERAL_FAIL):
            continue  # seen through what is broken here, it says nothing of them
        yield say(f"clues.{clue.sign}", **_clue_values(clue, say))
    others = judged.looked.others
    if others:
        works = sum(one.result.is_ok for one in others)
        key = "all" if works == len(others) else "ok" if works else "none"
        beside = "others_" if judged.lead.target.authority else "nobodys.beside_"
        yield say(f"{beside}{key}", total=len(others), count=works)
    through_us = judged.lead.target.is_control or judged.party is Party.US
    scope = Scope.LOCAL if through_us else Scope.AUTHORITY
    facts = (fact for fact in judged.facts if fact.partition("=")[0] not in TOLD_BY_FLAG)
    yield from (clean(say.words.fact(fact, scope)) for fact in facts)
    if judged.rests_on_references:
        yield from (said_of(one, say) for one in judged.opinions if not one.stale)
    yield from (say.words.flags[flag] for flag in sorted(judged.lead.result.flags))


def _clue_values(clue: Clue, say: Speech) -> dict[str, str]:
    values = dict(clue.values)
    if cause := next((one for one in Cause if one == values.get("cause")), None):
        values["cause"] = say.cause(cause)
    return {key: clean(value) for key, value in values.items()}


def _again(judged: Judged, say: Speech) -> str:
    again, plan = judged.again, judged.looked.plan
    at = "" if again.at is None else wall_clock(again.at, plan)
    zone = ZONE_NAMES[say.language].get(plan.timezone, plan.timezone)
    peak = "" if again.peak is None else say(f"peaks.{again.peak}")
    pause = "" if again.named is None else duration(again.named, say.language)
    call = blanks_of(judged, say)["call"]
    return say(f"again.{again.pause}", at=f"{at} {zone}", peak=peak, pause=pause, call=call)


def _unknown(judged: Judged, say: Speech) -> Iterator[str]:
    found = judged.looked.evidence
    for part in found.left_out if found is not None else ():
        name, _, why = part.partition("=")
        yield f"{say(f'missing.{name}')}{say.colon}{say(f'why_missing.{why}')}"
    if not judged.looked.controls and judged.again.pause is not Pause.NOT_NEEDED:
        yield f"{say('missing.controls')}{say.colon}{say('why_missing.none')}"


# --- as JSON ---------------------------------------------------------------------------------------------------------


def explanation_json(judged: Judged, language: str) -> dict[str, Any]:
    """What `--json` holds under `explanation`: words of the model for programs, and the same in words of a language."""
    said = explain(judged, language)
    looked = judged.looked
    told: dict[str, Any] = as_json({
        "target": judged.lead.target.id,
        "whose": judged.party,
        "diagnosis": judged.diagnosis,
        "cause": judged.lead.result.cause,
        "stopped_in": judged.lead.result.phase,
        "facts": judged.facts,
        "clues": [{"clue": clue.sign, "points_at": clue.points_at, **clue.values} for clue in judged.clues],
        "verdict": judged.verdict,
        "reference": [
            {"source": one.source, "outcome": one.outcome, "age_seconds": round(one.age_seconds, 1), "stale": one.stale}
            for one in judged.opinions
        ],
        "controls": [{"target": one.target.id, "cause": one.result.cause} for one in looked.controls],
        "others": [{"target": one.target.id, "cause": one.result.cause} for one in looked.others],
        "window": judged.window and {"id": judged.window.id, "name": judged.window.name, "end": judged.window.end},
        "again": {"pause": judged.again.pause, "at": judged.again.at, "peak": judged.again.peak},
        "evidence": None,
        "language": language,
        "answer": said.answer,
        "fault": said.fault,
        "tried": [{"part": part, "said": text} for part, text in said.tried],
        "stopped": said.stopped,
        "known": said.known,
        "finance": said.finance,
        "engineers": said.engineers,
        "try_again": said.again,
        "unknown": said.unknown,
    })  # fmt: skip
    if looked.evidence is not None:
        told["evidence"] = {
            key: value for key, value in evidence_json(looked.evidence).items() if key != "incident"
        }
    return told


def comparison_json(judged: Judged) -> dict[str, Any]:
    """What `--reference` alone adds: what others say, and how that goes with what was seen here."""
    rows = [
        {
            "source": one.source,
            "outcome": one.outcome,
            "age_seconds": round(one.age_seconds, 1),
            "stale": one.stale,
        }
        for one in judged.opinions
    ]
    failed = [{"source": one.source, "error": one.detail} for one in judged.looked.readings if not one.up]
    return {"reference": [*rows, *failed], "verdict": str(judged.verdict)}
