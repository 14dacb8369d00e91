"""Notices as they are read, given to a world, and what it makes of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from monitor.core.feeds import posted
from monitor.core.notices import Doubt, Notice, NoticeWindow, Unclear
from monitor.model import ApproveNotice, PostedNotice, TakeNotice
from tests.core.notation import START, World

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def said(*windows: NoticeWindow, title: str = "停机通告", unclear: tuple[Unclear, ...] = ()) -> Notice:
    return Notice(
        title=title,
        authorities=("anhui",),
        windows=windows,
        unclear=unclear,
        published=date(2026, 11, 20),
    )


def stretch(start: timedelta, end: timedelta, *slugs: str) -> NoticeWindow:
    """Maintenance from so long after the start until so long after it."""
    return NoticeWindow(
        start=START + start,
        end=START + end,
        services=None,
        authorities=slugs or ("anhui",),
        quote="1日18时至",
    )


SOON = stretch(2 * HOUR, 4 * HOUR)
LATER = stretch(3 * DAY, 3 * DAY + 8 * HOUR)
DOUBT = Unclear(kind=Doubt.NO_SCOPE, text="停机")


def notice(
    read: Notice, id_: str = "a1", file: str = "a.txt", now: datetime = START, feed: str = "notices"
) -> PostedNotice:
    return posted(read, id_=id_, feed=feed, file=file, now=now)


def take(world: World, read: Notice, id_: str = "a1", *, approve: bool = False, **more: Any) -> str:
    refused = world.event(
        TakeNotice(notice=notice(read, id_, now=world.now, **more), approve=approve)
    ).refused
    world.pass_time(1)
    return refused


def approve(world: World, id_: str = "a1", **more: Any) -> str:
    refused = world.event(ApproveNotice(id=id_, author="wang", **more)).refused
    world.pass_time(1)
    return refused


def planned(world: World) -> list[tuple[timedelta, timedelta]]:
    """The windows that are in force or to come: how long after the start they begin and end."""
    return sorted(
        (record.window.start - START, record.window.end - START)
        for record in world.state.windows.values()
        if record.window.end > max(record.window.start, world.now)
    )


def told(world: World) -> list[str]:
    return [str(note.event).removeprefix("maintenance_") for note in world.told]


def status(world: World) -> dict[str, str]:
    return {id_: str(one.status) for id_, one in world.state.notices.items()}
