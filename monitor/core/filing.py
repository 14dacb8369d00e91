"""The tax calendar: days off, the filing period (征期) of each month, and the days on which everybody comes at once.

Returns for a month or quarter are due within 15 days after it. Where days off fall into these days the deadline moves
(征管法实施细则 §109). The rule here gives all 48 dates that the State Taxation Administration published for 2023 to
2026. Dates that are published beat the rule, those of one authority beat those of the whole country.

A year whose days off nobody has published is not guessed: weekends alone are assumed, and every answer says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import count, groupby, islice
from zoneinfo import ZoneInfo

from monitor.model import Calendar

CHINA = ZoneInfo("Asia/Shanghai")
"""Deadlines are days of China, wherever the monitor stands."""
AHEAD = timedelta(days=60)
"""So far ahead the days off must be known; the State Council publishes a year's in the November before it."""
PERIOD = 15
"""Days of a month within which returns are due."""
LONG = 3
"""So many days off in a row within the period make it longer."""
RUSH = 3
"""Working days before an end in which everybody comes (how many is not measured anywhere)."""
QUARTERLY = frozenset({1, 4, 7, 10})
"""Months in which the returns of a quarter are due as well."""
DAY = timedelta(days=1)


class Peak(StrEnum):
    """Why more is asked of the platforms than usual."""

    FILING_LAST_DAY = "filing_last_day"
    FILING_LAST_DAYS = "filing_last_days"
    QUARTERLY_FILING = "quarterly_filing"
    """The filing period of a month in which the returns of a quarter are due as well."""
    MONTH_END = "month_end"
    QUARTER_END = "quarter_end"
    YEAR_END = "year_end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The last day of a filing period; it belongs to the period."""

    day: date
    official: bool = False
    """As published; else by the rule."""
    assumed: bool = False
    """By the rule, in a year whose days off are not known: weekends alone were counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One filing period of one authority, seen from a day."""

    start: date
    deadline: Deadline
    days_left: int
    """Days after today to the deadline: 0 is the last day, less than 0 means that it is over."""
    is_open: bool
    """Whether it runs."""


# --- days ------------------------------------------------------------------------------------------------------------


def is_day_off(calendar: Calendar, day: date) -> bool:
    """Whether nobody works that day: weekends and holidays without the make-up working days; weekends alone where unknown."""
    return calendar.days.get(day, day.isoweekday() > 5)


def is_known(calendar: Calendar, day: date) -> bool:
    """Whether the days off of its year have been published."""
    return day.year in calendar.years


def unknown_years(calendar: Calendar, today: date) -> tuple[int, ...]:
    """Years needed now or within `AHEAD` whose days off are not known; empty: all is known that is needed."""
    needed = range(today.year, (today + AHEAD).year + 1)
    return tuple(year for year in needed if year not in calendar.years)


def today_in_china(now: datetime) -> date:
    """The day that a deadline is compared with."""
    return now.astimezone(CHINA).date()


def _working_days(calendar: Calendar, since: date) -> Iterator[date]:
    """The working days from `since` on, itself included."""
    return (day for n in count() if not is_day_off(calendar, day := since + DAY * n))


# --- the filing period -----------------------------------------------------------------------------------------------


def deadline(calendar: Calendar, authority: str, year: int, month: int) -> Deadline:
    """The last day to file in a month: as published for this authority, as published for all, else by the rule."""
    for whose in (authority, ""):
        if (published := calendar.deadlines.get((whose, year, month))) is not None:
            return Deadline(day=published, official=True)
    return Deadline(day=by_rule(calendar, year, month), assumed=year not in calendar.years)


def by_rule(calendar: Calendar, year: int, month: int) -> date:
    """The last day to file by §109.

    With n days off in the 1st to 15th that belong to three or more in a row there: the n-th working day after the
    15th. Else the 15th, or the next working day.
    """
    days = [date(year, month, 1 + n) for n in range(PERIOD)]
    longer = _days_in_long_runs(calendar, days)
    if longer:
        return next(islice(_working_days(calendar, days[-1] + DAY), longer - 1, None))
    return next(_working_days(calendar, days[-1]))


def _days_in_long_runs(calendar: Calendar, days: list[date]) -> int:
    runs = ((off, len(list(run))) for off, run in groupby(days, lambda day: is_day_off(calendar, day)))
    return sum(length for off, length in runs if off and length >= LONG)


def period(calendar: Calendar, authority: str, today: date) -> Period:
    """The filing period that runs today; if none does, that of this month, which is over.

    One of the month before may run still, where its deadline was put off that far: what is due first counts.
    """
    this = today.replace(day=1)
    before = (this - DAY).replace(day=1)
    found = [_period(calendar, authority, start, today) for start in (before, this)]
    return next((one for one in found if one.is_open), found[-1])


def following(calendar: Calendar, authority: str, today: date) -> Period:
    """The filing period of the next month."""
    return _period(calendar, authority, _next_month(today), today)


def _period(calendar: Calendar, authority: str, start: date, today: date) -> Period:
    ends = deadline(calendar, authority, start.year, start.month)
    return Period(
        start=start,
        deadline=ends,
        days_left=(ends.day - today).days,
        is_open=start <= today <= ends.day,
    )


def is_filing(calendar: Calendar, authority: str, now: datetime) -> bool:
    """Whether the filing period of this authority runs; of what is none (`national`), that of the whole country."""
    return period(calendar, authority, today_in_china(now)).is_open


# --- peaks -----------------------------------------------------------------------------------------------------------


def peaks(calendar: Calendar, authority: str, today: date) -> tuple[Peak, ...]:
    """Why more is asked of the platforms today than usual, the strongest reason first; empty: an ordinary day."""
    now = period(calendar, authority, today)
    found = [_rush(calendar, now, today)] if now.is_open else []
    if now.is_open and now.start.month in QUARTERLY:
        found.append(Peak.QUARTERLY_FILING)
    found.append(_end_of_month(calendar, today))
    return tuple(peak for peak in found if peak is not None)


def is_rush(calendar: Calendar, authority: str, today: date) -> bool:
    """Whether these are the last working days of the filing period."""
    now = period(calendar, authority, today)
    return now.is_open and _rush(calendar, now, today) is not None


def _rush(calendar: Calendar, now: Period, today: date) -> Peak | None:
    if now.days_left == 0:
        return Peak.FILING_LAST_DAY
    return Peak.FILING_LAST_DAYS if _is_near(calendar, today, now.deadline.day) else None


def _end_of_month(calendar: Calendar, today: date) -> Peak | None:
    """The end of the longest of month, quarter and year: until its last day invoices are issued for it."""
    if not _is_near(calendar, today, _next_month(today) - DAY):
        return None
    if today.month == 12:
        return Peak.YEAR_END
    return Peak.QUARTER_END if today.month % 3 == 0 else Peak.MONTH_END


def _is_near(calendar: Calendar, today: date, end: date) -> bool:
    """Whether at most `RUSH` working days are left until `end`, today and `end` included."""
    if (end - today).days > 31:
        return False
    left = (today + DAY * n for n in range((end - today).days + 1))
    return sum(not is_day_off(calendar, day) for day in left) <= RUSH


def _next_month(day: date) -> date:
    return (day.replace(day=28) + 4 * DAY).replace(day=1)
