"""What a report is made of: history asked authority by authority, and the incidents that history and state know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from monitor.core.history import Uptime
from monitor.core.report import Service, make_report
from monitor.model import LOCAL, Incident, Plan, Report
from monitor.store.errors import StoreError
from monitor.store.history_rows import IncidentsPage

PAGE = 500
MOST_INCIDENTS = 20_000
"""Incidents of one report; beyond that it is not for people."""


class Past(Protocol):
    """The part of history that a report asks. Every question may raise StoreError."""

    async def uptimes(
        self, authority: str, services: Sequence[str], since: datetime, until: datetime
    ) -> Mapping[str, Uptime]:
        """Availability of some services of one authority."""

    async def incidents(
        self, since: datetime, until: datetime, limit: int, cursor: str | None = None
    ) -> IncidentsPage:
        """Incidents that are over, opened from `since` to before `until`, page by page."""


async def gather_report(
    past: Past, plan: Plan, remembered: Iterable[Incident], since: datetime, until: datetime
) -> Report:
    """The report of all services that are watched now. `remembered`: the incidents of the state, the open ones among them.

    One question at a time, so that those of others get in between. Raises StoreError.
    """
    uptimes: dict[Service, Uptime] = {}
    for authority, services in plan.by_service.items():
        if authority != LOCAL:
            found = await past.uptimes(authority, [*services], since, until)
            uptimes |= {(authority, service): known for service, known in found.items()}
    return make_report(uptimes, [*await _over(past, since, until), *remembered], since, until)


async def _over(past: Past, since: datetime, until: datetime) -> list[Incident]:
    found: list[Incident] = []
    cursor: str | None = None
    while True:
        page = await past.incidents(since, until, PAGE, cursor)
        found += page.incidents
        if page.next is None:
            return found
        if len(found) >= MOST_INCIDENTS:
            raise StoreError(f"more than {MOST_INCIDENTS} incidents: ask for a shorter time")
        cursor = page.next
