"""Instants as other people's systems write them: one reader for all the usual forms. Pure; hostile input gives None.

2026-11-21T08:30:00Z         RFC 3339, any zone, any fraction, a blank or T between, seconds or none
2026-11-21 08:30:00.125      without a zone: in the one handed in; also with / or . and single digits
2026年11月21日 08:30           also 08时30分15秒
20261121083000, 20261121T083000Z, 202611210830, 20261121083000125
1795249800, 1795249800.5     seconds since 1970, as number or text; 13 digits: milliseconds, 16: microseconds
Sat, 21 Nov 2026 08:30:00 GMT
[2026, 11, 21, 8, 30]        what Jackson makes of a Java LocalDateTime
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

EARLIEST = 2000
"""Year before which nobody means it: zero times (0001-01-01, 1970-01-01) say "never"."""

_LONGEST = 64
_ZONE = r"\s*(?P<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?(?:\[[\w/+-]+\])?"
_WRITTEN = re.compile(
    r"(?P<year>\d{4})(?:(?P<sign>[-/.])(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})(?:T|\s+)"
    r"|年(?P<month_>\d{1,2})月(?P<day_>\d{1,2})日\s*)"
    r"(?P<hour>\d{1,2})[:时点](?P<minute>\d{1,2})(?:[:分](?P<second>\d{1,2})(?:[.,](?P<fraction>\d{1,9}))?)?[分秒]?"
    + _ZONE,
    re.ASCII | re.IGNORECASE,
)
_PACKED = re.compile(
    r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)T?(?P<hour>\d\d)(?P<minute>\d\d)"
    r"(?:(?P<second>\d\d)[.,]?(?P<fraction>\d{3})?)?" + _ZONE,
    re.ASCII | re.IGNORECASE,
)
_MAIL = re.compile(
    r"[A-Z][a-z]{2}, (?P<day>\d{1,2}) (?P<name>[A-Z][a-z]{2}) (?P<year>\d{4})"
    r" (?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d) (?P<zone>GMT|[+-]\d{4})",
    re.ASCII,
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EPOCH = re.compile(r"(?P<whole>\d{10}|\d{13}|\d{16})(?:\.\d{1,9})?", re.ASCII)
_PER_SECOND = {10: 1.0, 13: 1e3, 16: 1e6}
"""Digits of a count since 1970 → how many of its units a second has. Ten digits last until 2286."""


def read_instant(value: Any, zone: tzinfo) -> datetime | None:
    """The instant that a JSON value means, in UTC; `zone` is that of times without one. None: it means none."""
    if isinstance(value, list):
        return _of_list(value, zone)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = value if isinstance(value, str) else repr(value)
    if len(text) > _LONGEST:
        return None
    text = unicodedata.normalize("NFKC", text).strip()
    for form in (_PACKED, _WRITTEN, _MAIL):
        if (match := form.fullmatch(text)) and (found := _calendar(match.groupdict(), zone)):
            return found
    return _of_epoch(text)


def _calendar(parts: dict[str, str | None], zone: tzinfo) -> datetime | None:
    month = parts.get("month") or parts.get("month_")
    if (name := parts.get("name")) in _MONTHS:
        month = str(_MONTHS.index(name) + 1)
    second = int(parts["second"] or 0)
    fraction = (parts.get("fraction") or "").ljust(6, "0")[:6]
    texts = (parts["year"], month, parts.get("day") or parts.get("day_"), parts["hour"], parts["minute"])
    numbers = [int(text or 0) for text in texts]
    try:
        return _instant(
            [*numbers, 59 if second == 60 else second, int(fraction)], _zone_of(parts["zone"]) or zone
        )
    except ValueError:
        return None


def _zone_of(text: str | None) -> tzinfo | None:
    """The zone that `+0800` and its like mean, None where none is given. Raises ValueError for one that is none."""
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    minutes = int(text[3:].lstrip(":") or 0)
    if minutes > 59:
        raise ValueError("an hour has sixty minutes")
    ahead = timedelta(hours=int(text[1:3]), minutes=minutes)
    return timezone(-ahead if text[0] == "-" else ahead)


def _of_list(value: list[Any], zone: tzinfo) -> datetime | None:
    """`[2026, 11, 21, 8, 30]`, with seconds and nanoseconds where there are any."""
    if not 5 <= len(value) <= 7 or not all(type(part) is int and 0 <= part < 10**9 for part in value):
        return None
    second, nano = [*value[5:], 0, 0][:2]
    return _instant([*value[:5], second, nano // 1000], zone)


def _of_epoch(text: str) -> datetime | None:
    match = _EPOCH.fullmatch(text)
    if match is None:
        return None
    return _sane(datetime.fromtimestamp(float(text) / _PER_SECOND[len(match["whole"])], UTC))


def _instant(numbers: list[int], zone: tzinfo) -> datetime | None:
    """Year to microsecond in a zone; None for a day or an hour that does not exist."""
    year, month, day, hour, minute, second, micro = numbers
    try:
        return _sane(datetime(year, month, day, hour, minute, second, micro, tzinfo=zone).astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _sane(instant: datetime) -> datetime | None:
    return instant if instant.year >= EARLIEST else None
