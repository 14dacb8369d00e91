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
_FORM = re.compile(r"<form[\s>]", re.IGNORECASE)


def text_of(reply: Reply) -> str:
    """The body as text. Charset: the header's, then the page's own, then UTF-8, then GB18030; never fails."""
    for codec in _codecs(reply):
        try:
            return reply.body.decode(codec)
        except UnicodeDecodeError:
            continue
    return reply.body.decode("utf-8", errors="replace")


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

    `size` is that of the page in bytes. What stands in comments is not said.
    """
    page = _without(text[:SEARCHED], "<!--", "-->")
    if size < SMALL and not _FORM.search(page):
        return _find(phrases, _plain(page))
    page = _without(page.replace("<SCRIPT", "<script").replace("</SCRIPT", "</script"), "<script", "</script")
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
    yield "gb18030"


def _headings(page: str) -> Iterator[str]:
    """What stands in the title and between the tags of headings, each up to the next such tag, closing or not."""
    opened: int | None = None
    for tag in _HEADING.finditer(page):
        if opened is not None:
            yield page[opened : tag.start()]
        opened = None if tag[1] else tag.end()
    if opened is not None:
        yield page[opened : opened + LONGEST_HEADING]


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
