"""Instants and spans in words."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.model import Plan

ZONE_NAMES = {"zh": {"Asia/Shanghai": "北京时间"}, "en": {"Asia/Shanghai": "China time"}}
UNITS = {"zh": (" 天", " 小时", " 分", " 秒"), "en": (" d", " h", " min", " s")}


def wall_clock(instant: datetime, plan: Plan) -> str:
    """`2026-11-21 16:00:20` in the time zone of the plan."""
    return instant.astimezone(ZoneInfo(plan.timezone)).strftime("%Y-%m-%d %H:%M:%S")


def to_the_minute(instant: datetime, plan: Plan) -> str:
    """Without seconds that nobody planned."""
    return wall_clock(instant, plan).removesuffix(":00") if instant.second == 0 else wall_clock(instant, plan)


def after(stamp: str, later: str) -> str:
    """The later of two stamps, without a day that is the same."""
    return later[11:] if later[:10] == stamp[:10] else later


def shown_span(start: datetime, end: datetime) -> timedelta:
    """The time between two instants as they are shown, in whole seconds: it must agree with them."""
    return end.replace(microsecond=0) - start.replace(microsecond=0)


def duration(span: timedelta, language: str) -> str:
    """`12 分 5 秒`: the two largest units that say something, whole seconds."""
    seconds = max(0, round(span.total_seconds()))
    counts = (seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60, seconds % 60)
    first = next((index for index, count in enumerate(counts) if count), len(counts) - 1)
    shown = range(first, min(first + 2, len(counts)))
    return " ".join(
        f"{counts[index]}{UNITS[language][index]}" for index in shown if counts[index] or index == first
    )
