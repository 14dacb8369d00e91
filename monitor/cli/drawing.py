"""What everything drawn on a terminal shares: the console, the palette, signs, and text that cannot misbehave.

Signs are characters that are one column wide everywhere, also where East Asian fonts make ambiguous ones two.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import IO, Any

from rich.cells import set_cell_size
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

GREEN, RED, YELLOW = "#1b5e20", "#7f1d1d", "#5f4b00"
"""Backgrounds of ok, error and timeout: dark enough for white and for the pale texts below (contrast ≥ 5.5)."""
PALE_GREEN, PALE_RED, PALE_YELLOW = "#b9f6ca", "#ffcdd2", "#fff59d"
NEUTRAL, GREY, WHITE = "#2b2f36", "#b0b7c3", "#ffffff"

BACKGROUNDS = {"ok": GREEN, "error": RED, "timeout": YELLOW}
TEXTS = {"ok": PALE_GREEN, "error": PALE_RED, "timeout": PALE_YELLOW}
SIGNS = {
    "ok": "✓", "up": "✓", "error": "✗", "down": "✗", "timeout": "◷",
    "degraded": "⚠", "maintenance": "⚙", "unknown": "?",
}  # fmt: skip
ACCENTS = {
    "ok": "green", "up": "green", "error": "red", "down": "red", "timeout": "yellow",
    "degraded": "yellow", "maintenance": "cyan", "unknown": "yellow",
}  # fmt: skip
"""Colours of words on the terminal's own background: the sixteen that its theme keeps readable."""


def make_console(stream: IO[str] | None = None) -> Console:
    """A console on standard output: colours only on a terminal and never with NO_COLOR, no guessing at contents."""
    out = stream or sys.stdout
    if hasattr(out, "reconfigure"):
        out.reconfigure(errors="replace")  # a terminal without UTF-8 shows ? in place of failing
    return Console(file=out, highlight=False, markup=False, emoji=False, soft_wrap=False)


def show(console: Console, drawn: RenderableType) -> None:
    """Print it; into a pipe or a file without the blanks that fill its lines up to the width."""
    if console.is_terminal:
        console.print(drawn)
        return
    with console.capture() as taken:
        console.print(drawn)
    console.file.write("\n".join(line.rstrip() for line in taken.get().split("\n")))


def clean(value: Any, most: int = 500) -> str:
    """Text from the network made harmless for a terminal: printable characters only, one line, bounded."""
    text = str(value)[: most + 1]
    shown = "".join(character if character.isprintable() else " " for character in text)
    return shown if len(shown) <= most else shown[: most - 3] + "..."


def fit(text: str, width: int) -> str:
    """`text` in exactly `width` columns, Chinese characters counted as two."""
    return set_cell_size(text, width)


def sign_and_word(word: str, shown: str | None = None) -> Text:
    """`✗ error`, coloured for the terminal's own background."""
    return Text(f"{SIGNS.get(word, '?')} {shown or word}", style=f"bold {ACCENTS.get(word, 'white')}")


def name_and_value(rows: Iterable[tuple[str, Text]]) -> Table:
    """Names in a column, values beside them; a long value goes on below its own beginning."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(Text(f"  {name}", style="dim"), value)
    return table


def flow(pieces: Sequence[Text], width: int, between: str = ", ") -> Text:
    """`pieces` one after the other, broken into lines only between them."""
    lines = Text()
    used = 0
    for index, piece in enumerate(pieces):
        room = len(between) + piece.cell_len
        behind = len(between.rstrip()) if index < len(pieces) - 1 else 0
        if index and used + room + behind > width:
            lines, used = lines.append(between.rstrip() + "\n").append_text(piece), piece.cell_len
        else:
            lines.append(between if index else "").append_text(piece)
            used += room if index else piece.cell_len
    return lines


def span(seconds: float) -> str:
    """A length of time for people: `42 s`, `7 min`, `3 h 20 min`, `12 d`."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"{max(0, int(seconds))} s"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} d"
