"""The runbook, one cause at a time: the words of docs/causes.md of this very version, so that a link needs no other place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from aiohttp import web
from markdown_it import MarkdownIt
from markupsafe import Markup

from monitor.model import Cause
from monitor.web import pages
from monitor.web.errors import RequestError

_HERE = Path(__file__).parent
PLACES = (_HERE / "documents", _HERE.parent.parent / "docs")
"""Where the files are: in what is installed, and in a checkout."""
NAMES: Mapping[str, str] = {"zh": "causes.zh.md", "en": "causes.md"}
_LINK = re.compile(r"\[([^\[\]]+)\]\((#?)([^()\s]*)\)")
"""A link of the documents: what is shown, and where in the same document, or elsewhere."""
_REMARK = re.compile(r"^<!--.*-->$")
"""What the authors of the documents tell each other."""


async def cause(request: web.Request) -> web.Response:
    """`GET /causes/CAUSE`: what this cause, or flag, means, and who does what."""
    lens = pages.lens_of(request)
    name = request.match_info["cause"]
    section = sections(lens.language).get(name)
    if section is None:
        raise RequestError(404, f"no cause {name[:100]!r} is known")
    query = f"?lang={lens.language}" if "lang" in request.query else ""
    return pages.render(
        request,
        lens,
        "cause.html",
        name=name,
        word=next((lens.words.causes[one] for one in Cause if one == name), ""),
        text=Markup(html(section, lens.language, query)),  # noqa: S704 - our own document, no HTML of it let through
        paste=paste(lens.language),
    )


@cache
def sections(language: str) -> Mapping[str, str]:
    """The sections of the runbook by the cause or flag they are about, as Markdown; none where it is not installed."""
    found: dict[str, list[str]] = {}
    name = ""
    for line, is_code in _lines(language):
        if not is_code and line.startswith("#"):
            name = line.removeprefix("## ").strip() if line.startswith("## ") else ""
        elif name and (is_code or not _REMARK.match(line)):
            found.setdefault(name, []).append(line)
    return {name: "\n".join(lines).strip() for name, lines in found.items()}


@cache
def paste(language: str) -> str:
    """The first block of commands, by which those of the sections work."""
    found: list[str] = []
    for line, is_code in _lines(language):
        if is_code and not line.startswith("```"):
            found.append(line)
        elif found:
            break
    return "\n".join(found)


def html(section: str, language: str, query: str) -> str:
    """A section as HTML. A link within the runbook leads to a page here; one to another document is only words."""
    known = sections(language)

    def linked(found: re.Match[str]) -> str:
        said, within, name = found.groups()
        return f"[{said}](/causes/{name}{query})" if within and name in known else said

    return str(_markdown().render(_LINK.sub(linked, section)))


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _lines(language: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it stands in a block of code or fences one."""
    file = next((file for place in PLACES if (file := place / NAMES[language]).is_file()), None)
    is_code = False
    for line in () if file is None else file.read_text(encoding="utf-8").splitlines():
        is_fence = line.startswith("```")
        yield line, is_code or is_fence
        is_code ^= is_fence
