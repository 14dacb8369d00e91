"""Times of day and days as operators write them: moments on a wall clock, hours, weekdays, cron."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from monitor.config.mistakes import did_you_mean
from monitor.config.reading import NotYet, OneOrMore, Read

WEEKDAYS = {day: number for number, day in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 1)}
DAYS_LATER = frozenset({"workdays", "weekend", "holidays"})
"""Words that only a calendar with the make-up workdays of each year can answer for."""

_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?) ?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_HOURS = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_ANY_DAY = datetime(2024, 1, 1, tzinfo=UTC)


def moment(text: str) -> datetime:
    """`2026-12-01 18:00`, with seconds or not; naive: a wall clock to be read by `in_zone`. With Z or +08:00: aware."""
    match = _MOMENT.fullmatch(text)
    if not match:
        raise ValueError
    if match[2].startswith("24:"):
        raise ValueError("24:00 is written as 00:00 of the next day")
    try:
        return datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3] or ''}")
    except ValueError as problem:
        raise ValueError(f"such a time does not exist: {problem}") from None


def in_zone(written: datetime, timezone: str) -> datetime:
    """The instant, in UTC, that a moment names in a zone. Raises ValueError where clocks are changed and it names none or two."""
    if written.tzinfo is not None:
        return written.astimezone(UTC)
    zone = ZoneInfo(timezone)
    early, late = (written.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early == late:
        return early
    if early.astimezone(zone).replace(tzinfo=None) != written:
        raise ValueError(f"the clocks of {timezone} are put forward over this time: it does not exist")
    shown = (each.astimezone(zone).strftime("%z") for each in (early, late))
    offsets = " or ".join(f"{offset[:3]}:{offset[3:]}" for offset in shown)
    raise ValueError(f"the clocks of {timezone} show this time twice: write it with {offsets}")


def hours(text: str) -> tuple[str, str]:
    """`08:00-22:00` → its two ends; `22:00-06:00` crosses midnight."""
    match = _HOURS.fullmatch(text)
    if not match or not all(_TIME.fullmatch(end) for end in match.groups()) or match[1] == "24:00":
        raise ValueError
    if match[1] == match[2]:
        raise ValueError("two different times are meant; for the whole day leave it out")
    return match[1], match[2]


def weekday(text: str) -> int:
    """`mon` → 1 … `sun` → 7."""
    if text in DAYS_LATER:
        raise NotYet("it needs the calendar of make-up workdays; list the days: [mon, tue, wed, thu, fri]")
    if text not in WEEKDAYS:
        raise ValueError(did_you_mean(text, WEEKDAYS))
    return WEEKDAYS[text]


def schedule(text: str) -> str:
    """Five fields of cron that come true at some time. A sixth would mean seconds to some programs and years to others."""
    if len(text.split()) != 5:
        raise ValueError
    try:
        next(CronSim(text, _ANY_DAY))
    except CronSimError as problem:
        raise ValueError(f"{str(problem).lower()}: minute, hour, day, month, weekday are meant") from None
    except StopIteration:
        raise ValueError("this never comes true") from None
    return " ".join(text.split())


def overlaps(text: str, duration: float) -> bool:
    """Whether a window of a schedule may begin before the one before it is over (seen from its next hundred)."""
    starts = list(islice(CronSim(text, _ANY_DAY), 100))
    return any(later - start < timedelta(seconds=duration) for start, later in pairwise(starts))


def _text(**more: Any) -> dict[str, Any]:
    return {"type": "string", **more}


Moment = Annotated[
    datetime, Read(moment, "a time is meant: 2026-12-01 18:00, 2026-12-01 18:00:30 or with +08:00", _text())
]
Hours = Annotated[
    tuple[str, str],
    Read(hours, "hours are meant: 08:00-22:00", _text(pattern=r"^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$")),
]
Schedule = Annotated[
    str, Read(schedule, 'cron of five fields is meant: "0 23 * * *" (minute hour day month weekday)', _text())
]
Weekday = Annotated[int, Read(weekday, "a day is meant: mon", _text(enum=[*WEEKDAYS]))]
Weekdays = Annotated[tuple[Weekday, ...], OneOrMore("days are meant: mon, or [sat, sun]")]
