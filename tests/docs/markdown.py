"""The parts of our Markdown that can be checked: fenced blocks, headings with their anchors, links.

A block may carry a remark, an HTML comment in the line above its fence: `<!-- not run: WHY -->`,
`<!-- leave running -->` or `<!-- wait for: TEXT -->`; CONTRIBUTING.md says what they mean.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(
    r"^(?:[ ]*<!-- (?P<remark>[^\n]*?) -->\n)?(?P<indent>[ ]*)```(?P<language>[\w-]*)\n(?P<text>.*?)^(?P=indent)```[ ]*$",
    re.MULTILINE | re.DOTALL,
)
_HEADING = re.compile(r"^(#{1,6}) (.+?)[ ]*$", re.MULTILINE)
_LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^()\s]+)\)")
_SPAN = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block of a document, its indentation taken away. `place` is `docs/api.md:31`."""

    place: str
    language: str
    text: str
    remark: str = ""

    @property
    def not_run(self) -> bool:
        """Whether it says of itself that it cannot run in a test, and why."""
        return self.remark.startswith("not run: ")


def documents() -> list[Path]:
    """Every Markdown file that ships, relative to the root."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    found += [path for name in ("bench", "dashboards", "systemd") for path in (ROOT / name).glob("**/*.md")]
    return sorted(path.relative_to(ROOT) for path in found)


@cache
def text_of(path: Path) -> str:
    """The whole text of a document; `path` relative to the root."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def blocks(path: Path) -> tuple[Block, ...]:
    """The fenced blocks of a document, in order."""
    return blocks_of(text_of(path), str(path))


def blocks_of(text: str, name: str = "") -> tuple[Block, ...]:
    """The fenced blocks of a text, such as a section."""
    return tuple(
        Block(
            place=f"{name}:{text.count(chr(10), 0, found.start('language')) + 1}",
            language=found["language"],
            text=textwrap.dedent(found["text"]),
            remark=found["remark"] or "",
        )
        for found in _FENCE.finditer(text)
    )


def all_blocks(language: str) -> list[Block]:
    """The blocks of all documents in one language."""
    return [block for path in documents() for block in blocks(path) if block.language == language]


@cache
def prose(path: Path) -> str:
    """The text of a document without its fenced blocks."""
    return _FENCE.sub("", text_of(path))


def headings(path: Path, level: int) -> list[str]:
    """The headings of one level."""
    return [found[2] for found in _HEADING.finditer(prose(path)) if len(found[1]) == level]


def sections(path: Path, level: int) -> dict[str, str]:
    """Heading → the text below it, up to the next heading of this level or above; fenced blocks included."""
    text = text_of(path)
    fences = [found.span() for found in _FENCE.finditer(text)]
    marks = [
        found
        for found in _HEADING.finditer(text)
        if len(found[1]) <= level and not any(start <= found.start() < end for start, end in fences)
    ]
    ends = [found.start() for found in marks[1:]] + [len(text)]
    return {
        found[2]: text[found.end() : end]
        for found, end in zip(marks, ends, strict=True)
        if len(found[1]) == level
    }


@cache
def anchors(path: Path) -> frozenset[str]:
    """What a link into the document may name behind `#`, by GitHub's rule."""
    seen: dict[str, int] = {}
    found = set(re.findall(r'<a id="([^"]+)">', prose(path)))
    for heading in _HEADING.finditer(prose(path)):
        plain = re.sub(r"\]\([^)]*\)", "", heading[2])
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if slug in seen else slug)
        seen[slug] = seen.get(slug, 0) + 1
    return frozenset(found)


def links(path: Path) -> list[str]:
    """What the links and pictures of a document lead to."""
    return _LINK.findall(_SPAN.sub("", prose(path)))
