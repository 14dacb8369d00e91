"""`init`: a commented probes.yaml to start from."""

from __future__ import annotations

import re
from pathlib import Path

import click

from monitor.cli.called import as_called
from monitor.config.facts import unknown_authority
from monitor.config.load import shipped_text
from monitor.knowledge import load_registry
from monitor.knowledge.naming import slugs_of

FILE = Path("probes.yaml")
_ALL = """\
# authorities:
#   only: [beijing, shandong]       # default: all 36; `fapiao-monitor authorities` lists them
#   override: """
_SOME = """\
authorities:
  only: [{slugs}]
#   override: """


@click.command()
@click.option(
    "--authorities",
    metavar="SLUG,SLUG,…",
    help="Watch only these (slugs, codes or Chinese names); default: all 36.",
)
def command(authorities: str | None) -> None:
    """Write a commented probes.yaml into the current directory.

    An existing one is never overwritten.
    """
    text = shipped_text() if authorities is None else narrowed(shipped_text(), _slugs(authorities))
    try:
        with FILE.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise click.UsageError(f"{FILE} exists already and is left as it is; move it away first") from None
    except OSError as problem:
        raise click.ClickException(f"{FILE} cannot be written: {problem.strerror}") from None
    called = as_called()
    click.echo(f"wrote {FILE}; `{called} check` shows what it expands to, `{called} run` runs it")


def narrowed(text: str, slugs: list[str]) -> str:
    """The shipped text with `authorities.only` set."""
    assert _ALL in text
    return text.replace(_ALL, _SOME.format(slugs=", ".join(slugs)))


def _slugs(listed: str) -> list[str]:
    slugs = slugs_of(word.strip() for word in re.split("[,，、]", listed) if word.strip())
    registry = load_registry()
    wrong = [": ".join(unknown_authority(slug, registry)) for slug in slugs if slug not in registry]
    if wrong or not slugs:
        raise click.UsageError(f"--authorities: {'; '.join(wrong) or 'no slug given'}")
    return slugs
