"""`which`: the authority that holds an invoice, where it is asked, and what a running daemon says of it.

A daemon that answers is asked for all of it (`/api/v1/route`); without one the registry says what it can.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from monitor.cli.client import Daemon, Unanswered, daemon_options, find_daemon, read, stranger
from monitor.cli.configuration import DEFAULT_FILE, config_option
from monitor.cli.texts import Refusal, language_of, say
from monitor.core.routing import (
    INVOICE_TYPES,
    InvoiceKind,
    InvoiceRoute,
    NoRouteError,
    find,
    invoice_type,
    normalise,
)
from monitor.knowledge import load_registry
from monitor.model import NATIONAL, Authority

PATIENCE = 2.0
"""Seconds given to the daemon: the answer is useful without it."""


class BadConfiguration(Refusal):
    """The configuration that was named has mistakes."""

    exit_code = 2


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
class Found:
    """An answer, and what is said beside it at a terminal."""

    answer: Answer
    national: str = ""
    """State of the page that verifies a 数电票; empty where it is not known or does not matter."""
    silence: Unanswered | None = None
    """Why no daemon has answered."""


@click.command()
@click.argument("invoice", metavar="CODE_OR_NUMBER")
@config_option("The configuration, for `language` and, without a daemon, authorities.override")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON, as /api/v1/route gives it.")
@daemon_options
def command(invoice: str, file: Path | None, as_json: bool, url: str) -> int:
    """Find the authority that holds an invoice.

    CODE_OR_NUMBER is an invoice code of 10 or 12 digits or the number of 20 digits of a 数电票; blanks and hyphens do
    not matter. Exits 1 if it is none of these or its region is unknown. Speaks the `language` of the configuration,
    without one that of the terminal.
    """
    language = language_of(file)
    daemon = find_daemon(url, language)
    authorities = _authorities(file, language)
    try:
        found = _find(daemon, normalise(invoice), authorities, language="en" if as_json else language)
    except NoRouteError as problem:
        if as_json:
            click.echo(json.dumps({"error": str(problem)}, ensure_ascii=False))
        else:
            click.echo(problem.said(language), err=True)
        return 1
    if as_json:
        click.echo(json.dumps(asdict(found.answer), ensure_ascii=False, indent=2))
    else:
        _print(found, authorities, language)
    return 0


# --- who answers -----------------------------------------------------------------------------------------------------


def _find(daemon: Daemon, digits: str, authorities: Mapping[str, Authority], language: str) -> Found:
    """What a daemon says, else what the registry does. Raises NoRouteError."""
    try:
        return asyncio.run(_ask(daemon, digits, language))
    except Unanswered as silence:
        return Found(answer=_without_daemon(find(digits, authorities, language)), silence=silence)


async def _ask(daemon: Daemon, digits: str, language: str) -> Found:
    """What the daemon says of the invoice, and of a 数电票 the state of the page that verifies it. Raises Unanswered."""
    answer = _read(await read(daemon, f"/api/v1/route?invoice={digits}&lang={language}", timeout=PATIENCE))
    if answer is None:
        raise stranger(daemon)
    if answer.kind != InvoiceKind.DIGITAL:
        return Found(answer=answer)
    try:
        status = await read(daemon, "/api/v1/status", timeout=PATIENCE)
    except Unanswered:
        return Found(answer=answer)
    row = status.get(NATIONAL) if isinstance(status, dict) else None
    return Found(answer=answer, national=str(row.get("state") or "") if isinstance(row, dict) else "")


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
        advice=route.explained,
    )


def _authorities(file: Path | None, language: str) -> Mapping[str, Authority]:
    """The registry with what the configuration overrides. A broken one that was not asked for is only mentioned."""
    registry = load_registry()
    path = file or DEFAULT_FILE
    if file is None and not path.exists():
        return registry
    from monitor.config.load import ConfigError, load  # a third of a second that the registry does not need

    try:
        plan = load(path, environ=os.environ, registry=registry).plan
    except ConfigError as problem:
        if file is not None:
            raise BadConfiguration(language, "bad_file", mistakes=problem) from None
        click.echo(say(language, "left_aside", file=path), err=True)
        return registry
    return {**registry, **{slug: one for slug, one in plan.authorities.items() if slug in registry}}


# --- showing ---------------------------------------------------------------------------------------------------------


def _print(found: Found, authorities: Mapping[str, Authority], language: str) -> None:
    """Long values go on below themselves on a terminal; in a pipe a line is a fact."""
    from rich.text import Text

    from monitor.cli.drawing import clean, fit, make_console, name_and_value

    answer, known = found.answer, authorities.get(found.answer.authority)
    names = {"name": answer.name, "name_en": known.name_en if known else ""}
    click.echo(clean(say(language, "place", **names, slug=answer.authority, code=answer.code)))
    rows = [(say(language, key), clean(row)) for key, row in _facts(found, language).items()]
    if sys.stdout.isatty():
        make_console().print(name_and_value((name, Text(row)) for name, row in rows))
        return
    for name, row in rows:
        click.echo(f"  {fit(name, 10)}{row}")


def _facts(found: Found, language: str) -> dict[str, str]:
    """Key of the name in cli/texts.py → value."""
    from monitor.notify.words import words

    answer = found.answer
    service = words(language).service(answer.service)
    return {
        "invoice": f"{answer.invoice}{say(language, 'comma')}{_shape(answer, language)}",
        "service": say(language, "named", name=answer.service, words=service),
        "endpoint": answer.endpoint or say(language, "no_endpoint"),
        "state": _state(found, language),
        "watched": say(language, "list").join(answer.watched) or _unwatched(found, language),
        "advice": answer.advice,
    }


def _shape(answer: Answer, language: str) -> str:
    """What was typed: `12 位发票代码，增值税电子普通发票（10）`."""
    if answer.kind == InvoiceKind.DIGITAL:
        return say(language, answer.kind)
    number = invoice_type(answer.invoice)
    return say(language, answer.kind, type=INVOICE_TYPES[language][number], number=number)


def _state(found: Found, language: str) -> str:
    """Of the service that answers for the invoice; what a 数电票 is verified by stands beside it."""
    if not found.answer.state:
        why = found.silence.said(language) if found.silence else say(language, "unwatched")
        return say(language, "no_state", why=why)
    state = _state_word(found.answer.state, language)
    national = _state_word(found.national, language)
    return state + (say(language, "national", state=national) if national else "")


def _state_word(state: str, language: str) -> str:
    """A state of the API in words; one that this version does not know stays as it is."""
    from monitor.notify.words import words

    return next((said for known, said in words(language).states.items() if known == state), state)


def _unwatched(found: Found, language: str) -> str:
    return say(language, "watched_unknown" if found.silence else "unwatched")
