"""`notice list|approve|reject`: the notices that a running daemon found in its feeds, and what becomes of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import click

from monitor.cli.client import change, daemon_options, find_daemon, read_all
from monitor.cli.texts import language_of, say
from monitor.cli.wall import read_instant, shown, zone_at
from monitor.cli.windows import named
from monitor.knowledge.naming import slugs_of

PATH = "/api/v1/notices"
UNDECIDED = ("waiting", "missed")


@click.command("list")
@click.option("--all", "every", is_flag=True, help="Also those that are decided.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in the form of /api/v1/notices.")
@daemon_options
def list_command(every: bool, as_json: bool, url: str) -> int:
    """Show the notices that wait for a person: what was read, and what is unclear.

    Those on which nobody decided in time are shown for a week as missed; `notice reject` puts them away.

    Exits 0, 3 if the daemon cannot be reached or refuses.
    """
    daemon, language = find_daemon(url), language_of(None)
    rows = asyncio.run(read_all(daemon, f"{PATH}?lang={language}", "notices"))
    if not every:
        rows = [row for row in rows if row.get("status") in UNDECIDED]
    if as_json:
        click.echo(json.dumps({"notices": rows, "next": None}, ensure_ascii=False, indent=2))
    elif rows:
        _print(rows, asyncio.run(zone_at(daemon, None)), language)
    else:
        click.echo(say(language, "nothing_waits"))
    return 0


@click.command("approve")
@click.argument("notice", metavar="ID")
@click.option("--author", default="", metavar="NAME", help="Who approves it.")
@click.option(
    "--authority",
    "authorities",
    multiple=True,
    metavar="AUTHORITY",
    help="Whom it is about, where it does not say so; may be repeated.",
)
@daemon_options
def approve_command(notice: str, author: str, authorities: tuple[str, ...], url: str) -> int:
    """Let the windows of a notice count. `notice list` shows the ids.

    Exits 0, 1 if there is no such notice or it cannot be, 3 if the daemon cannot be reached or refuses.
    """
    daemon, language = find_daemon(url), language_of(None)
    body: dict[str, Any] = {"author": author}
    if authorities:
        body["authorities"] = slugs_of(authorities)
    made = asyncio.run(change(daemon, "POST", f"{PATH}/{quote(notice, safe='')}/approve", body))
    _print([made], asyncio.run(zone_at(daemon, None)), language)
    return 0


@click.command("reject")
@click.argument("notice", metavar="ID")
@daemon_options
def reject_command(notice: str, url: str) -> int:
    """Let nothing of a notice count; windows of it that are in force end.

    Exits 0, 1 if there is no such notice or it is decided, 3 if the daemon cannot be reached or refuses.
    """
    asyncio.run(change(find_daemon(url), "DELETE", f"{PATH}/{quote(notice, safe='')}"))
    click.echo(say(language_of(None), "is_rejected", id=notice))
    return 0


def _print(rows: Sequence[Mapping[str, Any]], zone: str, language: str) -> None:
    for row in rows:
        click.echo("\n".join(_lines(row, zone, language)))


def _lines(row: Mapping[str, Any], zone: str, language: str) -> Iterator[str]:
    from monitor.cli.drawing import clean

    status = clean(row.get("status"), 12)
    yield f"{clean(row.get('id'), 20)}  {say(language, f'notice_{status}')}  {clean(row.get('title'), 80)}"
    yield f"    {clean(row.get('file'), 80)} ({clean(row.get('feed'), 40)})"
    for window in _rows(row.get("windows")):
        who = named(window["authorities"]) if window.get("authorities") else "?"
        yield f"    {_span(window, zone)}  {who}  {named(window.get('services'))}"
        yield f"      “{clean(window.get('quote'), 120)}”"
    for unclear in _rows(row.get("unclear")):
        yield f"    ? {clean(unclear.get('explained'), 200)}"
    for one in _rows(row.get("affects")):
        verb = "notice reject" if one.get("kind") == "notice" else "window end"
        command = f"fapiao-monitor {verb} {clean(one.get('id'), 80)}"
        span = _span(one, zone)
        yield f"    ! {say(language, 'may_change', name=clean(one.get('name'), 80), span=span, command=command)}"


def _span(row: Mapping[str, Any], zone: str) -> str:
    start, end = read_instant(row.get("start")), read_instant(row.get("end"))
    return f"{shown(start, zone)} – {shown(end, zone, after=start)} ({zone})" if start and end else "?"


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
