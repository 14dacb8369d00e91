"""`report`: availability with and without maintenance, incidents, and how fast they were found, told and over."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from monitor.cli.client import Daemon, daemon_options, find_daemon, read, stranger
from monitor.cli.configuration import config_option
from monitor.cli.texts import LANGUAGES, language_of
from monitor.cli.wall import instant, zone_at
from monitor.clock import SystemClock

if TYPE_CHECKING:
    from monitor.model import Report

PATIENCE = 120.0
"""Seconds given to the daemon: it asks its history once per service."""
LONGEST = timedelta(days=3660)
"""No report goes over more; the daemon says so too."""
FORMATS = ("text", "html", "csv", "json")


@click.command()
@click.option(
    "--from", "since", metavar="DATE", help="From this day or time on.  [default: 30 days before --to]"
)
@click.option("--to", "until", metavar="DATE", help="Up to this day or time, not included.  [default: now]")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    help="Language.  [default: that of the configuration, or the terminal]",
)
@config_option("The configuration, for `language` and `timezone`")
@daemon_options
def command(
    since: str | None, until: str | None, form: str, lang: str | None, file: Path | None, url: str
) -> int:
    """Report on availability, from the history of a running daemon.

    Dates are 2026-11-01 or '2026-11-01 08:00' by the clock of `timezone`. Drills are left out. `csv` has the services, in
    the form that Excel opens; `html` is one file to keep, send or print; `json` is what /api/v1/report answers.

    Exits 0, and 3 if the daemon cannot be reached or refuses.
    """
    daemon = find_daemon(url)
    zone = asyncio.run(zone_at(daemon, file))
    answer = asyncio.run(read(daemon, _path(since, until, zone), PATIENCE))
    report = _understood(daemon, answer)
    if form == "json":
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return 0
    from monitor.cli import report_forms

    words = report_forms.Words(language=lang or language_of(file), zone=zone)
    if form == "csv":
        click.echo(report_forms.as_csv(report, words), nl=False)
    elif form == "html":
        click.echo(report_forms.as_html(report, words, _vantage(daemon)).encode(), nl=False)
    else:
        report_forms.print_text(report, words)
    return 0


def _path(since: str | None, until: str | None, zone: str) -> str:
    """Raises a usage error for what is no time, and for an end that is not behind its start."""
    asked = {
        "since": instant(since, zone, "--from") if since else None,
        "until": instant(until, zone, "--to") if until else None,
    }
    ends = asked["until"] or SystemClock().now()
    if asked["since"] and ends <= asked["since"]:
        told = "--to: a time behind --from is meant" if until else "--from: a time in the past is meant"
        raise click.UsageError(told)
    if asked["since"] and ends - asked["since"] > LONGEST:
        raise click.UsageError(f"--from: at most {LONGEST.days} days before --to are meant")
    query = "&".join(f"{name}={quote(_utc(at))}" for name, at in asked.items() if at is not None)
    return "/api/v1/report" + (f"?{query}" if query else "")


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _understood(daemon: Daemon, answer: Any) -> Report:
    """Raises Unanswered where that is no report of ours."""
    from pydantic import TypeAdapter, ValidationError

    from monitor.model import Report

    try:
        return TypeAdapter(Report).validate_python(answer)
    except ValidationError:
        raise stranger(daemon) from None


def _vantage(daemon: Daemon) -> str:
    """From where the daemon looks; it answered a moment ago."""
    status = asyncio.run(read(daemon, "/api/v1/status"))
    return str(status.get("vantage") or "") if isinstance(status, dict) else ""
