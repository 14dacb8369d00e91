"""The facts that a diagnosis rests on: language-neutral words, `name` or `name=value`.

They are rendered into sentences by notify/texts and the page. `Fact` is the closed list of their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import islice

from monitor.core import filing
from monitor.core.limits import called, passed
from monitor.core.local import TRUST_CAUSES, LocalView
from monitor.core.own_clock import is_wrong, spoken
from monitor.core.services import ServiceView
from monitor.core.surroundings import Surroundings
from monitor.model import LOCAL, PSEUDO_AUTHORITIES, Cause, Confirmed, Flag, Plan, Result, TargetState


class Fact(StrEnum):
    """Names of facts. `n/m` are counts: n of m."""

    CONTROLS_FAILING = "controls_failing"
    """`controls_failing=1/2`: controls that failed when they last ran, or are confirmed down, of those that have run."""
    NO_CONTROLS = "no_controls"
    """None is configured: our own network cannot be told from theirs."""
    DOWN = "down"
    """`down=13/36`: authorities down of those watched that ever answered; in a local fault: failing of all watched."""
    DRIFTED = "drifted"
    """`drifted=20/36`: authorities whose replies changed shape."""
    TARGETS_FAILING = "targets_failing"
    """`targets_failing=1/2`: targets of this service that are confirmed down."""
    NEVER_ANSWERED = "never_answered"
    """It never answered since it was configured: check the address."""
    NEVER_RIGHT = "never_right"
    """It answers, and what it says was never as it should be since it was configured."""
    SEEN_HERE = "seen_here"
    """`seen_here=log`: a log (`host`: a measurement, `file`: a file) of this machine says so; nobody asked the authority."""
    ADDRESS_FAILED = "address_failed"
    """`address_failed=10.1.1.1`: an address that did not answer while another did; several with blanks between them."""
    FAMILY_FAILED = "family_failed"
    """`family_failed=IPv6`: of its addresses exactly those of this family do not answer."""
    FORGED = "forged"
    """`forged=223.5.5.5:53 10.0.0.1`: a name server, and the forged address it named."""
    ANSWERS_DIFFER = "answers_differ"
    """`answers_differ=223.5.5.5:53 10.0.0.1`: a name server and what it says, where one of two lies and it cannot be told which."""
    STATUS = "status"
    """`status=503`: the HTTP status of the failing reply."""
    CODE = "code"
    """`code=020`: the platform's own code in the failing reply."""
    FOUND = "found"
    """`found=disk_free:/var`: what of this machine is beyond its limit; the name of a pattern, or a code, that a log repeats."""
    SLOW = "slow"
    """Confirmed slow."""
    THROTTLED = "throttled"
    """The platform asks us to come less often; the interval has grown."""
    TLS_UNVERIFIED = "tls_unverified"
    """The certificate cannot be verified; `verify: report` lets that pass."""
    REFERENCES_OK = "references_ok"
    """`references_ok=2/3`: fresh references that say ok, of the fresh ones."""
    REFERENCES_BEFORE = "references_before"
    """`references_before=1/1`, in place of `references_ok`: those that say ok all looked before this failure began."""
    REFERENCES_STALE = "references_stale"
    """`references_stale=1`: references that say something too old to count."""
    NO_REFERENCE = "no_reference"
    """References are configured, and none has a row of this authority."""
    FAILING_TOGETHER = "failing_together"
    """`failing_together=30/36`: authorities that fail while references say that they work; it must be us."""
    ALL_BY_TRUST = "all_by_trust"
    """`all_by_trust=20`: so many fail, all of them because their certificates are not trusted; it must be us."""
    ODD_PORTS = "odd_ports"
    """`odd_ports=10`: all services on unusual ports, so many, cannot be connected to, while all on usual ports can."""
    SHARED_NETWORK = "shared_network"
    """`shared_network=4/203.0.113.0/24`: so many are down whose addresses lie in this network; none in it works."""
    CLOCK = "clock"
    """`clock=-2d`: our own clock is behind those of the servers by so much (`+`: ahead)."""
    WINDOW = "window"
    """`window=nightly`: the maintenance window that covers the failing service."""
    WINDOW_OVER = "window_over"
    """`window_over=nightly`: the window in which it began to fail is over."""
    FLAPPING = "flapping"
    """`flapping=9/20`: so many of its last scheduled runs found another state than the one before."""
    FILING_DEADLINE = "filing_deadline"
    """`filing_deadline=2026-12-15`: it fails in the last working days of the filing period, which ends with that day."""
    NO_LONGER_WATCHED = "no_longer_watched"
    """The incident ended because its targets are no longer configured."""


ANSWERED = frozenset({
    Cause.SYNC_LAG, Cause.RECORD_MISSING, Cause.COUNT_MISMATCH, Cause.MAINTENANCE_PAGE, Cause.BACKEND_BUSY, Cause.API_ERROR,
})  # fmt: skip
"""Causes that only the right server tells in the right shape: its address needs no check."""
MOST_FOUND = 4
"""Things of this machine beyond their limit that are told of one outage."""
OF_REFERENCES = frozenset({
    Fact.REFERENCES_OK, Fact.REFERENCES_BEFORE, Fact.REFERENCES_STALE, Fact.NO_REFERENCE,
})  # fmt: skip


def facts(view: ServiceView, around: Surroundings) -> tuple[str, ...]:
    """The facts that the diagnosis of a service rests on.

    None of them is an age or another value that changes by itself: facts of an incident are kept when they change.
    """
    found = [*_own_facts(view), *_signs(view)]
    if view.lead is not None:
        found += _window_facts(view, around)
    if view.authority != LOCAL and (view.lead is not None or around.local.holds):
        found += control_facts(around.local)
    if view.lead is not None:
        found += _common_facts(view, around)
    if around.is_national:
        found.append(f"{Fact.DOWN}={around.down}/{around.watched}")
    if view.refused or (view.lead is not None and view.lead.cause is Cause.FORMAT_DRIFT):
        found.append(f"{Fact.DRIFTED}={around.drifted}/{around.watched}")
    if view.lead is not None and not view.is_ours:
        found += _reference_facts(view, around)
        found += _filing_facts(view, around)
    return tuple(found)


def _own_facts(view: ServiceView) -> Iterable[str]:
    """What is known of the failing targets."""
    lead = view.lead
    if lead is None:
        return
    yield f"{Fact.TARGETS_FAILING}={len(view.failing)}/{len(view.targets)}"
    if view.seen_here:
        yield f"{Fact.SEEN_HERE}={view.seen_here}"
    elif view.is_never_up:
        yield (Fact.NEVER_RIGHT if lead.cause in ANSWERED else Fact.NEVER_ANSWERED).value
    if lead.last is not None and lead.last.cause is lead.cause:
        if lead.last.status_code is not None:
            yield f"{Fact.STATUS}={lead.last.status_code}"
        yield from _codes(view, lead, lead.last)
        lies = (answer for answer in lead.last.answers if answer.forged)
        yield from (
            f"{Fact.FORGED}={lie.resolver} {lie.addresses[0]}" for lie in islice(lies, 2) if lie.addresses
        )
        differing = (answer for answer in lead.last.answers if answer.differs)
        yield from (
            f"{Fact.ANSWERS_DIFFER}={one.resolver} {one.addresses[0] if one.addresses else one.cause}"
            for one in islice(differing, 4)
        )


def _codes(view: ServiceView, lead: TargetState, last: Result) -> Iterable[str]:
    """The platform's code; of this machine all that is beyond its limit."""
    target = next(one for one in view.targets if one.id == lead.id)
    if not target.is_on_machine:
        if last.code is not None:
            yield f"{Fact.CODE}={last.code}"
        return
    found = dict.fromkeys([last.code or "", *(called(target, one) for one in passed(target, last.readings))])
    yield from (f"{Fact.FOUND}={one}" for one in islice(filter(None, found), MOST_FOUND))


def _signs(view: ServiceView) -> Iterable[str]:
    """What is worth knowing of those that answer."""
    if view.split:
        address = view.failed_address
        yield f"{Fact.ADDRESS_FAILED}={address}" if address else Fact.ADDRESS_FAILED.value
        if view.broken_family:
            yield f"{Fact.FAMILY_FAILED}={view.broken_family}"
    if view.throttled:
        yield Fact.THROTTLED.value
    if view.slow:
        yield Fact.SLOW.value
    if Flag.TLS_UNVERIFIED in view.flags:
        yield Fact.TLS_UNVERIFIED.value


def _common_facts(view: ServiceView, around: Surroundings) -> Iterable[str]:
    """What it has in common with others that fail."""
    if around.mains.get(view.authority) == view.service:
        if view.authority in around.alike.odd_ports:
            yield f"{Fact.ODD_PORTS}={len(around.alike.odd_ports)}"
        if shared := around.alike.networks.get(view.authority):
            yield f"{Fact.SHARED_NETWORK}={shared[1]}/{shared[0]}"
    if around.clock is not None and is_wrong(around.clock):
        yield f"{Fact.CLOCK}={spoken(-around.clock)}"


def _window_facts(view: ServiceView, around: Surroundings) -> Iterable[str]:
    if (window := around.window(view)) is not None:
        yield f"{Fact.WINDOW}={window.name}"
    elif (window := around.window_over(view)) is not None:
        yield f"{Fact.WINDOW_OVER}={window.name}"


def _reference_facts(view: ServiceView, around: Surroundings) -> Iterable[str]:
    """What others say of it, where any other is asked and it is the service they speak of."""
    if not around.asked or around.mains.get(view.authority) != view.service:
        return
    votes = around.votes(view)
    if votes.fresh:
        looked = around.seen_working(view.authority)
        is_older = looked is not None and view.began is not None and looked < view.began
        yield f"{Fact.REFERENCES_BEFORE if is_older else Fact.REFERENCES_OK}={votes.ok}/{votes.fresh}"
    if votes.stale:
        yield f"{Fact.REFERENCES_STALE}={votes.stale}"
    if not votes.fresh and not votes.stale:
        yield Fact.NO_REFERENCE.value


def _filing_facts(view: ServiceView, around: Surroundings) -> Iterable[str]:
    """That the last days to file are running: what fails now hurts more. Nothing where the days off are not known."""
    today = filing.today_in_china(around.now)
    if filing.is_rush(around.calendar, view.authority, today):
        ends = filing.period(around.calendar, view.authority, today).deadline
        if not ends.assumed:
            yield f"{Fact.FILING_DEADLINE}={ends.day.isoformat()}"


def seen_here(facts: Iterable[str]) -> str:
    """The kind by which this machine said so of itself; "" where others were asked."""
    begun = f"{Fact.SEEN_HERE}="
    return next((fact.removeprefix(begun) for fact in facts if fact.startswith(begun)), "")


def of_references(fact: str) -> bool:
    """Whether it is about what references say."""
    return fact.partition("=")[0] in OF_REFERENCES


def control_facts(local: LocalView) -> tuple[str, ...]:
    """What the controls say, or that there are none."""
    if not local.configured:
        return (Fact.NO_CONTROLS.value,)
    return (f"{Fact.CONTROLS_FAILING}={local.controls_failing}/{local.ran}",) if local.ran else ()


def local_facts(plan: Plan, states: Mapping[str, TargetState], local: LocalView) -> tuple[str, ...]:
    """The facts of our own network: the controls and, in a fault, how many authorities fail with them."""
    found = control_facts(local)
    if local.together and all(state.cause in TRUST_CAUSES for state in local.together):
        found = (*found, f"{Fact.ALL_BY_TRUST}={len(local.together)}")
    elif local.together:
        found = (*found, f"{Fact.FAILING_TOGETHER}={len(local.together)}/{local.among}")
    if not local.by_controls:
        return found
    watched = watched_authorities(plan)
    failing = sum(_any_down(plan, slug, states) for slug in watched)
    return (*found, f"{Fact.DOWN}={failing}/{len(watched)}")


def _any_down(plan: Plan, slug: str, states: Mapping[str, TargetState]) -> bool:
    return any(
        (state := states.get(target.id)) is not None and state.confirmed is Confirmed.DOWN
        for target in plan.by_authority[slug]
    )


def watched_authorities(plan: Plan) -> list[str]:
    """Slugs of the provincial-level authorities that some target looks at, in the order of the plan."""
    return [slug for slug in plan.by_authority if slug not in PSEUDO_AUTHORITIES]
