"""The times of day and days that stand in a text, and which of them make a stretch: `11月26日（周六）0:00至次日6时`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

_CN = "[〇零一二两三四五六七八九十廿卅]{1,4}"
_FIGURE = {letter: value for value, letter in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "O": 0,
    "o": 0,
}
_PARTS = "凌晨|清晨|早晨|早上|早间|上午|午前|中午|正午|下午|午后|傍晚|晚上|晚间|夜间|深夜|午夜|半夜|夜里"

_TOKEN = re.compile(
    rf"""
      (?<![0-9A-Za-z./])(?P<iso>(?P<iso_year>[0-9]{{4}})(?P<sign>[-/.])(?P<iso_month>[0-9]{{1,2}})(?P=sign)
        (?P<iso_day>[0-9]{{1,2}}))(?![0-9]|[-/.][0-9])
    | (?P<year>(?<![0-9])[0-9]{{4}}|(?<![0-9])[0-9]{{2}}(?=年[0-9]{{1,2}}月)|[〇零Oo一二三四五六七八九]{{4}})年
    | (?P<this_year>今年|本年|明年|次年|翌年)
    | (?P<month>(?<![0-9])[0-9]{{1,2}}|{_CN})月(?!份)
    | (?P<this_month>本月|当月|下月|次月)
    | (?<![第〕\])])(?P<day>(?<![0-9.])[0-9]{{1,2}}|{_CN})[日号](?![内常志期均报渐])
    | (?<=月)(?P<bare_day>[0-9]{{1,2}})(?=[-~至到、和及][0-9]{{1,2}}[日号])
    | (?P<relative>即日|今日|今天|今晚|今晨|明日|明天|明晚|明晨|明早|后天|次日|翌日|隔日|第二[天日]|次晨|当日|当天|当晚|同日|同天)
    | (?P<every>每个?工作日|每个?周末|每个?节假日|每逢|每周[一二三四五六日天]?|每月|每日|每天|每晚|每夜|逐日)
    | (?P<near>[本下上这])?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天末])
    | (?P<part>{_PARTS}|[早晚夜](?=[0-9〇零一二两三四五六七八九十])|(?<=[日号)])[早晚夜])
    | (?<![0-9])(?<![0-9][:.])(?P<hour>[0-9]{{1,2}}):(?P<minute>[0-9]{{2}})(?::(?P<second>[0-9]{{2}}))?(?![0-9:])时?
    | (?P<clock>(?<![0-9])[0-9]{{1,2}}|{_CN})[时点](?![间段长刻效候数])
        (?:(?P<half>半)|整|(?P<minutes>[0-9]{{1,2}}|{_CN})分(?:(?P<seconds>[0-9]{{1,2}}|{_CN})秒)?
        |(?P<bare_minutes>[0-9]{{2}})(?![0-9:时点日月年分]))?
    | (?<![0-9])(?<![0-9][:.])(?P<bare_hour>[0-9]{{1,2}})(?=[-~至到][0-9]{{1,2}}[时点](?![间段长刻效候数]))
    """,
    re.VERBOSE,
)
_RANK = {
    "iso": 2, "year": 0, "this_year": 0, "month": 1, "this_month": 1, "day": 2, "bare_day": 2, "relative": 2,
    "weekday": 3, "part": 4, "hour": 5, "clock": 5, "bare_hour": 5,
}  # fmt: skip
_MOST_DAYS = 31
_GAP = re.compile(r"[ ()的,T]{0,3}")
_JOIN = re.compile(
    r"[ ()]{0,3}(?:(?:开始|起)?,?(?:一直|直|持续|延续|预计|截止?|截|暂定)?[至到]|-{1,3}|~{1,3})(?:于|,)?[ (]{0,2}"
)
_LIST = re.compile(r"[ )]?(?:、|,|和|及|与|以及)[ (]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One time as it is written; what is not written is None."""

    start: int
    end: int
    year: int | None = None
    """-1 is this year, -2 the next one, -3 that after the year of the left side (次年)."""
    month: int | None = None
    """-1 is this month, -2 the next."""
    day: int | None = None
    relative: str = ""
    weekday: int | None = None
    """0 is Monday, 6 Sunday; None also where 周末 is written."""
    near: bool = False
    """本周六, 下周六, 周末: a weekday that is counted from another day."""
    part: str = ""
    time: tuple[int, int, int] | None = None
    every: str = ""
    """每日, 每周六 …, where it stands before this time."""

    @property
    def has_date(self) -> bool:
        """Whether any part of a date is written."""
        return self.day is not None or bool(self.relative)

    @property
    def is_empty(self) -> bool:
        """Only a year or a month: no time at which anything could happen."""
        return (
            not self.has_date
            and self.time is None
            and not self.part
            and self.weekday is None
            and not self.near
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch as it is written, or one time alone (`right` None)."""

    left: Moment
    right: Moment | None = None
    again: Moment | None = None
    """A third time that follows: 3月14日至16日20:00至24:00. Each night, or one stretch? That is not said."""
    also: tuple[Moment, ...] = field(default=())
    """Days written before it that share its hours: 3月1日、3月8日20:00至24:00."""

    @property
    def start(self) -> int:
        """Where its words begin."""
        return self.also[0].start if self.also else self.left.start

    @property
    def end(self) -> int:
        """Where they end."""
        return (self.again or self.right or self.left).end


def spans(plain: str) -> list[Span]:
    """All stretches and single times of a text, in their order. Linear in its length."""
    found: list[Span] = []
    moments = list(_moments(plain))
    place = 0
    while place < len(moments):
        span = _span(plain, moments[place : place + 3])
        place += 3 if span.again else 2 if span.right else 1
        found.append(span)
    return _listed(plain, [span for span in found if span.right or not span.left.is_empty])


def _span(plain: str, moments: Sequence[Moment]) -> Span:
    """The first of three times with those that belong to it."""
    left, right, third = [*moments, None, None][:3]
    assert left is not None
    if right is None or right.every or not _JOIN.fullmatch(plain, left.end, right.start):
        return Span(left=left)
    days_first = left.time is None and right.time is not None and third is not None and not third.has_date
    if days_first and third is not None and _JOIN.fullmatch(plain, right.end, third.start):
        return Span(left=left, right=right, again=third)
    return Span(left=left, right=right)


def _listed(plain: str, found: list[Span]) -> list[Span]:
    """Days before a stretch that share its hours are made part of it."""
    made: list[Span] = []
    for span in found:
        days: list[Moment] = []
        first = span.left
        shares = span.right is not None and first.time is not None and (first.has_date or bool(first.every))
        while (
            shares and len(days) < _MOST_DAYS and made and made[-1].right is None and _is_day(made[-1].left)
        ):
            gap = _GAP if first.every and not days else _LIST
            if not gap.fullmatch(plain, made[-1].end, days[0].start if days else span.start):
                break
            days.insert(0, made.pop().left)
        made.append(replace(span, also=tuple(days)))
    return made


def _is_day(moment: Moment) -> bool:
    return moment.day is not None and moment.time is None and not moment.part


def _moments(plain: str) -> Iterator[Moment]:
    parts: dict[str, re.Match[str]] = {}
    rank = start = end = 0
    for token in _TOKEN.finditer(plain):
        name = _name(token)
        adjoins = bool(parts) and _GAP.fullmatch(plain, end, token.start()) is not None
        follows = adjoins and name != "every" and (_RANK[name] > rank or parts.keys() == {"weekday"})
        if parts and not follows:
            yield _moment(parts, start, end)
            parts, rank = {}, -1
        if not parts:
            start = token.start()
        parts[name], end = token, token.end()
        rank = _RANK.get(name, -1)
    if parts:
        yield _moment(parts, start, end)


def _name(token: re.Match[str]) -> str:
    return next(name for name in (*_RANK, "every") if token[name] is not None)


def _moment(parts: dict[str, re.Match[str]], start: int, end: int) -> Moment:
    year, month, day = _date(parts)
    relative = parts["relative"][0] if "relative" in parts else ""
    part = parts["part"][0] if "part" in parts else _evening(relative)
    every = parts["every"][0] if "every" in parts else ""
    letter = parts["weekday"]["weekday"] if "weekday" in parts else ""
    return Moment(
        start=start,
        end=end,
        year=year,
        month=month,
        day=day,
        relative=relative,
        weekday="一二三四五六日".find(letter.replace("天", "日")) if letter not in ("", "末") else None,
        near=letter == "末" or bool(letter and parts["weekday"]["near"]),
        part=part or ("晚" if every in ("每晚", "每夜") else ""),
        time=_time(parts),
        every=every,
    )


def _date(parts: dict[str, re.Match[str]]) -> tuple[int | None, int | None, int | None]:
    if iso := parts.get("iso"):
        return int(iso["iso_year"]), int(iso["iso_month"]), int(iso["iso_day"])
    year = month = day = None
    if written := parts.get("year"):
        figures = written["year"]
        year = int(figures) if figures.isdigit() and figures.isascii() else _digits(figures)
        year += 2000 if year < 100 else 0
    elif written := parts.get("this_year"):
        year = {"明年": -2, "次年": -3, "翌年": -3}.get(written[0], -1)
    if written := parts.get("month"):
        month = number(written["month"])
    elif written := parts.get("this_month"):
        month = -1 if written[0] in ("本月", "当月") else -2
    if written := parts.get("day"):
        day = number(written["day"])
    elif written := parts.get("bare_day"):
        day = int(written["bare_day"])
    return year, month, day


def _evening(relative: str) -> str:
    """The part of the day that 今晚 and 明早 say beside the day."""
    return "晚" if relative.endswith("晚") else "早" if relative.endswith(("晨", "早")) else ""


def _time(parts: dict[str, re.Match[str]]) -> tuple[int, int, int] | None:
    if found := parts.get("hour"):
        return int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    if found := parts.get("bare_hour"):
        return int(found["bare_hour"]), 0, 0
    if found := parts.get("clock"):
        minutes = 30 if found["half"] else number(found["minutes"] or found["bare_minutes"] or "0")
        return number(found["clock"]), minutes, number(found["seconds"] or "0")
    return None


def _digits(figures: str) -> int:
    """二〇二六 → 2026."""
    return int("".join(str(_FIGURE[letter]) for letter in figures))


def number(figures: str) -> int:
    """18, 十八, 二十四, 廿四, 〇八 → the number; 99, which is no hour and no day, for what is none."""
    if figures.isascii():
        return int(figures)
    figures = figures.replace("廿", "二十").replace("卅", "三十")
    tens, ten, ones = figures.partition("十")
    if not ten:
        return _digits(figures) if len(figures) <= 2 else 99
    if len(tens) > 1 or len(ones) > 1 or "十" in ones:
        return 99
    return 10 * (_FIGURE[tens] if tens else 1) + (_FIGURE[ones] if ones else 0)
