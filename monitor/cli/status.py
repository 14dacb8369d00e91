"""`status`: the coloured matrix of a running daemon, once or refreshed in place."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.client import Daemon, Unanswered, daemon_options, find_daemon, read

if TYPE_CHECKING:  # a tenth of a second that --json does not need
    from rich.console import Console, ConsoleDimensions, RenderableType
    from rich.text import Text

REFRESH = 2.0
"""Seconds between two looks of `--watch`."""

GLANCE = 0.1
"""Seconds between two looks at the size of the terminal."""

Picture = tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]
"""The answer of /api/v1/status and the open incidents."""


@click.command()
@click.option(
    "--watch", is_flag=True, help="Refresh every 2 s until ctrl-C; in a pipe, print what has changed."
)
@click.option("--json", "as_json", is_flag=True, help="Print the daemon's answer (/api/v1/status) as it is.")
@daemon_options
def command(url: str, watch: bool, as_json: bool) -> int:
    """Show the matrix of all authorities from a running daemon.

    Exits 0 if all are up or in maintenance, 1 if not, 3 if the daemon cannot be reached or refuses.
    """
    daemon = find_daemon(url)
    if watch:
        return _watch(daemon, as_json)
    picture = asyncio.run(_look(daemon, incidents=not as_json))
    _print_json(picture) if as_json else _print(picture)
    return _exit_code(picture)


async def _look(daemon: Daemon, incidents: bool) -> Picture:
    """Read the state of everything, and the open incidents where they are wanted. Raises Unanswered."""
    status = await read(daemon, "/api/v1/status")
    if not isinstance(status, dict) or not isinstance(status.get("authorities"), list):
        raise Unanswered(
            f"what answers at {daemon.shown} is not a fapiao-monitor (no authorities in /api/v1/status)"
        )
    if not incidents:
        return status, ()
    answer = await read(daemon, "/api/v1/incidents?open=true")
    rows = answer.get("incidents", []) if isinstance(answer, dict) else answer
    return status, [row for row in rows if isinstance(row, dict)]


def _exit_code(picture: Picture) -> int:
    """0 if every authority, and the national page where it is watched, is up or in maintenance; else this machine."""
    watched = [*picture[0]["authorities"], *filter(None, [picture[0].get("national")])]
    rows = watched or [picture[0].get("local")]
    fine = all(isinstance(row, dict) and row.get("state") in ("up", "maintenance") for row in rows)
    return 0 if fine else 1


def _print_json(picture: Picture, indent: int | None = 2) -> None:
    click.echo(json.dumps(picture[0], ensure_ascii=False, indent=indent))


def _print(picture: Picture) -> None:
    from monitor.cli.drawing import make_console
    from monitor.cli.matrix import draw_status

    console = make_console()
    console.print(draw_status(*picture, console.width))


def _watch(daemon: Daemon, as_json: bool) -> int:
    """Look again and again; ctrl-C ends it with the exit code of the last look. The first look must succeed."""
    last: list[Picture] = []
    in_place = sys.stdout.isatty() and not as_json
    try:
        asyncio.run(_follow_in_place(daemon, last) if in_place else _follow_in_pipe(daemon, as_json, last))
    except KeyboardInterrupt:
        if not last:
            raise
    return _exit_code(last[-1])


async def _follow_in_place(daemon: Daemon, last: list[Picture]) -> None:
    """Redraw the same lines of the terminal; a daemon that went away is said below the last picture."""
    from rich.live import Live
    from rich.text import Text

    from monitor.cli.drawing import make_console, sign_and_word
    from monitor.cli.matrix import draw_status

    console = make_console()
    footer = Text()
    last[:] = [await _look(daemon, incidents=True)]
    while True:
        size = console.size
        with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
            while True:
                picture = draw_status(*last[-1], size.width)
                live.update(cut(console, picture, footer, size.height), refresh=True)
                if not await _rest(console, size):
                    break
                try:
                    last[:] = [await _look(daemon, incidents=True)]
                    footer = Text()
                except Unanswered as problem:
                    footer = sign_and_word("unknown", problem.message)
        console.clear()  # the terminal has moved the lines of the old picture to where nobody knows


async def _rest(console: Console, size: ConsoleDimensions) -> bool:
    """Wait until the next look is due. False, and earlier, where the terminal has another size now."""
    for _ in range(round(REFRESH / GLANCE)):
        await asyncio.sleep(GLANCE)
        if console.size != size:
            return False
    return True


def cut(console: Console, picture: RenderableType, footer: Text, height: int) -> RenderableType:
    """As much of the picture as fits above the footer, and how many lines do not."""
    from rich.console import Group
    from rich.segment import Segment, Segments
    from rich.text import Text

    lines = console.render_lines(picture, pad=False)
    room = max(1, height - 1 - len(console.render_lines(footer, pad=False)) * bool(footer.plain))
    if len(lines) <= room:
        return Group(picture, footer)
    kept = lines[: room - 1]
    more = Text(f"... and {len(lines) - len(kept)} more lines", style="bold")
    drawn = Segments([segment for line in kept for segment in (*line, Segment.line())])
    return Group(drawn, more, footer)


async def _follow_in_pipe(daemon: Daemon, as_json: bool, last: list[Picture]) -> None:
    """Print only what differs from the look before, one JSON document a line or the whole plain picture."""
    while True:
        picture = await _look(daemon, incidents=not as_json)
        if not last or _without_time(picture) != _without_time(last[-1]):
            _print_json(picture, indent=None) if as_json else _print(picture)
            sys.stdout.flush()
        last[:] = [picture]
        await asyncio.sleep(REFRESH)


def _without_time(picture: Picture) -> Picture:
    return {key: value for key, value in picture[0].items() if key != "generated_at"}, picture[1]
