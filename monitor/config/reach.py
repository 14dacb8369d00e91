"""Which routes, receivers and steps of escalation are never reached, and what is told to nobody. Nothing of it is a mistake."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from monitor.model import Judgement, Route, Severity, When

_PARTS = ("severity", "event", "scope", "authority", "service", "diagnosis", "cause", "weekdays")
_SINGLE = ("hours", "workdays", "filing_period", "drill")
"""Parts that ask for one thing, or with None for nothing."""


def unreached(
    routes: Sequence[Route],
    receivers: Collection[str],
    services: Collection[str],
    judgement: Judgement,
    reported: Collection[str] = (),
) -> Iterator[str]:
    """One line for each route that cannot match, each receiver that is told nothing, and for what falls through.

    `services`: those that are watched. `reported`: receivers that are sent the report, by whatever routes.
    """
    reached: set[str] = set()
    for index, route in enumerate(routes):
        reason = _before(routes[:index], route.when) or _too_loud(route.when, judgement)
        if reason:
            yield f"alerts.routes[{index}]: never matches: {reason}"
            continue
        reached |= _named(route)
        if route.when.service and not set(route.when.service) & set(services):
            yield f"alerts.routes[{index}]: no probe watches {' or '.join(route.when.service)}, no incident comes here"
        yield from _vain_steps(f"alerts.routes[{index}].escalate", route)
    named = {name for route in routes for name in _named(route)}
    for name in receivers:
        if name in reported:
            continue
        if name not in named:
            yield f"receiver {name}: no route names it, it is told nothing"
        elif name not in reached:
            yield f"receiver {name}: only routes that never match name it, it is told nothing"
    if routes and all(route.when != When() for route in routes):
        yield "alerts.routes: every route has a `when`; what matches none is told to nobody"


def _vain_steps(place: str, route: Route) -> Iterator[str]:
    """Steps of an escalation that tell nobody new."""
    if route.when.drill and route.escalate:
        yield f"{place}: the route is for drills, and drills are not escalated"
        return
    heard = set(route.to)
    for index, step in enumerate(route.escalate):
        if heard.issuperset(step.to):
            yield f"{place}[{index}]: tells nobody new, {' and '.join(step.to)} heard of it before"
        heard |= {*step.to}


def _named(route: Route) -> set[str]:
    """Whom it tells, at once or by a step of its escalation."""
    return {*route.to, *(name for step in route.escalate for name in step.to)}


def _before(earlier: Sequence[Route], when: When) -> str:
    """The route before this one that takes all it could take."""
    for index, route in enumerate(earlier):
        if not route.goes_on and _takes_all(route.when, when):
            return f"routes[{index}] takes all of it, without `continue`"
    return ""


def _takes_all(wide: When, narrow: When) -> bool:
    within = all(
        not (allowed := getattr(wide, part))
        or (len(asked := getattr(narrow, part)) > 0 and set(asked) <= set(allowed))
        for part in _PARTS
    )
    return within and all(getattr(wide, part) in (None, getattr(narrow, part)) for part in _SINGLE)


def _too_loud(when: When, judgement: Judgement) -> str:
    """Why nothing has the severity that a route asks for. What never answered is a warning whatever is configured."""
    used = {getattr(judgement, name) for name in Judgement.__slots__ if name.startswith("severity_")}
    if when.severity and not {*used, Severity.WARNING} & set(when.severity):
        return f"nothing has the severity {' or '.join(when.severity)}"
    return ""
