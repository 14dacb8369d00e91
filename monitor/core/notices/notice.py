"""What is read from a notice: its windows, and what only a person can decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Doubt(StrEnum):
    """Why a piece of a notice cannot be read with certainty."""

    NO_AUTHORITY = "no_authority"
    """No authority is named, or a bureau that is none of the 36 and whose province is not named."""
    NO_SCOPE = "no_scope"
    """What is stopped is not said, or is nothing that is watched. The window is for all services."""
    EXCEPT = "except"
    """All but some services or places: of what, is not said."""
    NO_TIME = "no_time"
    """It speaks of a stop, and no time of it could be read."""
    NO_PURPOSE = "no_purpose"
    """A time of which it is not said what happens then."""
    VAGUE_TIME = "vague_time"
    """A time in words or by example: 晚间, 近期, 本周六, 如19:00-24:00."""
    IMPOSSIBLE_TIME = "impossible_time"
    """A day or time that does not exist: 2月30日, 25:00."""
    HALF_OF_DAY = "half_of_day"
    """Which half of the day is meant cannot be told: 凌晨12点, 上午13时, 8:00至6:00."""
    WRONG_WEEKDAY = "wrong_weekday"
    """The weekday beside the date is not that of the date."""
    END_BEFORE_START = "end_before_start"
    NO_YEAR = "no_year"
    """The year is not written, and the publish date is not known."""
    NO_DAY = "no_day"
    """Times without a day. Where there is a window it is on the day of publication."""
    NO_HOURS = "no_hours"
    """Days without a time of day. The window is for whole days."""
    NO_END = "no_end"
    """A start without an end, and it is not said that the end is open."""
    TOO_LONG = "too_long"
    """A window of more than `LONGEST`."""
    LONG = "long"
    """A window of more than `days.LONG`: a few are so long, more are a wrong month."""
    FAR_AWAY = "far_away"
    """A window more than half a year from the day of publication."""
    REPEATED = "repeated"
    """It happens again and again, and between which days is not said."""
    CHANGE = "change"
    """It cancels, moves, prolongs or ends what another notice announced."""
    FOR_GOOD = "for_good"
    """Something is given up for ever: no maintenance."""
    TOO_MANY = "too_many"
    """More windows than are read of one notice, or more text than is looked at."""
    WORDS = "words"
    """A clause about a service, a time or a stop has words that are not known: perhaps only a part is meant."""
    CAUTION = "caution"
    """Words that may turn its sense round: not, if, formerly, for example, no longer, other, only."""
    MIXED = "mixed"
    """It speaks of another authority, or holds more than one notice."""
    LOCAL = "local"
    """By the bureau of a city or district: what it says holds for a part of the province."""
    HIDDEN = "hidden"
    """A page with parts that are not shown, or struck out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """One piece of a notice that waits for a person."""

    kind: Doubt
    text: str
    """The words of the notice, at most `QUOTE` characters; empty where the whole notice is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWindow:
    """One stretch of announced maintenance."""

    start: datetime
    """In UTC; notices are written in China's time, which is UTC+8 without summer time."""
    end: datetime
    services: tuple[str, ...] | None
    """In the order of `scopes.SERVICES`. None: all."""
    authorities: tuple[str, ...]
    """Slugs. Empty: the notice does not say, and `unclear` has it."""
    quote: str
    """The words of the notice it was read from, at most `QUOTE` characters."""
    open_ended: bool = False
    """The notice leaves the end open; `end` is the start and `open_end`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice as it was read."""

    title: str
    authorities: tuple[str, ...]
    """Slugs of those who publish it."""
    windows: tuple[NoticeWindow, ...]
    """By start. A window may lie within another one."""
    unclear: tuple[Unclear, ...]
    """Empty: read with certainty."""
    published: date | None
    """As handed in, else as the notice says it."""


QUOTE = 120
"""Characters of a quotation."""
