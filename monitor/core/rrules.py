"""When something begins that repeats by a rule of iCalendar (RFC 5545 §3.3.10): `FREQ=MONTHLY;BYDAY=2SA`.

python-dateutil expands the rules. It knows no bounds: `INTERVAL=0` makes it loop for ever, it always walks from the very
start, and where nothing comes true it walks to the year 9999, whatever UNTIL says. So a rule is read strictly first; it
is asked for one month at a time, from a start moved near that month by whole intervals; and the question is put into the
last centuries before 10000, by whole cycles of 400 years in which dates and weekdays repeat, so that it ends there.

The times are those of a wall clock. One that is skipped when clocks are set is read by the offset before that (02:30
becomes 03:30), one that comes twice is the first of the two, as RFC 5545 has it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice
from typing import Any, Literal
from zoneinfo import ZoneInfo

from dateutil import rrule as dateutil
from dateutil.rrule import weekday as Weekday  # noqa: N812 - it is a class

FREQUENCIES: Mapping[str, Literal[0, 1, 2, 3]] = {
    "YEARLY": dateutil.YEARLY,
    "MONTHLY": dateutil.MONTHLY,
    "WEEKLY": dateutil.WEEKLY,
    "DAILY": dateutil.DAILY,
}
TOO_OFTEN = frozenset({"HOURLY", "MINUTELY", "SECONDLY"})
WEEKDAYS: Mapping[str, Weekday] = {
    "MO": dateutil.MO, "TU": dateutil.TU, "WE": dateutil.WE, "TH": dateutil.TH,
    "FR": dateutil.FR, "SA": dateutil.SA, "SU": dateutil.SU,
}  # fmt: skip
RANGES: Mapping[str, tuple[int, int, bool]] = {
    "BYMONTH": (1, 12, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYWEEKNO": (1, 53, True),
    "BYHOUR": (0, 23, False),
    "BYMINUTE": (0, 59, False),
    "BYSETPOS": (1, 366, True),
}
"""Lists of numbers: from, to, and whether they may be counted from the end (negative)."""
ONLY_WITH: Mapping[str, tuple[str, ...]] = {
    "BYMONTHDAY": ("YEARLY", "MONTHLY", "DAILY"),
    "BYYEARDAY": ("YEARLY",),
    "BYWEEKNO": ("YEARLY",),
}
"""Parts that RFC 5545 forbids elsewhere, where programs disagree on what they mean."""
SINGLE = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST")
PARTS = (*SINGLE, *RANGES, "BYDAY")

MOST = 1000
"""Of INTERVAL and COUNT."""
MOST_A_DAY = 24
"""Times of a day that BYHOUR and BYMINUTE may name together."""
MOST_CHARACTERS = 500
CENTURY = timedelta(days=36525)
"""A search for the next one ends after so long without any, and COUNT must be reached within it."""
CYCLE = 400
"""Years after which dates and weekdays are the same again."""
DAY = timedelta(days=1)
LAST = datetime(9999, 12, 1)  # noqa: DTZ001 - a wall clock
"""No later month is looked at."""

_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?", re.ASCII)
_BYDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,4}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A rule, read."""

    freq: str
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    """Naive: by the wall clock; the last instant that counts."""
    week_start: str = "MO"
    numbers: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """The lists of numbers, by name."""
    days: tuple[tuple[str, int], ...] = ()
    """BYDAY: the weekday and which of the month or year (0: each)."""

    def has(self, *names: str) -> bool:
        """Whether it has one of these lists."""
        return any(name in names for name, _ in self.numbers) or ("BYDAY" in names and bool(self.days))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """A rule with what it counts from: its first possible beginning, by the wall clock of `timezone`."""

    rule: str
    start: datetime
    timezone: str

    @property
    def wall(self) -> datetime:
        """The start as the wall clock shows it, naive."""
        return self.start.astimezone(ZoneInfo(self.timezone)).replace(tzinfo=None)


# --- reading ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def parse(text: str) -> Parts:
    """The rule of a text like `FREQ=MONTHLY;BYDAY=2SA`. Raises ValueError that says what is wrong and what is meant."""
    given = _given(text)
    freq = given.get("FREQ", "")
    if freq in TOO_OFTEN:
        raise ValueError(
            f"FREQ={freq} is too often; write FREQ=DAILY with BYHOUR and BYMINUTE, or a `schedule`"
        )
    if freq not in FREQUENCIES:
        raise ValueError(f"FREQ is one of {', '.join(FREQUENCIES)}")
    if "COUNT" in given and "UNTIL" in given:
        raise ValueError("COUNT or UNTIL is meant, not both")
    if (week_start := given.get("WKST", "MO")) not in WEEKDAYS:
        raise ValueError(f"WKST is one of {', '.join(WEEKDAYS)}")
    parts = Parts(
        freq=freq,
        interval=_whole("INTERVAL", given.get("INTERVAL", "1"), 1, MOST),
        count=_whole("COUNT", given["COUNT"], 1, MOST) if "COUNT" in given else None,
        until=_until(given["UNTIL"]) if "UNTIL" in given else None,
        week_start=week_start,
        numbers=tuple((name, _numbers(name, given[name])) for name in RANGES if name in given),
        days=_days(given["BYDAY"]) if "BYDAY" in given else (),
    )
    _refuse_what_means_nothing(parts)
    return parts


def _given(text: str) -> dict[str, str]:
    """The parts by name, as written."""
    text = text.strip().upper().removeprefix("RRULE:")
    if not text or len(text) > MOST_CHARACTERS:
        raise ValueError
    found: dict[str, str] = {}
    for part in text.rstrip(";").split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value:
            raise ValueError
        if name not in PARTS:
            raise ValueError(_unknown(name))
        if name in found:
            raise ValueError(f"{name} stands twice")
        found[name] = value
    return found


def _unknown(name: str) -> str:
    if name == "DTSTART":
        return "DTSTART is written as `start`"
    if name == "BYSECOND":
        return "BYSECOND is not taken; the seconds are those of `start`"
    near = get_close_matches(name[:20], PARTS, n=1)
    return f"did you mean {near[0]}?" if near else f"the parts of a rule are {', '.join(PARTS)}"


def _whole(name: str, text: str, least: int, most: int) -> int:
    number = int(text) if _NUMBER.fullmatch(text) else None
    if number is None or not least <= number <= most:
        raise ValueError(f"{name} is a whole number from {least} to {most}")
    return number


def _numbers(name: str, text: str) -> tuple[int, ...]:
    least, most, from_the_end = RANGES[name]
    numbers = [int(each) if _NUMBER.fullmatch(each) else None for each in text.split(",")]
    for number in numbers:
        value = number if number is None or not from_the_end else abs(number)
        if value is None or not least <= value <= most:
            signed = " or negative, counted from the end" if from_the_end else ""
            raise ValueError(f"{name} is numbers from {least} to {most}{signed}")
    return tuple(sorted({number for number in numbers if number is not None}))


def _days(text: str) -> tuple[tuple[str, int], ...]:
    found = []
    for each in text.split(","):
        match = _BYDAY.fullmatch(each)
        number = int(match[1]) if match and match[1] else 0
        if not match or (match[1] and not 1 <= abs(number) <= 53):
            raise ValueError("BYDAY is days: SA, 2SA (the second), -1SU (the last), or several: SA,SU")
        found.append((match[2], number))
    return tuple(dict.fromkeys(found))


def _until(text: str) -> datetime:
    """By the wall clock (naive) or in UTC; a day alone belongs to it entirely."""
    match = _UNTIL.fullmatch(text)
    meant = (
        "UNTIL is 20261231 (that day included), 20261231T180000 by the wall clock, or 20261231T100000Z in UTC"
    )
    if not match:
        raise ValueError(meant)
    try:
        moment = datetime.strptime(match[1] + (match[2] or "235959"), "%Y%m%d%H%M%S")  # noqa: DTZ007 - see above
    except ValueError:
        raise ValueError(meant) from None
    return moment.replace(tzinfo=UTC) if match[3] else moment


def _refuse_what_means_nothing(parts: Parts) -> None:
    """Raises ValueError for what RFC 5545 forbids, programs read differently, or is too much."""
    for name, allowed in ONLY_WITH.items():
        if parts.has(name) and parts.freq not in allowed:
            raise ValueError(f"{name} goes with FREQ={' or '.join(allowed)}")
    if any(number for _, number in parts.days):
        if parts.freq not in ("MONTHLY", "YEARLY"):
            raise ValueError("BYDAY with a number (2SA) goes with FREQ=MONTHLY or YEARLY")
        if parts.has("BYWEEKNO"):
            raise ValueError("BYDAY with a number does not go with BYWEEKNO")
    lists = dict(parts.numbers)
    if parts.has("BYSETPOS") and not parts.has("BYDAY", *(name for name in RANGES if name != "BYSETPOS")):
        raise ValueError("BYSETPOS goes with another BY… part")
    if len(lists.get("BYHOUR", (0,))) * len(lists.get("BYMINUTE", (0,))) > MOST_A_DAY:
        raise ValueError(f"BYHOUR and BYMINUTE name more than {MOST_A_DAY} times of a day")


def why_not(recurrence: Recurrence) -> str:
    """What is wrong with the rule from its start on, in one line; empty: it comes true. Takes a second at most."""
    count, start = parse(recurrence.rule).count, recurrence.wall
    if next(_walls(recurrence, start, _later(start, CENTURY)), None) is None:
        return "this never comes true from its start on"
    if count is not None and len(_counted(recurrence)) < count:
        return "its COUNT is not reached in a hundred years"
    return ""


# --- expanding -------------------------------------------------------------------------------------------------------


def begins(recurrence: Recurrence, since: datetime) -> Iterator[datetime]:
    """When it begins from `since` on, in UTC, ascending, each instant once. The work is the same however far that is."""
    parts = parse(recurrence.rule)
    since = max(since, recurrence.start)
    if parts.count is not None:
        counted = _counted(recurrence)
        yield from counted[bisect_left(counted, since) :]
        return
    try:
        wall = since.astimezone(ZoneInfo(recurrence.timezone)).replace(tzinfo=None) - DAY
        month: datetime | None = _month_of(wall)
        while month is not None and month < LAST:
            found = _of_month(recurrence, month)
            yield from found[bisect_left(found, since) :]
            month = _month_of(month + 31 * DAY) if found else _next_month(recurrence, month)
    except OverflowError:
        return


def _month_of(wall: datetime) -> datetime:
    return datetime(wall.year, wall.month, 1)  # noqa: DTZ001 - a wall clock


@lru_cache(maxsize=4096)
def _of_month(recurrence: Recurrence, month: datetime) -> tuple[datetime, ...]:
    """The beginnings within a month of the wall clock, given by its first instant."""
    end = _month_of(month + 31 * DAY)
    return _instants(recurrence, _walls(recurrence, month, end))


@lru_cache(maxsize=4096)
def _next_month(recurrence: Recurrence, month: datetime) -> datetime | None:
    """The next month in which it begins; None: none within a century."""
    since = _month_of(month + 31 * DAY)
    found = next(_walls(recurrence, since, _later(since, CENTURY)), None)
    return None if found is None else _month_of(found)


@lru_cache(maxsize=64)
def _counted(recurrence: Recurrence) -> tuple[datetime, ...]:
    """All beginnings of a rule with COUNT, as far as they come within a century."""
    parts, wall = parse(recurrence.rule), recurrence.wall
    return _instants(recurrence, islice(_expand(parts, wall, wall, _later(wall, CENTURY)), parts.count))


def _later(wall: datetime, more: timedelta) -> datetime:
    try:
        return wall + more
    except OverflowError:
        return LAST


def _instants(recurrence: Recurrence, walls: Iterable[datetime]) -> tuple[datetime, ...]:
    zone = ZoneInfo(recurrence.timezone)
    return tuple(sorted({wall.replace(tzinfo=zone).astimezone(UTC) for wall in walls}))


def _walls(recurrence: Recurrence, lower: datetime, upper: datetime) -> Iterator[datetime]:
    """The beginnings from `lower` to before `upper`, by the wall clock, with a start near them."""
    parts, start = parse(recurrence.rule), recurrence.wall
    until = _last_of(parts, recurrence)
    upper = upper if until is None else min(upper, until + timedelta(seconds=1))
    if upper <= lower or upper <= start:
        return iter(())
    near = _nearer(parts, start, lower)
    return (wall for wall in _expand(parts, start, near, upper) if wall >= max(lower, start))


def _last_of(parts: Parts, recurrence: Recurrence) -> datetime | None:
    """UNTIL by the wall clock."""
    if parts.until is None or parts.until.tzinfo is None:
        return parts.until
    return parts.until.astimezone(ZoneInfo(recurrence.timezone)).replace(tzinfo=None)


def _nearer(parts: Parts, start: datetime, lower: datetime) -> datetime:
    """A start that gives the same from `lower` on: moved by whole intervals, one of them before `lower` or more."""
    every = parts.interval
    if parts.freq == "YEARLY":
        steps = (lower.year - start.year) // every - 1
        return start.replace(year=start.year + steps * every, month=1, day=1) if steps > 0 else start
    if parts.freq == "MONTHLY":
        months = (lower.year - start.year) * 12 + lower.month - start.month
        steps = months // every - 1
        year, month = divmod(start.year * 12 + start.month - 1 + steps * every, 12)
        return start.replace(year=year, month=month + 1, day=1) if steps > 0 else start
    days = every * (7 if parts.freq == "WEEKLY" else 1)
    steps = (lower - start).days // days - 1
    return start + steps * days * DAY if steps > 0 else start


def _expand(parts: Parts, start: datetime, near: datetime, upper: datetime) -> Iterator[datetime]:
    """What dateutil makes of it from `near` to before `upper`; what the rule leaves open is taken from `start`."""
    lists: dict[str, Any] = {name.lower(): values for name, values in parts.numbers}
    days = [WEEKDAYS[day](number) if number else WEEKDAYS[day] for day, number in parts.days] or None
    if days is None and not parts.has("BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"):
        if parts.freq == "WEEKLY":
            days = [list(WEEKDAYS.values())[start.weekday()]]
        elif parts.freq != "DAILY":
            lists["bymonthday"] = (start.day,)
            if parts.freq == "YEARLY":
                lists.setdefault("bymonth", (start.month,))
    first = datetime.combine(near.date(), time()) if near != start else start
    shift = max(0, (LAST.year - upper.year) // CYCLE * CYCLE)
    found = dateutil.rrule(
        FREQUENCIES[parts.freq],
        dtstart=first.replace(year=first.year + shift),
        interval=parts.interval,
        wkst=WEEKDAYS[parts.week_start],
        until=upper.replace(year=upper.year + shift) - timedelta(seconds=1),
        byweekday=days,
        byhour=lists.pop("byhour", (start.hour,)),
        byminute=lists.pop("byminute", (start.minute,)),
        bysecond=(start.second,),
        **lists,
    )
    return (wall.replace(year=wall.year - shift) for wall in found)
