"""The days off, make-up working days and filing deadlines that are known beforehand: chinesecalendar and our own file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any

from chinese_calendar import constants as published  # type: ignore[import-untyped]  # the package has no types

from monitor.knowledge.files import read_data
from monitor.model import Calendar


@cache
def load_calendar() -> Calendar:
    """What is published of every year: chinesecalendar's years, then those of holidays.yaml. The same value at every call."""
    data = read_data("holidays.yaml")
    days = {**dict.fromkeys(published.holidays, True), **dict.fromkeys(published.workdays, False)}
    years = {day.year for day in published.holidays}
    for entry in data["years"]:
        days |= {day["date"]: day["isOffDay"] for day in entry["days"]}
        years.add(entry["year"])
    return Calendar(
        days=MappingProxyType(days),
        years=frozenset(years),
        deadlines=MappingProxyType(dict(_deadlines(data["deadlines"]))),
    )


def _deadlines(entries: list[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, int, int], date]]:
    for entry in entries:
        for month, day in entry["dates"].items():
            yield ("", entry["year"], month), day
