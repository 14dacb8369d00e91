"""`probe`: one run now of a target, of all targets of an authority, or of any address; its phases as bars."""

from __future__ import annotations

import asyncio
import base64
import difflib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
from yarl import URL

from monitor import log
from monitor.cli.configuration import config_option, plan_of
from monitor.cli.drawing import clean
from monitor.cli.looking import look
from monitor.cli.texts import Refusal, language_of, say
from monitor.config.load import ConfigError, without_file
from monitor.knowledge import load_registry
from monitor.knowledge.naming import slug_of
from monitor.model import Outcome, Plan, Repeat, Result, Target

PORTS = {"http": 80, "https": 443}


class CouldNotRun(Refusal):
    """Nothing was looked at: not a verdict about anybody."""

    exit_code = 3


@click.command()
@click.argument("what", metavar="TARGET|AUTHORITY|URL")
@config_option("The configuration; the shipped one where there is none")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the result as JSON; of several targets as a list."
)
@click.option("--explain", is_flag=True, help='Answer "is it me?" (not yet).')
@click.option("--reference", metavar="URL", help="Compare with this reference (not yet).")
@click.pass_context
def command(
    ctx: click.Context, what: str, file: Path | None, as_json: bool, explain: bool, reference: str | None
) -> int:
    """Look once, now, at a target (captcha/shandong), at all targets of an authority (shandong), or at a URL.

    A URL is https://…, http://…, tls://host:port or tcp://host:port. Exits 0 when all is ok, 1 on an error, 2 on a
    timeout, 3 when it could not run. Speaks the `language` of the configuration, without one that of the terminal.
    """
    language = language_of(file)
    for option, asked in (("--explain", explain), ("--reference", reference is not None)):
        if asked:
            raise CouldNotRun(language, "not_yet", option=option)
    log.configure(level=ctx.obj["log_level"], form=ctx.obj["log_format"])
    plan = _plan(file, what, language)
    is_url = "://" in what
    targets = [_politely(target_of_url(what, language), plan)] if is_url else choose(plan, what, language)
    results = _look(targets, plan, language)
    _print_json(targets, results) if as_json else _print(targets, results, language)
    return exit_code(results)


def exit_code(results: Sequence[Result]) -> int:
    """0 when all are ok; else 1 with any error among them, 2 when only deadlines passed."""
    outcomes = {result.outcome for result in results}
    return 1 if Outcome.ERROR in outcomes else 2 if Outcome.TIMEOUT in outcomes else 0


def _look(targets: Sequence[Target], plan: Plan, language: str) -> list[Result]:
    """Run all targets within the limits of the plan. Raises CouldNotRun beyond them."""
    what = targets[0].id if len(targets) == 1 else say(language, "targets", count=len(targets))
    found = asyncio.run(look(targets, plan, say(language, "looking_at", what=what)))
    results = [result for result in found if result is not None]
    if len(results) < len(targets):
        raise CouldNotRun(language, "limited")
    return results


# --- what to look at -------------------------------------------------------------------------------------------------


def _plan(file: Path | None, what: str, language: str) -> Plan:
    """The plan of the file that was named or lies here; without one (and for a URL) the shipped ladder."""
    registry = load_registry()
    try:
        return without_file(registry) if "://" in what else plan_of(file, registry)
    except ConfigError as problem:
        raise CouldNotRun(language, "mistakes", mistakes=problem) from None


def choose(plan: Plan, word: str, language: str) -> list[Target]:
    """The target of that id, or all targets of the authority of that slug, code or Chinese name.

    Raises CouldNotRun that names what comes near.
    """
    if word in plan.targets:
        return [plan.targets[word]]
    slug = slug_of(word) or word
    found = [target for target in plan.targets.values() if target.authority == slug]
    if not found:
        known = [*plan.targets, *sorted({target.authority for target in plan.targets.values()})]
        near = say(language, "or").join(difflib.get_close_matches(word, known, n=3))
        hint = say(language, "did_you_mean", near=near) if near else say(language, "listed")
        name = (
            "no_target_hidden" if "@" in word else "no_target"
        )  # a URL without its scheme, password and all
        raise CouldNotRun(language, name, word=clean(word, 80), hint=hint)
    return found


def target_of_url(text: str, language: str) -> Target:
    """A target for one look at an address. Its id is scheme, host and port: the rest may hold secrets.

    Raises CouldNotRun, which does not repeat the address either.
    """
    url, host, port = _taken_apart(text, language)
    bare = url.with_user(None).with_fragment(None)
    return Target(
        id=f"{url.scheme}://{url.host_subcomponent}:{port}",
        probe="url",
        kind="http" if url.scheme in PORTS else url.scheme,
        authority="",
        service="",
        interval=300.0,
        timeout=5.0,
        while_down=60.0,
        confirm=Repeat(attempts=1, spacing=5.0),
        recover=Repeat(attempts=1, spacing=5.0),
        host=host,
        port=port,
        url=str(bare) if url.scheme in PORTS else None,
        headers=_authorization(url),
        carries_credential=url.raw_user is not None,
    )


def _taken_apart(text: str, language: str) -> tuple[URL, str, int]:
    """An address with its host and port."""
    try:
        url = URL(text)
        port = url.explicit_port or PORTS.get(url.scheme)
    except ValueError:
        raise CouldNotRun(language, "no_address") from None
    if url.scheme not in ("http", "https", "tls", "tcp") or not url.raw_host or not port:
        raise CouldNotRun(language, "no_address")
    return url, url.raw_host, port


def _politely(target: Target, plan: Plan) -> Target:
    """The target with the User-Agent that every probe shows by default: an honest one."""
    return replace(target, user_agent=next((one.user_agent for one in plan.targets.values()), ""))


def _authorization(url: URL) -> tuple[tuple[str, str], ...]:
    """The header that name and password in a URL stand for, as browsers and curl make it."""
    if url.user is None:
        return ()
    pair = f"{url.user}:{url.password or ''}".encode()
    return (("Authorization", f"Basic {base64.b64encode(pair).decode()}"),)


# --- showing ---------------------------------------------------------------------------------------------------------


def _print_json(targets: Sequence[Target], results: Sequence[Result]) -> None:
    from monitor.web.shapes import result_json

    rows = [{"id": target.id, **result_json(result)} for target, result in zip(targets, results, strict=True)]
    click.echo(json.dumps(rows[0] if len(rows) == 1 else rows, ensure_ascii=False, indent=2))


def _print(targets: Sequence[Target], results: Sequence[Result], language: str) -> None:
    from monitor.cli.bars import draw_result, draw_summary
    from monitor.cli.drawing import make_console

    console = make_console()
    for index, (target, result) in enumerate(zip(targets, results, strict=True)):
        if index:
            console.print()
        console.print(draw_result(target, result, language, console.width))
    if len(results) > 1:
        console.print()
        console.print(draw_summary(results, language))
