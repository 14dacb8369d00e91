"""Title and text of a notification, for the person who is woken by it: what a template needs, and its rendering.

A template's first line is the title, the rest is the text. Only words and names of ours reach the title; facts may
hold what a server sent, so they are cut and cleaned of control characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from monitor.core.diagnosis import Fact
from monitor.model import Diagnosis, Incident, Notification, Plan, Scope, SpeaksOf, Verdict, Window
from monitor.notify.words import authority_name, words

MOST_LINES = 40
"""Incidents that a text lists one by one."""
MOST_FACTS = 8
LONGEST_FACT = 200
"""Characters of one fact."""
ZONE_NAMES = {"zh": {"Asia/Shanghai": "北京时间"}, "en": {"Asia/Shanghai": "China time"}}
UNITS = {"zh": (" 天", " 小时", " 分", " 秒"), "en": (" d", " h", " min", " s")}
EVERYONE = {"zh": "全部税务机关", "en": "all authorities"}
EVERYTHING = {"zh": "全部服务", "en": "all services"}
COMMA = {"zh": "、", "en": ", "}
VOTE = {"zh": "{source}：{outcome}（{age}前）", "en": "{source}: {outcome} ({age} ago)"}
STOP = {"zh": "；", "en": "; "}
DRILL = {"zh": "【演练】", "en": "[DRILL] "}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One incident in words."""

    place: str
    service: str
    cause: str
    diagnosis: str
    since: str
    until: str | None
    lasted: str
    never_up: bool
    unwatched: bool
    """It ended only because nothing looks at it any more."""
    is_ours: bool
    """Its cause speaks of us, not of the authority."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What is believed and what to do, once for all incidents it holds for."""

    places: Sequence[str]
    fault: str
    step: str
    facts: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A maintenance window in words."""

    name: str
    places: str
    services: str
    start: str
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a template sees. `one` is the incident it is about, None where several are told together."""

    scope: str
    severity: str
    count: int
    one: Item | None
    shown: Sequence[Item]
    """The incidents beside `one`: all of them, or the members of a national or local one."""
    hidden: int
    """How many more there are."""
    places: Sequence[str]
    """Authorities concerned, without repetition."""
    service: str
    """The one service all are about, else empty."""
    advice: Sequence[Advice]
    is_nationwide: bool
    """All of them are put down to one nationwide outage."""
    reference: str
    still_down: Sequence[str]
    window: Planned | None
    detail: str
    """What does not work, or which certificate: one line."""
    first_id: str
    """The incident to acknowledge; empty without one."""
    at: str
    zone: str
    vantage: str
    url: str


def title_and_text(notification: Notification, plan: Plan) -> tuple[str, str]:
    """The title (one line) and the text (lines without an empty end) in the plan's language."""
    view = _view(notification, plan)
    template = _environment().get_template(f"{plan.language}/{notification.event}.j2")
    lines = [line.rstrip() for line in template.render(view=view).splitlines()]
    title, *rest = [line for line in lines if line]
    return (DRILL[plan.language] if notification.drill else "") + title, "\n".join(rest)


def link(notification: Notification, plan: Plan) -> str:
    """Where to read more; empty without `server.external_url`."""
    base = plan.external_url.rstrip("/")
    if not base:
        return ""
    parent = _parent(notification)
    if parent is None:
        return f"{base}/"
    return f"{base}/incidents/{parent.id}"


def _parent(notification: Notification) -> Incident | None:
    """The incident that the notification is about: the only one, or the national or local one among its members."""
    wide = [one for one in notification.incidents if one.scope is not Scope.AUTHORITY]
    if wide:
        return wide[0]
    return notification.incidents[0] if len(notification.incidents) == 1 else None


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("monitor.notify", "texts"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - plain text, never HTML
    )


def _view(notification: Notification, plan: Plan) -> View:
    known = words(plan.language)
    parent = _parent(notification)
    members = [one for one in notification.incidents if one is not parent]
    one = None if parent is None else _item(parent, notification.at, plan)
    listed = [_item(member, notification.at, plan) for member in members]
    services = {item.service for item in listed}
    return View(
        scope=str(notification.scope),
        severity=known.severities[notification.severity],
        count=len(notification.incidents),
        one=one,
        shown=listed[:MOST_LINES],
        hidden=max(0, len(listed) - MOST_LINES),
        places=list(dict.fromkeys(item.place for item in listed)),
        service=services.pop() if len(services) == 1 else "",
        advice=_advice([parent] if parent else members, plan),
        is_nationwide=bool(members) and {one.diagnosis for one in members} == {Diagnosis.NATIONAL_OUTAGE},
        reference=_reference(notification, parent, plan),
        still_down=[
            authority_name(slug, plan.authorities, plan.language) for slug in notification.still_down
        ],
        window=None if notification.window is None else _planned(notification.window, plan),
        detail=_clean(notification.detail),
        first_id=notification.incidents[0].id if notification.incidents else "",
        at=_wall_clock(notification.at, plan),
        zone=ZONE_NAMES[plan.language].get(plan.timezone, plan.timezone),
        vantage=plan.vantage,
        url=link(notification, plan),
    )


def _reference(notification: Notification, about: Incident | None, plan: Plan) -> str:
    """`hq：超时（12 秒前）；参考来源也显示不可用`: each vote with its age, then what that makes of ours."""
    known = words(plan.language)
    said = [
        VOTE[plan.language].format(
            source=_clean(vote.source),
            outcome=known.outcomes[vote.outcome],
            age=duration(timedelta(seconds=vote.age_seconds), plan.language),
        )
        for vote in notification.reference[:MOST_FACTS]
    ]
    verdict = known.verdicts[about.verdict if about else Verdict.NO_REFERENCE]
    return STOP[plan.language].join([*said, verdict])


def _planned(window: Window, plan: Plan) -> Planned:
    everyone, everything = EVERYONE[plan.language], EVERYTHING[plan.language]
    comma = COMMA[plan.language]
    return Planned(
        name=_clean(window.name),
        places=everyone
        if window.authorities is None
        else comma.join(authority_name(slug, plan.authorities, plan.language) for slug in window.authorities),
        services=everything
        if window.services is None
        else comma.join(words(plan.language).service(service) for service in window.services),
        start=_wall_clock(window.start, plan),
        end=_wall_clock(window.end, plan),
    )


def _item(incident: Incident, at: datetime, plan: Plan) -> Item:
    known = words(plan.language)
    until = incident.resolved_at
    return Item(
        place=authority_name(incident.authority, plan.authorities, plan.language),
        service=known.service(incident.service),
        cause=known.causes[incident.cause],
        diagnosis=known.diagnoses[incident.diagnosis],
        since=_wall_clock(incident.first_failure_at, plan),
        until=None if until is None else _wall_clock(until, plan),
        lasted=duration((until or at) - incident.first_failure_at, plan.language),
        never_up=incident.never_up,
        unwatched=Fact.NO_LONGER_WATCHED in incident.facts,
        is_ours=incident.cause.speaks_of is SpeaksOf.US,
    )


def _advice(incidents: Sequence[Incident], plan: Plan) -> list[Advice]:
    """One for each diagnosis, in order of appearance; an address that never answered is a matter of its own."""
    groups: dict[tuple[Diagnosis, bool], list[Incident]] = {}
    for incident in incidents:
        groups.setdefault((incident.diagnosis, incident.never_up), []).append(incident)
    return [_advise(diagnosis, never_up, group, plan) for (diagnosis, never_up), group in groups.items()]


def _advise(diagnosis: Diagnosis, never_up: bool, incidents: Sequence[Incident], plan: Plan) -> Advice:
    known = words(plan.language)
    names = [authority_name(one.authority, plan.authorities, plan.language) for one in incidents]
    shared = [fact for fact in incidents[0].facts if all(fact in one.facts for one in incidents)]
    return Advice(
        places=list(dict.fromkeys(names)),
        fault=known.never_up if never_up else known.faults[diagnosis],
        step=known.never_up_step if never_up else known.steps[diagnosis],
        facts=[_clean(known.fact(fact)) for fact in shared[:MOST_FACTS]],
    )


def _clean(text: str) -> str:
    """One short line without control characters."""
    visible = "".join(letter if letter.isprintable() else " " for letter in text)
    return visible if len(visible) <= LONGEST_FACT else visible[: LONGEST_FACT - 1] + "…"


def _wall_clock(instant: datetime, plan: Plan) -> str:
    return instant.astimezone(ZoneInfo(plan.timezone)).strftime("%Y-%m-%d %H:%M:%S")


def duration(span: timedelta, language: str) -> str:
    """`12 分 5 秒`: the two largest units that say something, whole seconds."""
    seconds = max(0, round(span.total_seconds()))
    counts = (seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60, seconds % 60)
    first = next((index for index, count in enumerate(counts) if count), len(counts) - 1)
    shown = range(first, min(first + 2, len(counts)))
    return " ".join(
        f"{counts[index]}{UNITS[language][index]}" for index in shown if counts[index] or index == first
    )
