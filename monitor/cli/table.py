"""Rows in columns: as wide as their widest cell, never cut, so that what is printed can be searched and copied."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.text import Text

from monitor.cli.drawing import clean, make_console

Row = Sequence[Text]


def print_table(head: Sequence[str], rows: Sequence[Row]) -> None:
    """Print `rows` under `head`. On a terminal too narrow for them the last column goes to a line of its own."""
    console = make_console()
    lines: list[Row] = [[Text(word, style="bold") for word in head], *rows]
    widths = [max(row[place].cell_len for row in lines) for place in range(len(head))]
    fits = not sys.stdout.isatty() or sum(widths) + 2 * (len(widths) - 1) <= console.width
    for row in lines:
        cells = row if fits else row[:-1]
        console.print(_line(cells, widths), soft_wrap=True)
        if not fits:
            console.print(Text("    ").append_text(row[-1]), soft_wrap=True)


def print_words(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """The same for plain text, made harmless for a terminal."""
    print_table(head, [[Text(clean(cell)) for cell in row] for row in rows])


def _line(cells: Row, widths: Sequence[int]) -> Text:
    line = Text()
    for cell, width in zip(cells, widths, strict=False):
        line.append_text(cell).append(" " * (width - cell.cell_len + 2))
    line.rstrip()
    return line
