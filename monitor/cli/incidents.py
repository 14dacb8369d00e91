"""`incidents`: what is open at a running daemon, or all that it remembers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.client import daemon_options, find_daemon, read_all
from monitor.cli.wall import with_offset, zone_at

if TYPE_CHECKING:
    from rich.text import Text

HEAD = ("what", "cause", "severity", "since", "state", "id")


@click.command()
@click.option("--all", "everything", is_flag=True, help="Those that are over as well, as far as remembered.")
@click.option("--json", "as_json", is_flag=True, help="Print what the daemon answers (/api/v1/incidents).")
@daemon_options
def command(everything: bool, as_json: bool, url: str) -> int:
    """Show the open incidents of a running daemon.

    Those that a national or local incident explains stand behind it. `ack ID` takes one.

    Exits 0, and 3 if the daemon cannot be reached or refuses.
    """
    path = "/api/v1/incidents?limit=500" + ("" if everything else "&open=true")
    daemon = find_daemon(url)
    found = asyncio.run(read_all(daemon, path, "incidents"))
    if as_json:
        click.echo(json.dumps({"incidents": found, "next": None}, ensure_ascii=False, indent=2))
    elif found:
        _print(found, asyncio.run(zone_at(daemon)))
    else:
        click.echo("no incidents are remembered" if everything else "no open incidents")
    return 0


def _print(found: list[dict[str, Any]], zone: str) -> None:
    from monitor.cli.table import print_table

    print_table(HEAD, [_row(incident, zone) for incident in _families(found)])


def _families(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each parent with its members behind it, in the order of the daemon."""
    ids = {incident.get("id") for incident in found}
    ordered = []
    for incident in found:
        if incident.get("parent") not in ids:
            mine = [one for one in found if one.get("parent") == incident.get("id")]
            ordered += [incident, *mine]
    return ordered


def _row(incident: Mapping[str, Any], zone: str) -> list[Text]:
    from rich.text import Text

    from monitor.cli.concerned import concerned
    from monitor.cli.drawing import clean, sign_and_word

    what = sign_and_word(_sign(incident), concerned(incident))
    return [
        Text("  " if incident.get("parent") else "").append_text(what),
        Text(clean(incident.get("cause"), 40)),
        Text(clean(incident.get("severity"), 12)),
        Text(_since(incident, zone)),
        Text(_stage(incident)),
        Text(clean(incident.get("id"), 80), style="dim"),
    ]


def _sign(incident: Mapping[str, Any]) -> str:
    if incident.get("resolved_at"):
        return "up"
    return "down" if incident.get("severity") == "critical" else "degraded"


def _since(incident: Mapping[str, Any], zone: str) -> str:
    """`11-21 16:00 +08:00`."""
    return with_offset(incident.get("first_failure_at") or incident.get("opened_at"), zone, "%m-%d %H:%M")


def _stage(incident: Mapping[str, Any]) -> str:
    """What has been done about it."""
    from monitor.cli.drawing import clean

    if incident.get("resolved_at"):
        return "resolved"
    if incident.get("acknowledged_at"):
        return f"acked by {clean(incident.get('acknowledged_by') or '?', 40)}"
    return f"muted by {clean(incident['muted_by'], 40)}" if incident.get("muted_by") else "open"
