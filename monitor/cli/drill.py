"""`drill`: plays an outage through the real receivers, and reports who was told after how long."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import click

from monitor.cli.called import as_called
from monitor.cli.client import Daemon, Unanswered, change, daemon_options, find_daemon, read, stranger

PATH = "/api/v1/drills"
EVERY = 0.5
"""Seconds between two looks at how far it is."""
PATIENCE = 20.0
"""Seconds for what is still to be told when the drill is over, and for a daemon that is being restarted."""
WORDS = {"incident_opened": "outage", "incident_resolved": "all clear", "incident_escalated": "escalation"}
"""Events as the report names them."""


@click.command()
@click.argument("authorities", metavar="AUTHORITY...", nargs=-1)
@click.option(
    "--for",
    "lasts",
    metavar="DURATION",
    default="10m",
    show_default=True,
    help="How long: 30s, 10m, at most 4h.",
)
@click.option("--no-wait", is_flag=True, help="Start it and leave; its report is at /api/v1/drills/ID.")
@click.option("--end", "ended", metavar="ID", help="In place of AUTHORITY, end this drill now.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as /api/v1/drills/ID has it.")
@daemon_options
def command(
    authorities: tuple[str, ...], lasts: str, no_wait: bool, ended: str | None, as_json: bool, url: str
) -> int:
    """Play an outage of these authorities: slugs, codes or Chinese names; `all`: all that are watched.

    It is told by the real routes to the real receivers, marked 演练/DRILL, and it counts nowhere. This waits until it
    is over and shows who was told after how long.

    Exits 0, 1 if the daemon does not know a word or a drill of one is going on, 3 if it cannot be reached or refuses.
    """
    from monitor.cli.wall import span
    from monitor.core.drills import LONGEST, SHORTEST
    from monitor.knowledge.naming import slugs_of

    if bool(authorities) == bool(ended):
        raise click.UsageError("name the authorities of a drill, or give --end ID")
    daemon = find_daemon(url)
    if ended:
        asyncio.run(change(daemon, "DELETE", f"{PATH}/{quote(ended, safe='')}"))
        click.echo(f"{ended} is over; who was told of it hears so")
        return 0
    seconds = span(lasts, "--for").total_seconds()
    if not SHORTEST <= seconds <= LONGEST:
        raise click.UsageError(f"--for: from {SHORTEST:g}s to {LONGEST / 3600:g}h is meant")
    named = "all" if authorities == ("all",) else slugs_of(authorities)
    body = {"authorities": named, "duration_seconds": seconds}
    made = asyncio.run(change(daemon, "POST", PATH, body, {"authorities": "AUTHORITY"}))
    _follow(daemon, made, as_json=as_json, wait=not no_wait)
    return 0


def _follow(daemon: Daemon, made: Mapping[str, Any], *, as_json: bool, wait: bool) -> None:
    """Say that it goes on; wait for its end and print the report."""
    from monitor.cli.drawing import clean

    id_ = clean(made.get("id"))
    end = f"`{as_called()} drill --end {id_}` ends it"
    if not wait:
        click.echo(json.dumps(made, ensure_ascii=False, indent=2) if as_json else f"{id_} goes on; {end}")
        return
    click.echo(f"{id_} goes on; {end}", err=True)
    try:
        report = asyncio.run(_wait(daemon, str(made.get("id"))))
    except KeyboardInterrupt:
        click.echo(f"{id_} still goes on; {end}", err=True)
        raise
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        _print(report)


# --- waiting ---------------------------------------------------------------------------------------------------------


async def _wait(daemon: Daemon, id_: str) -> Mapping[str, Any]:
    """Its report once it is over and everyone was told, or some time later."""
    left = failing = PATIENCE
    while True:
        try:
            report = await read(daemon, f"{PATH}/{quote(id_, safe='')}")
        except Unanswered:
            failing -= EVERY
            if failing <= 0:
                raise
        else:
            failing = PATIENCE
            told = _rows(daemon, report)
            _progress(report, told)
            if report.get("state") == "over":
                left -= EVERY
                if left <= 0 or not any(row.get("result") == "pending" for row in told):
                    _progress(None, [])
                    return _whole(report)
        await asyncio.sleep(EVERY)


def _whole(report: Any) -> Mapping[str, Any]:
    whole: Mapping[str, Any] = report
    return whole


def _rows(daemon: Daemon, report: Any) -> list[Mapping[str, Any]]:
    """The rows of a report. Raises Unanswered for what is none."""
    rows = report.get("told") if isinstance(report, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise stranger(daemon)
    return rows


def _progress(report: Mapping[str, Any] | None, told: list[Mapping[str, Any]]) -> None:
    """One line on a terminal that is written over; None wipes it. Nothing in a pipe."""
    if not sys.stderr.isatty():
        return
    line = ""
    if report is not None:
        done = sum(row.get("result") == "sent" for row in told)
        line = f"{report.get('state')}, until {report.get('ends_at')}: {done} of {len(told)} told"
    click.echo(f"\r\x1b[K{line}", nl=False, err=True)


# --- the report ------------------------------------------------------------------------------------------------------


def _print(report: Mapping[str, Any]) -> None:
    from rich.text import Text

    from monitor.cli.drawing import clean
    from monitor.cli.table import print_table

    told = report["told"]
    if not told:
        click.echo("nobody was told: no route takes a drill of these authorities now")
        return
    rows = [
        (
            WORDS.get(str(row.get("event")), clean(row.get("event"), 40)),
            clean(row.get("receiver"), 80),
            clean(row.get("result"), 10),
            _after(row.get("after_seconds")),
            clean(row.get("attempts"), 10),
        )
        for row in told
    ]
    print_table(
        ("told", "receiver", "result", "after", "failed tries"),
        [[Text(cell) for cell in row] for row in rows],
    )


def _after(seconds: Any) -> str:
    """`0.4 s`; `-` where nothing was taken."""
    return f"{seconds:.1f} s" if isinstance(seconds, int | float) else "-"
