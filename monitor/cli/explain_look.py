"""Looks for `--explain`: the target, then, where something is wrong, closer at it and at the controls and a few others beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.cli.client import Daemon
from monitor.cli.explain_others import Told, ask_daemon, read_references
from monitor.cli.looking import Looker, looker
from monitor.core.clues import ends_at_home
from monitor.core.comparison import companions, controls, name_servers
from monitor.core.judge import is_ban
from monitor.core.local import NAME_CAUSES
from monitor.core.services import WAY, cost
from monitor.model import (
    Cause,
    ControlLook,
    Evidence,
    Flag,
    Hop,
    Inquiry,
    Plan,
    ReferenceReading,
    ReferenceSource,
    Result,
    SpeaksOf,
    Target,
)
from monitor.net.resolve import is_literal
from monitor.net.route import trace
from monitor.probes import Observation
from monitor.probes.evidence import take

KNOWN_AS_OURS = frozenset({Cause.BLOCKED, Cause.INTERNAL, Cause.PROBE_MISCONFIGURED, Cause.CREDENTIAL})
"""Causes of which looking closer would tell no more, or do harm."""
BEAT = 0.05
"""Seconds between two looks at how late our own loop is."""
TRACE = 6.0
"""Seconds that the way to a control may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Everything that was seen. `lead` is the target that is explained: what failed earliest on the way, else the first."""

    plan: Plan
    """The whole one."""
    targets: tuple[Target, ...]
    observed: tuple[Observation, ...]
    lead: Observation
    controls: tuple[Observation, ...] = ()
    others: tuple[Observation, ...] = ()
    evidence: Evidence | None = None
    way: tuple[Hop, ...] | None = None
    """The way to a control that works, where it was looked at."""
    sources: tuple[ReferenceSource, ...] = ()
    readings: tuple[ReferenceReading, ...] = ()
    told: Told | None = None
    """None: no daemon was asked."""
    now: datetime

    @property
    def names(self) -> tuple[int, int]:
        """How many names were resolved at this moment, and how many of others were asked for."""
        beside = [one for one in (*self.controls, *self.others) if _was_asked_for(one)]
        resolved = sum(bool(one.result.addresses) for one in beside)
        own = _was_asked_for(self.lead) and bool(self.lead.result.addresses)
        return resolved + own, len(beside)


def _was_asked_for(one: Observation) -> bool:
    """Whether a name server was: not for an address, nor where a proxy resolves."""
    host, result = one.target.host, one.result
    if not host or is_literal(host) or host.endswith("localhost"):
        return False
    return bool(result.addresses) or result.cause in NAME_CAUSES


async def look_closely(
    plan: Plan,
    targets: Sequence[Target],
    sources: Sequence[ReferenceSource],
    daemon: Daemon | None,
    *,
    with_company: bool,
) -> Looked | None:
    """Everything about these targets; None where the limits do not allow the first look. Within `limits` of the plan.

    `with_company`: look at controls, others and closer where something is wrong; else only what was asked for.
    """
    async with looker(plan) as eyes:
        beside = () if not with_company else tuple(one for one in controls(plan) if one not in targets)
        eyes.warm([*targets, *beside])
        lag = Lag()
        async with asyncio.TaskGroup() as group:
            main = group.create_task(eyes.look(targets))
            around = group.create_task(eyes.look(beside))
            read = group.create_task(read_references(plan, sources, eyes.clock))
            told = group.create_task(_ask(daemon, targets[0].authority, eyes.clock.now()))
        observed = tuple(one for one in main.result() if one is not None)
        if len(observed) < len(targets):
            return None
        looked = Looked(
            plan=plan, targets=tuple(targets), observed=observed, lead=lead_of(observed, plan),
            controls=tuple(one for one in around.result() if one is not None),
            sources=tuple(sources), readings=tuple(read.result()), told=told.result(), now=eyes.clock.now(),
        )  # fmt: skip
        return await _closer(looked, eyes, lag) if with_company else looked


async def _ask(daemon: Daemon | None, slug: str, now: datetime) -> Told | None:
    return None if daemon is None or not slug else await ask_daemon(daemon, slug, now)


def lead_of(observed: Sequence[Observation], plan: Plan) -> Observation:
    """What failed earliest on the way, first of the main service; else what has a flag; else the first."""

    def place(one: Observation) -> tuple[bool, bool, bool, int, int]:
        result, target = one.result, one.target
        is_ours = not result.is_ok and result.cause.speaks_of is SpeaksOf.US
        is_beside = plan.main_services.get(target.authority, target.service) != target.service
        way = 0 if result.is_ok and result.flags else WAY[result.phase]
        return result.is_ok, is_ours, is_beside, way, cost(target)

    return min(observed, key=place)


# --- closer ----------------------------------------------------------------------------------------------------------


async def _closer(looked: Looked, eyes: Looker, lag: Lag) -> Looked:
    """The evidence of what is wrong, and some others beside it, all at the same time."""
    lead = looked.lead
    company = companions(looked.plan, lead.target, lead.result)
    eyes.warm(company)
    async with asyncio.TaskGroup() as group:
        others = group.create_task(eyes.look(company))
        evidence = group.create_task(_evidence(lead, looked.plan, eyes))
    lag.stop()
    found = evidence.result()
    controls_at = tuple(
        ControlLook(target=one.target.id, cause=one.result.cause, at=one.result.started_at)
        for one in looked.controls
    )
    whole = found and replace(found, controls=controls_at, loop_lag=round(lag.longest, 3))
    return replace(
        looked,
        others=tuple(one for one in others.result() if one is not None),
        evidence=whole,
        way=await _compare_way(whole, looked.controls, eyes),
    )


def wants_evidence(result: Result) -> bool:
    """Whether to look closer: not where we are asked to stay away, nor where it is known what is ours."""
    if result.is_ok:
        return Flag.ADDRESS_FAILED in result.flags
    return not is_ban(result) and result.cause not in KNOWN_AS_OURS


async def _evidence(lead: Observation, plan: Plan, eyes: Looker) -> Evidence | None:
    if not wants_evidence(lead.result):
        return None
    inquiry = Inquiry(incident="", target=lead.target.id)
    return await take(
        inquiry, lead.target, eyes.net, eyes.knowledge, admit=eyes.admit, now=eyes.clock.now(),
        observed=lead, servers=name_servers(plan),
    )  # fmt: skip


async def _compare_way(
    found: Evidence | None, beside: Sequence[Observation], eyes: Looker
) -> tuple[Hop, ...] | None:
    """The way to a control that works: beyond our own network routers may answer nobody at all."""
    if found is None or not ends_at_home(found.hops):
        return None
    working = next((one for one in beside if one.result.is_ok and one.result.address), None)
    if working is None or working.result.address is None:
        return None
    target = working.target
    try:
        async with asyncio.timeout(TRACE):
            hops = await trace(working.result.address, target.port, lambda: eyes.admit(target.host_key))
    except TimeoutError:
        return None
    return tuple(hops)


class Lag:
    """By how much our own event loop wakes up late, from when this is made until `stop`."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._loop = asyncio.get_running_loop()
        self._begin()

    def _begin(self) -> None:
        self._due = self._loop.time() + BEAT
        self._timer = self._loop.call_at(self._due, self._wake)

    def _wake(self) -> None:
        self._note()
        self._begin()

    def _note(self) -> None:
        self.longest = max(self.longest, self._loop.time() - self._due)

    def stop(self) -> None:
        """No more of it."""
        self._timer.cancel()
        self._note()
