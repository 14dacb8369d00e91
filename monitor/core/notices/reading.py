"""A notice from its first character to its windows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from monitor.core.notices.certainty import Muted, doubts
from monitor.core.notices.days import HALF_A_YEAR, LONG, LONGEST, in_utc
from monitor.core.notices.gathering import Found, Gathering
from monitor.core.notices.issuers import Issuers, Names
from monitor.core.notices.notice import Doubt, Notice, NoticeWindow, Unclear
from monitor.core.notices.scopes import Scope, scope
from monitor.core.notices.sentences import published_of, title_of
from monitor.core.notices.text import clean, shown
from monitor.core.notices.words import Mood, mood, speaks_of_stop, vague_words
from monitor.model import Authority

MOST_WINDOWS = 100
MOST_UNCLEAR = 20


def read(
    text: str, published: date | None, authorities: Mapping[str, Authority], open_end: float = 86400.0
) -> Notice:
    """What a notice says, plain or as a page of HTML.

    `published` is the day it was published, None where that is not known (its signature may say it); `authorities` are
    those of the registry by slug; an open end is `open_end` seconds after the start. Never raises.
    """
    ready = clean(text)
    title, ends = title_of(ready)
    head = ready.plain[:ends] or ready.heading
    gathered = Gathering(ready, head, published or published_of(ready))
    gathered.read(ends)
    names = Names(authorities)
    issuers = names.issuers(head, ready.plain)
    drafts = [] if gathered.is_change else _merged(_ended(gathered, open_end), names, issuers, scope(head))
    drafts.sort(key=lambda draft: (draft.start, draft.end))
    windows = tuple(_window(draft) for draft in drafts[:MOST_WINDOWS])
    unclear = dict.fromkeys(_unclear(gathered, drafts, issuers, head))
    unclear = unclear or dict.fromkeys(_uncertain(gathered, drafts, names, issuers))
    return Notice(
        title=title,
        authorities=issuers.slugs,
        windows=windows,
        unclear=tuple(unclear)[:MOST_UNCLEAR],
        published=gathered.published,
    )


@dataclass(slots=True, kw_only=True)
class _Draft:
    """A window with its end and its authorities, on China's wall clock."""

    start: datetime
    end: datetime
    open_ended: bool
    scope: Scope
    authorities: tuple[str, ...]
    found: Found


def _ended(gathered: Gathering, open_end: float) -> Iterator[tuple[Found, datetime, bool]]:
    """Each window with its end, and whether that is left open.

    A start alone ends when the service is said to be back, or with the window that begins at the same time.
    """
    every = [one for one in gathered.found if not _frames(one, gathered.found)] or gathered.whole_days
    ends = {found.start: found.end for found in every if found.end is not None}
    for found in every:
        back = [time for time in gathered.back if time > found.start]
        end = found.end or ends.get(found.start) or min(back, default=None)
        if end is not None:
            found.doubts = [doubt for doubt in found.doubts if doubt is not Doubt.NO_END]
        yield found, end or found.start + timedelta(seconds=open_end), end is None


def _frames(days: Found, others: Iterable[Found]) -> bool:
    """Whether days without hours only say within which days the times of the same sentence lie."""
    if Doubt.NO_HOURS not in days.doubts or days.end is None:
        return False
    return any(
        one.end is not None and days.start <= one.start and one.end <= days.end
        for one in others
        if one.sentence == days.sentence and Doubt.NO_HOURS not in one.doubts
    )


def _merged(
    ended: Iterator[tuple[Found, datetime, bool]], names: Names, issuers: Issuers, title: Scope
) -> list[_Draft]:
    """Windows of the same time and place are one: what is stopped then is said by those that say it at all."""
    groups: dict[tuple[datetime, datetime, tuple[str, ...]], list[tuple[Found, bool]]] = {}
    for found, end, is_open in ended:
        at = names.within(found.sentence, issuers.slugs)
        groups.setdefault((found.start, end, at), []).append((found, is_open))
    return [_together(*key, group, title) for key, group in groups.items()]


def _together(
    start: datetime, end: datetime, at: tuple[str, ...], group: list[tuple[Found, bool]], title: Scope
) -> _Draft:
    """One window of what was found of it. An intro with the times alone gives way to the lines with the services."""
    saying = [found for found, _ in group if found.scope.named or found.scope.excepted is not None]
    told = Scope()
    for found in saying or [found for found, _ in group]:
        told.add(title if title and not saying else found.scope)
    first = (saying or [group[0][0]])[0]
    doubts = [doubt for found, _ in group for doubt in found.doubts]
    doubts += [Doubt.NO_SCOPE] * (not told) + [Doubt.EXCEPT] * (told.excepted is not None)
    return _Draft(
        start=start,
        end=end,
        open_ended=group[0][1],
        scope=told,
        authorities=at,
        found=replace(first, doubts=doubts),
    )


def _window(draft: _Draft) -> NoticeWindow:
    return NoticeWindow(
        start=in_utc(draft.start),
        end=in_utc(draft.end),
        services=draft.scope.services(),
        authorities=draft.authorities,
        quote=draft.found.quote,
        open_ended=draft.open_ended,
    )


# --- what a person must decide ---------------------------------------------------------------------------------------


def _unclear(gathered: Gathering, drafts: list[_Draft], issuers: Issuers, title: str) -> Iterator[Unclear]:
    if gathered.is_change:
        yield from (one for one in gathered.unclear if one.kind is Doubt.CHANGE)
        return
    about = mood(title)
    is_stop = (
        bool(drafts)
        or about is Mood.STOP
        or (about is not Mood.OTHER and speaks_of_stop(gathered.text.plain))
    )
    told = [one for one in gathered.unclear if is_stop or one.kind is not Doubt.NO_PURPOSE]
    yield from told
    for draft in drafts:
        for doubt in (*draft.found.doubts, *_improbable(draft, gathered.published)):
            yield Unclear(kind=doubt, text=draft.found.quote)
    if len(drafts) > MOST_WINDOWS or gathered.text.cut:
        yield Unclear(kind=Doubt.TOO_MANY, text="")
    if is_stop and not drafts and not told:
        yield _no_time(gathered)
    if (drafts or told) and not issuers.slugs:
        yield Unclear(kind=Doubt.NO_AUTHORITY, text=shown(issuers.stranger))


def _uncertain(gathered: Gathering, drafts: list[_Draft], names: Names, issuers: Issuers) -> list[Unclear]:
    """Why windows that could be read do not count without a person."""
    if not drafts:
        return []
    services = [draft.scope.services() for draft in drafts]
    muted = Muted(
        services=frozenset(one for some in services for one in some or ()),
        is_everything=None in services,
    )
    return doubts(gathered.text, gathered.times, names, issuers.slugs, muted)


def _improbable(draft: _Draft, published: date | None) -> Iterator[Doubt]:
    if draft.end - draft.start > LONG:
        yield Doubt.TOO_LONG if draft.end - draft.start > LONGEST else Doubt.LONG
    if published is not None and abs(draft.start.date() - published) > HALF_A_YEAR:
        yield Doubt.FAR_AWAY


def _no_time(gathered: Gathering) -> Unclear:
    plain = gathered.text.plain
    found = vague_words(plain)
    if found is None:
        return Unclear(kind=Doubt.NO_TIME, text="")
    start = max(plain.rfind(mark, 0, found.start()) for mark in "。\n,") + 1
    return Unclear(kind=Doubt.VAGUE_TIME, text=gathered.text.quote(start, min(len(plain), found.end() + 20)))
