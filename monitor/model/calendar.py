"""Days off, make-up days and filing deadlines, as far as anybody has published them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """What is known of the days of China's calendar. A year that nobody has published is not guessed: it is unknown."""

    days: Mapping[date, bool] = field(default_factory=dict)
    """Days that differ from the week: True is a day off, False a make-up working day. The user's before ours."""
    years: frozenset[int] = frozenset()
    """The years of which the days off are known."""
    deadlines: Mapping[tuple[str, int, int], date] = field(default_factory=dict)
    """(slug or empty for all, year, month) → the last day of that month's filing period, as officially published."""
