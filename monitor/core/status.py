"""What is believed now, in rows: the values of `GET /api/v1/status`, the page's matrix and the state metrics."""

from __future__ import annotations

from collections.abc import Container, Generator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.core.diagnosis import diagnose, diagnose_local
from monitor.core.facts import facts, local_facts
from monitor.core.local import LocalView
from monitor.core.services import ServiceView, judge_service, main_service, services
from monitor.core.state import State
from monitor.core.surroundings import Surroundings, look_around
from monitor.core.verdict import Opinion
from monitor.model import (
    LOCAL,
    NATIONAL,
    Authority,
    AuthorityState,
    Cause,
    Diagnosis,
    Flag,
    Outcome,
    Plan,
    Scope,
    ServiceState,
    TargetState,
    Verdict,
)

NATIONWIDE = Authority(slug=NATIONAL, code="", name="全国", name_en="National", full_name="")
"""The name of the one row that is no authority's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow:
    """One service of one authority. `outcome` and `cause` are those of the last runs, None before the first."""

    state: ServiceState
    outcome: Outcome | None
    cause: Cause | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRow:
    """A maintenance window that covers something of an authority now."""

    id: str
    name: str
    services: tuple[str, ...]
    """Those it names; of one that is for all, those that are watched."""
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityRow:
    """One authority, field by field as the contract's row. `outcome` and `cause` are those of its main service."""

    authority: str
    code: str
    name: str
    state: AuthorityState
    outcome: Outcome | None
    cause: Cause | None
    flags: tuple[Flag, ...]
    diagnosis: Diagnosis
    facts: tuple[str, ...]
    verdict: Verdict
    since: datetime | None
    """When the present outage began, or when it was confirmed up."""
    seen_up: bool
    reference: tuple[Opinion, ...]
    maintenance: tuple[WindowRow, ...]
    incidents: tuple[str, ...]
    """Ids of its open incidents."""
    services: dict[str, ServiceRow]
    targets: tuple[str, ...]
    flapping: tuple[str, ...]
    """The services that come and go: neither openings nor ends of these are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPart:
    """This machine and its network: `down` in a local fault, `degraded` where something else of it fails (a disk), else
    `unknown` without a control that has run. The diagnosis is that of the network.
    """

    state: AuthorityState
    diagnosis: Diagnosis
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything that is believed at `generated_at`. `national` is None where no target looks at it."""

    generated_at: datetime
    vantage: str
    timezone: str
    """Of the configuration: by it the daemon tells times to people."""
    authorities: tuple[AuthorityRow, ...]
    national: AuthorityRow | None
    local: LocalPart


def status_rows(plan: Plan, state: State, now: datetime) -> Status:
    """What is believed at `now`: one row per watched authority in the order of the plan, the national row, the local part."""
    steps = status_in_steps(plan, state, now)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            status: Status = done.value
            return status


def status_in_steps(plan: Plan, state: State, now: datetime) -> Generator[None, None, Status]:
    """The same, an authority at a time: whoever must not be held up takes a breath where it yields."""
    around = _look_around(plan, state, now)
    open_ids = _open_ids(state)
    rows: dict[str, AuthorityRow] = {}
    for slug in _shown(plan):
        yield
        rows[slug] = _row(plan, state, slug, around, open_ids)
    national = rows.pop(NATIONAL, None)
    return Status(
        generated_at=now,
        vantage=plan.vantage,
        timezone=plan.timezone,
        authorities=tuple(rows.values()),
        national=national,
        local=_local(plan, state, around.local),
    )


def row_of(plan: Plan, state: State, slug: str, now: datetime) -> AuthorityRow | LocalPart | None:
    """What is believed of one authority, of `national`, or of this machine (`local`, always there).

    None of what nobody looks at.
    """
    if slug != LOCAL and slug not in _shown(plan):
        return None
    around = _look_around(plan, state, now)
    if slug == LOCAL:
        return _local(plan, state, around.local)
    return _row(plan, state, slug, around, _open_ids(state))


def _look_around(plan: Plan, state: State, now: datetime) -> Surroundings:
    return look_around(
        plan,
        state.targets,
        now,
        references=state.references,
        records=state.windows,
        incidents=[incident for incident in state.incidents.values() if incident.is_open],
    )


def _shown(plan: Plan) -> list[str]:
    """The watched authorities that have a target, and `national` where it has one."""
    slugs = [slug for slug in plan.authorities if slug in plan.by_authority and slug != LOCAL]
    return [*slugs, NATIONAL] if NATIONAL in plan.by_authority and NATIONAL not in slugs else slugs


def _open_ids(state: State) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for incident in state.incidents.values():
        if incident.is_open and incident.scope in (Scope.AUTHORITY, Scope.NATIONAL):
            found.setdefault(incident.authority, []).append(incident.id)
    return found


def _row(
    plan: Plan, state: State, slug: str, around: Surroundings, open_ids: dict[str, list[str]]
) -> AuthorityRow:
    views = {
        service: judge_service(targets, state.targets) for service, targets in services(plan, slug).items()
    }
    main = views.get(name) if (name := main_service(plan, slug)) is not None else None
    told = _telling_view(main, list(views.values()), around)
    shown = main or told
    known = plan.authorities.get(slug, NATIONWIDE)
    planned = _maintenance(slug, tuple(views), around)
    return AuthorityRow(
        authority=slug,
        code=known.code,
        name=known.name,
        state=judge_authority(main, views.values(), local=around.local.holds, covered=_covered(planned)),
        outcome=shown.outcome,
        cause=shown.cause,
        flags=tuple(sorted(shown.flags)),
        diagnosis=diagnose(told, around),
        facts=facts(told, around),
        verdict=around.verdict(main, slug),
        since=_since(told, state),
        seen_up=shown.seen_up,
        reference=tuple(around.opinions.get(slug, ())),
        maintenance=planned,
        incidents=tuple(open_ids.get(slug, ())),
        services={
            service: ServiceRow(state=view.state, outcome=view.outcome, cause=view.cause)
            for service, view in views.items()
        },
        targets=tuple(target.id for target in plan.by_authority[slug]),
        flapping=tuple(service for service in views if f"{slug}/{service}" in state.flaps),
    )


def judge_authority(
    main: ServiceView | None, views: Iterable[ServiceView], *, local: bool, covered: Container[str] = ()
) -> AuthorityState:
    """The state of an authority, first that holds.

    `main`: the view of its main service; `local`: our own fault; `covered`: its services that have a window now.
    """
    views = list(views)
    if local:
        return AuthorityState.UNKNOWN
    if main is not None and main.state is ServiceState.DOWN and main.service not in covered:
        return AuthorityState.DOWN
    if any(view.service in covered and view.lead is not None and not view.is_ours for view in views):
        return AuthorityState.MAINTENANCE
    return _lesser_state(main, {view.state for view in views})


def _lesser_state(main: ServiceView | None, states: set[ServiceState]) -> AuthorityState:
    """Where neither the main service is down nor a window explains anything."""
    if ServiceState.DOWN in states:
        return AuthorityState.DEGRADED
    if states <= {ServiceState.UNKNOWN} or (main is not None and main.state is ServiceState.UNKNOWN):
        return AuthorityState.UNKNOWN
    return AuthorityState.DEGRADED if ServiceState.DEGRADED in states else AuthorityState.UP


def _maintenance(slug: str, watched: Sequence[str], around: Surroundings) -> tuple[WindowRow, ...]:
    """The windows that cover a watched service of this authority now."""
    return tuple(
        WindowRow(
            id=window.id,
            name=window.name,
            services=tuple(watched) if window.services is None else window.services,
            start=window.start,
            end=window.end,
        )
        for window in around.windows
        if any(window.covers(slug, service, around.now) for service in watched)
    )


def _covered(planned: Iterable[WindowRow]) -> frozenset[str]:
    return frozenset(service for window in planned for service in window.services)


def _telling_view(
    main: ServiceView | None, views: Sequence[ServiceView], around: Surroundings
) -> ServiceView:
    """The service an authority's diagnosis is about: the main one, unless only another has something to say."""
    ordered = sorted(views, key=lambda view: view is not main)
    return next((view for view in ordered if _has_something_to_say(view, around)), ordered[0])


def _has_something_to_say(view: ServiceView, around: Surroundings) -> bool:
    quiet = (Diagnosis.HEALTHY, Diagnosis.UNDETERMINED)
    return view.lead is not None or diagnose(view, around) not in quiet


def _since(view: ServiceView, state: State) -> datetime | None:
    if view.lead is not None:
        return view.lead.first_failure_at
    known: list[TargetState] = [state.targets[one.id] for one in view.targets if one.id in state.targets]
    return max((one.since for one in known if one.since is not None), default=None)


def _local(plan: Plan, state: State, local: LocalView) -> LocalPart:
    if local.holds:
        believed = AuthorityState.DOWN
    elif any(judge_service(mine, state.targets).lead is not None for mine in services(plan, LOCAL).values()):
        believed = AuthorityState.DEGRADED
    else:
        believed = AuthorityState.UP if local.ran else AuthorityState.UNKNOWN
    return LocalPart(
        state=believed,
        diagnosis=diagnose_local(local),
        facts=local_facts(plan, state.targets, local),
    )
