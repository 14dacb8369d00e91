"""The text of a notice, plain or HTML, as it is read: one form of every letter, no blanks within words, lines made whole."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from monitor.core.notices.letters import READ_AS, UNSEEN
from monitor.core.notices.notice import QUOTE
from monitor.core.page import text_of
from monitor.model import Reply

MOST = 500_000
"""Characters of a page that are looked at."""
MOST_TEXT = 40_000
"""Characters of its text that are. The longest real notice has about 3,000."""

_TAG = re.compile(r"<!--|-->|<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})\b([^<>]*)>|</?[a-zA-Z!][^<>]*>")
_IS_HTML = re.compile(r"<(?:!doctype|html|body|div|p|br|span|table|td|meta|h[1-6])\b[^<>]*>", re.IGNORECASE)
_HIDES = re.compile(
    r"display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}(?:hidden|collapse)|opacity\s{0,9}:\s{0,9}0(?!\.[1-9])|line-through"
    r"|font(?:-size)?\s{0,9}:\s{0,9}0(?![.0-9]*[1-9])|<(?:del|s|strike)\b|<[a-z0-9]{1,9}\s[^<>]{0,300}\b(?:aria-)?hidden\b",
    re.IGNORECASE,
)
_META = re.compile(
    r"""\b(name|content)\s{0,9}=\s{0,9}(?:"([^"<>]{0,300})"|'([^'<>]{0,300})')""", re.IGNORECASE
)
_HIDDEN = frozenset({"script", "style", "noscript", "template", "textarea", "select", "head"})
_CELLS = frozenset({"td", "th"})
_INLINE = frozenset(
    {"a", "abbr", "b", "big", "em", "font", "i", "ins", "o", "small", "span", "strong", "sub", "sup", "u"}
)
_CONTROL = re.compile(rf"[\x00-\x08\x0e-\x1f\x7f{UNSEEN}]")
_BLANKS = re.compile(r"[ \t]+")
_LONG_LINE = 20
"""Characters from which a line without a full stop may go on in the next one."""
_ENDS = (*"。！？；：!?;:】》", "通告", "公告", "通知", "提示", "提醒", "公示", "预告", "说明")
_GOES_ON = tuple("年月至到-~,、(自从于")
_CONTINUES = tuple("年月日号时点分秒至到-~,、):")
_ITEM = re.compile(
    r"\s*(?:[(]?[一二三四五六七八九十壹贰叁肆]{1,3}[)、.]|第[一二三四五六七八九十][条项、]|[(]?[0-9]{1,2}[)、.](?![0-9])"
    r"|[①-⑳·•◆●■★※]|国家税务总局|附件|特此|[^\s,。;:\t]{2,10}[:\t]|\s{2}|[0-9]{4}[-年/])"
)
_REST_OF_DATE = re.compile(r"[0-9]?[年月日时点分:]")
_BETWEEN = re.compile(r"[0-9A-Za-z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A notice to be read. `plain` is what rules look at; `written` is what people are shown."""

    written: str
    plain: str
    """Sentences end at `。` or a line's end; `,` `;` and tabs separate clauses."""
    places: tuple[int, ...]
    """Of each letter of `plain` in `written`."""
    cut: bool
    """There was more than is looked at."""
    published: str
    """Day of publication that the head of a page names (PubDate); empty where there is none."""
    heading: str
    """Title that the head of a page names (ArticleTitle); empty where there is none."""
    hides: bool = False
    """It is a page with parts that nobody sees, or that are struck out: what of it counts cannot be told."""

    def quote(self, start: int, end: int) -> str:
        """The words that stand at a stretch of `plain`, on one line and at most `QUOTE` long."""
        if start >= end:
            return ""
        first, last = self.places[start], self.places[end - 1] + 1
        return shown(self.written[first : min(last, first + 4 * QUOTE)])


def shown(words: str) -> str:
    """Words of a notice on one line, printable and at most `QUOTE` long."""
    words = "".join(letter for letter in " ".join(words.split()) if letter.isprintable())
    if len(words) <= QUOTE:
        return words
    cut = max(words.rfind(mark, QUOTE // 2, QUOTE - 1) for mark in "，。；,;、")
    return words[: cut if cut > 0 else QUOTE - 1] + "…"


def decode(data: bytes) -> str:
    """The characters of a file: by its mark or its page's charset, else UTF-8, else GB18030. Never fails."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    return text_of(Reply(status=200, headers=(), body=data, url=""))


def clean(text: str) -> Text:
    """Make a text or a page ready to be read."""
    cut, text = len(text) > MOST, text[:MOST]
    head: dict[str, str] = {}
    hides = _IS_HTML.search(text) is not None and _HIDES.search(text) is not None
    if _IS_HTML.search(text):
        text = html.unescape("".join(_without_tags(text, head)))
    cut, text = cut or len(text) > MOST_TEXT, text[:MOST_TEXT]
    written = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    plain, places = _squeezed(written.translate(READ_AS))
    return Text(
        written=written,
        plain=plain,
        places=places,
        cut=cut,
        published=head.get("pubdate", ""),
        heading=shown(head.get("articletitle", "")),
        hides=hides,
    )


def _without_tags(page: str, head: dict[str, str]) -> Iterator[str]:
    """The text of a page; blocks are lines, cells of a table are separated by tabs. Fills `head` from `<meta>`."""
    place, hidden = 0, ""
    for tag in _TAG.finditer(page):
        if not hidden:
            yield " ".join(page[place : tag.start()].split("\n"))
        place = tag.end()
        name = (tag[2] or "").lower()
        if hidden:
            hidden = "" if tag[0] == "-->" == hidden or (tag[1] and name == hidden) else hidden
            if name == "meta" and hidden == "head":
                _note(tag[3], head)
        elif tag[0] == "<!--":
            hidden = "-->"
        elif name in _HIDDEN and not tag[1] and not tag[3].endswith("/"):
            hidden = name
        elif name == "meta":
            _note(tag[3], head)
        elif name not in _INLINE:
            yield "\t" if name in _CELLS else "\n\n"
    if not hidden:
        yield page[place:]


def _note(attributes: str, head: dict[str, str]) -> None:
    found = {match[1].lower(): match[2] or match[3] or "" for match in _META.finditer(attributes)}
    if "name" in found:
        head.setdefault(found["name"].lower(), html.unescape(found.get("content", "")))


def _squeezed(text: str) -> tuple[str, tuple[int, ...]]:
    """Without blanks but those between figures or Latin letters, lines made whole. With the place of each letter."""
    letters: list[str] = []
    places: list[int] = []
    for start, end, after in _lines(text):
        place = start
        for blank in _BLANKS.finditer(text, start, end):
            letters.extend(text[place : blank.start()])
            places.extend(range(place, blank.start()))
            if kept := _kept(text, blank, start, end):
                letters.append(kept)
                places.append(blank.start())
            place = blank.end()
        letters.extend(text[place:end])
        places.extend(range(place, end))
        if after and end < len(text):
            letters.append("\n")
            places.append(end)
    return "".join(letters), tuple(places)


def _kept(text: str, blank: re.Match[str], start: int, end: int) -> str:
    """What is left of blanks: a tab between cells, a blank between figures, else nothing."""
    if blank.start() == start or blank.end() == end:
        return ""
    if "\t" in blank[0]:
        return "\t"
    between = _BETWEEN.match(text[blank.start() - 1]) and _BETWEEN.match(text[blank.end()])
    return " " if between else ""


def _lines(text: str) -> Iterator[tuple[int, int, bool]]:
    """Start and end of each line that is not empty, and whether it ends there (or goes on in the next one)."""
    found = [match.span() for match in re.finditer(r"[^\n]+", text) if not match[0].isspace()]
    for (start, end), (after, stop) in pairwise([*found, (len(text), len(text))]):
        yield start, end, not _goes_on(text, (start, end), (after, stop))


def _goes_on(text: str, line: tuple[int, int], after: tuple[int, int]) -> bool:
    this, following = text[line[0] : line[1]].rstrip(), text[after[0] : after[0] + 40]
    first = following.lstrip()
    if not first or this.endswith(_ENDS):
        return False
    if this[-1].isdigit() and _REST_OF_DATE.match(first):
        return True
    if this.endswith(_GOES_ON) and (first[0].isdigit() or first[0] in "〇零一二三四五六七八九十次翌周星当"):
        return not re.match(r"[0-9一二三四五六七八九十]{1,3}[、.]", first)
    if first.startswith(_CONTINUES) and not re.match(r"日期|时间|月份|年度|到账|至此|点击|分别", first):
        return True
    alone = "\n" not in text[line[1] : after[0]].replace("\n", "", 1)
    return alone and "\t" not in this and len(this.strip()) >= _LONG_LINE and not _ITEM.match(following)
