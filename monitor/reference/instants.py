"""Times as references write them: RFC 3339, epoch seconds or milliseconds, `2026-11-21 08:00[:30]` in a known zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""What lies outside is no time of a look, whatever it was meant to be."""
MILLISECONDS_FROM = 1e11
"""As seconds that would be the year 5138."""
LONGEST = 40


def instant(value: Any, zone: tzinfo) -> datetime:
    """The time that a JSON value names, in UTC; one without an offset is by the wall clock of `zone`.

    Raises ValueError for everything else, a date without a time of day included.
    """
    number = _number(value)
    found = _from_text(value, zone) if number is None else _from_epoch(number)
    if not EARLIEST <= found < LATEST:
        raise ValueError("not a time of our days")
    return found


def _number(value: Any) -> float | None:
    """The number that `value` is, or is the text of."""
    if isinstance(value, str):
        text = value.strip()
        plain = len(text) <= LONGEST and text.isascii() and text.replace(".", "", 1).isdigit()
        return float(text) if plain else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _from_epoch(number: float) -> datetime:
    seconds = number / 1000 if number >= MILLISECONDS_FROM else number
    if not 0 <= seconds < LATEST.timestamp():
        raise ValueError("not an epoch time")
    return EPOCH + timedelta(seconds=seconds)


def _from_text(text: Any, zone: tzinfo) -> datetime:
    if not isinstance(text, str) or len(text) > LONGEST or ":" not in text:
        raise ValueError("not a time")
    found = datetime.fromisoformat(text.strip().replace("/", "-"))
    if (
        not EARLIEST.year <= found.year <= LATEST.year
    ):  # before the arithmetic, which ends at years 1 and 9999
        raise ValueError("not a time of our days")
    return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).astimezone(UTC)
