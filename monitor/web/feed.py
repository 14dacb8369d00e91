"""The Atom feed of the page (RFC 4287): for feed readers, chats and mail programs that follow one."""

from __future__ import annotations

from aiohttp import web

from monitor import __version__
from monitor.model import rfc3339
from monitor.web.entries import entries, urn
from monitor.web.kept import kept_for_a_moment
from monitor.web.pages import fill, lens_of
from monitor.web.reading import READING
from monitor.web.shapes import EPOCH

ATOM = "application/atom+xml"
LONGEST = 2000
"""Characters of one line."""


async def feed(request: web.Request) -> web.Response:
    """`GET /feed.xml?lang=`: what began, what is over, what is planned; the newest first.

    Addresses are whole where `server.external_url` says how we are reached, else relative to the feed's own.
    """
    lens = lens_of(request)
    found = entries(lens, request.app[READING].state())
    text = fill(
        "feed.xml",
        lens=lens,
        say=lens.say,
        base=lens.plan.external_url.rstrip("/"),
        query=f"?lang={lens.language}" if "lang" in request.query else "",
        version=__version__,
        id=urn(lens, "feed"),
        updated=max((entry.updated for entry in found), default=EPOCH),
        entries=found,
        rfc3339=rfc3339,
        visible=visible,
    )
    return kept_for_a_moment(request, text, ATOM)


def visible(text: str) -> str:
    """What XML can say: a control character is a blank."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:LONGEST])
