"""What a notice that cancels, moves or prolongs another one may be about: only a person can tell which, so all are named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain, islice

from monitor.core.notices import Doubt
from monitor.core.state import WindowRecord
from monitor.core.windows import current, known_ahead
from monitor.model import Affected, NoticeStatus, Plan, PostedNotice

MOST = 5
"""So many are named."""


def affected(
    notice: PostedNotice,
    plan: Plan,
    records: Mapping[str, WindowRecord],
    notices: Iterable[PostedNotice],
    now: datetime,
) -> tuple[Affected, ...]:
    """Windows that are open or to come, and notices that wait, of its authorities; none where it changes no other notice."""
    if all(kind != Doubt.CHANGE for kind, _ in notice.unclear):
        return ()
    windows = {
        window.id: Affected(id=window.id, name=window.name, start=window.start, end=window.end)
        for window in chain(current(plan, records, now), known_ahead(plan, records, now))
        if window.end > max(now, window.start) and _concerns(window.authorities, notice)
    }
    first = sorted(windows.values(), key=lambda one: (one.start, one.id))
    return tuple(islice(chain(first, _waiting(notice, notices)), MOST))


def _concerns(authorities: tuple[str, ...] | None, notice: PostedNotice) -> bool:
    """Whether a window may be one that it changes: who does not say whose it is may mean anybody."""
    known = authorities and notice.authorities
    return not known or not set(authorities or ()).isdisjoint(notice.authorities)


def _waiting(notice: PostedNotice, notices: Iterable[PostedNotice]) -> Iterator[Affected]:
    for one in notices:
        waits = one.status is NoticeStatus.WAITING and one.id != notice.id
        if waits and one.windows and any(_concerns(window.authorities, notice) for window in one.windows):
            yield Affected(
                id=one.id,
                name=one.title or one.file,
                start=min(window.start for window in one.windows),
                end=max(window.end for window in one.windows),
                is_notice=True,
            )
