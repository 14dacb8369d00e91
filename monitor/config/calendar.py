"""The operator's own days off and filing deadlines (key `calendar`): read, checked with places, laid over what is shipped."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path as FilePath
from typing import Any

from monitor.config import schema
from monitor.config.beside import text_of
from monitor.config.facts import unknown_authority
from monitor.config.mistakes import ConfigError, Mistake, Path, did_you_mean, quoted
from monitor.config.times import day as as_day
from monitor.config.tree import BLANK, Document, parse
from monitor.model import Calendar

ALL = "all"
"""In place of a slug: a deadline of the whole country."""
LONGEST_PERIOD = timedelta(days=62)
"""A deadline lies in its month, or was put off into the next."""
FIRST_YEAR, LAST_YEAR = 2004, 2100
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
_YEAR = re.compile(r"[0-9]{4}")
_OFF: Mapping[str, bool] = {"true": True, "false": False}
_ABOUT = frozenset({"$schema", "$id", "papers"})
"""Keys of holiday-cn that say where its days come from."""
_ENTRY = ("year", "papers", "days")
_DAY = ("name", "date", "isOffDay")


@dataclass(slots=True, kw_only=True)
class _Own:
    """What the operator's files and keys say."""

    days: dict[date, bool] = field(default_factory=dict)
    years: set[int] = field(default_factory=set)
    deadlines: dict[tuple[str, int, int], date] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)


def read_calendar(
    written: schema.Calendar,
    shipped: Calendar,
    *,
    document: Document,
    directory: FilePath,
    authorities: Collection[str],
) -> tuple[Calendar, list[Mistake]]:
    """The shipped calendar with the operator's days and deadlines before it, and what is wrong with these.

    A day that both know is as the operator's file says. Relative paths start at `directory`.
    """
    own = _Own()
    for index, name in enumerate(written.holidays):
        _read_file(own, directory / name, document, ("calendar", "holidays", index))
    for slug, months in written.deadlines.items():
        _read_deadlines(own, slug, months, document, authorities)
    calendar = Calendar(
        days={**shipped.days, **own.days},
        years=shipped.years | own.years,
        deadlines={**shipped.deadlines, **own.deadlines},
    )
    return calendar, own.mistakes


# --- deadlines -------------------------------------------------------------------------------------------------------


def _read_deadlines(
    own: _Own, slug: str, months: Mapping[str, date], document: Document, authorities: Collection[str]
) -> None:
    path: Path = ("calendar", "deadlines", slug)
    if slug != ALL and slug not in authorities:
        found, meant = unknown_authority(slug, authorities)
        own.mistakes.append(
            document.mistake(path, found, f"{meant} (or {ALL}: the whole country)", at_key=True)
        )
        return
    for month, last in months.items():
        match = _MONTH.fullmatch(month)
        if match is None:
            meant = "a month is meant: 2026-12"
            own.mistakes.append(document.mistake((*path, month), quoted(month), meant, at_key=True))
            continue
        first = date(int(match[1]), int(match[2]), 1)
        if not first <= last < first + LONGEST_PERIOD:
            meant = f"the last day to file in {month} lies in that month or the next"
            own.mistakes.append(document.mistake((*path, month), quoted(last.isoformat()), meant))
            continue
        own.deadlines["" if slug == ALL else slug, first.year, first.month] = last


# --- files of days off -----------------------------------------------------------------------------------------------


def _read_file(own: _Own, path: FilePath, document: Document, place: Path) -> None:
    try:
        text = text_of(path)
    except ValueError as problem:
        meant = "a file of days off is meant, in the form of NateScarlet/holiday-cn"
        own.mistakes.append(document.mistake(place, str(problem), meant))
        return
    try:
        found, mistakes = parse(text, str(path))
    except ConfigError as problem:
        own.mistakes += problem.mistakes
        return
    own.mistakes += mistakes
    _Reader(own, found).read()


class _Reader:
    """Walks one file; what is wrong is noted with its place and left out."""

    def __init__(self, own: _Own, document: Document) -> None:
        self._own = own
        self._document = document

    def read(self) -> None:
        """Take in one year, or each of `years`."""
        root = self._document.root.plain()
        if "years" not in root:
            self._read_year(root, ())
            return
        self._refuse_others(root, ("years",), ())
        for index, entry in enumerate(self._listed(root["years"], ("years",))):
            self._read_year(entry, ("years", index))

    def _read_year(self, entry: Any, path: Path) -> None:
        if not isinstance(entry, dict):
            self._note(path, "no mapping", "a year is meant: {year: 2027, days: [{date: …, isOffDay: …}]}")
            return
        self._refuse_others(entry, _ENTRY, path)
        year = self._year(entry.get("year"), (*path, "year"))
        days = [*self._days(self._listed(entry.get("days"), (*path, "days")), year, (*path, "days"))]
        if year is not None and days:  # holiday-cn has empty files of years that nobody has published yet
            self._own.years.add(year)
            self._own.days.update(days)

    def _year(self, written: Any, path: Path) -> int | None:
        if isinstance(written, str) and _YEAR.fullmatch(written) and FIRST_YEAR <= int(written) <= LAST_YEAR:
            return int(written)
        self._note(path, _shown(written), f"a year from {FIRST_YEAR} to {LAST_YEAR} is meant")
        return None

    def _days(self, written: list[Any], year: int | None, path: Path) -> Iterator[tuple[date, bool]]:
        for index, entry in enumerate(written):
            place: Path = (*path, index)
            if not isinstance(entry, dict):
                self._note(place, _shown(entry), "a day is meant: {date: 2027-01-01, isOffDay: true}")
                continue
            self._refuse_others(entry, _DAY, place)
            day = self._date(entry.get("date"), year, (*place, "date"))
            off = _OFF.get(str(entry.get("isOffDay")).lower())
            if off is None:
                meant = "true (nobody works) or false (a make-up working day) is meant"
                self._note((*place, "isOffDay"), _shown(entry.get("isOffDay")), meant)
            elif day is not None:
                yield day, off

    def _date(self, written: Any, year: int | None, path: Path) -> date | None:
        try:
            day = as_day(written) if isinstance(written, str) else None
        except ValueError as problem:
            self._note(path, _shown(written), str(problem) or "a day is meant: 2027-01-01")
            return None
        if day is None:
            self._note(path, _shown(written), "a day is meant: 2027-01-01")
        elif year is not None and abs(day.year - year) > 1:  # a holiday may begin in the old year
            self._note(path, _shown(written), f"a day of {year} is meant")
            return None
        return day

    def _listed(self, written: Any, path: Path) -> list[Any]:
        if isinstance(written, list):
            return written
        self._note(path, _shown(written), "a list is meant")
        return []

    def _refuse_others(self, entry: Mapping[str, Any], known: Collection[str], path: Path) -> None:
        for key in entry:
            if key not in known and key not in _ABOUT:
                self._note((*path, key), "unknown key", did_you_mean(key, known), at_key=True)

    def _note(self, path: Path, found: str, meant: str, *, at_key: bool = False) -> None:
        self._own.mistakes.append(self._document.mistake(path, found, meant, at_key=at_key))


def _shown(written: Any) -> str:
    if isinstance(written, str):
        return quoted(written)
    if written is None or written is BLANK:
        return "no value"
    return "a list" if isinstance(written, list) else "a mapping"
