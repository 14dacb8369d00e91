"""What the tax calendar has to say in a notification: that what fails, fails in the last days to file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from monitor.core.facts import Fact
from monitor.core.filing import today_in_china
from monitor.model import Incident

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
    if day is None:
        return ""
    last, before = FILING[language]
    return (before if day > today else last).format(day=day.isoformat(), left=(day - today).days)
