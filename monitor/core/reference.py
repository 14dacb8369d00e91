"""What we say to others: our own confirmed view of the main services, never what others told us."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from monitor.core.judge import has_run
from monitor.core.local import judge_local
from monitor.core.services import ServiceView, judge_service, main_service, services
from monitor.core.state import State
from monitor.core.status import status_rows
from monitor.model import (
    PSEUDO_AUTHORITIES,
    AuthorityState,
    Cause,
    Confirmed,
    Plan,
    ServiceState,
    TargetState,
    rfc3339,
)

FORMAT = "fapiao-reference/1"
SOURCE = "fapiao-monitor"


def reference_document(plan: Plan, state: State, now: datetime) -> dict[str, Any]:
    """The body of `GET /api/v1/reference` and of `publish.file` at `now`.

    One row per watched authority whose main service is confirmed up or down, none while our own network fails. While
    that is only suspected, what is down is left out: it would be told of an authority and taken back seconds later.
    """
    fault = status_rows(plan, state, now).local.state is AuthorityState.DOWN
    suspected = judge_local(plan, state.targets).suspected
    rows = {} if fault else {slug: row for slug in plan.authorities if (row := _row(plan, state, slug))}
    return {
        "format": FORMAT,
        "source": SOURCE,
        "vantage": plan.vantage,
        "generated_at": rfc3339(now),
        "local_fault": fault,
        "authorities": {
            slug: row for slug, row in rows.items() if not (suspected and row["outcome"] != "ok")
        },
    }


def _row(plan: Plan, state: State, slug: str) -> dict[str, str | None] | None:
    main = main_service(plan, slug)
    if main is None or slug in PSEUDO_AUTHORITIES:
        return None
    view = judge_service(services(plan, slug)[main], state.targets)
    ran = [known for target in view.targets if has_run(known := state.targets.get(target.id)) and known]
    looks = [known.last.started_at for known in ran if known.last is not None]
    cause = _confirmed_cause(view, ran)
    if cause is None or not looks:
        return None
    since = _since(view, ran)
    return {
        "outcome": str(cause.outcome),
        "cause": str(cause),
        "since": None if since is None else rfc3339(since),
        "checked_at": rfc3339(max(looks)),
    }


def _confirmed_cause(view: ServiceView, ran: Iterable[TargetState]) -> Cause | None:
    """`none` when confirmed up, the cause of the outage when confirmed down, None while it is not known."""
    if view.state is ServiceState.DOWN and view.lead is not None:
        return view.lead.cause
    sure = all(target.confirmed is not Confirmed.UNKNOWN for target in ran)
    return Cause.NONE if sure and view.state in (ServiceState.UP, ServiceState.DEGRADED) else None


def _since(view: ServiceView, ran: Iterable[TargetState]) -> datetime | None:
    if view.state is ServiceState.DOWN and view.lead is not None:
        return view.lead.first_failure_at
    return max((target.since for target in ran if target.since is not None), default=None)
