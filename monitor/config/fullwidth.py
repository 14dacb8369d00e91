"""Full-width punctuation where YAML wants ASCII: the commonest slip with a Chinese input method, and hard to see.

Such characters belong in Chinese text, so they are spoken of only where something else is wrong at their place, where a
text stands in “ ”, and, as a note, where `，` stands in a list in brackets.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from monitor.config.mistakes import Mistake, Path, dotted

_NOT_NFKC: Final = {
    "“": '"', "”": '"', "‘": "'", "’": "'", "【": "[", "】": "]", "「": '"', "」": '"', "、": ",",
}  # fmt: skip
"""What is meant by those that Unicode does not know as wide forms of ASCII."""
_WIDE = re.compile("[\uff01-\uff5e\u3000“”‘’【】「」、]")
_QUOTES: Final = "“”‘’＂＇「」"
_NEAR: Final = 10
"""Lines before a place where the YAML parser gave up in which the slip may be."""
_LONGEST: Final = 1000
"""Characters of such a line that are looked at: the search takes the square of their number."""
_ASIDE = re.compile(r""""(?:\\.|[^"\\])*"|'[^']*'|(?:^|(?<=\s))#.*""")
"""Quoted texts and comments, in which everything may stand."""
_AS_SYNTAX = re.compile(
    r"(?P<indent>^[ \-]*)\u3000"
    r"|(?P<colon>(?:^[ \-]*|[{,，｛]\s*)[\w.\-]+\s*)："
    r"|(?P<after>(?:[:：\[,，{]|^ *-)[ \u3000]*)[“”‘’＂＇【［｛\u3000]"
    r"|(?P<inside>[\[{【［｛][^\]}]*?)[，｝］】]"
)
"""Full-width characters where YAML's own would stand; the one that is meant follows the group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """A text of the file with a full-width character in it."""

    at: tuple[int, int]
    """Line and column where the text begins, from 1."""
    line: int
    column: int
    """Of the character."""
    character: str
    path: Path
    in_quotes: bool
    """Written without quotes of YAML, and it begins and ends with full-width ones."""
    in_brackets: bool
    """Written without quotes as an item of `[…]`, with `，` in it."""


def find(
    lines: Sequence[str],
    start: tuple[int, int],
    end: tuple[int, int],
    *,
    path: Path,
    bare: bool,
    item: bool,
) -> Slip | None:
    """The first full-width character of the text from `start` to `end` (line and column, from 0). `item`: of `[…]`."""
    for number in range(start[0], min(end[0] + 1, len(lines))):
        first = start[1] if number == start[0] else 0
        last = end[1] if number == end[0] else len(lines[number])
        text = lines[number][first:last]
        if match := _preferred(text, "，" if item else ""):
            return Slip(
                at=(start[0] + 1, start[1] + 1),
                line=number + 1,
                column=first + match.start() + 1,
                character=match.group(),
                path=path,
                in_quotes=bare and len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES,
                in_brackets=bare and item and match.group() == "，",
            )
    return None


def _preferred(text: str, character: str) -> re.Match[str] | None:
    return (re.search(character, text) if character else None) or _WIDE.search(text)


def before(lines: Sequence[str], last: int) -> tuple[int, int, str] | None:
    """Where full-width punctuation stands as YAML's own in line `last` (from 0) or just before it.

    Line and column from 1, and what to say of it.
    """
    for number in range(min(last, len(lines) - 1), max(-1, last - _NEAR), -1):
        line = _ASIDE.sub(lambda match: "x" * len(match.group()), lines[number][:_LONGEST])
        if match := _AS_SYNTAX.search(line):
            place = match.end() - 1
            return number + 1, place + 1, hint(line[place])
    return None


def hint(character: str) -> str:
    """`"：" (U+FF1A) is full-width, ":" is meant`."""
    meant = _NOT_NFKC.get(character) or unicodedata.normalize("NFKC", character)
    shown = '":" and a blank are' if meant == ":" else f"{meant} is" if meant == '"' else f'"{meant}" is'
    name = f"U+{ord(character):04X}"
    if character == "\u3000":
        return f"a full-width blank ({name}); a plain blank is meant"
    return f'"{character}" ({name}) is full-width, {shown} meant'


def explained(mistakes: Iterable[Mistake], slips: Sequence[Slip], file: str) -> list[Mistake]:
    """The mistakes, those at a slip with a hint and at its character; and the texts in full-width quotes."""
    by_place = {slip.at: slip for slip in slips}
    told = [_hinted(mistake, by_place.get((mistake.line, mistake.column))) for mistake in mistakes]
    places = {(mistake.line, mistake.column) for mistake in told}
    return told + [
        _quoted(slip, file) for slip in slips if slip.in_quotes and (slip.line, slip.column) not in places
    ]


def _hinted(mistake: Mistake, slip: Slip | None) -> Mistake:
    if slip is None:
        return mistake
    meant = f"{mistake.meant} ({hint(slip.character)})"
    return replace(mistake, line=slip.line, column=slip.column, meant=meant)


def _quoted(slip: Slip, file: str) -> Mistake:
    return Mistake(
        file=file,
        line=slip.line,
        column=slip.column,
        path=dotted(slip.path),
        found="a text in full-width quotes",
        meant=f"{hint(slip.character)}; if the quotes belong to the text, put ASCII quotes around all of it",
    )


def notes(slips: Iterable[Slip]) -> Iterator[str]:
    """What may be meant otherwise although nothing is wrong."""
    for slip in slips:
        if slip.in_brackets:
            yield (
                f'line {slip.line}, column {slip.column}: {dotted(slip.path)}: "，" belongs to the text and separates '
                'nothing; write "," between two, or put ASCII quotes around one'
            )
