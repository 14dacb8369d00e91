"""A stretch as it is written → when it is: what is missing comes from its left side, the text before, the publish date."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone

from monitor.core.notices.moments import Moment, Span
from monitor.core.notices.notice import Doubt

CHINA = timezone(timedelta(hours=8))
HALF_A_YEAR = timedelta(days=183)
LONG = timedelta(days=7)
"""Longer maintenance is rare, and is most often a wrong month."""
LONGEST = timedelta(days=45)
"""No maintenance lasts longer; the longest announced one of the sources is three weeks."""

_MONTH_DAY = re.compile(
    r"(?:(?<![0-9])[0-9]{4}年|(?<![0-9年]))(?P<month>[0-9]{1,2})月(?P<day>[0-9]{1,2})[日号]"
)
_LEAP = 2024
_DAY = timedelta(days=1)
NEXT = -3
"""次年, as `Moment.year`."""
_MORNING = frozenset({"清晨", "早晨", "早上", "早间", "上午", "午前", "早"})
_NOON = frozenset({"中午", "正午"})
_AFTERNOON = frozenset({"下午", "午后", "傍晚"})
_EVENING = frozenset({"晚上", "晚间", "夜间", "晚", "夜", "深夜", "午夜", "半夜", "夜里"})
_TODAY = frozenset({"即日", "今日", "今天", "今晚", "今晨"})
_TOMORROW = frozenset({"明日", "明天", "明晚", "明晨", "明早"})
_SAME = frozenset({"当日", "当天", "当晚", "同日", "同天"})


class UnreadableError(Exception):
    """No time can be read from the words, and why."""

    def __init__(self, kind: Doubt) -> None:
        super().__init__(str(kind))
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What missing parts of a date are taken from."""

    published: date | None
    anchor: date | None = None
    """The last day that was read before, in the same notice."""
    spreads: bool = False
    """That was the first of several days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch on China's wall clock (naive); `end` None: it has only a start."""

    start: datetime
    end: datetime | None
    doubts: tuple[Doubt, ...] = field(default=())

    @property
    def day(self) -> date:
        """The day it begins on."""
        return self.start.date()


def missing_day(plain: str, start: int, end: int) -> tuple[int, int]:
    """Where in these words of a notice the day stands that no year has, as 11月31日; all of them where it is another."""
    for found in _MONTH_DAY.finditer(plain, start, end):
        if not _exists(_LEAP, int(found["month"]), int(found["day"])):
            return found.span()
    return start, end


def in_utc(wall: datetime) -> datetime:
    """The instant of a time on China's wall clock."""
    return wall.replace(tzinfo=CHINA).astimezone(UTC)


def stretch(span: Span, known: Known) -> Stretch:
    """When a stretch is. Raises UnreadableError where its words name no time."""
    left, right = span.left, span.right
    if span.again is not None:
        raise UnreadableError(Doubt.REPEATED)
    doubts = _vague(left, right)
    day = _first_day(left, known)
    if not left.has_date and (known.anchor is None or known.spreads):
        doubts.append(Doubt.NO_DAY)
    doubts += _weekday(left, day)
    start = _at(day, left.time, left.part)
    if right is None:
        return Stretch(start=start, end=None, doubts=tuple(doubts))
    end_day = _last_day(right, left, day, known)
    doubts += _weekday(right, end_day)
    if right.time is None:
        end = _at(end_day, (24, 0, 0), "")
    else:
        end, more = _end(left, right, start, end_day)
        doubts += more
    if end <= start:
        raise UnreadableError(Doubt.END_BEFORE_START)
    return Stretch(start=start, end=end, doubts=tuple(doubts))


def _vague(left: Moment, right: Moment | None) -> list[Doubt]:
    """Hours that are not written. Raises where a part of the day, or a weekday alone, stands in their place."""
    for moment in filter(None, (left, right)):
        alone = moment.time is None and bool(moment.part)
        if alone or (not moment.has_date and (moment.near or moment.weekday is not None)):
            raise UnreadableError(Doubt.VAGUE_TIME)
    since_now = left.relative == "即日"
    without = (left.time is None and not since_now) or (right is not None and right.time is None)
    return [Doubt.NO_HOURS] if without and right is not None else []


def _weekday(moment: Moment, day: date) -> list[Doubt]:
    wrong = moment.weekday is not None and moment.weekday != day.weekday()
    return [Doubt.WRONG_WEEKDAY] if wrong else []


# --- days ------------------------------------------------------------------------------------------------------------


def _first_day(moment: Moment, known: Known) -> date:
    if moment.relative:
        return _relative(moment.relative, known)
    if moment.day is None:
        return _needed(known.anchor or known.published, Doubt.NO_DAY)
    if moment.month is not None and moment.month > 0:
        if moment.year is not None:
            return _date(_year(moment.year, known), moment.month, moment.day)
        return _nearest_year(moment.month, moment.day, known)
    return _nearest_month(moment, known)


def _relative(word: str, known: Known) -> date:
    if word in _TODAY:
        return _needed(known.published, Doubt.NO_YEAR)
    if word in _TOMORROW:
        return _needed(known.published, Doubt.NO_YEAR) + _DAY
    if word == "后天":
        return _needed(known.published, Doubt.NO_YEAR) + 2 * _DAY
    day = _needed(known.anchor, Doubt.NO_DAY)
    return day if word in _SAME else day + _DAY


def _needed(day: date | None, otherwise: Doubt) -> date:
    if day is None:
        raise UnreadableError(otherwise)
    return day


def _date(year: int, month: int, day: int) -> date:
    try:
        found = date(year, month, day)
    except ValueError:
        raise UnreadableError(Doubt.IMPOSSIBLE_TIME) from None
    if not 2000 <= year <= 2100:
        raise UnreadableError(Doubt.IMPOSSIBLE_TIME)
    return found


def _year(year: int, known: Known) -> int:
    """A year as written; 今年 and 明年 are counted from the publish date."""
    if year > 0:
        return year
    if year == NEXT:
        return _needed(known.anchor, Doubt.NO_YEAR).year + 1
    return _needed(known.published, Doubt.NO_YEAR).year - 1 - year


def _nearest_year(month: int, day: int, known: Known) -> date:
    """The year that makes it nearest to the day read before; else that of the publish date, or the one after."""
    if known.anchor is not None:
        anchor = known.anchor
        years = [anchor.year + more for more in (0, 1, -1) if _exists(anchor.year + more, month, day)]
        days = [date(year, month, day) for year in years]
        if not days:
            raise UnreadableError(Doubt.IMPOSSIBLE_TIME)
        return min(days, key=lambda one: abs(one - anchor))
    published = _needed(known.published, Doubt.NO_YEAR)
    first = date(published.year, min(max(month, 1), 12), 1) if month <= 12 else published
    if first < published - HALF_A_YEAR - timedelta(days=day):
        return _date(published.year + 1, month, day)
    if first > published + timedelta(days=330):  # told in January of the last days of December
        return _date(published.year - 1, month, day)
    return _date(published.year, month, day)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _nearest_month(moment: Moment, known: Known) -> date:
    """A day without its month, or with 本月 or 下月."""
    assert moment.day is not None
    base = _needed(known.anchor or known.published, Doubt.NO_YEAR)
    if moment.month is not None:
        base = _needed(known.published, Doubt.NO_YEAR)
        return _in_month(base, 0 if moment.month == -1 else 1, moment.day)
    found = _in_month(base, 0, moment.day)
    return found if found >= base - timedelta(days=15) else _in_month(base, 1, moment.day)


def _in_month(base: date, later: int, day: int) -> date:
    months = base.year * 12 + base.month - 1 + later
    return _date(months // 12, months % 12 + 1, day)


def _last_day(right: Moment, left: Moment, day: date, known: Known) -> date:
    """The day of the end. What is not written is that of the start."""
    if right.relative in _SAME:
        return day
    if right.relative in _TOMORROW | _TODAY and known.published is not None:
        return _relative(right.relative, known)
    if right.relative:
        return day + (2 * _DAY if right.relative == "后天" else _DAY)
    if right.day is None:
        return day
    if right.month is None or right.month < 0:
        found = _in_month(day, 0, right.day)
        turns = found < day and day - found > timedelta(days=15)
        return _in_month(day, 1, right.day) if turns else found
    if right.year == NEXT:
        return _date(day.year + 1, right.month, right.day)
    if right.year is not None:
        return _date(_year(right.year, known), right.month, right.day)
    turns = (right.month, day.month) < (3, 0) or right.month <= 2
    return _date(day.year + (1 if turns and day.month >= 11 else 0), right.month, right.day)


# --- times of day ----------------------------------------------------------------------------------------------------


def _end(left: Moment, right: Moment, start: datetime, day: date) -> tuple[datetime, list[Doubt]]:
    """The end of a stretch whose right side has a time. Without a day it may be the next one."""
    assert right.time is not None
    if right.has_date:
        return _at(day, right.time, right.part), []
    if not right.part and left.part in _AFTERNOON | _EVENING and right.time[0] <= 12:
        later = _at(day, (right.time[0] + 12, *right.time[1:]), "")
        return (later, []) if later > start else (_at(day + _DAY, right.time, ""), [])
    end = _at(day, right.time, right.part)
    if end > start:
        return end, []
    end += _DAY
    plain = start.hour >= 18 and (end.hour, end.minute) <= (12, 0)
    return end, [] if plain else [Doubt.HALF_OF_DAY]


def _at(day: date, time: tuple[int, int, int] | None, part: str) -> datetime:
    """A time of day on a day; 24:00 is the next day's 00:00. None: the day's begin."""
    hour, minute, second = time or (0, 0, 0)
    hour = _hour(hour, part) if time else 0
    if minute > 59 or second > 59 or hour > 24 or (hour == 24 and (minute or second)):
        raise UnreadableError(Doubt.IMPOSSIBLE_TIME)
    return datetime(day.year, day.month, day.day) + timedelta(hours=hour, minutes=minute, seconds=second)  # noqa: DTZ001  a wall clock


def _hour(hour: int, part: str) -> int:
    """The hour of 24 that an hour with its part of the day means. Raises where the two do not go together."""
    if hour > 24:
        raise UnreadableError(Doubt.IMPOSSIBLE_TIME)
    fits = (
        not part
        or (part == "凌晨" and hour < 12)
        or (part in _MORNING and hour <= 12)
        or (part in _NOON and hour in (11, 12, 13, 14))
        or (part in _AFTERNOON and 13 <= hour <= 19)
        or (part in _EVENING and 17 <= hour <= 24)
    )
    if fits:
        return hour
    if part in _NOON and hour in (1, 2):
        return hour + 12
    if part in _AFTERNOON and 1 <= hour <= 7:
        return hour + 12
    if part in _EVENING and 5 <= hour <= 12:
        return hour + 12
    raise UnreadableError(Doubt.HALF_OF_DAY)
