"""Links lead somewhere: every relative one to a file that is there, every anchor to a heading."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.markdown import ROOT, anchors, blocks, documents, headings, links, text_of

DOCS = pytest.mark.parametrize("path", documents(), ids=str)


def broken(path: Path, link: str) -> str | None:
    """What is wrong with a link of this document; None where it leads somewhere, or out of the repository."""
    if "://" in link or link.startswith("mailto:"):
        return None
    place, _, anchor = link.partition("#")
    to = ((ROOT / path).parent / place).resolve() if place else ROOT / path
    if not to.exists() or not to.is_relative_to(ROOT):
        return f"{link}: no such file"
    if anchor and (to.suffix != ".md" or anchor not in anchors(to.relative_to(ROOT))):
        return f"{link}: no such heading"
    return None


@DOCS
def test_every_link_leads_somewhere(path: Path):
    assert not [problem for link in links(path) if (problem := broken(path, link))]


@DOCS
def test_no_fence_is_left_open_and_every_block_names_its_language(path: Path):
    lines = [line for line in text_of(path).splitlines() if line.lstrip().startswith("```")]
    assert len(lines) == 2 * len(blocks(path))
    assert all(line.strip() == "```" for line in lines[1::2])


def test_every_document_is_reached_from_the_index():
    reached = {Path("docs/README.md")}
    queue = [Path("docs/README.md")]
    while queue:
        at = queue.pop()
        for link in links(at):
            to = ((ROOT / at).parent / link.partition("#")[0]).resolve()
            if to.suffix == ".md" and to.is_relative_to(ROOT) and to.relative_to(ROOT) not in reached:
                reached.add(to.relative_to(ROOT))
                queue.append(to.relative_to(ROOT))
    assert not [str(path) for path in documents() if path not in reached]


@DOCS
def test_a_document_begins_with_its_one_title(path: Path):
    assert text_of(path).startswith("# ")
    assert headings(path, 1)
