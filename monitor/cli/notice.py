"""`notice FILE|-`: reads a Chinese maintenance notice, shows its windows with the words they come from, and what is unclear."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from monitor.cli.posted import approve_command, list_command, reject_command
from monitor.cli.texts import language_of, say
from monitor.core.notices import Notice, NoticeWindow, decode, explain, read
from monitor.knowledge import load_registry

MOST = 4 << 20
"""Bytes of a file that are read."""
ZONE = ZoneInfo("Asia/Shanghai")
"""Notices are written in it, and so is what is shown of them."""


class UnfitError(click.ClickException):
    """A file that cannot be read, a day that is none."""

    exit_code = 2


class _Notice(click.Group):
    """What is no command of its own is a file to read: `notice FILE`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the name of the reading command before its arguments."""
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["read", *args]
        return super().parse_args(ctx, args)


@click.command(cls=_Notice, subcommand_metavar="FILE|- [--published DATE] [--yaml] | COMMAND …")
def command() -> None:
    """Read a Chinese maintenance notice into windows; list, approve and reject those of a running daemon's feeds.

    FILE is the text of the notice or its page as HTML, - the standard input. Shows each window with the words it was read
    from, and what only a person can decide, with the reason. Needs no configuration and changes nothing. Exits 1 if no
    window was found.

    \b
    --published DATE  the day it was published, 2026-11-25: for a notice without a year or a signature with a date
    --yaml            print `maintenance:` entries for probes.yaml
    """


@command.command("read", hidden=True)
@click.argument("file", metavar="FILE|-", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--published", metavar="DATE", help="The day it was published, 2026-11-25.")
@click.option("--yaml", "as_yaml", is_flag=True, help="Print `maintenance:` entries for probes.yaml.")
def read_command(file: Path, published: str | None, as_yaml: bool) -> int:
    """Read a notice: a text or a page of HTML."""
    language = language_of(None)
    found = read(_text_in(file), _day(published), load_registry())
    if as_yaml:
        click.echo("\n".join(_yaml(found, language)))
        if not found.windows:
            click.echo(say(language, "no_window"), err=True)
    else:
        _print(found, language)
    return 0 if found.windows else 1


for one in (list_command, approve_command, reject_command):
    command.add_command(one)


def _text_in(file: Path) -> str:
    if str(file) == "-":
        return decode(sys.stdin.buffer.read(MOST))
    try:
        with file.open("rb") as opened:
            return decode(opened.read(MOST))
    except OSError as problem:
        raise UnfitError(f"{file}: {problem.strerror}") from None


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UnfitError("--published: write a day like 2026-11-25") from None


# --- for people ------------------------------------------------------------------------------------------------------


def _print(found: Notice, language: str) -> None:
    from monitor.cli.drawing import clean
    from monitor.cli.table import print_words

    colon = say(language, "colon")
    click.echo(clean(found.title) or say(language, "untitled"))
    click.echo(f"  {say(language, 'publisher')}{colon}{_names(found.authorities, language)}")
    click.echo(f"  {say(language, 'published')}{colon}{found.published or say(language, 'not_known')}")
    if found.windows:
        click.echo("")
        head = [
            say(language, key)
            for key in ("window_from", "window_to", "window_of", "window_services", "words")
        ]
        print_words(head, [list(_cells(window, language)) for window in found.windows])
    else:
        click.echo(f"\n{say(language, 'no_window')}")
    if found.unclear:
        click.echo(f"\n{say(language, 'to_decide')}{colon.rstrip()}")
    for unclear in found.unclear:
        click.echo(f"  - {clean(explain(unclear, language))}")


def _cells(window: NoticeWindow, language: str) -> Iterator[str]:
    end = _wall(window.end)
    yield _wall(window.start)
    yield say(language, "left_open", end=end) if window.open_ended else end
    yield _names(window.authorities, language)
    yield " ".join(window.services) if window.services else say(language, "all_services")
    yield window.quote


def _names(slugs: tuple[str, ...], language: str) -> str:
    known = load_registry()
    if not slugs:
        return say(language, "not_known")
    return say(language, "list").join(known[slug].name if language == "zh" else slug for slug in slugs)


def _wall(moment: datetime) -> str:
    local = moment.astimezone(ZONE)
    return f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"


# --- for probes.yaml -------------------------------------------------------------------------------------------------


def _yaml(found: Notice, language: str) -> Iterator[str]:
    """The entries as they may stand in probes.yaml. Each has a name of its own, times with their offset."""
    from monitor.cli.drawing import clean

    yield f"# {clean(found.title) or say(language, 'untitled')}"
    for unclear in found.unclear:
        yield f"# {clean(explain(unclear, language))}"
    yield "maintenance:" if found.windows else "maintenance: []"
    place = found.authorities[0] if found.authorities else "unknown"
    for number, window in enumerate(found.windows, 1):
        yield f"  # {clean(window.quote)}"
        yield f"  - name: notice-{place}-{window.start.astimezone(ZONE):%Y%m%d}-{number}"
        if not window.authorities:
            yield f"    # {say(language, 'name_them')}"
        yield f"    authorities: [{', '.join(window.authorities)}]"
        if window.services:
            yield f"    services: [{', '.join(window.services)}]"
        yield f"    start: {_wall(window.start)}+08:00"
        note = f"  # {say(language, 'end_is_open')}" if window.open_ended else ""
        yield f"    end: {_wall(window.end)}+08:00{note}"
