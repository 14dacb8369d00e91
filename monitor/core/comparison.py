"""One look, beside a few others: which others tell most, and what single runs make believe of them.

What a daemon believes of many runs is asked here of one run each, by the same rules: a plan of a few targets in which one
run confirms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b

from monitor.core.alike import LEAST, UNREACHED, USUAL_PORTS
from monitor.core.clues import trust_cause
from monitor.core.judge import HTTP_KINDS, advance
from monitor.core.own_clock import OF_TIME
from monitor.core.services import cost
from monitor.model import (
    PSEUDO_AUTHORITIES,
    SYSTEM,
    Cause,
    Flag,
    Phase,
    Plan,
    Repeat,
    Result,
    SpeaksOf,
    Target,
    TargetState,
)

FEW = 3
"""Other authorities that are looked at: as many as must fail together before it counts as more than chance."""
ONCE = Repeat(attempts=1, spacing=5.0)
TELLING = frozenset({Flag.SLOW, Flag.TLS_UNVERIFIED, Flag.UNSIGNED_REFUSED})
"""Flags of an ok run that mean one thing where others have them too, and another where they have not."""
NAME_SERVER = 53


def companions(plan: Plan, target: Target, result: Result) -> tuple[Target, ...]:
    """The targets of other authorities that tell most beside this run; none where it speaks of us or asks us to stay away."""
    if not target.host or not _wants_company(result):
        return ()
    slugs = [
        slug for slug in plan.by_authority if slug not in PSEUDO_AUTHORITIES and slug != target.authority
    ]
    slugs.sort(key=lambda slug: blake2b(f"{target.id} {slug}".encode(), digest_size=8).digest())
    found = [one for slug in slugs if (one := _like(plan, slug, target, result)) is not None]
    others = [one for one in found if one.host_key != target.host_key]
    if result.cause in UNREACHED and result.phase is Phase.CONNECT and target.port not in USUAL_PORTS:
        odd = [one for one in others if one.port not in USUAL_PORTS]
        usual = [one for one in others if one.port in USUAL_PORTS]
        return (*odd[: LEAST - 1], *usual[:LEAST]) if usual else tuple(odd[:FEW])
    return tuple(others[:FEW])


def _wants_company(result: Result) -> bool:
    if result.is_ok:
        return bool(result.flags & TELLING)
    return result.cause.speaks_of is SpeaksOf.AUTHORITY or result.cause is Cause.DNS_HIJACKED


def _like(plan: Plan, slug: str, target: Target, result: Result) -> Target | None:
    """The target of another authority that is looked at in the same way as far as this run came; the cheapest that is."""
    services = plan.by_service[slug]
    main = plan.main_services[slug]
    mine = services.get(target.service) or services.get(main or "") or ()
    same = [one for one in mine if one.probe == target.probe]
    if trust_cause(result) in OF_TIME:  # only a reply says what time it is
        replying = [one for one in mine if one.kind in HTTP_KINDS]
        return min(replying or mine, key=cost, default=None)
    if same and (result.is_ok or result.phase in (Phase.PROCESSING, Phase.TRANSFER)):
        return same[0]
    return min(mine, key=cost, default=None)


def controls(plan: Plan) -> tuple[Target, ...]:
    """What tells about our own network."""
    return plan.controls


def name_servers(plan: Plan) -> tuple[str, ...]:
    """Name servers that the plan knows beside those of a target: controls that are such, and whom other targets ask."""
    known = [one.host_key for one in controls(plan) if one.port == NAME_SERVER and one.kind == "tcp"]
    for target in plan.targets.values():
        known += target.resolver
        known += () if target.names is None else [one for one in target.names.resolvers if one != SYSTEM]
    return tuple(dict.fromkeys(known))


def small_plan(plan: Plan, targets: Iterable[Target]) -> Plan:
    """The plan of these targets alone, in which one run confirms."""
    few = {one.id: replace(one, confirm=ONCE, recover=ONCE) for one in targets}
    return replace(plan, targets=few)


def states_of(
    plan: Plan, results: Sequence[Result], now: datetime, *, never: frozenset[str]
) -> Mapping[str, TargetState]:
    """What one run of each makes believe. `never`: authorities of which it is known that they never answered.

    Of the others that is not known, and they are taken for such as did.
    """
    states = {}
    for result in results:
        target = plan.targets[result.target]
        before = TargetState(id=target.id, seen_up=target.authority not in never)
        states[target.id] = advance(target, before, result, now)
    return states
