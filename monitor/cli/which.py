"""`which`: the authority that holds an invoice, where it is asked, and what a running daemon says of it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from monitor.cli.client import Daemon, Unanswered, daemon_options, find_daemon, read
from monitor.core.routing import (
    INVOICE_TYPES,
    InvoiceCodeError,
    InvoiceKind,
    InvoiceRoute,
    UnknownRegionError,
    find,
)
from monitor.knowledge import load_registry
from monitor.model import NATIONAL, Authority

PATIENCE = 2.0
"""Seconds given to the daemon: the answer is useful without it."""

SHAPES = {
    InvoiceKind.CODE10: "code of 10 digits",
    InvoiceKind.CODE12: "code of 12 digits",
    InvoiceKind.DIGITAL: "数电票",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What the daemon says of the authority; empty with a reason where it says nothing."""

    state: str | None = None
    services: Mapping[str, str] = field(default_factory=dict)
    """Service → its state."""
    national: str | None = None
    reason: str = ""


@click.command()
@click.argument("invoice", metavar="CODE_OR_NUMBER")
@click.option(
    "-c",
    "--config",
    "file",
    envvar="FAPIAO_CONFIG",
    type=click.Path(path_type=Path),
    help="A configuration whose authorities.override is used (probes.yaml if it is here).  [env: FAPIAO_CONFIG]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@daemon_options
def command(invoice: str, file: Path | None, as_json: bool, url: str) -> int:
    """Find the authority that holds an invoice.

    CODE_OR_NUMBER is an invoice code of 10 or 12 digits or the number of 20 digits of a 数电票; blanks and hyphens do
    not matter. Exits 1 if it is none of these or its region is unknown.
    """
    daemon = find_daemon(url)
    try:
        route = find(invoice, _authorities(file))
    except (InvoiceCodeError, UnknownRegionError) as problem:
        click.echo(
            json.dumps({"error": str(problem)}, ensure_ascii=False) if as_json else problem, err=not as_json
        )
        return 1
    watch = asyncio.run(_watch(daemon, route.authority.slug))
    click.echo(
        json.dumps(_json(route, watch), ensure_ascii=False, indent=2) if as_json else _text(route, watch)
    )
    return 0


def _authorities(file: Path | None) -> dict[str, Authority]:
    """The registry with what the configuration overrides. A broken one that was not asked for is only mentioned."""
    registry = load_registry()
    path = file or Path("probes.yaml")
    if file is None and not path.exists():
        return dict(registry)
    from monitor.config.load import (
        ConfigError,
        load,
    )  # a third of a second that the registry alone does not need

    try:
        plan = load(path, environ=os.environ, registry=registry).plan
    except ConfigError as problem:
        if file is not None:
            raise click.UsageError(str(problem)) from None
        click.echo(f"{path} has mistakes and is left aside; see `fapiao-monitor check`", err=True)
        return dict(registry)
    return {**registry, **{slug: one for slug, one in plan.authorities.items() if slug in registry}}


async def _watch(daemon: Daemon, slug: str) -> Watch:
    """What the daemon says of that authority."""
    try:
        status = await read(daemon, "/api/v1/status", timeout=PATIENCE)
    except Unanswered as problem:
        return Watch(reason=problem.message)
    rows = status.get("authorities") if isinstance(status, dict) else None
    row = next((row for row in rows or () if isinstance(row, dict) and row.get("authority") == slug), None)
    if row is None:
        return Watch(reason=f"the daemon at {daemon.shown} does not watch it")
    return Watch(
        state=_state(row),
        services={
            str(name): _state(service) or "unknown" for name, service in _mapping(row.get("services")).items()
        },
        national=_state(status.get(NATIONAL)),
    )


def _state(row: Any) -> str | None:
    state = _mapping(row).get("state")
    return state if isinstance(state, str) else None


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, dict) else {}


def _json(route: InvoiceRoute, watch: Watch) -> dict[str, Any]:
    """The answer of /api/v1/route, and what else is known."""
    return {
        "invoice": route.invoice,
        "authority": route.authority.slug,
        "code": route.authority.code,
        "name": route.authority.name,
        "kind": route.kind,
        "type": route.invoice_type,
        "endpoint": route.endpoint,
        "state": watch.state,
        "watched": list(watch.services),
        "services": dict(watch.services),
        "warning": route.warning or None,
        "advice": route.advice,
    }


def _text(route: InvoiceRoute, watch: Watch) -> str:
    authority = route.authority
    shape = SHAPES[route.kind]
    if route.invoice_type is not None:
        shape += f", {INVOICE_TYPES[route.invoice_type]} ({route.invoice_type})"
    careful = [f"  careful   {route.warning}"] if route.warning else []
    lines = [
        f"{authority.name} {authority.name_en} ({authority.slug}, {authority.code})",
        *careful,
        f"  invoice   {route.invoice}, {shape}",
        f"  endpoint  {route.endpoint or 'not known'}",
        f"  state     {_shown_state(route, watch)}",
        f"  watched   {_shown_services(watch)}",
        f"  advice    {route.advice}",
    ]
    return "\n".join(lines)


def _shown_state(route: InvoiceRoute, watch: Watch) -> str:
    from monitor.cli.drawing import clean

    if watch.state is None:
        return clean(f"unknown: {watch.reason}")
    national = watch.national if route.kind is InvoiceKind.DIGITAL else None
    return clean(watch.state + (f"; the national page is {national}" if national else ""))


def _shown_services(watch: Watch) -> str:
    from monitor.cli.drawing import clean

    return clean(
        ", ".join(f"{name} ({state})" for name, state in watch.services.items()) or "nothing is known"
    )
