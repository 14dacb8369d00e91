"""What is wrong with a configuration: where it stands, what was found, what is meant. All of it at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Keys and list positions from the top of the document: `("probes", 1, "interval")`."""

_LONGEST = 1000
"""Characters of what is told of a mistake; a word of a file may be as long as the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One mistake. Never holds a value that may be a secret."""

    file: str
    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    path: str
    """`probes[1].interval`; empty for the document as a whole."""
    found: str
    meant: str

    def __str__(self) -> str:
        """`probes.yaml:11:5: probes[1].intervall: unknown key; did you mean "interval"?`."""
        path = f"{self.path}: " if self.path else ""
        found, meant = _printable(self.found, _LONGEST), _printable(self.meant, _LONGEST)
        return f"{self.file}:{self.line}:{self.column}: {path}{found}; {meant}"


class ConfigError(Exception):
    """The configuration cannot be used. Its text is one line per mistake, in the order of the file.

    What several probes share (`defaults`, an anchor) is one mistake, not one for each of them.
    """

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        once = {(each.line, each.column, each.found, each.meant): each for each in reversed([*mistakes])}
        self.mistakes = tuple(sorted(once.values(), key=lambda mistake: (mistake.line, mistake.column)))
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


def dotted(path: Path) -> str:
    """`probes[1].interval`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{_printable(part)}" for part in path)
    return text.removeprefix(".")


def quoted(text: str, limit: int = 60) -> str:
    """The text in quotes, cut where it is long; what cannot be printed is escaped."""
    return f'"{_printable(text, limit)}"'


def _printable(text: str, limit: int = 60) -> str:
    shown = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in shown)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean "interval"?`, or the list of what is known where nothing is near."""
    names = list(known)
    word = word[:_LONGEST]
    folded = {name.lower(): name for name in names}
    near = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.6)
    if near:
        return f'did you mean "{folded[near[0]]}"?'
    return one_of(names)


def one_of(names: Iterable[str]) -> str:
    """`known here: a, b, c`, at most forty of them."""
    known = sorted(names)
    more = ", …" if len(known) > 40 else ""
    return f"known here: {', '.join(known[:40])}{more}" if known else "nothing is known here"
