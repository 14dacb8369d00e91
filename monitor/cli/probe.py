"""`probe`: one run now of a target, of all targets of an authority, or of any address; its phases as bars."""

from __future__ import annotations

import asyncio
import base64
import difflib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import click
from yarl import URL

from monitor import log
from monitor.clock import Clock, SystemClock
from monitor.config.load import ConfigError, load, without_file
from monitor.core.classify import Knowledge
from monitor.core.schedule import HostLimit
from monitor.knowledge import load_catalogue, load_registry, load_words
from monitor.model import Authority, Outcome, Plan, Repeat, Result, Target
from monitor.net import LimitReached, Net
from monitor.probes import run

DEFAULT_FILE = Path("probes.yaml")
PORTS = {"http": 80, "https": 443}


class CouldNotRun(click.ClickException):
    """Nothing was looked at: not a verdict about anybody."""

    exit_code = 3


@click.command()
@click.argument("what", metavar="TARGET|AUTHORITY|URL")
@click.option(
    "-c",
    "--config",
    "file",
    envvar="FAPIAO_CONFIG",
    type=click.Path(path_type=Path),
    help="The configuration; without one (probes.yaml here) the shipped one.  [env: FAPIAO_CONFIG]",
)
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
    timeout, 3 when it could not run.
    """
    for name, asked in (("--explain", explain), ("--reference", reference is not None)):
        if asked:
            raise CouldNotRun(f"{name}: not yet")
    log.configure(level=ctx.obj["log_level"], form=ctx.obj["log_format"])
    plan = _plan(file, what)
    targets = [_politely(target_of_url(what), plan)] if "://" in what else choose(plan, what)
    results = asyncio.run(_look(targets, plan))
    _print_json(targets, results) if as_json else _print(targets, results)
    return exit_code(results)


def exit_code(results: Sequence[Result]) -> int:
    """0 when all are ok; else 1 with any error among them, 2 when only deadlines passed."""
    outcomes = {result.outcome for result in results}
    return 1 if Outcome.ERROR in outcomes else 2 if Outcome.TIMEOUT in outcomes else 0


# --- what to look at -------------------------------------------------------------------------------------------------


def _plan(file: Path | None, what: str) -> Plan:
    """The plan of the file that was named or lies here; without one (and for a URL) the shipped ladder."""
    registry = load_registry()
    if "://" in what or (file is None and not DEFAULT_FILE.exists()):
        return without_file(registry)
    try:
        loaded = load(file or DEFAULT_FILE, environ=os.environ, registry=registry)
    except ConfigError as problem:
        raise CouldNotRun(str(problem)) from None
    log.REDACTION.add(loaded.secrets)
    return loaded.plan


def choose(plan: Plan, word: str) -> list[Target]:
    """The target of that id, or all targets of the authority of that slug, code or Chinese name.

    Raises click.UsageError that names what comes near.
    """
    if word in plan.targets:
        return [plan.targets[word]]
    slug = _slug(plan.authorities, word)
    found = [target for target in plan.targets.values() if target.authority == slug]
    if not found:
        known = [*plan.targets, *sorted({target.authority for target in plan.targets.values()})]
        near = difflib.get_close_matches(word, known, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else "; `fapiao-monitor authorities` lists them"
        shown = "this" if "@" in word else repr(word)  # it may be a URL without its scheme, password and all
        raise click.UsageError(f"{shown} is neither a target nor an authority that is watched{hint}")
    return found


def _slug(authorities: Mapping[str, Authority], word: str) -> str:
    """The slug that a code or a Chinese name stands for; the word itself where it stands for none."""
    return next(
        (one.slug for one in authorities.values() if word in (one.code, one.name, one.full_name)), word
    )


def target_of_url(text: str) -> Target:
    """A target for one look at an address. Its id is scheme, host and port: the rest may hold secrets.

    Raises click.UsageError, which does not repeat the address either.
    """
    try:
        url = URL(text)
        port = url.explicit_port or PORTS.get(url.scheme)
    except ValueError:
        raise click.UsageError(
            "this is no address: write https://host/path, tls://host:port or tcp://host:port"
        ) from None
    if url.scheme not in ("http", "https", "tls", "tcp") or not url.raw_host or not port:
        raise click.UsageError(
            "write https://host/path, http://host/path, tls://host:port or tcp://host:port"
        )
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
        host=url.raw_host,
        port=port,
        url=str(bare) if url.scheme in PORTS else None,
        headers=_authorization(url),
        carries_credential=url.raw_user is not None,
    )


def _politely(target: Target, plan: Plan) -> Target:
    """The target with the User-Agent that every probe shows by default: an honest one."""
    return replace(target, user_agent=next((one.user_agent for one in plan.targets.values()), ""))


def _authorization(url: URL) -> tuple[tuple[str, str], ...]:
    """The header that name and password in a URL stand for, as browsers and curl make it."""
    if url.user is None:
        return ()
    pair = f"{url.user}:{url.password or ''}".encode()
    return (("Authorization", f"Basic {base64.b64encode(pair).decode()}"),)


# --- looking ---------------------------------------------------------------------------------------------------------


async def _look(targets: Sequence[Target], plan: Plan) -> list[Result]:
    """Run all targets at the same time, within the limits of the plan. Raises CouldNotRun beyond them."""
    clock = SystemClock()
    knowledge = Knowledge(catalogue=load_catalogue(), words=load_words())
    limit = HostLimit(plan.per_host, plan.per_host_window)
    net = Net(clock)

    async def look(target: Target) -> Result | None:
        try:
            return await run(target, net, knowledge, admit=partial(_admit, limit, clock), scheduled=False)
        except LimitReached:
            return None

    try:
        with _progress(targets):
            async with asyncio.TaskGroup() as group:
                looks = [group.create_task(look(target)) for target in targets]
    finally:
        await net.close()
    results = [look.result() for look in looks]
    if None in results:
        raise CouldNotRun("limits.per_host allows no further connection to one of the hosts now")
    return [result for result in results if result is not None]


def _admit(limit: HostLimit, clock: Clock, host_key: str) -> bool:
    return limit.admit(host_key, clock.monotonic())


def _progress(targets: Sequence[Target]) -> AbstractContextManager[object]:
    """Says on a terminal that something is going on; nothing in a pipe."""
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    what = targets[0].id if len(targets) == 1 else f"{len(targets)} targets"
    return Console(stderr=True, highlight=False, markup=False).status(f"looking at {what}")


# --- showing ---------------------------------------------------------------------------------------------------------


def _print_json(targets: Sequence[Target], results: Sequence[Result]) -> None:
    from monitor.web.shapes import result_json

    rows = [{"id": target.id, **result_json(result)} for target, result in zip(targets, results, strict=True)]
    click.echo(json.dumps(rows[0] if len(rows) == 1 else rows, ensure_ascii=False, indent=2))


def _print(targets: Sequence[Target], results: Sequence[Result]) -> None:
    from monitor.cli.bars import draw_result, draw_summary
    from monitor.cli.drawing import make_console
    from monitor.notify.words import words

    console = make_console()
    for index, (target, result) in enumerate(zip(targets, results, strict=True)):
        if index:
            console.print()
        console.print(draw_result(target, result, words("en"), console.width))
    if len(results) > 1:
        console.print()
        console.print(draw_summary(results))
