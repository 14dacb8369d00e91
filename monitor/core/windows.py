"""When maintenance is planned: the calendar of the rules, and the windows made by hand or read from notices.

A window is a stretch of absolute time: two hours are two hours also on the day a clock is set. When a schedule's wall
time does not exist or comes twice is decided by cronsim, which follows Debian's cron. A schedule of fixed times
(`30 2 * * *`) whose wall time is skipped begins at the first minute that exists (03:00), one whose wall time comes
twice begins at the first of them. A schedule whose minute or hour begins with a star (`*/30 * * * *`) goes by the time
that really passes: what is skipped is left out, what comes twice begins twice. Rules of iCalendar stand in rrules.py.

Nothing here walks through the time that has passed since it was asked last: the work is the same however far the clock
jumped. What a rule has around one hour is kept, so that most questions cost a look into a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from itertools import chain, islice, takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim

from monitor.core import rrules
from monitor.core.state import WindowRecord
from monitor.model import LOCAL, MaintenanceRule, Plan, Window

MOST = 64
"""So many windows of one rule may be open at once; of a rule with more (each minute, for days) the newest count."""
MANY, FEW = 128, 32
"""A step back through a schedule finds at most so many beginnings, and is too short if it finds fewer."""
MOST_SHOWN = 1000
"""A preview has at most so many windows."""
LONGEST = timedelta(days=366)
"""No window of a schedule is longer."""
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
STAMP = "%Y%m%dT%H%M%SZ"
STAMPED = re.compile(r".*-(\d{8}T\d{6}Z)")


def window_id(name: str, start: datetime) -> str:
    """Readable, URL-safe, the same for the same window: `nightly-20261201T150000Z`."""
    word = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if word != name:  # 夜间 and 升级 must not become the same
        word = f"{word}-{sha256(name.encode()).hexdigest()[:8]}".lstrip("-")
    return f"{word}-{start.astimezone(UTC).strftime(STAMP)}"


# --- what is asked ---------------------------------------------------------------------------------------------------


def current(plan: Plan, records: Mapping[str, WindowRecord], now: datetime) -> tuple[Window, ...]:
    """The windows that are open at `now`, those that began first first. `records`: `State.windows`."""
    return _sorted(window for window in near(plan, records, now) if window.start <= now < window.end)


def covering(windows: Iterable[Window], authority: str, service: str, now: datetime) -> Window | None:
    """Of `windows` the one that explains a failure of this service at `now`; of several the one that ends last.

    Our own network (`local`) is never in maintenance.
    """
    if authority == LOCAL:
        return None
    mine = (window for window in windows if window.covers(authority, service, now))
    return max(mine, key=lambda window: window.end, default=None)


def overran(
    windows: Iterable[Window], authority: str, service: str, since: datetime, now: datetime
) -> Window | None:
    """Of `windows` the one that is over and in which a failure began at `since`; of several the one that ended last."""
    over = (window for window in windows if window.end <= now)
    return covering(over, authority, service, since)


def near(plan: Plan, records: Mapping[str, WindowRecord], now: datetime) -> Iterator[Window]:
    """The windows around `now`: those open, those over for less than the grace, the next of each rule, all that are to come."""
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    for rule in plan.maintenance:
        for window in _around(rule, hour, plan.overrun_grace):
            yield _as_kept(window, records)
    for record in records.values():
        if record.window.is_kept and not _is_over(record.window, hour, plan.overrun_grace):
            yield record.window


def next_edge(plan: Plan, records: Mapping[str, WindowRecord], now: datetime) -> datetime | None:
    """The next instant after `now` at which something begins, ends, overruns or is to be announced; None: never."""
    if not plan.maintenance and not records:
        return None
    notice, grace = timedelta(seconds=plan.notify_before), timedelta(seconds=plan.overrun_grace)
    edges = [
        edge
        for window in near(plan, records, now)
        for edge in (window.start, window.end, window.end + grace)
        if edge > now
    ]
    edges += [
        window.start - notice
        for window in near(plan, records, now + notice)
        if window.announce and window.start > now + notice
    ]
    return min(edges, default=None)


def upcoming(plan: Plan, records: Mapping[str, WindowRecord], now: datetime, until: datetime) -> list[Window]:
    """For a preview: the windows open at `now` and those that begin before `until`, the first first.

    Those by hand and of notices are among them however far ahead they begin. At most `MOST_SHOWN` of each rule and
    altogether.
    """
    kept = (record.window for record in records.values() if record.window.is_kept)
    later = (window for window in kept if window.start > now)
    found = chain(current(plan, records, now), ahead(plan, records, now, until, MOST_SHOWN), later)
    return list(_sorted(window for window in found if window.end > now))[:MOST_SHOWN]


def known_ahead(plan: Plan, records: Mapping[str, WindowRecord], now: datetime) -> Iterator[Window]:
    """The windows after `now` that were planned one by one, however far ahead: not those of rules that repeat."""
    for rule in plan.maintenance:
        if not repeats(rule):
            yield from (_as_kept(window, records) for window in _of_dates(rule) if window.start > now)
    for record in records.values():
        if record.window.is_kept and record.window.start > now:
            yield record.window


def ahead(
    plan: Plan, records: Mapping[str, WindowRecord], now: datetime, until: datetime, most: int
) -> Iterator[Window]:
    """The windows that begin after `now` and before `until`, of each rule the first `most`; those that are kept, all."""
    for rule in plan.maintenance:
        for window in islice(_ahead(rule, now, until), most):
            yield _as_kept(window, records)
    for record in records.values():
        if record.window.is_kept and now < record.window.start < until:
            yield record.window


def find(plan: Plan, records: Mapping[str, WindowRecord], id_: str) -> Window | None:
    """The window of that id: by hand, of a notice, or of a rule that is still configured."""
    record = records.get(id_)
    if record is not None and record.window.is_kept:
        return record.window
    stamped = STAMPED.fullmatch(id_)
    if stamped is None:
        return None
    try:
        start = datetime.strptime(stamped[1], STAMP).replace(tzinfo=UTC)
        return next((window for window in near(plan, records, start) if window.id == id_), None)
    except (ValueError, OverflowError):
        return None


def _sorted(windows: Iterable[Window]) -> tuple[Window, ...]:
    once = {window.id: window for window in windows}
    return tuple(sorted(once.values(), key=lambda window: (window.start, window.id)))


def _as_kept(window: Window, records: Mapping[str, WindowRecord]) -> Window:
    """The window of a rule as it is after it ended early."""
    record = records.get(window.id)
    if record is None or record.planned_end is None:
        return window
    return replace(
        window,
        end=min(window.end, record.window.end),
        early=record.window.early,
        planned_end=record.planned_end,
    )


# --- the calendar of one rule ----------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _around(rule: MaintenanceRule, hour: datetime, grace: float) -> tuple[Window, ...]:
    """What an instant within this hour can meet: windows not over for more than the grace, those that begin, the next."""
    if not repeats(rule):
        return tuple(window for window in _of_dates(rule) if not _is_over(window, hour, grace))
    past = _begun(rule, hour, _lasts(rule) + timedelta(seconds=grace))
    here = _between(rule, hour, hour + HOUR)
    after = islice(begins(rule, hour + HOUR), 1)
    return tuple(_window(rule, start) for start in chain(past, here, after))


def _is_over(window: Window, hour: datetime, grace: float) -> bool:
    """Whether it was over for more than the grace when this hour began."""
    return window.end + timedelta(seconds=grace) < hour


def repeats(rule: MaintenanceRule) -> bool:
    """Whether it makes windows again and again."""
    return rule.schedule is not None or rule.rrule is not None


def _of_dates(rule: MaintenanceRule) -> tuple[Window, ...]:
    if rule.start is None or rule.end is None:
        return ()
    return (_window(rule, rule.start.astimezone(UTC), rule.end.astimezone(UTC)),)


def _lasts(rule: MaintenanceRule) -> timedelta:
    return min(timedelta(seconds=rule.duration), LONGEST)


def _window(rule: MaintenanceRule, start: datetime, end: datetime | None = None) -> Window:
    return Window(
        id=window_id(rule.name, start),
        name=rule.name,
        authorities=rule.authorities,
        services=rule.services,
        start=start,
        end=end or start + _lasts(rule),
        announce=rule.announce,
    )


def _ahead(rule: MaintenanceRule, now: datetime, until: datetime) -> Iterator[Window]:
    """The windows of a rule that begin after `now` and before `until`."""
    planned = _of_schedule(rule, now, until) if repeats(rule) else _of_dates(rule)
    return (window for window in planned if now < window.start < until)


def _of_schedule(rule: MaintenanceRule, lower: datetime, upper: datetime) -> Iterator[Window]:
    return (_window(rule, start) for start in _between(rule, lower, upper))


def _begun(rule: MaintenanceRule, hour: datetime, back: timedelta) -> list[datetime]:
    """When it began within `back` before `hour`: the newest `MOST`, oldest first.

    Goes back in steps that grow while they hold little and shrink when they hold much, so that neither a dense nor a
    sparse schedule costs much.
    """
    found: list[datetime] = []
    upper, step = hour, HOUR
    while upper > hour - back and len(found) < MOST:
        lower = max(upper - step, hour - back)
        here = list(islice(_between(rule, lower, upper), MANY + 1))
        if len(here) > MANY:  # never within an hour
            step /= 2
            continue
        found[:0] = here
        upper, step = lower, step * 2 if len(here) < FEW else step
    return found[-MOST:]


def _between(rule: MaintenanceRule, lower: datetime, upper: datetime) -> Iterator[datetime]:
    return takewhile(lambda start: start < upper, begins(rule, lower))


def begins(rule: MaintenanceRule, since: datetime) -> Iterator[datetime]:
    """When it begins from `since` on, in UTC, ascending, each instant once. Ends after decades without any."""
    if rule.rrule is not None:
        assert rule.start is not None
        return rrules.begins(
            rrules.Recurrence(rule=rule.rrule, start=rule.start, timezone=rule.timezone), since
        )
    assert rule.schedule is not None
    return _of_cron(rule.schedule, rule.timezone, since)


def _of_cron(schedule: str, timezone: str, since: datetime) -> Iterator[datetime]:
    last = since - SECOND
    try:
        for start in CronSim(schedule, last.astimezone(ZoneInfo(timezone))):
            instant = start.astimezone(UTC)
            if instant >= since and instant > last:  # in a repeated hour it also names the first of the two
                yield instant
                last = instant
    except OverflowError:  # the end of time as Python knows it
        return
