"""What stands in the body of a reply: its text, its JSON, its headings, its phrases. Bounded, and never raises on hostile input."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from monitor.model import Reply

SEARCHED = 65536
"""Characters from the start of a page in which phrases are looked for."""
SMALL = 4096
"""Bytes below which a page without a form is one message, and a phrase counts wherever it stands."""

MOST_HEADINGS = 50
LONGEST_HEADING = 200
"""Characters read of a heading that nothing closes."""
MOST_NESTED = 8
"""Objects within objects whose texts are looked at."""

# Only what pages are written in: Python knows codecs by name that are slow or are no charset at all (idna, hex, zip).
# GB18030 is the superset of GBK and GB2312, and what calls itself GB2312 is seldom that small.
_CODECS = {
    "utf-8": "utf-8-sig", "utf8": "utf-8-sig", "ascii": "ascii", "us-ascii": "ascii",
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030",
    "big5": "big5", "iso-8859-1": "latin-1", "latin1": "latin-1", "windows-1252": "cp1252",
}  # fmt: skip
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE | re.ASCII)
_CALLBACK = re.compile(r"(?:/\*\*/)?\s*[A-Za-z_$][\w$.]{0,127}\s*\(", re.ASCII)
_HEADING = re.compile(r"<(/?)(title|h[1-6])(?![\w-])[^>]{0,300}>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,1000}>")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_SCRIPT = re.compile(r"</?(?:script|style)", re.IGNORECASE)
_FORM = re.compile(r"<form[\s>]", re.IGNORECASE)


def text_of(reply: Reply) -> str:
    """The body as text. Charset: the header's, then the page's own, then UTF-8, then GB18030; never fails.

    A page that is sound but for a few bytes is taken for what it says it is: GB18030 finds a sign for almost any pair of bytes.
    """
    for codec in _codecs(reply):
        if (text := _decoded(reply.body, codec)) is not None:
            return text
    try:
        return reply.body.decode("gb18030")
    except UnicodeDecodeError:
        return reply.body.decode("utf-8", errors="replace")


def _decoded(body: bytes, codec: str) -> str | None:
    """`body` in that charset; None where more of what is not ASCII makes no sense than does."""
    try:
        return body.decode(codec)
    except UnicodeDecodeError:
        text = body.decode(codec, errors="replace")
    broken = text.count("\ufffd")
    return text if 2 * broken < len(text) - len(text.encode("ascii", errors="ignore")) else None


def json_of(text: str) -> Any:
    """The JSON value in `text`, plain or wrapped as JSONP; None where there is none. The body's bound is its size's."""
    text = text.strip().removeprefix("\ufeff")
    if call := _CALLBACK.match(text):
        text = text.rstrip("; \t\r\n").removesuffix(")")[call.end() :]
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # the second: nested deeper than anybody means to
        return None


def is_html(text: str) -> bool:
    """Whether `text` is markup rather than data. Content-Type is not asked: no source says what it is."""
    return text.lstrip("\ufeff \t\r\n").startswith("<")


def find_notice(phrases: Iterable[str], text: str, size: int) -> str | None:
    """The first of `phrases` that a page says about itself: in its title or a heading, or anywhere in a small one.

    `size` is that of the page in bytes. What stands in comments is not said, nor what stands in scripts beside text to read, nor
    in the lists of data: a menu names 系统维护 as well.
    """
    page = _without(text[:SEARCHED], "<!--", "-->")
    if size < SMALL and not _FORM.search(page):
        data = None if is_html(page) else json_of(page)
        said = " ".join(_told(data)) if isinstance(data, dict | list) else _visible(page)
        return _find(phrases, _plain(said))
    page = _without_scripts(page)
    return _find(phrases, "\n".join(map(_plain, islice(_headings(page), MOST_HEADINGS))))


def find_marker(phrases: Iterable[str], text: str) -> str | None:
    """The first of `phrases` that stands anywhere near the start of `text`, markup and scripts included."""
    return _find(phrases, _closed_up(text[:SEARCHED]))


def _codecs(reply: Reply) -> Iterator[str]:
    if reply.body.startswith(b"\xef\xbb\xbf"):
        yield "utf-8-sig"
    head = reply.body[:2048]
    inside = head.decode("latin-1") if b"charset" in head.lower() else ""
    for named in (reply.header("content-type") or "", inside):
        if (charset := _CHARSET.search(named)) and (codec := _CODECS.get(charset[1].lower())):
            yield codec
    yield "utf-8"


def _headings(page: str) -> Iterator[str]:
    """What stands in the title and between the tags of headings, each up to the next such tag, closing or not."""
    opened: int | None = None
    for tag in _HEADING.finditer(page):
        if opened is not None:
            yield page[opened : tag.start()]
        opened = None if tag[1] else tag.end()
    if opened is not None:
        yield page[opened : opened + LONGEST_HEADING]


def _visible(page: str) -> str:
    """What a reader sees of a small page; of one that is nothing but a script, all of it: that writes the text, or opens a box."""
    visible = _plain(_without_scripts(page))
    return visible if visible.strip(">") else _plain(page)  # of a closing tag its last sign is left


def _without_scripts(page: str) -> str:
    page = _SCRIPT.sub(lambda tag: tag[0].lower(), page)
    return _without(_without(page, "<script", "</script"), "<style", "</style")


def _told(value: Any, depth: int = 0) -> Iterator[str]:
    """The texts of an object and of the objects in it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and depth < MOST_NESTED:
        for part in value.values():
            yield from _told(part, depth + 1)


def _plain(markup: str) -> str:
    """Text as a reader sees it, without blanks: 系 统&nbsp;<b>维护</b> is 系统维护, and so are its escapes in JSON."""
    shown = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), html.unescape(_TAG.sub("", markup)))
    return _closed_up(shown)


def _without(text: str, start: str, end: str) -> str:
    """`text` without the stretches between `start` and `end`; one that never ends goes on to the end of the text."""
    kept, at = [], 0
    while (begin := text.find(start, at)) >= 0:
        kept.append(text[at:begin])
        close = text.find(end, begin)
        if close < 0:
            return "".join(kept)
        at = close + len(end)
    kept.append(text[at:])
    return "".join(kept)


def _find(phrases: Iterable[str], text: str) -> str | None:
    return next((phrase for phrase in phrases if _closed_up(phrase) in text), None)


def _closed_up(text: str) -> str:
    """`text` without blanks, in lower case: how phrases are compared."""
    return "".join(text.split()).lower()
