"""An explanation on a terminal: the answer first, then what it rests on."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from monitor.cli.drawing import clean, name_and_value
from monitor.cli.explain import Explanation, explain
from monitor.cli.explain_judge import Judged
from monitor.cli.explain_lines import reference_line
from monitor.cli.explain_words import Speech
from monitor.core.signs import Party

MOST = 600
"""Characters of one line."""
COLOURS = {
    Party.US: "bold red",
    Party.WAY: "bold yellow",
    Party.THEM: "bold yellow",
    Party.NOBODY: "bold green",
    Party.UNCLEAR: "bold yellow",
}


def draw_explanation(judged: Judged, language: str) -> RenderableType:
    """The whole answer."""
    said = explain(judged, language)
    say = Speech(language)
    title = Text.assemble((say("title"), "bold"), " ", (said.answer, COLOURS[judged.party]))
    return Group(title, _indented(said.fault), *_sections(said, say))


def draw_reference(judged: Judged, language: str) -> RenderableType:
    """What others say, and how that goes with what was seen here."""
    say = Speech(language)
    rows = [(say("lines.references"), Text(clean(line, MOST))) for line in reference_line(judged, say)]
    return Group(name_and_value(rows), _indented(say.words.verdicts[judged.verdict]))


def _sections(said: Explanation, say: Speech) -> Iterator[RenderableType]:
    yield _heading("tried", say)
    yield name_and_value((say(f"lines.{label}"), Text(clean(text, MOST))) for label, text in said.tried)
    yield _heading("stopped", say)
    yield _indented(said.stopped)
    for name, items in (("known", said.known), ("unknown", said.unknown)):
        if items:
            yield _heading(name, say)
            yield from (_indented(f"- {clean(item, MOST)}") for item in items)
    yield _heading("now", say)
    yield name_and_value(
        [
            (say("finance_label"), Text(clean(said.finance, MOST))),
            (say("engineers_label"), Text(clean(said.engineers, MOST))),
        ]
    )
    yield _heading("again", say)
    yield _indented(said.again)


def _heading(name: str, say: Speech) -> RenderableType:
    return Group(Text(), Text(say(f"sections.{name}"), style="bold"))


def _indented(text: str) -> RenderableType:
    return Padding(Text(clean(text, MOST)), (0, 0, 0, 2))
