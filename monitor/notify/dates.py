"""What the tax calendar has to say in a notification: that what fails, fails in the last days to file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from monitor.core.facts import Fact
from monitor.core.filing import is_rush, period, today_in_china
from monitor.model import Calendar, Incident

FILING = {
    "zh": ("今天（{day}）是申报最后一天", "申报截至 {day}，还有 {left} 天"),
    "en": ("today ({day}) is the last day to file", "returns are due by {day}, {left} d left"),
}


def filing_line(incidents: Iterable[Incident], at: datetime, language: str) -> str:
    """When returns are due where it fails, seen from `at`; empty outside the last days to file.

    Of several authorities with different deadlines the first that is still to come.
    """
    said = (fact for incident in incidents if incident.is_open for fact in incident.facts)
    days = sorted(
        date.fromisoformat(fact.partition("=")[2])
        for fact in said
        if fact.startswith(f"{Fact.FILING_DEADLINE}=")
    )
    today = today_in_china(at)
    day = next((day for day in days if day >= today), None)
    return "" if day is None else _said(day, today, language)


def rush_line(calendar: Calendar, authority: str, at: datetime, language: str) -> str:
    """When returns are due at an authority, in the last days to file; empty on others, and where the days off are not known."""
    today = today_in_china(at)
    now = period(calendar, authority, today)
    if not is_rush(calendar, authority, today) or now.deadline.assumed:
        return ""
    return _said(now.deadline.day, today, language)


def advice_with(advice: str, line: str, language: str) -> str:
    """Advice, and behind it what the calendar says."""
    if not line:
        return advice
    return f"{advice}征期：{line}。" if language == "zh" else f"{advice} Filing period: {line}."


def _said(day: date, today: date, language: str) -> str:
    last, before = FILING[language]
    return (before if day > today else last).format(day=day.isoformat(), left=(day - today).days)
