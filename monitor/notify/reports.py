"""What a report of availability says, in words."""

from __future__ import annotations

import math
from datetime import timedelta

from monitor.model import Availability, Outage, Plan, Report, Scope, Spread
from monitor.notify.times import duration, wall_clock
from monitor.notify.view import Reported, Spell
from monitor.notify.words import authority_name, words


def reported(report: Report, plan: Plan) -> Reported:
    """The report for its template."""
    since, until = wall_clock(report.since, plan), wall_clock(report.until, plan)
    return Reported(
        since=since[:16],
        until=until[:16],
        from_day=since[5:10],
        to_day=until[5:10],
        lasts=duration(report.until - report.since, plan.language),
        uptime=percent(report.uptime),
        uptime_with_maintenance=percent(report.uptime_with_maintenance),
        incidents=report.incidents,
        open=report.open,
        open_before=report.open_before,
        before=[_since(one, plan) for one in report.before],
        national=report.national,
        local=report.local,
        detect=_spell(report.detect, plan),
        tell=_spell(report.tell, plan),
        recover=_spell(report.recover, plan),
        worst=[_line(one, plan) for one in report.services if one.down_seconds > 0],
    )


def percent(share: float | None) -> str:
    """`99.87%`, never rounded up to a whole that it is not; empty where nothing is known."""
    if share is None:
        return ""
    return "100%" if share >= 1 else f"{math.floor(share * 10_000) / 100:.2f}%"


def _spell(spread: Spread, plan: Plan) -> Spell | None:
    if spread.p50 is None or spread.longest is None:
        return None
    return Spell(
        usual=duration(timedelta(seconds=spread.p50), plan.language),
        longest=duration(timedelta(seconds=spread.longest), plan.language),
    )


def _since(one: Outage, plan: Plan) -> tuple[str, str]:
    """`山东 发票查验` and `11-20 16:00`."""
    known = words(plan.language)
    place = authority_name(one.authority, plan.authorities, plan.language)
    what = f"{place} {known.service(one.service)}".rstrip()
    if one.scope is not Scope.AUTHORITY:
        what = known.diagnoses[one.diagnosis]
    return what, wall_clock(one.first_failure_at, plan)[5:16]


def _line(one: Availability, plan: Plan) -> tuple[str, str, str, int]:
    known = words(plan.language)
    place = authority_name(one.authority, plan.authorities, plan.language)
    what = f"{place} {known.service(one.service)}".rstrip()
    return (
        what,
        percent(one.uptime),
        duration(timedelta(seconds=one.down_seconds), plan.language),
        one.incidents,
    )
