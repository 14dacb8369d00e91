"""`which`: the authority that holds an invoice, where it is asked, and what a running daemon says of it.

A daemon that answers is asked for all of it (`/api/v1/route`); without one the registry says what it can.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
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
    invoice_type,
    normalise,
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
class Answer:
    """What `/api/v1/route` answers, key by key."""

    invoice: str
    authority: str
    code: str
    name: str
    kind: str
    service: str
    endpoint: str | None
    state: str | None
    """Of the service that answers for this invoice; None where nothing of it is watched, or no daemon says so."""
    watched: list[str]
    """Ids of the daemon's targets that look at it."""
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """What is known without a daemon, and the language for its sentences."""

    authorities: Mapping[str, Authority]
    language: str


@click.command()
@click.argument("invoice", metavar="CODE_OR_NUMBER")
@click.option(
    "-c",
    "--config",
    "file",
    envvar="FAPIAO_CONFIG",
    type=click.Path(path_type=Path),
    help="Without a daemon: a configuration for authorities.override and language (probes.yaml if it is here).  [env: FAPIAO_CONFIG]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON, as /api/v1/route gives it.")
@daemon_options
def command(invoice: str, file: Path | None, as_json: bool, url: str) -> int:
    """Find the authority that holds an invoice.

    CODE_OR_NUMBER is an invoice code of 10 or 12 digits or the number of 20 digits of a 数电票; blanks and hyphens do
    not matter. Exits 1 if it is none of these or its region is unknown.
    """
    daemon = find_daemon(url)
    registry = _registry(file)
    reason = national = ""
    try:
        digits = normalise(invoice)
        try:
            answer, national = asyncio.run(_ask(daemon, digits, with_national=not as_json))
        except Unanswered as problem:
            reason = problem.message
            answer = _without_daemon(find(digits, registry.authorities, registry.language))
    except (InvoiceCodeError, UnknownRegionError) as problem:
        click.echo(
            json.dumps({"error": str(problem)}, ensure_ascii=False) if as_json else problem, err=not as_json
        )
        return 1
    click.echo(_json(answer) if as_json else _text(answer, registry.authorities, reason, national))
    return 0


# --- who answers -----------------------------------------------------------------------------------------------------


async def _ask(daemon: Daemon, digits: str, *, with_national: bool) -> tuple[Answer, str]:
    """What the daemon says of the invoice, and of a 数电票 the state of the page that verifies it. Raises Unanswered."""
    answer = _read(await read(daemon, f"/api/v1/route?invoice={digits}", timeout=PATIENCE))
    if answer is None:
        raise Unanswered(f"what answers at {daemon.shown} is not a fapiao-monitor")
    if not with_national or answer.kind != InvoiceKind.DIGITAL:
        return answer, ""
    try:
        status = await read(daemon, "/api/v1/status", timeout=PATIENCE)
    except Unanswered:
        return answer, ""
    row = status.get(NATIONAL) if isinstance(status, dict) else None
    return answer, str(row.get("state") or "") if isinstance(row, dict) else ""


def _read(said: Any) -> Answer | None:
    """The answer of a daemon; None where it is none."""
    if not isinstance(said, dict):
        return None
    words: dict[str, Any] = {name: said.get(name) for name in Answer.__dataclass_fields__}
    optional = all(words[name] is None or isinstance(words[name], str) for name in ("endpoint", "state"))
    watched = words["watched"]
    named = ("invoice", "authority", "code", "name", "kind", "service", "advice")
    if not optional or not all(isinstance(words[name], str) for name in named):
        return None
    if not isinstance(watched, list) or not all(isinstance(id_, str) for id_ in watched):
        return None
    return Answer(**words) if words["kind"] in set(InvoiceKind) else None


def _without_daemon(route: InvoiceRoute) -> Answer:
    return Answer(
        invoice=route.invoice,
        authority=route.authority.slug,
        code=route.authority.code,
        name=route.authority.name,
        kind=route.kind,
        service=route.service,
        endpoint=route.endpoint,
        state=None,
        watched=[],
        advice=" ".join(part for part in (route.warning, route.advice) if part),
    )


def _registry(file: Path | None) -> Registry:
    """The registry with what the configuration overrides. A broken one that was not asked for is only mentioned."""
    registry = load_registry()
    path = file or Path("probes.yaml")
    if file is None and not path.exists():
        return Registry(authorities=registry, language=_language())
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
        return Registry(authorities=registry, language=_language())
    own = {slug: one for slug, one in plan.authorities.items() if slug in registry}
    return Registry(authorities={**registry, **own}, language=plan.language)


def _language() -> str:
    """The language of the terminal, by the variables that POSIX names."""
    chosen = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "zh" if chosen.startswith("zh") else "en"


# --- showing ---------------------------------------------------------------------------------------------------------


def _json(answer: Answer) -> str:
    return json.dumps(asdict(answer), ensure_ascii=False, indent=2)


def _text(answer: Answer, authorities: Mapping[str, Authority], reason: str, national: str) -> str:
    from monitor.cli.drawing import clean

    known = authorities.get(answer.authority)
    names = f"{answer.name} {known.name_en}" if known else answer.name
    watched = ", ".join(answer.watched) or ("not known without a daemon" if reason else "nothing of it")
    lines = [
        f"{names} ({answer.authority}, {answer.code})",
        f"  invoice   {answer.invoice}, {_shape(answer)}",
        f"  service   {answer.service}",
        f"  endpoint  {answer.endpoint or 'not known'}",
        f"  state     {_state(answer, reason)}" + (f"; the national page is {national}" if national else ""),
        f"  watched   {watched}",
        f"  advice    {answer.advice}",
    ]
    return "\n".join(clean(line) for line in lines)


def _shape(answer: Answer) -> str:
    kind = InvoiceKind(answer.kind)
    if kind is InvoiceKind.DIGITAL:
        return SHAPES[kind]
    type_ = invoice_type(answer.invoice)
    return f"{SHAPES[kind]}, {INVOICE_TYPES[type_]} ({type_})"


def _state(answer: Answer, reason: str) -> str:
    return answer.state or f"unknown: {reason or 'nothing of it is watched'}"
