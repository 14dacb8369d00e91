"""`ack`: somebody takes an incident, so that the others are not reminded of it."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import click

from monitor.cli.client import Declined, change, daemon_options, find_daemon
from monitor.knowledge.naming import slug_of


def author_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--author` and `--comment`."""
    comment = click.option("--comment", default="", metavar="TEXT", help="What the others should know.")
    author = click.option(
        "--author", metavar="NAME", help="Who you are.  [default: the name you are logged in by]"
    )
    return author(comment(command))


def named(author: str | None) -> str:
    """The author, by default the one who is logged in."""
    if author:
        return author
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id without a name, as in some containers
        return "unknown"


@click.command()
@click.argument("incident", metavar="ID")
@author_options
@daemon_options
def command(incident: str, author: str | None, comment: str, url: str) -> int:
    """Take an incident: no more reminders until it is over or gets worse.

    Exits 0, 1 if there is no such incident or it is over, 3 if the daemon cannot be reached or refuses.
    """
    body = {"author": named(author), "comment": comment}
    path = f"/api/v1/incidents/{quote(incident, safe='')}/ack"
    try:
        asyncio.run(change(find_daemon(url), "POST", path, body))
    except Declined as problem:
        if slug_of(incident) is None:
            raise
        raise Declined(
            f"{problem.message}; this names an authority, the id of an incident is meant: `fapiao-monitor incidents`"
        ) from None
    click.echo(f"{incident} is yours ({body['author']}): no reminders until it is over or gets worse")
    return 0
