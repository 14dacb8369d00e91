"""`window add|end`: maintenance by hand at a running daemon, and windows that end earlier than planned."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from monitor.cli.client import Daemon, Unanswered, change, daemon_options, find_daemon, read
from monitor.cli.configuration import config_option
from monitor.cli.silence import span_of
from monitor.cli.wall import read_instant, shown, zone_at
from monitor.knowledge.naming import services_of, slugs_of

PATH = "/api/v1/windows"
PATIENCE = 2.0
"""Seconds given to the daemon to say which windows overlap: the new one is made without it."""
CALLED = {
    "authorities": "AUTHORITY",
    "services": "--service",
    "start": "--from",
    "end": "--until",
    "name": "--name",
}
"""What the daemon calls a part of a window → what it is called here."""


@click.group()
def command() -> None:
    """Add a maintenance window by hand, or end one early.

    `windows` (with an s) shows those of the configuration and those by hand.
    """


@command.command("add")
@click.argument("authorities", metavar="AUTHORITY...", nargs=-1, required=True)
@click.option(
    "--from",
    "start",
    metavar="TIME",
    help="When it begins: '2026-12-01 18:00[:30]' by the wall clock of `timezone`.  [default: now]",
)
@click.option("--until", metavar="TIME", help="When it ends.")
@click.option("--for", "lasts", metavar="DURATION", help="In place of --until, how long: 30m, 2h, 1d.")
@click.option(
    "--service",
    "services",
    multiple=True,
    metavar="WORD",
    help="verify, dppt …, or 发票查验; may be repeated.  [default: all]",
)
@click.option("--name", default="by hand", show_default=True, metavar="TEXT", help="What it is called.")
@config_option("The configuration whose `timezone` counts in place of the daemon's")
@daemon_options
def add(
    authorities: tuple[str, ...],
    start: str | None,
    until: str | None,
    lasts: str | None,
    services: tuple[str, ...],
    name: str,
    file: Path | None,
    url: str,
) -> int:
    """Plan work for these authorities: slugs, codes or Chinese names; `all`: all of them.

    Looking goes on; nothing that opens in it is told.

    Exits 0, 1 if the daemon does not know a word or it would be over already, 3 if it cannot be reached or refuses.
    """
    from monitor.cli.drawing import clean

    daemon = find_daemon(url)
    zone = asyncio.run(zone_at(daemon, file))
    body: dict[str, Any] = {"name": name, **span_of(start, lasts, until, zone, ("start", "end"))}
    body["authorities"] = "all" if authorities == ("all",) else slugs_of(authorities)
    body["services"] = services_of(services) or None
    made = asyncio.run(change(daemon, "POST", PATH, body, CALLED))
    begin, end = read_instant(made.get("start")), read_instant(made.get("end"))
    if begin and end:
        click.echo(f"{clean(made.get('id'))}: {shown(begin, zone)} to {shown(end, zone)} ({zone})")
        for other in asyncio.run(_overlapping(daemon, made, begin, end)):
            click.echo(
                f"it overlaps with {clean(other.get('id'))} ({clean(other.get('name'), 60)})", err=True
            )
    return 0


async def _overlapping(
    daemon: Daemon, made: dict[str, Any], begin: datetime, end: datetime
) -> list[dict[str, Any]]:
    """Other windows by hand of the same time, authorities and services; none where the daemon does not say."""
    try:
        answer = await read(daemon, f"{PATH}?days=366&limit=500", PATIENCE)
    except Unanswered:
        return []
    rows = answer.get("windows") if isinstance(answer, dict) else None
    return [row for row in rows or () if isinstance(row, dict) and _overlaps(row, made, begin, end)]


def _overlaps(row: dict[str, Any], made: dict[str, Any], begin: datetime, end: datetime) -> bool:
    starts, stops = read_instant(row.get("start")), read_instant(row.get("end"))
    if starts is None or stops is None or not row.get("by_hand") or row.get("id") == made.get("id"):
        return False
    both = all(_share(row.get(key), made.get(key)) for key in ("authorities", "services"))
    return both and starts < end and begin < stops


def _share(some: Any, others: Any) -> bool:
    """Whether two lists of words have one in common; none at all means all."""
    return not some or not others or not set(some).isdisjoint(others)


@command.command("end")
@click.argument("window", metavar="ID")
@daemon_options
def end(window: str, url: str) -> int:
    """End a window now; one that has not begun will not come.

    It may be of the configuration or by hand. What it covered is looked at at once.

    Exits 0, 1 if there is no such window or it is over, 3 if the daemon cannot be reached or refuses.
    """
    asyncio.run(change(find_daemon(url), "DELETE", f"{PATH}/{quote(window, safe='')}"))
    click.echo(f"{window} is over")
    return 0
