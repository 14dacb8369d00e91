"""Plans with maintenance, and windows by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from monitor.core.state import WindowRecord
from monitor.model import MaintenanceRule, Plan, Window
from tests.core.notation import plan_of


def at(text: str) -> datetime:
    """An instant in UTC: `2026-12-01 15:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


UPGRADE = MaintenanceRule(
    name="upgrade",
    authorities=("shandong",),
    services=("verify",),
    start=at("2026-12-01 10:00"),
    end=at("2026-12-02 00:00"),
)
NIGHTLY = MaintenanceRule(name="nightly", schedule="0 23 * * *", duration=7200.0, announce=False)


def planned(*rules: MaintenanceRule, **more: Any) -> Plan:
    """A plan with this maintenance."""
    return plan_of(maintenance=rules, **more)


def by_hand(start: str, end: str, **more: Any) -> dict[str, WindowRecord]:
    """The records of one window by hand."""
    given: dict[str, Any] = {"id": "hand", "name": "hand", "authorities": None, "services": None}
    window = Window(**{**given, **more}, start=at(start), end=at(end), by_hand=True)
    return {window.id: WindowRecord(window=window)}
