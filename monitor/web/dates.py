"""The tax calendar in words: the line about the filing period on the status page and on that of an authority."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from monitor.core import filing
from monitor.core.filing import Peak, Period
from monitor.web.lens import Lens


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """The filing period in sentences."""

    kind: str
    """`open`, `soon` in the last working days, `last` on the last day, `closed`."""
    sentence: str
    others: tuple[str, ...]
    """Authorities with another last day, a sentence for each such day."""
    notes: tuple[str, ...]
    """Other reasons for a rush, and what is assumed."""


def dates(lens: Lens, authority: str = "") -> Dates:
    """Of the whole country with those that deviate, or of one authority."""
    calendar, today = lens.plan.calendar, filing.today_in_china(lens.now)
    now = filing.period(calendar, authority, today)
    peaks = filing.peaks(calendar, authority, today)
    return Dates(
        kind=_kind(now, peaks),
        sentence=_sentence(lens, now, filing.following(calendar, authority, today), peaks),
        others=() if authority else tuple(_others(lens, now, today)),
        notes=tuple(_notes(lens, today, peaks)),
    )


def _kind(now: Period, peaks: Iterable[Peak]) -> str:
    if not now.is_open:
        return "closed"
    found = [*peaks]
    return "last" if Peak.FILING_LAST_DAY in found else "soon" if Peak.FILING_LAST_DAYS in found else "open"


def _sentence(lens: Lens, now: Period, following: Period, peaks: Iterable[Peak]) -> str:
    if not now.is_open:
        return lens.say(
            "filing_closed",
            end=_day(lens, now),
            start=following.start.isoformat(),
            next=_day(lens, following),
        )
    if Peak.FILING_LAST_DAY in peaks:
        return lens.say("filing_last", end=_day(lens, now))
    return lens.say("filing_open", start=now.start.isoformat(), end=_day(lens, now), left=now.days_left)


def _day(lens: Lens, period: Period) -> str:
    day = period.deadline.day.isoformat()
    return lens.say("filing_assumed", day=day) if period.deadline.assumed else day


def _others(lens: Lens, usual: Period, today: date) -> Iterable[str]:
    found: dict[date, list[str]] = {}
    for slug in lens.plan.authorities:
        own = filing.period(lens.plan.calendar, slug, today)
        if own.deadline.day != usual.deadline.day:
            found.setdefault(own.deadline.day, []).append(slug)
    for day, slugs in sorted(found.items()):
        yield lens.say("filing_other", names=lens.names(slugs), end=day.isoformat())


def _notes(lens: Lens, today: date, peaks: Iterable[Peak]) -> Iterable[str]:
    for peak in peaks:
        if lens.knows(f"peak_{peak}"):
            yield lens.say(f"peak_{peak}")
    for year in filing.unknown_years(lens.plan.calendar, today):
        yield lens.say("calendar_unknown", year=year)
