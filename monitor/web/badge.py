"""The badge of one authority: its state as a small picture, for a wiki or a README."""

from __future__ import annotations

from dataclasses import dataclass
from unicodedata import east_asian_width

from aiohttp import web

from monitor.core.status import row_of
from monitor.model import AuthorityState
from monitor.notify.words import clean
from monitor.web.errors import RequestError
from monitor.web.kept import kept_for_a_moment
from monitor.web.lens import Lens
from monitor.web.pages import fill, lens_of
from monitor.web.reading import READING

SVG = "image/svg+xml"
COLOURS = {
    AuthorityState.UP: "#1a7f37",
    AuthorityState.DOWN: "#b42318",
    AuthorityState.DEGRADED: "#8a5a00",
    AuthorityState.MAINTENANCE: "#0b57a4",
    AuthorityState.UNKNOWN: "#59636e",
}
"""White on each of them has a contrast of at least 4.5 (WCAG 2, AA)."""
MARGIN = 6
"""Pixels beside a word."""
LONGEST = 40
"""Characters of a name: those of authorities of one's own may be any length."""
NARROW = frozenset(" .,:;'|!ijlftIr-()")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One half of a badge: a word and how wide it is drawn, in pixels at 11 a letter."""

    text: str
    length: int

    @property
    def width(self) -> int:
        """With its margins."""
        return self.length + 2 * MARGIN


async def badge(request: web.Request) -> web.Response:
    """`GET /badge/AUTHORITY.svg`: the name and the state in words, in the style of shields.io."""
    lens, slug = lens_of(request), request.match_info["authority"]
    row = row_of(lens.plan, request.app[READING].state(), slug, lens.now)
    if row is None:
        raise RequestError(404, f"no authority {slug[:100]!r} is watched")
    return kept_for_a_moment(request, draw(lens, slug, row.state), SVG, embedded=True)


def draw(lens: Lens, slug: str, state: AuthorityState) -> str:
    """The picture as SVG."""
    name, word = lens.name(slug), lens.words.states[state]
    return fill(
        "badge.svg",
        lens=lens,
        title=clean(lens.say("badge", title=lens.say("title"), what=name, state=word)),
        left=_part(name),
        right=_part(word),
        colour=COLOURS[state],
    )


def _part(text: str) -> Part:
    text = clean(text)
    shown = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return Part(text=shown, length=round(sum(map(_width, shown))))


def _width(letter: str) -> float:
    """About as wide as common fonts draw it; the picture states the sum, so that a browser fits the word into it."""
    if east_asian_width(letter) in "WF":
        return 11
    return 4 if letter in NARROW else 8 if letter.isupper() or letter in "mw" else 6.5
