"""Title and text of a notification, for the person who is woken by it: what a template needs, and its rendering.

A template's first line is the title, the rest is the text. Only words and names of ours reach the title; facts may
hold what a server sent, so they are cut and cleaned of control characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from jinja2 import DictLoader, Environment, StrictUndefined

from monitor.core.facts import OF_REFERENCES, Fact, seen_here
from monitor.core.services import is_spoken_of
from monitor.model import (
    Cause,
    Diagnosis,
    EventName,
    Incident,
    Notification,
    Plan,
    Scope,
    SpeaksOf,
    Verdict,
)
from monitor.notify.advice import (
    Case,
    advise,
    advise_after,
    case_of_incident,
    has_looked_before,
    services_of,
    step_of_incident,
    works_of,
)
from monitor.notify.counted import services_in_words
from monitor.notify.dates import filing_line
from monitor.notify.maintenance import MOST_NOTICES, notice_in_words, window_in_words
from monitor.notify.nationwide import beside, causes_in_words, earliest
from monitor.notify.reports import reported
from monitor.notify.times import ZONE_NAMES, after, duration, shown_span, wall_clock
from monitor.notify.view import Awaited, Item, Judged, View
from monitor.notify.words import Vocabulary, authority_name, clean, detail_words, words

_TEXTS = Path(__file__).parent / "texts"

MOST_LINES = 40
"""Incidents that a text lists one by one."""
MOST_FACTS = 8
VOTE = {"zh": "{source}：{outcome}（{age}前）", "en": "{source}: {outcome} ({age} ago)"}
STOP = {"zh": "；", "en": "; "}
USABLE = frozenset({Cause.FORMAT_DRIFT, Cause.SYNC_LAG, Cause.RECORD_MISSING, Cause.COUNT_MISMATCH})
"""Causes of the authority's with which its service still answers."""
FLAPPING = frozenset({EventName.FLAPPING_STARTED, EventName.FLAPPING_STOPPED})
"""Events of what may have no incident of its own; where it has one that is on the page of the authority."""
NO_INCIDENT = frozenset({EventName.CERTIFICATE_EXPIRING, EventName.TEST})
"""Events whose incidents are examples or stand-ins that have no page."""
TO = {"zh": " 至 ", "en": " to "}
DRILL = {"zh": "【演练】", "en": "[DRILL] "}
DRILL_LINE = {
    "zh": "演练：这不是真实故障，请按预案走一遍，不要联系税务局",
    "en": "Drill: nothing is really broken; do what you would do, but call nobody outside",
}


def title_and_text(notification: Notification, plan: Plan) -> tuple[str, str]:
    """The title (one line) and the text (lines without an empty end) in the plan's language."""
    view = _view(notification, plan)
    template = environment().get_template(f"{plan.language}/{notification.event}.j2")
    lines = [line.rstrip() for line in template.render(view=view).splitlines()]
    title, *rest = [line for line in lines if line]
    if not notification.drill:
        return title, "\n".join(rest)
    return DRILL[plan.language] + title, "\n".join([DRILL_LINE[plan.language], *rest])


def link(notification: Notification, plan: Plan) -> str:
    """Where to read more; empty without `server.external_url`."""
    base = plan.external_url.rstrip("/")
    if not base:
        return ""
    parent = _parent(notification)
    if parent is None or notification.drill or notification.event in NO_INCIDENT:
        return f"{base}/"
    if notification.event in FLAPPING:
        return f"{base}/authorities/{parent.authority}"
    return f"{base}/incidents/{parent.id}"


def _parent(notification: Notification) -> Incident | None:
    """The incident that the notification is about: the only one, or the national or local one among its members."""
    wide = [one for one in notification.incidents if one.scope is not Scope.AUTHORITY]
    if wide:
        return wide[0]
    return notification.incidents[0] if len(notification.incidents) == 1 else None


@cache
def environment() -> Environment:
    """The templates, all read at once: later no file may be left to be opened, or another version lie on the disk."""
    return Environment(
        loader=DictLoader(
            {
                f"{file.parent.name}/{file.name}": file.read_text(encoding="utf-8")
                for file in _TEXTS.glob("*/*.j2")
            }
        ),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - plain text, never HTML
        auto_reload=False,
    )


def read_all(language: str) -> None:
    """Open every file that a message in this language needs, those among them that jinja2 only opens when it reads one."""
    words(language)
    environment().get_template(f"{language}/{EventName.DAEMON_DEGRADED}.j2")


def _view(notification: Notification, plan: Plan) -> View:
    known = words(plan.language)
    parent = _parent(notification)
    members = [one for one in notification.incidents if one is not parent]
    one = None if parent is None else item_of(parent, notification.at, plan)
    listed = [item_of(member, notification.at, plan) for member in members]
    services = {item.service for item in listed}
    about = [parent] if parent else members
    nationwide = members if parent and parent.scope is Scope.NATIONAL and parent.is_open else []
    first = earliest(parent, nationwide)
    return View(
        scope=str(notification.scope),
        severity=known.severities[notification.severity],
        count=len(notification.incidents),
        one=one,
        shown=listed[:MOST_LINES],
        hidden=max(0, len(listed) - MOST_LINES),
        places=list(dict.fromkeys(item.place for item in listed)),
        service=services.pop() if len(services) == 1 else "",
        services=services_in_words(listed, plan.language, known),
        advice=_advice(about, _services(notification, plan), plan),
        again=all(one.relapse_told_at == notification.at for one in about),
        is_nationwide=bool(members) and {one.diagnosis for one in members} == {Diagnosis.NATIONAL_OUTAGE},
        extent=_extent(parent, plan),
        causes=causes_in_words(nationwide, plan, known),
        earliest=item_of(first, notification.at, plan) if first else None,
        beside=len(beside(nationwide, plan)),
        after=advise_after(known, notification.incidents, _names(notification.incidents, plan)),
        work=works_of(known, _services(notification, plan)),
        reference=_reference(notification, about, plan),
        filing=filing_line(notification.incidents, notification.at, plan.language),
        still_down=[
            authority_name(slug, plan.authorities, plan.language) for slug in notification.still_down
        ],
        window=None if notification.window is None else window_in_words(notification.window, plan),
        notices=[notice_in_words(one, plan) for one in notification.notices[:MOST_NOTICES]],
        awaited=_awaited(notification, plan) if notification.waiting else None,
        details=[
            detail_words(clean(line), plan.language) for line in notification.detail.split("; ") if line
        ],
        stores=[
            known.stores.get(one.service, one.service)
            for one in notification.incidents
            if one.scope is Scope.DAEMON
        ],
        is_hampered=any(one.service == "probing" for one in notification.incidents),
        first_id=notification.incidents[0].id if notification.incidents else "",
        report=None if notification.report is None else reported(notification.report, plan),
        is_drill=notification.drill,
        at=wall_clock(notification.at, plan),
        zone=ZONE_NAMES[plan.language].get(plan.timezone, plan.timezone),
        vantage=plan.vantage,
        url=link(notification, plan),
    )


def _extent(incident: Incident | None, plan: Plan) -> str:
    facts = () if incident is None else incident.facts
    said = (fact for fact in facts if fact.startswith(f"{Fact.DOWN}="))
    return next((words(plan.language).fact(fact) for fact in said), "")


def _services(notification: Notification, plan: Plan) -> list[str]:
    """The services it is about; of a nationwide outage told without its members the main one."""
    found = services_of(notification.incidents) or [one.service for one in notification.waiting[:1]]
    return found or ([plan.judgement.main_service] if notification.scope is Scope.NATIONAL else [])


def _names(incidents: Sequence[Incident], plan: Plan) -> list[str]:
    """Names of the authorities they are about, without repetition."""
    slugs = dict.fromkeys(one.authority for one in incidents)
    return [authority_name(slug, plan.authorities, plan.language) for slug in slugs]


def _reference(notification: Notification, about: Sequence[Incident], plan: Plan) -> str:
    """`hq：超时（12 秒前）；参考来源也显示不可用`: each vote with its age, then what that makes of ours.

    Empty where it is about services of which they do not speak, or several of which they say different things, and in
    a drill: they see nothing of it.
    """
    if notification.drill:
        return ""
    known = words(plan.language)
    said = [
        VOTE[plan.language].format(
            source=clean(vote.source),
            outcome=known.outcomes[vote.outcome],
            age=duration(timedelta(seconds=vote.age_seconds), plan.language),
        )
        for vote in notification.reference[:MOST_FACTS]
    ]
    verdicts = {one.verdict for one in about if is_spoken_of(plan, one.authority, one.service)}
    before = {has_looked_before(one.facts) for one in about}
    if verdicts == {Verdict.ONLY_US_DOWN} and None not in before:
        said += sorted(known.fact(fact) for fact in before if fact)[:1]
    elif len(verdicts) == 1:
        said.append(known.verdicts[verdicts.pop()])
    return STOP[plan.language].join(said)


def _awaited(notification: Notification, plan: Plan) -> Awaited:
    first = notification.waiting[0]
    known = words(plan.language)
    place = authority_name(first.authority, plan.authorities, plan.language)
    return Awaited(
        what=f"{place} {known.service(first.service)}".rstrip(),
        tickets=known.comma.join(clean(one.ticket) for one in notification.waiting if one.ticket),
        since=wall_clock(min(one.since for one in notification.waiting), plan),
    )


def item_of(incident: Incident, at: datetime, plan: Plan) -> Item:
    """One incident in words, as it is at `at`."""
    known = words(plan.language)
    until = incident.resolved_at
    place = authority_name(incident.authority, plan.authorities, plan.language)
    service = known.service(incident.service)
    return Item(
        place=place,
        service=service,
        what=_what(incident, f"{place} {service}".rstrip(), known),
        cause=known.cause(incident.cause, seen_here(incident.facts)),
        code=str(incident.cause),
        brief=_brief(incident, known),
        was=_was(incident, known),
        diagnosis=known.diagnoses[incident.diagnosis],
        since=wall_clock(incident.began_at, plan),
        first=wall_clock(incident.first_failure_at, plan),
        mended=wall_clock(incident.mended_at, plan) if incident.mended_at else "",
        until=None if until is None else after(wall_clock(incident.began_at, plan), wall_clock(until, plan)),
        lasted=duration(shown_span(incident.began_at, until or at), plan.language),
        span=_span(incident, at, plan),
        never_up=case_of_incident(incident) is Case.NEVER_UP,
        unwatched=Fact.NO_LONGER_WATCHED in incident.facts,
        is_ours=incident.cause.speaks_of is SpeaksOf.US,
        is_down=incident.cause.speaks_of is SpeaksOf.AUTHORITY and incident.cause not in USABLE,
    )


def _what(incident: Incident, named: str, known: Vocabulary) -> str:
    """Place and service; what is no authority's outage by what it is: `全国性故障`, `监测程序 状态库`."""
    if incident.scope is Scope.DAEMON:
        return f"{known.scopes[Scope.DAEMON]} {known.stores.get(incident.service, incident.service)}"
    return named if incident.scope is Scope.AUTHORITY else known.diagnoses[incident.diagnosis]


def _brief(incident: Incident, known: Vocabulary) -> str:
    """The cause in a few words; a status by its number."""
    if incident.cause is Cause.HTTP_STATUS:
        status = (fact.partition("=")[2] for fact in incident.facts if fact.startswith(f"{Fact.STATUS}="))
        if number := next(status, ""):
            return f"HTTP {clean(number)}"
    return known.brief(incident.cause, seen_here(incident.facts))


def _was(incident: Incident, known: Vocabulary) -> str:
    """What it was put down to when it was told last before now, by its timeline."""
    told = [index for index, (_, entry) in enumerate(incident.timeline) if entry.startswith("told=")]
    before = incident.timeline[: told[-2]] if len(told) > 1 else ()
    causes = [entry.removeprefix("cause=") for _, entry in before if entry.startswith("cause=")]
    was = next((cause for cause in Cause if causes and cause == causes[-1]), incident.cause)
    return "" if was is incident.cause else known.briefs[was]


def _span(incident: Incident, at: datetime, plan: Plan) -> str:
    """Its times without what goes without saying: the year, and the day of which the message speaks."""
    day = wall_clock(at, plan)[:10]
    stamps = [wall_clock(incident.began_at, plan)]
    if incident.resolved_at is not None:
        stamps.append(wall_clock(incident.resolved_at, plan))
    return TO[plan.language].join(after(day, stamp).removeprefix(f"{day[:5]}") for stamp in stamps)


def _advice(incidents: Sequence[Incident], services: Sequence[str], plan: Plan) -> list[Judged]:
    """One for each diagnosis, or case or cause told otherwise, in order of appearance."""
    groups: dict[tuple[Diagnosis, Case | None, str], list[Incident]] = {}
    for incident in incidents:
        key = (incident.diagnosis, case_of_incident(incident), step_of_incident(incident))
        groups.setdefault(key, []).append(incident)
    return [_judged(group, services_of(group) or services, plan) for group in groups.values()]


def _judged(incidents: Sequence[Incident], services: Sequence[str], plan: Plan) -> Judged:
    """Of incidents that share all that the advice goes by."""
    known = words(plan.language)
    places, first = _names(incidents, plan), incidents[0]
    case, by = case_of_incident(first), step_of_incident(first)
    said = advise(known, first.diagnosis, case, by=by, places=places, services=services)
    facts = _shared_facts(incidents)[:MOST_FACTS]
    return Judged(
        places=places,
        fault=said.fault,
        step=said.step,
        facts=[clean(known.fact(fact, incidents[0].scope)) for fact in facts],
    )


def _shared_facts(incidents: Sequence[Incident]) -> list[str]:
    """What holds for all of them. How many targets fail is said of one service only: of several it would not say which."""
    first, *others = incidents
    return [
        fact
        for fact in first.facts
        if all(fact in one.facts for one in others)
        and not (others and fact.startswith(f"{Fact.TARGETS_FAILING}="))
        and not _is_said_elsewhere(fact, first)
    ]


def _is_said_elsewhere(fact: str, incident: Incident) -> bool:
    """Whether a line of its own says it: the last day to file, and beside an authority what the references say."""
    name = fact.partition("=")[0]
    return name == Fact.FILING_DEADLINE or (incident.scope is Scope.AUTHORITY and name in OF_REFERENCES)
