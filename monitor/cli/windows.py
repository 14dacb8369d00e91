"""`windows`: the maintenance that is coming, from the configuration and, where a daemon runs, by hand."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.client import Daemon, Unanswered, daemon_options, find_daemon, read
from monitor.cli.configuration import DEFAULT_FILE, config_option
from monitor.cli.wall import instant, read_instant, shown, zone_at
from monitor.model import Plan

if TYPE_CHECKING:
    from rich.text import Text

PATIENCE = 2.0
"""Seconds given to the daemon: the answer is useful without it."""
MOST_NAMES = 3
"""So many authorities of a window are named in the table, the others counted."""
HEAD = ("from", "to", "state", "name", "authorities", "services", "id")

Rows = list[dict[str, Any]]
"""Windows as /api/v1/windows has them."""


@click.command()
@click.option(
    "--days", type=click.IntRange(1, 366), default=14, show_default=True, help="How far to look ahead."
)
@click.option(
    "--at",
    metavar="DATE",
    help="Look from another day or time: 2026-12-01, '2026-12-01 18:00'.  [default: now]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON in the form of /api/v1/windows.")
@config_option()
@daemon_options
def command(days: int, at: str | None, as_json: bool, file: Path | None, url: str) -> int:
    """Show the maintenance windows that are open or begin soon.

    Where a daemon runs they are its own: what is in force, with those by hand and of notices, however far ahead. With -c,
    and without a daemon, they follow from the configuration; those by hand are the daemon's even then.

    Exits 0, and 2 if there is neither a daemon nor a configuration without mistakes.
    """
    from monitor.clock import SystemClock

    daemon = find_daemon(url)
    now, zone = SystemClock().now(), asyncio.run(zone_at(daemon, file))
    since = instant(at, zone, "--at") if at else now
    until = since + timedelta(days=days)
    answered, waiting, silent = _ask(daemon, days, since if at else None)
    found = answered
    if found is None or file:
        found = _merged(_planned(file, since, until, silent), answered)
    found = [{**row, "state": stage} for row in found if (stage := _stage(row, since, until))]
    if as_json:
        click.echo(json.dumps({"windows": found, "next": None}, ensure_ascii=False, indent=2))
        return 0
    click.echo(f"maintenance from {shown(since, zone)} to {shown(until, zone)} ({zone})")
    _print(found, zone) if found else click.echo("no windows")
    if silent:
        click.echo(f"windows by hand are not among them: {silent}", err=True)
    if waiting:
        click.echo(f"notices that wait for a person: {waiting} (`notice list`)", err=True)
    return 0


def _ask(daemon: Daemon, days: int, since: datetime | None) -> tuple[Rows | None, int, str]:
    """What a daemon knows of the days after `since` (None: now) and how many notices wait for a person, or why none answers."""
    at = f"&at={since:%Y-%m-%dT%H:%M:%SZ}" if since else ""
    path = f"/api/v1/windows?days={days}&limit=500{at}"
    try:
        answer = asyncio.run(read(daemon, path, PATIENCE))
    except Unanswered as problem:
        return None, 0, problem.message
    rows = answer.get("windows") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        return None, 0, f"what answers at {daemon.shown} is not a fapiao-monitor"
    waiting = answer.get("notices_waiting")
    found = [row for row in rows if isinstance(row, dict)]
    return found, waiting if isinstance(waiting, int) else 0, ""


def _planned(file: Path | None, since: datetime, until: datetime, silent: str) -> Rows:
    """The windows of the configuration. Raises a usage error with all its mistakes, and why no daemon answers (`silent`)."""
    from monitor.config.load import ConfigError, load
    from monitor.knowledge import load_registry

    try:
        loaded = load(file or DEFAULT_FILE, environ=os.environ, registry=load_registry())
    except ConfigError as problem:
        raise click.UsageError("\n".join([str(problem), *([silent] if silent else [])])) from None
    return windows_of(loaded.plan, since, until)


def windows_of(plan: Plan, since: datetime, until: datetime) -> Rows:
    """The windows of a plan that are open at `since` or begin before `until`."""
    from monitor.core.windows import upcoming
    from monitor.web.shapes import window_json

    return [{**window_json(window, since)} for window in upcoming(plan, {}, since, until)]


def _merged(planned: Rows, answered: Rows | None) -> Rows:
    """The windows of the configuration as the daemon has them, where it has them, and those that it alone has."""
    known = {row.get("id"): row for row in answered or []}
    rules = [known.get(row["id"], row) for row in planned]
    kept = filter(_is_kept, known.values())
    return sorted([*rules, *kept], key=lambda row: (str(row.get("start")), str(row.get("id"))))


def _is_kept(row: Mapping[str, Any]) -> bool:
    """Whether it is by hand or of a notice, not by a rule of the configuration."""
    return bool(row.get("by_hand") or row.get("notice") or row.get("resumes"))


def _stage(row: Mapping[str, Any], since: datetime, until: datetime) -> str:
    """Whether a window is `active` or `upcoming` at `since`; empty for what is neither.

    Those by a rule come before `until`, those by hand and of notices however late.

    One that was ended before it began is as long as nothing, and will not come.
    """
    start, end = read_instant(row.get("start")), read_instant(row.get("end"))
    if start is None or end is None or end <= max(start, since) or (start >= until and not _is_kept(row)):
        return ""
    return "active" if start <= since else "upcoming"


# --- the table -------------------------------------------------------------------------------------------------------


def _print(rows: Sequence[Mapping[str, Any]], zone: str) -> None:
    from monitor.cli.table import print_table

    print_table(HEAD, [list(_cells(row, zone)) for row in rows])


def _cells(row: Mapping[str, Any], zone: str) -> Iterator[Text]:
    from rich.text import Text

    from monitor.cli.drawing import clean

    start, end = read_instant(row.get("start")), read_instant(row.get("end"))
    yield Text(shown(start, zone) if start else "?")
    yield Text(shown(end, zone, after=start) if end else "?")
    state = clean(row.get("state"), 12)
    yield Text(state, style="bold cyan" if state == "active" else "")
    yield Text(clean(row.get("name"), 60))
    yield Text(named(row.get("authorities")))
    yield Text(named(row.get("services")))
    yield Text(clean(row.get("id"), 80), style="dim")


def named(words: Any) -> str:
    """`all`, or the first few of a list and how many more there are."""
    from monitor.cli.drawing import clean

    if not isinstance(words, list | tuple):
        return "all"
    more = f" and {len(words) - MOST_NAMES} more" if len(words) > MOST_NAMES else ""
    return clean(", ".join(map(str, words[:MOST_NAMES]))) + more
