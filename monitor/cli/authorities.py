"""`authorities`: the registry with the source and the confidence of each address; `--try` asks each for a captcha once."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import click

from monitor.knowledge import load_registry
from monitor.model import Authority, Plan, Result, Target, as_json

SHOWN = ("verify", "dppt", "etax")
"""Addresses in the table; the JSON has all."""

FOOTNOTE = """
Nothing here was tried against the live hosts; what answers from where you stand: --try. The others (upload_rsa, upload_gm,
platform, fpdk, tpass): --json.
confidence  two_maps: two independent maps of the provinces agree; single_source: one source only; port_seen: seen with this
            port; port_not_seen: the host was seen, the port is assumed; low: the source is known to invent some entries
source      the public material it was taken from; "public code": published programs that are not named one by one"""


@click.command()
@click.option(
    "--try", "attempt", is_flag=True, help="Ask each for a captcha once, now; exits 1 if one is not ok."
)
@click.option(
    "--json", "json_wanted", is_flag=True, help="Print every fact (with --try: every result) as JSON."
)
@click.option(
    "-c",
    "--config",
    "file",
    envvar="FAPIAO_CONFIG",
    type=click.Path(path_type=Path),
    help="With --try: the configuration whose captcha probes are run; without one the shipped ones.  [env: FAPIAO_CONFIG]",
)
@click.pass_context
def command(ctx: click.Context, attempt: bool, json_wanted: bool, file: Path | None) -> int:
    """Show the registry of the 36 authorities.

    It is second-hand knowledge: each address comes with its source and how sure that is.
    """
    if attempt:
        return _try(_plan(file), json_wanted, ctx.obj)
    if json_wanted:
        click.echo(
            json.dumps([_facts_json(one) for one in load_registry().values()], ensure_ascii=False, indent=2)
        )
        return 0
    _print_table(("slug", "code", "name", "name_en", "what", "address", "confidence", "source"), _rows())
    click.echo(FOOTNOTE)
    return 0


def _facts_json(authority: Authority) -> dict[str, Any]:
    facts = {
        name: {"value": fact.value, "source": fact.source, "confidence": fact.confidence}
        for name, fact in authority.facts.items()
    }
    return {
        "slug": authority.slug,
        "code": authority.code,
        "name": authority.name,
        "name_en": authority.name_en,
        "full_name": authority.full_name,
        "facts": facts,
    }


def _rows() -> Iterator[tuple[str, ...]]:
    for authority in load_registry().values():
        for what in SHOWN:
            fact = authority.facts[f"{what}_url"]
            known = (fact.value or "not found", fact.confidence or "-", fact.source or "-")
            yield (authority.slug, authority.code, authority.name, authority.name_en, what, *known)


def _print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as their widest cell, Chinese characters counted as two; never cut, so that it can be searched."""
    from rich.cells import cell_len

    lines = [head, *rows]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


# --- trying each once ------------------------------------------------------------------------------------------------


def _plan(file: Path | None) -> Plan:
    """The plan of the file that was named, without one the shipped ladder. Raises click.UsageError with all mistakes."""
    from monitor import log
    from monitor.config.load import ConfigError, load, without_file

    if file is None:
        return without_file(load_registry())
    try:
        loaded = load(file, environ=os.environ, registry=load_registry())
    except ConfigError as problem:
        raise click.UsageError(str(problem)) from None
    log.REDACTION.add(loaded.secrets)
    return loaded.plan


def _try(plan: Plan, json_wanted: bool, settings: Mapping[str, str]) -> int:
    from monitor import log

    log.configure(level=settings["log_level"], form=settings["log_format"])
    targets = [target for target in plan.targets.values() if target.kind == "captcha"]
    if not targets:
        raise click.UsageError("the configuration has no probe of kind captcha")
    results = asyncio.run(_look(targets, plan))
    rows = [_tried(target, result, plan) for target, result in zip(targets, results, strict=True)]
    if json_wanted:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        _print_table(
            ("slug", "name", "outcome", "cause", "flags", "seconds", "address", "detail"), map(_cells, rows)
        )
    return 0 if all(row["outcome"] == "ok" for row in rows) else 1


async def _look(targets: Sequence[Target], plan: Plan) -> list[Result | None]:
    """One run of each, all at the same time, within the limits of the plan; None where they do not allow it."""
    from monitor.clock import SystemClock
    from monitor.core.classify import Knowledge
    from monitor.core.schedule import HostLimit
    from monitor.knowledge import load_catalogue, load_words
    from monitor.net import LimitReached, Net
    from monitor.probes import run

    clock = SystemClock()
    net, limit = Net(clock), HostLimit(plan.per_host, plan.per_host_window)
    knowledge = Knowledge(catalogue=load_catalogue(), words=load_words())
    places = asyncio.Semaphore(plan.concurrency)

    async def look(target: Target) -> Result | None:
        async with places:
            try:
                admit = partial(_admit, limit, clock)
                return await run(target, net, knowledge, admit=admit, scheduled=False)
            except LimitReached:
                return None

    try:
        with _progress(len(targets)):
            async with asyncio.TaskGroup() as group:
                looks = [group.create_task(look(target)) for target in targets]
    finally:
        await net.close()
    return [look.result() for look in looks]


def _progress(count: int) -> AbstractContextManager[object]:
    """Says on a terminal that something is going on; nothing in a pipe."""
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True, highlight=False).status(f"asking {count} authorities")


def _admit(limit: Any, clock: Any, host_key: str) -> bool:
    admitted: bool = limit.admit(host_key, clock.monotonic())
    return admitted


def _tried(target: Target, result: Result | None, plan: Plan) -> dict[str, Any]:
    authority = plan.authorities.get(target.authority)
    about = {
        "target": target.id,
        "slug": target.authority,
        "name": authority.name if authority else "",
        "url": target.url,
    }
    if result is None:
        return {**about, "outcome": None, "detail": "limits.per_host allows no further connection now"}
    return {
        **about,
        "outcome": str(result.outcome),
        "cause": str(result.cause),
        "phase": as_json(result.phase),
        "flags": as_json(result.flags),
        "duration_seconds": round(result.duration, 3),
        "address": result.address,
        "status_code": result.status_code,
        "code": result.code,
        "detail": result.detail,
    }


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    from monitor.cli.drawing import clean

    seconds = f"{row['duration_seconds']:.2f}" if "duration_seconds" in row else "-"
    return (
        row["slug"],
        row["name"],
        row["outcome"] or "not run",
        row.get("cause") or "-",
        ",".join(row.get("flags", ())) or "-",
        seconds,
        row.get("address") or "-",
        clean(row["detail"], 120),
    )
