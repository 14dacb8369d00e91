"""`authorities`: the registry with the source and the confidence of each address; `--try` asks each for a captcha once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from monitor.cli.configuration import config_option, plan_of
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
@config_option(
    "With --try: the configuration whose captcha probes are run; the shipped ones where there is none"
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
    from monitor.cli.table import print_words

    print_words(head, rows)


# --- trying each once ------------------------------------------------------------------------------------------------


def _plan(file: Path | None) -> Plan:
    """The plan of the file that is named or lies here, without one the shipped ladder. Raises a usage error."""
    from monitor.config.mistakes import ConfigError

    try:
        return plan_of(file, load_registry())
    except ConfigError as problem:
        raise click.UsageError(str(problem)) from None


def _try(plan: Plan, json_wanted: bool, settings: Mapping[str, str]) -> int:
    from monitor import log
    from monitor.cli.looking import look

    log.configure(level=settings["log_level"], form=settings["log_format"])
    targets = [target for target in plan.targets.values() if target.kind == "captcha"]
    if not targets:
        raise click.UsageError("the configuration has no probe of kind captcha")
    results = asyncio.run(look(targets, plan, f"asking {len(targets)} authorities"))
    rows = [_tried(target, result, plan) for target, result in zip(targets, results, strict=True)]
    if json_wanted:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        _print_table(
            ("slug", "name", "outcome", "cause", "flags", "seconds", "address", "detail"), map(_cells, rows)
        )
    return 0 if all(row["outcome"] == "ok" for row in rows) else 1


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
