"""Unknown names in parts that were left out because something else in them is wrong: one mistake must not hide another."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from monitor.config.facts import unknown_authority
from monitor.config.mistakes import Mistake, Path, did_you_mean, dotted, quoted
from monitor.config.tree import Document
from monitor.config.understand import Understood

_ROUTE = (("to",), "receiver"), (("when", "authority"), "authority"), (("when", "service"), "service")
_WINDOW = (("authorities",), "authority"), (("services",), "service")
_REPORT = ((("to",), "receiver"),)


def unread(
    understood: Understood, document: Document, known: dict[str, Collection[str]]
) -> Iterator[Mistake]:
    """The mistakes. `known`: names of each `receiver`, `authority`, `service`, and those of a `window`'s authorities."""
    told = {mistake.path for mistake in understood.mistakes}
    for path in sorted(understood.broken, key=dotted):
        for key, what in _names_in(path):
            among = known["window" if path[0] == "maintenance" and what == "authority" else what]
            for place, word in document.words((*path, *key)):
                is_told = not told.isdisjoint({dotted(place), dotted(place[:-1])})
                if not is_told and word not in among and word != "all":
                    yield document.mistake(place, *_stranger(what, word, among))


def _names_in(path: Path) -> tuple[tuple[Path, str], ...]:
    """Where names stand in the part that was taken out at this path."""
    if path == ("alerts", "report"):
        return _REPORT
    if len(path) == 3 and path[:2] == ("alerts", "routes"):
        return _ROUTE
    return _WINDOW if len(path) == 2 and path[0] == "maintenance" else ()


def _stranger(what: str, word: str, among: Collection[str]) -> tuple[str, str]:
    if what == "authority":
        return unknown_authority(word, among)
    return f"unknown {what} {quoted(word)}", did_you_mean(word, among)
