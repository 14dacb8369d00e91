"""`check`: every mistake of a configuration at once, or a summary of what it expands to."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import click

from monitor.cli.configuration import DEFAULT_FILE, config_option
from monitor.cli.wall import shown
from monitor.clock import SystemClock
from monitor.config.certificate import present
from monitor.config.load import ConfigError, Loaded, load
from monitor.config.schema import Configuration
from monitor.core import filing
from monitor.core.windows import upcoming
from monitor.knowledge import load_registry
from monitor.model import PSEUDO_AUTHORITIES, Plan

LOOKAHEAD = timedelta(days=60)
MOST_WINDOWS = 3
EXPIRES_SOON = 21
"""Days."""


@click.command()
@config_option()
@click.option("--schema", is_flag=True, help="Print the JSON Schema of probes.yaml for editors instead.")
@click.pass_context
def command(ctx: click.Context, file: Path | None, *, schema: bool) -> None:
    """Check a configuration and show every mistake at once.

    Exits 0 when it can be run and 2 when it cannot. Nothing is connected to.
    """
    if schema:
        click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
        return
    path = file or DEFAULT_FILE
    try:
        loaded = load(path, environ=os.environ, registry=load_registry())
    except ConfigError as problem:
        count = len(problem.mistakes)
        click.echo(str(problem), err=True)
        click.echo(f"{path}: {count} mistake{'s' if count > 1 else ''}", err=True)
        ctx.exit(2)
    click.echo(summary(path, loaded, SystemClock().now()))


def json_schema() -> dict[str, object]:
    """The JSON Schema (draft 2020-12) of probes.yaml."""
    schema = Configuration.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "probes.yaml"}


def summary(path: Path, loaded: Loaded, now: datetime) -> str:
    """What a sound configuration expands to, and what an operator should know about it."""
    plan = loaded.plan
    kinds = Counter(target.kind for target in plan.targets.values())
    names = (
        ", ".join(plan.authorities)
        if len(plan.authorities) < 8
        else "all"
        if len(plan.authorities) == 36
        else ""
    )
    others = [slug for slug in PSEUDO_AUTHORITIES if any(t.authority == slug for t in plan.targets.values())]
    lines = [
        f"{path}: no mistakes",
        f"  targets      {len(plan.targets)}: "
        + ", ".join(f"{count} {kind}" for kind, count in kinds.items()),
        f"  authorities  {len(plan.authorities)}" + (f" ({names})" if names else ""),
        f"  also         {', '.join(others)}" if others else "",
        f"  references   {', '.join(source.name for source in plan.references)}" if plan.references else "",
        *_windows(plan, now),
        f"  receivers    {', '.join(receiver.id for receiver in plan.receivers) or 'none'}",
        *_serving(plan, now),
        *(f"  note: {note}" for note in loaded.notes),
        *_unknown_years(plan, now),
    ]
    return "\n".join(line for line in lines if line)


def _serving(plan: Plan, now: datetime) -> Iterator[str]:
    """How what is served is encrypted, and who may read it, where that is not as shipped."""
    if plan.basic_auth:
        yield f"  users        {', '.join(plan.basic_auth)}"
    if plan.tls is not None:
        expires_at = present(plan.tls).expires_at
        left = (expires_at - now).days
        yield f"  tls          {plan.tls.cert}, until {shown(expires_at, plan.timezone)}"
        if left < EXPIRES_SOON:
            yield f"  note: server.tls.cert: {'expired' if expires_at <= now else f'expires in {left} days'}"


def _unknown_years(plan: Plan, now: datetime) -> Iterator[str]:
    """Years whose days off are needed soon and not known."""
    for year in filing.unknown_years(plan.calendar, filing.today_in_china(now)):
        yield (
            f"  note: calendar: the days off of {year} are not known: weekends alone are assumed there"
            " (filing period, working days); name a file of them under calendar.holidays once they are published"
        )


def _windows(plan: Plan, now: datetime) -> Iterator[str]:
    """The next windows of maintenance, open ones included."""
    if not plan.maintenance:
        return
    from monitor.cli.windows import named  # brings asyncio along

    rows = upcoming(plan, {}, now, now + LOOKAHEAD)
    for index, window in enumerate(rows[:MOST_WINDOWS]):
        times = (
            f"{shown(window.start, plan.timezone)} to {shown(window.end, plan.timezone, after=window.start)}"
        )
        what = f"{named(window.authorities)}: {named(window.services)}"
        yield f"  {'windows' if not index else '':<12} {times}  {window.name} ({what})"
    if len(rows) > MOST_WINDOWS:
        yield f"{'':<15}and more: `fapiao-monitor windows`"
    if not rows:
        yield f"  windows      none within {LOOKAHEAD.days} days"
