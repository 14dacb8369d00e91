"""`probe`: one run now of a target, of all targets of an authority, or of any address; its phases as bars."""

from __future__ import annotations

import asyncio
import base64
import difflib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from yarl import URL

from monitor import log
from monitor.cli.client import DEFAULT_URL, BadUrl, daemon_options, find_daemon
from monitor.cli.configuration import config_option, plan_of
from monitor.cli.drawing import clean
from monitor.cli.looking import look, progress
from monitor.cli.texts import Refusal, language_of, say
from monitor.config.load import ConfigError, without_file
from monitor.config.references import secret_parts
from monitor.knowledge import load_registry
from monitor.knowledge.naming import slug_of
from monitor.model import Outcome, Plan, ReferenceSource, Repeat, Result, Target

if TYPE_CHECKING:
    from monitor.cli.explain_judge import Judged
    from monitor.cli.explain_look import Looked

PORTS = {"http": 80, "https": 443}
LEAST_SECRET = 8
"""Characters from which a value in a query counts as one that may be a secret."""


class CouldNotRun(Refusal):
    """Nothing was looked at: not a verdict about anybody."""

    exit_code = 3


@click.command()
@click.argument("what", metavar="TARGET|AUTHORITY|URL")
@config_option("The configuration; the shipped one where there is none")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the result as JSON; of several targets as a list."
)
@click.option(
    "--explain", is_flag=True, help='Answer "is it me?": what was tried, where it stopped, what to do.'
)
@click.option(
    "--reference", metavar="URL", help="Another monitor (its /api/v1/reference) to compare what is seen with."
)
@daemon_options
@click.pass_context
def command(
    ctx: click.Context, what: str, file: Path | None, as_json: bool, explain: bool, reference: str | None, url: str
) -> int:  # fmt: skip
    """Look once, now, at a target (captcha/shandong), at all targets of an authority (shandong), or at a URL.

    A URL is https://…, http://…, tls://host:port or tcp://host:port. Exits 0 when all is ok, 1 on an error, 2 on a
    timeout, 3 when it could not run. Speaks the `language` of the configuration, without one that of the terminal.

    With --explain it also looks at the controls and, where something is wrong, closer at it and at a few other
    authorities, within the limits; references of the configuration and a daemon that runs here are asked too.
    """
    language = language_of(file)
    log.configure(level=ctx.obj["log_level"], form=ctx.obj["log_format"])
    is_url = "://" in what
    plan = _plan(file, what, language, explain=explain)
    targets = [_of_plan(target_of_url(what, language), plan)] if is_url else choose(plan, what, language)
    if not explain and reference is None:
        results = _look(targets, plan, language)
        _print_json(targets, results) if as_json else _print(targets, results, language)
        return exit_code(results)
    judged = _look_and_judge(targets, plan, language, reference=reference, url=url, explain=explain)
    results = [one.result for one in judged.looked.observed]
    if as_json:
        _print_json(targets, results, judged, language, explain=explain)
    else:
        _print(targets, results, language, with_facts=not explain)
        _print_judged(judged, language, explain=explain)
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


def _look_and_judge(
    targets: Sequence[Target], plan: Plan, language: str, *, reference: str | None, url: str, explain: bool
) -> Judged:
    """The same, with what others say and, to explain, what was seen beside it and closer. Raises CouldNotRun."""
    from monitor.cli.explain_judge import judge
    from monitor.cli.explain_look import look_closely

    sources = list(plan.references) if explain else []
    if reference is not None:
        sources.insert(0, _source(reference, language))
    try:
        daemon = find_daemon(url, language) if explain else None
    except BadUrl as problem:
        raise CouldNotRun(language, "bad_url", example=DEFAULT_URL) from problem
    what = targets[0].id if len(targets) == 1 else say(language, "targets", count=len(targets))
    with progress(say(language, "looking_closer" if explain else "looking_at", what=what)):
        looked = asyncio.run(look_closely(plan, targets, sources, daemon, with_company=explain))
    if looked is None:
        raise CouldNotRun(language, "limited")
    return judge(_without_silence(looked, url))


def _without_silence(looked: Looked, url: str) -> Looked:
    """That no daemon answers is worth a word only where one was named."""
    silent = looked.told is not None and looked.told.silence is not None
    return replace(looked, told=None) if silent and url == DEFAULT_URL else looked


def _source(reference: str, language: str) -> ReferenceSource:
    from monitor.cli.explain_others import source_of

    try:
        source = source_of(reference)
    except ValueError:
        raise CouldNotRun(language, "no_reference_address") from None
    log.REDACTION.add(secret_parts(source))
    return source


# --- what to look at -------------------------------------------------------------------------------------------------


def _plan(file: Path | None, what: str, language: str, *, explain: bool = False) -> Plan:
    """The plan of the file that was named or lies here; without one the shipped ladder.

    A URL needs none, unless it is explained: then the controls and others that it is compared with are the file's.
    """
    registry = load_registry()
    try:
        return without_file(registry) if "://" in what and not explain else plan_of(file, registry)
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


def _of_plan(target: Target, plan: Plan) -> Target:
    """The target with the User-Agent that every probe shows by default: an honest one.

    An address at which a watched one answers is that one's: what references and the calendar say of it holds for it too.
    """
    log.REDACTION.add(_secrets_of(target))
    agent = next((one.user_agent for one in plan.targets.values()), "")
    same = [one for one in plan.targets.values() if one.host_key == target.host_key and not one.is_control]
    if not same:
        return replace(target, user_agent=agent)
    return replace(target, user_agent=agent, authority=same[0].authority, service=same[0].service)


def _secrets_of(target: Target) -> Iterator[str]:
    """What of a URL may be a secret and must not come back out of a reply: login, query, long words of its path."""
    yield from (value for _, value in target.headers)
    if target.url is not None:
        url = URL(target.url)
        words = (value or name for name, value in url.query.items())
        yield from (word for word in words if len(word) >= LEAST_SECRET)
        yield from log.opaque_words(target.url)


def _authorization(url: URL) -> tuple[tuple[str, str], ...]:
    """The header that name and password in a URL stand for, as browsers and curl make it."""
    if url.user is None:
        return ()
    pair = f"{url.user}:{url.password or ''}".encode()
    return (("Authorization", f"Basic {base64.b64encode(pair).decode()}"),)


# --- showing ---------------------------------------------------------------------------------------------------------


def _print_json(
    targets: Sequence[Target], results: Sequence[Result], judged: Judged | None = None, language: str = "en", *,
    explain: bool = False,
) -> None:  # fmt: skip
    """One object of one target, of several a list; with an explanation, or what references say, an object around it."""
    from monitor.web.shapes import result_json

    rows: list[dict[str, Any]] = [
        {"id": id_of(target), **result_json(result)} for target, result in zip(targets, results, strict=True)
    ]
    if judged is None:
        click.echo(json.dumps(rows[0] if len(rows) == 1 else rows, ensure_ascii=False, indent=2))
        return
    from monitor.cli.explain import comparison_json, explanation_json

    more = {"explanation": explanation_json(judged, language)} if explain else comparison_json(judged)
    whole = {**rows[0], **more} if len(rows) == 1 else {"targets": rows, **more}
    click.echo(json.dumps(whole, ensure_ascii=False, indent=2))


def id_of(target: Target) -> str:
    """Its id; of a URL with a print of what follows the host, by which programs tell two of one host apart."""
    rest = URL(target.url).raw_path_qs.removeprefix("/") if "://" in target.id and target.url else ""
    return f"{target.id}#{blake2b(rest.encode(), digest_size=4).hexdigest()}" if rest else target.id


def _print_judged(judged: Judged, language: str, *, explain: bool) -> None:
    from monitor.cli.drawing import make_console, show
    from monitor.cli.explain_draw import draw_explanation, draw_reference

    console = make_console()
    console.print()
    show(console, draw_explanation(judged, language) if explain else draw_reference(judged, language))


def _print(
    targets: Sequence[Target], results: Sequence[Result], language: str, *, with_facts: bool = True
) -> None:
    from monitor.cli.bars import draw_result, draw_summary
    from monitor.cli.drawing import make_console, show

    console = make_console()
    for index, (target, result) in enumerate(zip(targets, results, strict=True)):
        if index:
            console.print()
        show(console, draw_result(target, result, language, console.width, with_facts=with_facts))
    if len(results) > 1:
        console.print()
        show(console, draw_summary(results, language))
