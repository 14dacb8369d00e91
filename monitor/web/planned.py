"""Maintenance as the pages show it: what is open and what is to come, a rule that repeats once with how often.

And the notices that wait for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.state import State
from monitor.core.windows import upcoming
from monitor.model import NoticeStatus, Window
from monitor.notify.maintenance import doubts_in_words
from monitor.web.lens import Lens
from monitor.web.shapes import window_stage

AHEAD = timedelta(days=14)
MOST = 24
"""Entries shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One window, or the first of several that a rule makes."""

    id: str
    name: str
    who: str
    what: str
    start: datetime
    end: datetime
    stage: str
    """`active` or `upcoming`."""
    origin: str
    """Name of the page text that says where it is from; empty: the configuration."""
    repeats: int
    """How many more of the same are to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One notice that waits for a person."""

    id: str
    title: str
    file: str
    windows: Sequence[tuple[Planned, str]]
    """What it announces, with the words that was read from."""
    unclear: Sequence[str]


def waiting(lens: Lens, state: State) -> list[Waiting]:
    """The notices that wait for a person, the newest first."""
    found = [one for one in state.notices.values() if one.status is NoticeStatus.WAITING]
    found.sort(key=lambda one: (one.read_at, one.id), reverse=True)
    return [
        Waiting(
            id=one.id,
            title=one.title or one.file,
            file=one.file,
            windows=[
                (_entry(lens, [window]), quote)
                for window, quote in zip(one.windows[:MOST], one.quotes, strict=False)
            ],
            unclear=doubts_in_words(one, lens.language),
        )
        for one in found[:MOST]
    ]


def planned(lens: Lens, state: State, authority: str | None = None) -> list[Planned]:
    """The windows of the next two weeks, the first first; those of one authority, or all."""
    windows = [
        window
        for window in upcoming(lens.plan, state.windows, lens.now, lens.now + AHEAD)
        if window_stage(window, lens.now) != "ended" and _concerns(window, authority)
    ]
    groups: dict[object, list[Window]] = {}
    for window in windows:
        key = window.id if window.is_kept else (window.name, window.authorities, window.services)
        groups.setdefault(key, []).append(window)
    return [_entry(lens, group) for group in list(groups.values())[:MOST]]


def _concerns(window: Window, authority: str | None) -> bool:
    return authority is None or window.authorities is None or authority in window.authorities


def _entry(lens: Lens, group: Sequence[Window]) -> Planned:
    window = group[0]
    who, what = concerned(lens, window)
    return Planned(
        id=window.id,
        name=window.name,
        who=who,
        what=what,
        start=window.start,
        end=window.end,
        stage=window_stage(window, lens.now),
        origin=_origin(window),
        repeats=len(group) - 1,
    )


def _origin(window: Window) -> str:
    if window.resumes:
        return "rest"
    return "by_hand" if window.by_hand else "of_notice" if window.notice else ""


def concerned(lens: Lens, window: Window) -> tuple[str, str]:
    """Which authorities and which services a window is for, in words."""
    everyone, everything = window.authorities is None, window.services is None
    who = (
        lens.say("everyone") if everyone else lens.names(window.authorities or ()) or lens.say("nobody_named")
    )
    services = map(lens.words.service, window.services or ())
    return who, lens.say("every_service") if everything else lens.say("separator").join(services)
