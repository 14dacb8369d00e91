"""`silence add|list|end`: nothing is told of what matches, for a while; that it is over is told to whom it was told."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from monitor.cli.ack import author_options, named
from monitor.cli.client import change, daemon_options, find_daemon, read_all
from monitor.cli.configuration import config_option
from monitor.cli.wall import instant, read_instant, shown, span, zone_at
from monitor.knowledge.naming import services_of, slugs_of
from monitor.model import rfc3339

PATH = "/api/v1/silences"
LONG = timedelta(days=30)
"""Who adds a longer one is told so: a mistyped year mutes for good."""
CALLED = {
    **{f"matchers.{name}": f"--{name}" for name in ("authority", "service", "severity", "diagnosis")},
    "starts_at": "--from",
    "ends_at": "--until",
    "author": "--author",
    "comment": "--comment",
}
"""What the daemon calls a part of a silence → what it is called here."""


@click.group()
def command() -> None:
    """Add, list and end silences at a running daemon.

    A silence keeps quiet what opens and matches it; it never hides an end from those who heard of the beginning.
    What is still open when it ends is told then.
    """


def _matcher(name: str, example: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    return click.option(
        f"--{name}", multiple=True, metavar="WORD", help=f"{example}; several by commas or by repeating it."
    )


@command.command("add")
@_matcher("authority", "A slug, code or Chinese name, national or local")
@_matcher("service", "verify, dppt, etax, sync …, or 发票查验")
@_matcher("severity", "critical, warning or info")
@_matcher("diagnosis", "provincial_outage, path_from_here …")
@click.option("--from", "start", metavar="TIME", help="When it begins.  [default: now]")
@click.option("--for", "lasts", metavar="DURATION", help="How long: 30m, 2h, 1d.")
@click.option(
    "--until", metavar="TIME", help="Until when, by the wall clock of `timezone`: '2026-12-01 18:00'."
)
@author_options
@config_option("The configuration whose `timezone` counts in place of the daemon's")
@daemon_options
def add(
    start: str | None,
    lasts: str | None,
    until: str | None,
    author: str | None,
    comment: str,
    file: Path | None,
    url: str,
    **matchers: tuple[str, ...],
) -> int:
    """Tell nobody of what matches all that is given.

    Exits 0, 1 if the daemon does not know a word or it would be over already, 3 if it cannot be reached or refuses.
    """
    from monitor.cli.drawing import clean

    asked = {name: words for name, given in matchers.items() if (words := _words(given))}
    if "authority" in asked:
        asked["authority"] = slugs_of(asked["authority"])
    if "service" in asked:
        asked["service"] = services_of(asked["service"])
    if not asked:
        raise click.UsageError("give at least one of --authority, --service, --severity, --diagnosis")
    daemon = find_daemon(url)
    zone = asyncio.run(zone_at(daemon, file))
    body = {"matchers": asked, **span_of(start, lasts, until, zone, ("starts_at", "ends_at"))}
    said = {"author": named(author), "comment": comment}
    made = asyncio.run(change(daemon, "POST", PATH, {**body, **said}, CALLED))
    end = read_instant(made.get("ends_at"))
    click.echo(f"{clean(made.get('id'))}: silent until {shown(end, zone) if end else '?'} ({zone})")
    begin = read_instant(made.get("starts_at"))
    if begin and end and end - begin > LONG:
        click.echo(
            f"note: that is {(end - begin).days} days; nobody is told of what it matches until then", err=True
        )
    return 0


def _words(given: Sequence[str]) -> list[str]:
    return [word for text in given for part in re.split("[,，、]", text) if (word := part.strip())]


def span_of(
    start: str | None, lasts: str | None, until: str | None, zone: str, keys: tuple[str, str]
) -> dict[str, str]:
    """Start (absent: now) and end of `--from`, `--for`, `--until`, under these keys. Raises a usage error."""
    from monitor.clock import SystemClock

    if (lasts is None) == (until is None):
        raise click.UsageError("give one of --for and --until")
    begins = instant(start, zone, "--from") if start else None
    if until is not None:
        ends = instant(until, zone, "--until")
    else:
        ends = (begins or SystemClock().now()) + span(lasts or "", "--for")
    if begins and ends <= begins:
        raise click.UsageError("--until: must be after --from")
    return {**({keys[0]: rfc3339(begins)} if begins else {}), keys[1]: rfc3339(ends)}


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that are over as well, as far as remembered.")
@click.option("--json", "as_json", is_flag=True, help="Print what the daemon answers (/api/v1/silences).")
@config_option("The configuration whose `timezone` counts in place of the daemon's")
@daemon_options
def list_(everything: bool, as_json: bool, file: Path | None, url: str) -> int:
    """Show the silences of now and to come.

    Exits 0, and 3 if the daemon cannot be reached or refuses.
    """
    daemon = find_daemon(url)
    found = asyncio.run(read_all(daemon, f"{PATH}?limit=500", "silences"))
    wanted = [one for one in found if everything or one.get("state") != "expired"]
    if as_json:
        click.echo(json.dumps({"silences": wanted, "next": None}, ensure_ascii=False, indent=2))
    elif wanted:
        _print(wanted, asyncio.run(zone_at(daemon, file)))
    else:
        click.echo("no silences")
    return 0


def _print(silences: Sequence[Mapping[str, Any]], zone: str) -> None:
    from rich.text import Text

    from monitor.cli.drawing import clean
    from monitor.cli.table import print_table

    rows = []
    for one in silences:
        start, end = read_instant(one.get("starts_at")), read_instant(one.get("ends_at"))
        cells = (
            clean(one.get("id"), 40),
            clean(one.get("state"), 10),
            shown(start, zone) if start else "?",
            shown(end, zone, after=start) if end else "?",
            clean(one.get("author"), 40),
            clean(_what(one)),
        )
        rows.append([Text(cell) for cell in cells])
    click.echo(f"times of {zone}")
    print_table(("id", "state", "from", "until", "author", "what"), rows)


def _what(silence: Mapping[str, Any]) -> str:
    """`authority=shandong severity=warning,info: comment`."""
    matchers = silence.get("matchers")
    pairs = matchers.items() if isinstance(matchers, dict) else ()
    asked = " ".join(f"{name}={','.join(map(str, words))}" for name, words in pairs)
    return f"{asked}: {silence['comment']}" if silence.get("comment") else asked


@command.command("end")
@click.argument("silence", metavar="ID")
@daemon_options
def end(silence: str, url: str) -> int:
    """End a silence now. What is open and was not told is told then.

    Exits 0, 1 if there is no such silence or it is over, 3 if the daemon cannot be reached or refuses.
    """
    asyncio.run(change(find_daemon(url), "DELETE", f"{PATH}/{quote(silence, safe='')}"))
    click.echo(f"{silence} is over")
    return 0
