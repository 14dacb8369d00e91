"""Incidents, notifications, plans and receivers to tell about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.model import (
    Authority,
    Cause,
    Diagnosis,
    EventName,
    Incident,
    Notification,
    Phase,
    Plan,
    Receiver,
    Scope,
    Severity,
)

AT = datetime(2026, 11, 21, 8, 0, 20, tzinfo=UTC)
NAMES = {
    "shandong": "山东",
    "beijing": "北京",
    "hunan": "湖南",
    "guangdong": "广东",
    "hubei": "湖北",
    "hebei": "河北",
    "anhui": "安徽",
    "fujian": "福建",
    "gansu": "甘肃",
    "henan": "河南",
    "jiangsu": "江苏",
    "sichuan": "四川",
    "zhejiang": "浙江",
}
AUTHORITIES = {
    slug: Authority(
        slug=slug, code="0000", name=name, name_en=slug.title(), full_name=f"国家税务总局{name}税务局"
    )
    for slug, name in NAMES.items()
}


def an_incident(authority: str = "shandong", **other: Any) -> Incident:
    """An outage of a province's verification that began 15 s before `AT`."""
    facts: dict[str, Any] = {
        "id": f"{authority}-verify-20261121T080005Z",
        "scope": Scope.AUTHORITY,
        "authority": authority,
        "service": "verify",
        "severity": Severity.CRITICAL,
        "cause": Cause.RESPONSE_TIMEOUT,
        "phase": Phase.PROCESSING,
        "diagnosis": Diagnosis.PROVINCIAL_OUTAGE,
        "facts": ("targets_failing=1/1", "controls_failing=0/2"),
        "first_failure_at": AT - timedelta(seconds=15),
        "opened_at": AT,
        "targets": (f"captcha/{authority}",),
        "told": frozenset({"bus[0]"}),
    }
    return Incident(**(facts | other))


def a_notification(
    *incidents: Incident,
    key: str = "shandong-verify-20261121T080005Z/1/incident_opened",
    event: EventName = EventName.INCIDENT_OPENED,
    to: tuple[str, ...] = ("bus[0]",),
    **other: Any,
) -> Notification:
    """The opening of an outage, told to `bus[0]`."""
    facts: dict[str, Any] = {
        "at": AT,
        "severity": Severity.CRITICAL,
        "scope": Scope.AUTHORITY,
        "incidents": incidents or (an_incident(),),
    }
    return Notification(key=key, event=event, to=to, **(facts | other))


def a_plan(*receivers: Receiver, **other: Any) -> Plan:
    """A plan with receivers and nothing to look at."""
    facts: dict[str, Any] = {
        "vantage": "shanghai-office",
        "language": "zh",
        "timezone": "Asia/Shanghai",
        "targets": {},
        "authorities": AUTHORITIES,
        "external_url": "https://monitor.example.cn",
    }
    return Plan(receivers=receivers, **(facts | other))


def webhook(url: str, name: str = "bus", token: str | None = None) -> Receiver:
    """A receiver of kind webhook."""
    return Receiver(id=f"{name}[0]", name=name, kind="webhook", url=url, token=token)


def by_apprise(url: str, name: str = "oncall") -> Receiver:
    """A receiver of kind apprise."""
    return Receiver(id=f"{name}[0]", name=name, kind="apprise", url=url)
