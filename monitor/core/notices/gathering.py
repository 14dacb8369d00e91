"""Goes through a notice sentence by sentence and gathers its windows, and what is unclear."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from monitor.core.notices.days import Known, Stretch, UnreadableError, missing_day, stretch
from monitor.core.notices.moments import Span, spans
from monitor.core.notices.notice import QUOTE, Doubt, Unclear
from monitor.core.notices.purposes import Cluster, clusters
from monitor.core.notices.scopes import Scope, stopped
from monitor.core.notices.sentences import Sentence, sentences
from monitor.core.notices.text import Text
from monitor.core.notices.words import (
    ADVICE,
    ALREADY,
    BEFORE,
    OTHER_TIMES,
    SINCE,
    WHOLE_DAYS,
    Mood,
    changes,
    is_example,
    is_for_good,
    is_left_open,
    is_over,
    lasts,
    mood,
)

MOST_TIMES = 500
FRAGMENT = 60
"""Characters of a text that may be a time alone, as somebody types it to see how it is read."""
MOST_NIGHTS = 62
MOST_FOUND = 200
_DAILY = frozenset({"每日", "每天", "每晚", "每夜", "逐日"})
_CLAUSE = re.compile(r"[,;\t]")
_WEEK = "一二三四五六日"


@dataclass(slots=True, kw_only=True)
class Found:
    """A window as far as it is read."""

    start: datetime
    """On China's wall clock (naive), as are all times here."""
    end: datetime | None
    """None: it has only a start."""
    scope: Scope
    quote: str
    sentence: str
    doubts: list[Doubt] = field(default_factory=list)


class Gathering:
    """What has been read so far. `read` fills it."""

    def __init__(self, text: Text, title: str, published: date | None) -> None:
        self.text = text
        self.published = published
        self.found: list[Found] = []
        self.whole_days: list[Found] = []
        """Single days without a time; they count where nothing better is found."""
        self.back: list[datetime] = []
        """When services are said to be back."""
        self.unclear: list[Unclear] = []
        self.is_change = False
        self.times: list[Span] = []
        self._is_fragment = len(text.plain) <= FRAGMENT and mood(text.plain) is None
        self._title = Mood.STOP if self._is_fragment else mood(title)
        self._anchor: date | None = None
        self._spreads = False
        self._section: Mood | None = None
        self._sentence_mood: Mood | None = None
        self._group: list[Found] = []
        self._ahead = Scope()

    def read(self, after: int) -> None:
        """Read all but the title, which ends at `after`."""
        times = self.times = spans(self.text.plain)
        if len(times) > MOST_TIMES:
            self._doubt(Doubt.TOO_MANY, 0, 0)
        rest = iter(times[:MOST_TIMES])
        span = next(rest, None)
        for sentence in sentences(self.text.plain):
            inside: list[Span] = []
            while span is not None and span.start < sentence.end:
                inside.append(span)
                span = next(rest, None)
            if changes(sentence.text):
                self.is_change = True
                self._doubt(Doubt.CHANGE, sentence.start, sentence.end)
            if sentence.start >= after:
                self._sentence(sentence, [one for one in inside if one.end <= sentence.end])
        if self._is_fragment and self.found:
            self._doubt(Doubt.NO_PURPOSE, 0, len(self.text.plain))

    def _doubt(self, kind: Doubt, start: int, end: int) -> None:
        self.unclear.append(Unclear(kind=kind, text=self.text.quote(start, end)))

    def _known(self) -> Known:
        return Known(published=self.published, anchor=self._anchor, spreads=self._spreads)

    def _sentence(self, sentence: Sentence, times: Sequence[Span]) -> None:
        if sentence.level == 1 or sentence.is_heading:
            said = mood(sentence.text)
            keeps = said is None and sentence.level != 1
            self._section = self._section if keeps else said if sentence.is_heading else None
        if not times:
            self._scope_alone(sentence)
            return
        self._group, self._sentence_mood = [], mood(sentence.text)
        periods = _periods(times)
        for cluster in clusters(self.text.plain, sentence.start, sentence.end, times):
            for span in cluster.spans:
                if span not in periods:
                    self._span(span, cluster, sentence, periods)
        without = [found for found in self._group if not found.scope]
        for found in without:
            found.scope.add(self._ahead)
        self._group = without or self._group

    # --- words without a time ----------------------------------------------------------------------------------------

    def _scope_alone(self, sentence: Sentence) -> None:
        """What is stopped may be said after the time, or before it."""
        said = mood(sentence.text)
        if said is None and (self._section is not Mood.STOP or ADVICE.search(sentence.text)):
            return
        told = stopped(sentence.text.replace("\t", ",").replace(";", ",").split(","))
        if not told:
            return
        for found in self._group:
            found.scope.add(told)
        if not self._group:
            self._ahead.add(told)

    # --- one time ----------------------------------------------------------------------------------------------------

    def _span(self, span: Span, cluster: Cluster, sentence: Sentence, periods: Sequence[Span]) -> None:
        said = cluster.said
        before = self.text.plain[max(sentence.start, span.start - 20) : span.start]
        after = self.text.plain[span.end : min(sentence.end, span.end + 40)]
        if said is None and (span.right or SINCE.match(after)) and not ADVICE.search(cluster.own[:300]):
            said = self._section or self._title or self._sentence_mood
        if ALREADY.search(before):
            return
        if said is Mood.STOP and _is_example(
            self.text.plain[max(sentence.start, span.start - 60) : span.start]
        ):
            self._doubt(Doubt.VAGUE_TIME, sentence.start, sentence.end)
        elif span.left.every:
            if said is Mood.STOP:
                self._repeated(span, cluster, sentence, periods)
        elif span.right is None:
            self._single(span, cluster, sentence, said, before, after)
        elif (
            said is None
            or (not span.left.has_date and not cluster.said)
            or (said is Mood.STOP and OTHER_TIMES.search(cluster.after, 0, 300))
        ):
            self._doubt(Doubt.NO_PURPOSE, span.start, span.end)
        elif said is Mood.STOP:
            for one in _each_day(span):
                self._window(one, cluster, sentence, span)

    def _window(self, span: Span, cluster: Cluster, sentence: Sentence, written: Span) -> Found | None:
        """Take in a window; None where its words name no time, or there are too many."""
        if len(self.found) >= MOST_FOUND:
            self._doubt(Doubt.TOO_MANY, 0, 0)
            return None
        try:
            read = stretch(span, self._known())
        except UnreadableError as problem:
            start, end = written.start, written.end
            if problem.kind is Doubt.IMPOSSIBLE_TIME:
                start, end = missing_day(self.text.plain, start, end)
            self._doubt(problem.kind, start, end)
            return None
        if WHOLE_DAYS.match(self.text.plain, written.end):
            read = replace(read, doubts=tuple(doubt for doubt in read.doubts if doubt is not Doubt.NO_HOURS))
        self._anchor, self._spreads = (
            read.day,
            read.end is not None and read.end - read.start > timedelta(days=1),
        )
        found = self._found(read, cluster, sentence, written)
        self.found.append(found)
        self._group.append(found)
        return found

    def _found(self, read: Stretch, cluster: Cluster, sentence: Sentence, written: Span) -> Found:
        told = Scope()
        told.add(cluster.scope)
        head = self.text.plain[max(sentence.start, written.start - 60) : written.start]
        start = written.start - len(_CLAUSE.split(head)[-1])
        return Found(
            start=read.start,
            end=read.end,
            scope=told,
            quote=self.text.quote(start, min(sentence.end, start + QUOTE + 1)),
            sentence=sentence.text[:2000],
            doubts=list(read.doubts),
        )

    def _single(
        self, span: Span, cluster: Cluster, sentence: Sentence, said: Mood | None, before: str, after: str
    ) -> None:
        """A time alone: the end of a stop, its start, or something else."""
        since = SINCE.match(after) is not None or span.left.relative == "即日"
        if BEFORE.match(after):
            return
        if is_over(before, after) and (said is not Mood.OTHER):
            self._over(span)
        elif said is not Mood.STOP or (ADVICE.search(cluster.own[:300]) and not since):
            return
        elif since and is_for_good(cluster.after[:60]) and span.left.time is None:
            self._doubt(Doubt.FOR_GOOD, sentence.start, sentence.end)
        elif span.left.time is not None or since:
            self._start(span, cluster, sentence, since)
        elif span.left.has_date:
            self._whole_day(span, cluster, sentence)

    def _over(self, span: Span) -> None:
        try:
            read = stretch(span, self._known())
        except UnreadableError:
            return
        self.back.append(read.start)

    def _start(self, span: Span, cluster: Cluster, sentence: Sentence, since: bool) -> None:
        found = self._window(span, cluster, sentence, span)
        if found is None:
            return
        seconds = lasts(cluster.after[:120])
        if seconds is not None:
            found.end = found.start + timedelta(seconds=seconds)
        elif not since:
            found.doubts.append(Doubt.NO_END)
        elif span.left.time is None and not is_left_open(self.text.plain):
            found.doubts.append(Doubt.NO_HOURS)

    def _whole_day(self, span: Span, cluster: Cluster, sentence: Sentence) -> None:
        try:
            read = stretch(span, self._known())
        except UnreadableError as problem:
            self._doubt(problem.kind, span.start, span.end)
            return
        self._anchor, self._spreads = read.day, False
        found = self._found(read, cluster, sentence, span)
        found.end = found.start + timedelta(days=1)
        if not WHOLE_DAYS.match(self.text.plain, span.end):
            found.doubts.append(Doubt.NO_HOURS)
        self.whole_days.append(found)

    # --- again and again ---------------------------------------------------------------------------------------------

    def _repeated(self, span: Span, cluster: Cluster, sentence: Sentence, periods: Sequence[Span]) -> None:
        """每日23:00至次日1:00, on each day of its period."""
        try:
            nights = list(self._nights(span, periods))
        except UnreadableError as problem:
            self._doubt(problem.kind, span.start, span.end)
            return
        if span.right is None or not nights:
            self._doubt(Doubt.REPEATED, sentence.start, sentence.end)
            return
        if len(nights) > MOST_NIGHTS:
            self._doubt(Doubt.TOO_MANY, span.start, span.end)
        for day in nights[:MOST_NIGHTS]:
            self._window(_on(span, day), cluster, sentence, span)

    def _nights(self, span: Span, periods: Sequence[Span]) -> Iterator[date]:
        """The days on which it begins. Raises UnreadableError."""
        known = self._known()
        if span.also:
            yield from (stretch(Span(left=day), known).day for day in span.also)
            return
        period = self._period(span, periods, known)
        if (
            period is None
            or period.end is None
            or span.left.every not in _DAILY | {"每周" + day for day in _WEEK}
        ):
            return
        last = (period.end - timedelta(microseconds=1)).date()
        for later in range(min((last - period.day).days, 400) + 1):
            day = period.day + timedelta(days=later)
            is_due = span.left.every in _DAILY or _WEEK[day.weekday()] == span.left.every[-1]
            if is_due and period.start <= _begin(span, day, known) < period.end:
                yield day

    def _period(self, span: Span, periods: Sequence[Span], known: Known) -> Stretch | None:
        """The days between which it is repeated: of the same sentence, else the days of the window before."""
        if periods:
            return stretch(periods[0], known)
        if self.found and Doubt.NO_HOURS in self.found[-1].doubts:
            days = self.found.pop()
            return Stretch(start=days.start, end=days.end)
        return None


def _periods(times: Sequence[Span]) -> list[Span]:
    """The stretches of days of a sentence in which something is repeated."""
    if not any(span.left.every and not span.also for span in times):
        return []
    return [span for span in times if span.right and not span.left.every and span.left.has_date][:1]


def _on(span: Span, day: date) -> Span:
    """The hours of a stretch on that day."""
    return replace(
        span, left=replace(span.left, year=day.year, month=day.month, day=day.day, every=""), also=()
    )


def _begin(span: Span, day: date, known: Known) -> datetime:
    """When it begins on that day. Raises UnreadableError."""
    return stretch(replace(_on(span, day), right=None), known).start


def _each_day(span: Span) -> Iterator[Span]:
    """3月1日、3月8日20:00至24:00: both days with these hours."""
    year, month = None, None
    for day in span.also:
        year, month = day.year or year, day.month or month
        left = replace(span.left, year=year, month=month, day=day.day, weekday=day.weekday, near=False)
        yield replace(span, left=left, also=())
    left = span.left
    if left.day is not None and left.month is None:
        left = replace(left, year=year, month=month)
    yield replace(span, left=left, also=())


def _is_example(before: str) -> bool:
    """Whether a time stands after 如 in the same brackets."""
    opened = before.rfind("(")
    inside = before[opened + 1 :] if opened > before.rfind(")") else before[-6:]
    return is_example(inside) or (opened > before.rfind(")") and inside.startswith(("如", "例如", "比如")))
