"""Notices that were found in a feed: taken in, approved, rejected, forgotten, and the windows that follow from them.

A window of a notice is known by what it says (whom, what, when). So a corrected notice keeps the windows that it repeats:
they are neither told again nor interrupted. Until the corrected one is approved those of the first stay in force.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256

from monitor.core import planned
from monitor.core.amending import affected
from monitor.core.draft import Draft
from monitor.core.notices import Notice
from monitor.core.routes import Matter, receivers
from monitor.core.state import WindowRecord
from monitor.model import (
    LOCAL,
    ApproveNotice,
    Early,
    EventName,
    NoticeStatus,
    Notification,
    PostedNotice,
    RejectNotice,
    Scope,
    TakeNotice,
    Window,
)

MOST = 200
"""Notices that are kept; of those decided the newest."""
MOST_AHEAD = 1000
"""Windows of all notices together that are not over."""
LONGEST_NAME = 80
KEPT = timedelta(days=7)
"""How long a notice stays after its last window."""
STALE = timedelta(days=30)
"""A notice without a window is of no use so long after it was published or read."""


def posted(read: Notice, *, id_: str, feed: str, file: str, now: datetime) -> PostedNotice:
    """What was read, as it is kept."""
    name = read.title[:LONGEST_NAME].strip() or feed
    return PostedNotice(
        id=id_,
        feed=feed,
        file=file,
        title=read.title,
        read_at=now,
        published=read.published,
        windows=tuple(
            _window(id_, name, one.authorities, one.services, one.start, one.end) for one in read.windows
        ),
        quotes=tuple(one.quote for one in read.windows),
        unclear=tuple((str(one.kind), one.text) for one in read.unclear),
        authorities=read.authorities,
    )


def _window(
    notice: str,
    name: str,
    authorities: tuple[str, ...],
    services: tuple[str, ...] | None,
    start: datetime,
    end: datetime,
) -> Window:
    said = repr((authorities, services, start.astimezone(UTC), end.astimezone(UTC)))
    return Window(
        id=f"notice-{sha256(said.encode()).hexdigest()[:12]}",
        name=name,
        authorities=authorities,
        services=services,
        start=start,
        end=end,
        notice=notice,
    )


# --- taking in -------------------------------------------------------------------------------------------------------


def take(draft: Draft, command: TakeNotice) -> str:
    """Keep what was found, unless it is known or of no use. Why it cannot be kept; empty: nothing is wrong."""
    found = command.notice
    known = draft.notices.get(found.id)
    if known is not None and known.status is not NoticeStatus.REPLACED:
        return ""
    before = next((one for one in draft.notices.values() if _stands_in(one, found)), None)
    found = replace(_watched(draft, found), over=before.id if before else "")
    if not _is_of_use(draft, found) and not (before and before.status is NoticeStatus.APPROVED):
        return ""
    if len(draft.notices) >= MOST and known is None and not _make_room(draft):
        return f"{MOST} notices wait already; approve or reject some first"
    draft.notices[found.id] = found
    if before is not None and before.status is NoticeStatus.WAITING:
        draft.notices[before.id] = replace(before, status=NoticeStatus.REPLACED)
    if command.approve and found.is_certain and not _are_too_many(draft, found.windows):
        _approve(draft, found, found.windows, "")
    return ""


def _stands_in(one: PostedNotice, found: PostedNotice) -> bool:
    """Whether it was found in the same file, and nothing has taken its place yet."""
    same = (one.feed, one.file) == (found.feed, found.file) and one.id != found.id
    return same and one.status is not NoticeStatus.REPLACED


def _watched(draft: Draft, found: PostedNotice) -> PostedNotice:
    """The notice without the windows that are about nobody who is watched."""
    pairs = [
        (window, quote)
        for window, quote in zip(found.windows, found.quotes, strict=True)
        if not window.authorities or not draft.plan.by_authority.keys().isdisjoint(window.authorities)
    ]
    return replace(
        found, windows=tuple(window for window, _ in pairs), quotes=tuple(quote for _, quote in pairs)
    )


def _is_of_use(draft: Draft, found: PostedNotice) -> bool:
    """Whether something of it is still to come, or it must be read by a person and is not old."""
    if found.windows or not found.unclear:
        return any(window.end > draft.now for window in found.windows)
    return draft.now - _published(found) < STALE


def _published(notice: PostedNotice) -> datetime:
    if notice.published is None:
        return notice.read_at
    return datetime.combine(notice.published, time(), UTC)


def _make_room(draft: Draft) -> bool:
    """Drop the oldest notice that is decided. Whether there was one."""
    decided = [one for one in draft.notices.values() if one.status is not NoticeStatus.WAITING]
    done = [one for one in decided if _last(one) <= draft.now] or [
        one for one in decided if one.status is not NoticeStatus.APPROVED
    ]
    if done:
        del draft.notices[min(done, key=lambda one: one.read_at).id]
    return bool(done)


# --- deciding --------------------------------------------------------------------------------------------------------


def approve(draft: Draft, command: ApproveNotice) -> str:
    """Put its windows in force. Why that cannot be; empty: they are."""
    notice = draft.notices.get(command.id)
    if notice is None:
        return f"there is no notice {command.id}"
    if notice.status is NoticeStatus.MISSED:
        return "all of it is over already"
    if notice.status is not NoticeStatus.WAITING:
        return f"notice {notice.id} is {notice.status} already"
    windows = tuple(_for(window, command.authorities) for window in notice.windows)
    if not windows:
        return "no window was read from it; add one by hand (`window add`), then reject the notice"
    strange = [slug for slug in command.authorities if slug not in draft.plan.by_authority or slug == LOCAL]
    if strange:
        return f"authority {strange[0]!r} is not watched"
    if not all(window.authorities for window in windows):
        return "it does not say which authority it is about: name it"
    if all(window.end <= draft.now for window in windows):
        return "all of it is over already"
    if _are_too_many(draft, windows):
        return f"there are {MOST_AHEAD} windows of notices already; reject some first"
    _approve(draft, notice, windows, command.author)
    return ""


def _are_too_many(draft: Draft, windows: tuple[Window, ...]) -> bool:
    known = (record.window for record in draft.windows.values())
    ahead = sum(bool(window.notice) and window.end > draft.now for window in known)
    return ahead + len(windows) > MOST_AHEAD


def _for(window: Window, authorities: tuple[str, ...]) -> Window:
    """The window of these authorities, where the notice does not say whose it is."""
    if window.authorities or not authorities:
        return window
    return _window(window.notice, window.name, authorities, window.services, window.start, window.end)


def _approve(draft: Draft, notice: PostedNotice, windows: tuple[Window, ...], author: str) -> None:
    windows = tuple(_anew(draft, window, by_hand=bool(author)) for window in windows)
    draft.notices[notice.id] = replace(
        notice, windows=windows, status=NoticeStatus.APPROVED, decided_by=author
    )
    for window in windows:
        if window.end > draft.now and window.id not in draft.windows:
            draft.windows[window.id] = WindowRecord(window=window)
    for one in list(draft.notices.values()):
        if _stands_in(one, notice):
            draft.notices[one.id] = replace(one, status=NoticeStatus.REPLACED)
            _withdraw(draft, one)


def _anew(draft: Draft, window: Window, *, by_hand: bool) -> Window:
    """The window, under another id where it was withdrawn before: it is told again, and keys of messages come once.

    Without a person saying so, what somebody ended while its notice stood stays ended.
    """
    id_, number = window.id, 1
    while (record := draft.windows.get(id_)) is not None and record.window.early is Early.BY_HAND:
        if not by_hand and id_ in _announced(draft):
            break
        number += 1
        id_ = f"{window.id}-{number}"
    return replace(window, id=id_)


def _announced(draft: Draft) -> set[str]:
    """Ids of the windows of approved notices."""
    approved = (one for one in draft.notices.values() if one.status is NoticeStatus.APPROVED)
    return {window.id for one in approved for window in one.windows}


def reject(draft: Draft, command: RejectNotice) -> str:
    """Let nothing of it count; windows of it that are in force end. Why that cannot be; empty: so it is."""
    notice = draft.notices.get(command.id)
    if notice is None:
        return f"there is no notice {command.id}"
    if notice.status not in (NoticeStatus.WAITING, NoticeStatus.MISSED, NoticeStatus.APPROVED):
        return f"notice {notice.id} is {notice.status} already"
    draft.notices[notice.id] = replace(notice, status=NoticeStatus.REJECTED, decided_by=command.author)
    _withdraw(draft, notice)
    return ""


def _withdraw(draft: Draft, notice: PostedNotice) -> None:
    """End the windows that no approved notice announces any more, the rests of those that ended early too."""
    gone = {window.id for window in notice.windows} - _announced(draft)
    for id_, record in list(draft.windows.items()):
        if (record.window.resumes or id_) in gone:
            ended = planned.end_early(draft.plan, draft.windows, id_, draft.now)
            if ended is not None:
                draft.windows[id_] = ended


# --- what is told of them, and for how long they are kept --------------------------------------------------------------


def tell(draft: Draft) -> None:
    """Tell once, all together, of the notices that came to wait for a person. Drop those that are of no use any more."""
    for id_ in [one.id for one in draft.notices.values() if _last(one) + _kept(one) <= draft.now]:
        del draft.notices[id_]
    for one in list(draft.notices.values()):
        if one.status is NoticeStatus.WAITING and _last(one) <= draft.now:
            draft.notices[one.id] = replace(one, status=NoticeStatus.MISSED)
    fresh = [one for one in draft.notices.values() if is_untold(one) and _hearing(draft, [one])]
    for one in fresh:
        draft.notices[one.id] = replace(one, told=True)
    if not fresh:
        return
    everything = (draft.plan, draft.windows, list(draft.notices.values()), draft.now)
    draft.notifications.append(
        Notification(
            key=f"{fresh[0].id}/{draft.now.timestamp():.0f}/{EventName.MAINTENANCE_ANNOUNCED}",
            event=EventName.MAINTENANCE_ANNOUNCED,
            at=draft.now,
            severity=draft.plan.judgement.severity_maintenance,
            scope=Scope.AUTHORITY,
            incidents=(),
            to=tuple(sorted(_hearing(draft, fresh))),
            notices=tuple(replace(one, affects=affected(one, *everything)) for one in fresh),
            detail="; ".join((one.title or one.file).replace("; ", ", ") for one in fresh),
        )
    )


def is_untold(notice: PostedNotice) -> bool:
    """Whether nobody heard yet that it waits: no route has taken it so far."""
    return notice.status is NoticeStatus.WAITING and not notice.told


def _hearing(draft: Draft, notices: list[PostedNotice]) -> frozenset[str]:
    """Who is told now that these wait."""
    slugs = {slug for one in notices for window in one.windows for slug in window.authorities or ()}
    matter = Matter(
        event=EventName.MAINTENANCE_ANNOUNCED,
        severity=draft.plan.judgement.severity_maintenance,
        authorities=tuple(sorted(slugs)) or None,
    )
    return receivers(draft.plan, matter, draft.now)


def moments(draft: Draft) -> Iterable[datetime]:
    """When notices that wait are over."""
    for one in draft.notices.values():
        if one.status is NoticeStatus.WAITING:
            yield _last(one)


def _kept(one: PostedNotice) -> timedelta:
    """How long it is kept after its last window: what waited without any was of no use before."""
    return timedelta(0) if one.status is NoticeStatus.WAITING and not one.windows else KEPT


def _last(one: PostedNotice) -> datetime:
    """The end of its last window; of a notice without one, when it is of no use any more."""
    return max((window.end for window in one.windows), default=_published(one) + STALE)
