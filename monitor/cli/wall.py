"""Moments as people write them at a terminal and read them there: by the wall clock of `timezone` in probes.yaml."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.configuration import setting

DEFAULT_ZONE = "Asia/Shanghai"


def zone_of(file: Path | None) -> str:
    """The `timezone` of a configuration, also of one with mistakes in it; Asia/Shanghai where none can be read."""
    from monitor.config.scalars import timezone

    try:
        return timezone(str(setting(file, "timezone") or DEFAULT_ZONE))
    except ValueError:
        return DEFAULT_ZONE


def instant(text: str, zone: str, option: str) -> datetime:
    """`2026-12-01 18:00[:30]` or a date by the wall clock of `zone`, or with an offset; in UTC. Raises a usage error."""
    from monitor.config.times import in_zone, moment

    try:
        return in_zone(moment(f"{text} 00:00" if len(text) == len("2026-12-01") else text), zone)
    except (ValueError, OverflowError) as problem:
        meant = str(problem) or "write a time like 2026-12-01 18:00, or with an offset 2026-12-01T18:00+08:00"
        raise click.UsageError(f"{option}: {meant}") from None


def span(text: str, option: str) -> timedelta:
    """`30m`, `2h`, `1d`. Raises a usage error."""
    from monitor.config.scalars import span as seconds

    try:
        return timedelta(seconds=seconds(text))
    except ValueError as problem:
        raise click.UsageError(f"{option}: {str(problem) or 'write a duration like 30m, 2h or 1d'}") from None


def shown(moment: datetime, zone: str, after: datetime | None = None) -> str:
    """`Tue 2026-12-01 18:00`, with seconds only where there are any; `Tue 18:00` where it is within six days `after`."""
    local = moment.astimezone(ZoneInfo(zone))
    near = after is not None and timedelta(0) <= moment - after < timedelta(days=6)
    return local.strftime(("%a " if near else "%a %Y-%m-%d ") + ("%H:%M:%S" if local.second else "%H:%M"))


def read_instant(value: Any) -> datetime | None:
    """An instant that the daemon sent; None where it is none."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
