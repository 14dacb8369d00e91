"""Telling a report: each once, over restarts, to those whom the rule names and those whose route asks for the event."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.core.draft import Draft
from monitor.core.report import brief
from monitor.core.routes import Matter, asking
from monitor.core.state import Reported
from monitor.model import EventName, Notification, Report, ReportRule, Scope, Severity, TellReport

LEAP = timedelta(days=1)
"""A report that was told for a time so far ahead was told by a wrong clock."""


def begun(known: Reported | None, rule: ReportRule, now: datetime) -> Reported | None:
    """Which report of this rule was told last, or when the rule was first seen; None: it begins now."""
    if known is None or known.schedule != rule.schedule or known.at > now + LEAP:
        return None
    return known


def tell(draft: Draft, command: TellReport) -> str:
    """Tell it, or only remember that its schedule begins. Says what keeps it from being told; empty: nothing."""
    rule = draft.plan.report
    if rule is None or rule.schedule != command.schedule:
        return "no report of this schedule is configured"
    known = begun(draft.reported, rule, draft.now)
    if known is not None and (command.report is None or command.due <= known.at):
        return "this report has been told"
    draft.reported = Reported(schedule=rule.schedule, at=command.due)
    if command.report is not None:
        _tell(draft, command.report, command.due, rule)
    return ""


def _tell(draft: Draft, report: Report, due: datetime, rule: ReportRule) -> None:
    matter = Matter(event=EventName.REPORT, severity=Severity.INFO, scope=Scope.DAEMON)
    named = {receiver.id for receiver in draft.plan.receivers if receiver.name in rule.to}
    to = named | asking(draft.plan, matter, draft.now)
    if to:
        draft.notifications.append(
            Notification(
                key=f"report-{due:%Y%m%dT%H%MZ}/1/{EventName.REPORT}",
                event=EventName.REPORT,
                at=draft.now,
                severity=Severity.INFO,
                scope=Scope.DAEMON,
                incidents=(),
                to=tuple(sorted(to)),
                report=brief(report),
            )
        )
