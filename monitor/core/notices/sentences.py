"""The sentences of a notice, its title and the day on which it says that it was published."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from monitor.core.notices.moments import spans
from monitor.core.notices.text import Text

_SENTENCE = re.compile(r"[^。!?\n]+")
_KIND = r"(?:通告|公告|通知|提示|提醒|告知书?|预告|说明|公示|须知|消息)"
_TITLE = re.compile(
    rf"^[^,;:]*(?:关于|停机|升级|维护|暂停|切换|系统|恢复)[^,;:]{{0,80}}(?<!另行){_KIND}(?:\([^,;]{{0,12}}\))?$"
)
_ABOUT = re.compile(r"^(?:国家税务总局.{0,24}税务局|关于.{0,60}|.{0,24}税务局)$")
_LABEL = re.compile(
    r"(?:发布|发文|公布|成文|印发|公开|更新|生成)(?:日期|时间)[:]|^(?:时间|日期)[:](?=[0-9]{4}[-年/.])"
)
_STAMP = re.compile(r"[0-9:年月日/. 零〇一二三四五六七八九十oO-]{4,24}")
_LEVELS = ("first", "second", "third")
_MARK = re.compile(
    r"(?P<first>[一二三四五六七八九十壹贰叁肆]{1,3}[、.]|第[一二三四五六七八九十][条项])"
    r"|(?P<second>[(][一二三四五六七八九十]{1,3}[)])"
    r"|(?P<third>[(]?[0-9]{1,2}[)、.](?![0-9])|[①-⑳])"
)
LONGEST_TITLE = 60
"""Characters of a first line that stands for a title."""
_MARGIN = 15
"""Lines from either end of a notice among which a line of a date alone tells when it was published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence, or a line without a full stop."""

    start: int
    end: int
    text: str
    level: int
    """Of its number: 1 一、, 2 （一）, 3 1.; 0 without one."""
    is_heading: bool
    """It says what the following ones are about: it ends with a colon, or is a numbered line without a full stop."""


def sentences(plain: str) -> list[Sentence]:
    """All sentences, in order."""
    found: list[Sentence] = []
    for match in _SENTENCE.finditer(plain):
        ends = plain[match.end() : match.end() + 1]
        mark = _MARK.match(match[0])
        heading = match[0].endswith(":") or (ends != "。" and mark is not None and len(match[0]) <= 30)
        level = _LEVELS.index(mark.lastgroup) + 1 if mark and mark.lastgroup else 0
        found.append(
            Sentence(start=match.start(), end=match.end(), text=match[0], level=level, is_heading=heading)
        )
    return found


def title_of(text: Text) -> tuple[str, int]:
    """The title as it is written, and where in `plain` it ends; 0 where it is only the first line."""
    lines = [match.span() for match in re.finditer(r"[^\n]+", text.plain)][:40]
    if not lines:
        return "", 0
    for place, (start, end) in enumerate(lines):
        if end - start <= 120 and _TITLE.search(text.plain[start:end]):
            first = _first_line(text.plain, lines, place)
            return text.quote(lines[first][0], end), end
    if text.heading:
        return text.heading, 0
    return _beginning(text, *lines[0]), 0


def _beginning(text: Text, start: int, end: int) -> str:
    """The first sentence, or as many of its clauses as a title may have."""
    line = text.plain[start:end].partition("。")[0]
    if len(line) <= LONGEST_TITLE:
        return text.quote(start, start + len(line))
    cut = max(line.rfind(mark, 0, LONGEST_TITLE) for mark in ",;")
    return text.quote(start, start + cut) + "…" if cut > 0 else text.quote(start, start + LONGEST_TITLE) + "…"


def title_lines(plain: str) -> Iterator[tuple[int, int]]:
    """Start and end of each line that is a title."""
    for line in re.finditer(r"[^\n]+", plain):
        if line.end() - line.start() <= 120 and _TITLE.search(line[0]) and "关于" in line[0]:
            yield line.span()


def _first_line(plain: str, lines: Sequence[tuple[int, int]], place: int) -> int:
    """A title may begin on one of the two lines before."""
    while place > 0 and _ABOUT.match(plain[slice(*lines[place - 1])]):
        place -= 1
    return place


def published_of(text: Text) -> date | None:
    """By the head of a page, a label, or a line with nothing but a date: the last one, the signature's."""
    if text.published and (found := day_in(text.published)):
        return found
    lines = [match[0] for match in re.finditer(r"[^\n]+", text.plain)]
    for line in lines:
        if label := _LABEL.search(line):
            found = day_in(line[label.end() : label.end() + 24])
            if found:
                return found
    return next(_stamps(lines), None)


def _stamps(lines: Sequence[str]) -> Iterator[date]:
    margins = [*reversed(lines[-_MARGIN:]), *lines[:_MARGIN]]
    for line in margins:
        stamp = line.rpartition("税务局")[2] if line.endswith(("日", *"0123456789")) else line
        if len(stamp) <= 30 and _STAMP.fullmatch(stamp.strip("()[] ")) and (found := day_in(stamp)):
            yield found


def day_in(text: str) -> date | None:
    """The first whole date of a short text."""
    for span in spans(text[:40]):
        moment = span.left
        if moment.year and moment.year > 0 and moment.month and moment.day:
            try:
                return date(moment.year, moment.month, moment.day)
            except ValueError:
                return None
    return None
