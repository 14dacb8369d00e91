"""Those who wait for a service to be back: taken in, told once when it is, given up after a week.

A service is back when it is confirmed up and nothing of it failed when it last ran, while our own network works and it
does not come and go. That is asked for with every Tick; what is not confirmed down brings none when it mends, so for
that alone a Tick is asked for every few seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core.draft import Draft
from monitor.core.incidents import LOCAL_KEY, Key
from monitor.core.routes import Matter, can_reach, receivers
from monitor.core.services import judge_service, main_service, services
from monitor.model import (
    Confirmed,
    EventName,
    Notification,
    Scope,
    ServiceState,
    Severity,
    Target,
    Wait,
    Waiting,
)
from monitor.model.waiting import WAITING

MOST = 200
"""Who may wait at a time."""
PATIENCE = timedelta(days=7)
"""How long somebody waits at most."""
LOOK_AGAIN = timedelta(seconds=5)
"""How often it is asked whether what only stumbled is well again."""
WORKS = frozenset({ServiceState.UP, ServiceState.DEGRADED})


def take(draft: Draft, command: Wait) -> str:
    """Let one wait. Why it cannot be, in one line; empty: it waits."""
    asked = command.waiting
    service = asked.service or main_service(draft.plan, asked.authority)
    targets = services(draft.plan, asked.authority).get(service or "")
    if service is None or not targets:
        what = asked.service or "a main service"
        return f"{what} of {asked.authority} is not watched, nobody could tell that it is back"
    if _is_back(draft, asked.authority, service, targets):
        return f"{service or 'it'} of {asked.authority} is up: there is nothing to wait for"
    if asked.webhook is None and not draft.plan.receivers:
        return "nobody would be told: give a webhook, no receiver is configured"
    if asked.webhook is None and not can_reach(draft.plan, _matter(asked.authority, service)):
        return (
            f"nobody would be told: no route takes {EventName.AUTHORITY_RECOVERED} (severity info) of {service}"
            f" of {asked.authority}; give a webhook, or add a route"
        )
    if len(draft.expected) >= MOST:
        return f"{MOST} wait already; end some first"
    draft.expected[asked.id] = replace(asked, service=service, since=draft.now, until=draft.now + PATIENCE)
    return ""


def leave(draft: Draft, id_: str) -> str:
    """Nobody is to be told any more. Why that cannot be, in one line; empty: so it is."""
    if draft.expected.pop(id_, None) is None:
        return f"nobody waits as {id_}"
    return ""


def tell(draft: Draft) -> None:
    """Tell those whose service is back, each once: by their webhook, or all of one service together by the routes.

    Who waits for the routes waits until one takes it: at its hours, if it is back then.
    """
    by_routes: dict[tuple[str, str], list[Waiting]] = {}
    for one in list(draft.expected.values()):
        if one.until <= draft.now:
            del draft.expected[one.id]
        elif _is_back(draft, one.authority, one.service, _targets(draft, one)):
            if one.webhook is not None:
                del draft.expected[one.id]
                draft.notifications.append(_recovered(draft, [one], (one.receiver,)))
            else:
                by_routes.setdefault((one.authority, one.service), []).append(one)
    for (authority, service), together in by_routes.items():
        if to := receivers(draft.plan, _matter(authority, service), draft.now):
            for one in together:
                del draft.expected[one.id]
            draft.notifications.append(_recovered(draft, together, tuple(sorted(to))))


def moments(draft: Draft) -> Iterator[datetime]:
    """When the next one is given up, and when to look again at what is not confirmed down."""
    for one in draft.expected.values():
        yield one.until
        is_heard = one.webhook is not None or receivers(
            draft.plan, _matter(one.authority, one.service), draft.now
        )  # else core/maintenance.py asks at the hours of the routes
        if is_heard and not any(_is_down(draft, target) for target in _targets(draft, one)):
            yield draft.now + LOOK_AGAIN


def _targets(draft: Draft, one: Waiting) -> tuple[Target, ...]:
    return services(draft.plan, one.authority).get(one.service, ())


def _is_down(draft: Draft, target: Target) -> bool:
    state = draft.targets.get(target.id)
    return state is not None and state.confirmed is Confirmed.DOWN


def _is_back(draft: Draft, authority: str, service: str, targets: tuple[Target, ...]) -> bool:
    if not targets or LOCAL_KEY in draft.open:
        return False
    if draft.flap(Key(Scope.AUTHORITY, authority, service)) is not None:
        return False
    view = judge_service(targets, draft.believed)
    known = [state for target in targets if (state := draft.believed.get(target.id)) is not None]
    return view.state in WORKS and not view.failing and not any(state.failures for state in known)


def _matter(authority: str, service: str) -> Matter:
    return Matter(
        event=EventName.AUTHORITY_RECOVERED,
        severity=Severity.INFO,
        authorities=(authority,),
        services=(service,),
    )


def _recovered(draft: Draft, together: list[Waiting], to: tuple[str, ...]) -> Notification:
    """The word that it is back, with its last outage where one is known."""
    first = together[0]
    ended = [
        incident
        for incident in draft.incidents.values()
        if (incident.authority, incident.service) == (first.authority, first.service)
        and incident.scope is Scope.AUTHORITY
        and incident.resolved_at is not None
        and incident.resolved_at >= first.since
    ]
    last = max(ended, key=lambda incident: incident.opened_at, default=None)
    return Notification(
        key=f"{WAITING}-{first.id}/1/{EventName.AUTHORITY_RECOVERED}",
        event=EventName.AUTHORITY_RECOVERED,
        at=draft.now,
        severity=Severity.INFO,
        scope=Scope.AUTHORITY,
        incidents=() if last is None else (last,),
        to=to,
        waiting=tuple(together),
    )
