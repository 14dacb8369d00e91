"""Maintenance in words: windows, and notices that wait for a person."""

from __future__ import annotations

from monitor.core.notices import Doubt, Unclear, explain
from monitor.model import Early, Plan, PostedNotice, Window
from monitor.notify.advice import works_of
from monitor.notify.times import duration, shown_span, to_the_minute, wall_clock
from monitor.notify.view import Changeable, Planned, Posted
from monitor.notify.words import authority_name, clean, words

MOST_NAMED = 3
"""Authorities that a title names."""
MOST_NOTICES = 5
"""Notices that one message describes."""
MOST_WINDOWS = 5
"""Windows of a notice that it lists."""
MOST_DOUBTS = 5
EVERYONE = {"zh": "全部税务机关", "en": "all authorities"}
EVERYTHING = {"zh": "全部服务", "en": "all services"}
NOBODY = {"zh": "未写明税务机关", "en": "authority not named"}
MANY = {"zh": "{places}等 {count} 个税务机关", "en": "{places} and others ({count})"}


def window_in_words(window: Window, plan: Plan) -> Planned:
    """One window."""
    known, language = words(plan.language), plan.language
    services, early = window.services, window.planned_end
    return Planned(
        name=clean(window.name),
        places=_places(window, plan, shortened=False),
        where=_places(window, plan, shortened=True),
        services=EVERYTHING[language]
        if services is None
        else known.comma.join(known.service(service) for service in services),
        work=works_of(known, services or ()),
        start=to_the_minute(window.start, plan),
        end=to_the_minute(window.end, plan),
        begins=wall_clock(window.start, plan)[5:16],
        lasts=duration(shown_span(window.start, window.end), language),
        planned_end=to_the_minute(early, plan) if early is not None and early > window.end else "",
        is_back=window.early is Early.BACK,
        is_rest=bool(window.resumes),
    )


def _places(window: Window, plan: Plan, *, shortened: bool) -> str:
    if window.authorities is None:
        return EVERYONE[plan.language]
    named = [authority_name(slug, plan.authorities, plan.language) for slug in window.authorities]
    comma = words(plan.language).comma
    if shortened and len(named) > MOST_NAMED:
        return MANY[plan.language].format(places=comma.join(named[:MOST_NAMED]), count=len(named))
    return comma.join(named) or NOBODY[plan.language]


def notice_in_words(notice: PostedNotice, plan: Plan) -> Posted:
    """One notice: what was read from it and what is unclear."""
    return Posted(
        id=notice.id,
        title=clean(notice.title),
        file=clean(notice.file),
        windows=[window_in_words(window, plan) for window in notice.windows[:MOST_WINDOWS]],
        hidden=max(0, len(notice.windows) - MOST_WINDOWS),
        unclear=doubts_in_words(notice, plan.language)[:MOST_DOUBTS],
        affects=[
            Changeable(
                id=one.id,
                name=clean(one.name),
                start=to_the_minute(one.start, plan),
                end=to_the_minute(one.end, plan),
                is_notice=one.is_notice,
            )
            for one in notice.affects
        ],
    )


def doubts_in_words(notice: PostedNotice, language: str) -> list[str]:
    """What could not be read with certainty, each in one line. A kind of doubt of another version is named as it is."""
    return [
        explain(Unclear(kind=Doubt(kind), text=clean(text)), language) if kind in set(Doubt) else clean(kind)
        for kind, text in notice.unclear
    ]
