"""The series of the tax calendar: where the filing period runs, and whether the days off ahead are known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from monitor.core import filing
from monitor.metrics import series
from monitor.metrics.exposition import labels
from monitor.model import NATIONAL, Plan


class Dates:
    """Made anew before each exposition: time alone changes them."""

    def __init__(self, plan: Plan) -> None:
        self._calendar = plan.calendar
        slugs = [*plan.authorities, *([NATIONAL] if NATIONAL in plan.by_authority else [])]
        self._lines = {slug: f"{series.FILING_PERIOD.name}{{{labels(authority=slug)}}} " for slug in slugs}
        self._filing: dict[str, bool] = {}
        self._is_stale = False

    def show(self, now: datetime) -> None:
        """Replace everything by what holds at `now`."""
        self._filing = {slug: filing.is_filing(self._calendar, slug, now) for slug in self._lines}
        self._is_stale = bool(filing.unknown_years(self._calendar, filing.today_in_china(now)))

    def pieces(self, *, openmetrics: bool) -> Iterator[str]:
        """All series, a family at a time; none of authorities before the first `show`."""
        yield series.FILING_PERIOD.head(openmetrics=openmetrics)
        yield "".join(f"{self._lines[slug]}{int(runs)}\n" for slug, runs in self._filing.items())
        yield series.CALENDAR_STALE.head(openmetrics=openmetrics)
        yield f"{series.CALENDAR_STALE.name} {int(self._is_stale)}\n"
