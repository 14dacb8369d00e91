"""Moments as people write them at a terminal and read them there: by the wall clock of the daemon's `timezone`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.configuration import setting

if TYPE_CHECKING:
    from monitor.cli.client import Daemon

DEFAULT_ZONE = "Asia/Shanghai"
PATIENCE = 2.0
"""Seconds given to the daemon to say its zone."""


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


def zone_in(status: Any) -> str | None:
    """The `timezone` of a daemon by its answer to /api/v1/status; None where it says none that is known here."""
    named = status.get("timezone") if isinstance(status, dict) else None
    try:
        return ZoneInfo(named).key if isinstance(named, str) else None
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return None


async def zone_at(daemon: Daemon, file: Path | None = None) -> str:
    """The zone of a configuration that was named, else that of the daemon, else that of the configuration here."""
    from monitor.cli.client import Unanswered, read  # asyncio, which `check` does not need

    if file is not None:
        return zone_of(file)
    try:
        status = await read(daemon, "/api/v1/status", PATIENCE)
    except Unanswered:
        return zone_of(None)
    return zone_in(status) or zone_of(None)


def with_offset(value: Any, zone: str | None, form: str) -> str:
    """`16:12:00 +08:00`: an instant that the daemon sent by that zone (None: this machine's); `?` for what is none."""
    moment = read_instant(value)
    if moment is None:
        return "?"
    try:
        local = moment.astimezone(ZoneInfo(zone) if zone else None)
    except OverflowError:
        return "?"
    return f"{local.strftime(form)} {local.isoformat()[-6:]}"


def read_instant(value: Any) -> datetime | None:
    """An instant that the daemon sent; None where it is none."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
