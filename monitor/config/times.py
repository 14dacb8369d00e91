"""Times of day and days as operators write them: moments on a wall clock, hours, weekdays, cron."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from monitor.config.mistakes import did_you_mean
from monitor.config.reading import OneOrMore, Read
from monitor.core import rrules

WEEKDAYS = {day: number for number, day in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 1)}
WORKDAYS = "workdays"
DAYS_OFF = "days_off"
"""By the calendar: holidays and weekends without the make-up working days; `workdays` are all other days."""
NEAR = {
    "weekend": "[sat, sun] is meant, or days_off: holidays as well, without the make-up working days",
    "weekends": "[sat, sun] is meant, or days_off: holidays as well, without the make-up working days",
    "holidays": "days_off is meant: holidays and weekends without the make-up working days",
}
"""Words that are near, and what is meant."""

_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?) ?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HOURS = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_ANY_DAY = datetime(2024, 1, 1, tzinfo=UTC)


def moment(text: str) -> datetime:
    """`2026-12-01 18:00`, with seconds or not, 24:00 as the next day's 00:00; naive: a wall clock to be read by `in_zone`. With Z or +08:00: aware."""
    match = _MOMENT.fullmatch(text)
    if not match:
        raise ValueError
    is_24, time = match[2] in ("24:00", "24:00:00"), match[2]
    try:
        written = datetime.fromisoformat(f"{match[1]}T{'00:00' if is_24 else time}{match[3] or ''}")
        return written + timedelta(days=is_24)
    except OverflowError:
        raise ValueError("such a time does not exist: it is the end of all years") from None
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


def weekday(text: str) -> int | str:
    """`mon` → 1 … `sun` → 7; `workdays` and `days_off` are asked of the calendar."""
    if text in (WORKDAYS, DAYS_OFF):
        return text
    if text not in WEEKDAYS:
        raise ValueError(NEAR.get(text) or did_you_mean(text, [*WEEKDAYS, WORKDAYS, DAYS_OFF]))
    return WEEKDAYS[text]


def day(text: str) -> date:
    """`2026-12-17`."""
    if not _DAY.fullmatch(text):
        raise ValueError
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise ValueError(f"such a day does not exist: {problem}") from None


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


def rrule(text: str) -> str:
    """A rule of RFC 5545 as it is kept: upper case, without `RRULE:`. Whether it ever comes true depends on its start."""
    rrules.parse(text)
    return text.strip().upper().removeprefix("RRULE:").rstrip(";")


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
Rrule = Annotated[
    str,
    Read(rrule, 'a rule of iCalendar is meant: "FREQ=MONTHLY;BYDAY=2SA" (the second Saturday)', _text()),
]
Day = Annotated[date, Read(day, "a day is meant: 2026-12-17", _text(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
Weekday = Annotated[
    int | str, Read(weekday, "a day is meant: mon", _text(enum=[*WEEKDAYS, WORKDAYS, DAYS_OFF]))
]
Weekdays = Annotated[tuple[Weekday, ...], OneOrMore("days are meant: mon, [sat, sun], workdays or days_off")]
