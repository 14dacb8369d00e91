"""Addresses of one host, each by itself: what is diagnosed of them, and by which facts."""

from __future__ import annotations

from monitor.core.diagnosis import diagnose
from monitor.core.facts import facts
from monitor.core.judge import advance
from monitor.core.services import judge_service
from monitor.core.surroundings import look_around
from monitor.model import (
    AddressLook,
    Answer,
    Cause,
    Diagnosis,
    Flag,
    NameRules,
    Phase,
    Result,
    TargetState,
)
from tests.core.notation import START, plan_of, target


def believed(last: Result, kind: str = "tls", **more: object) -> tuple[Diagnosis, tuple[str, ...]]:
    """Diagnosis and facts after three runs like this one."""
    of = target("reach", "shandong", kind=kind, **more)
    plan = plan_of(of)
    state = TargetState(id=of.id, seen_up=True)
    for _ in range(3):
        state = advance(of, state, last, START)
    states = {of.id: state}
    view, around = judge_service((of,), states), look_around(plan, states, START)
    return diagnose(view, around), facts(view, around)


def run(*nodes: AddressLook) -> Result:
    return Result(
        target="reach/shandong",
        started_at=START,
        duration=0.1,
        cause=Cause.NONE,
        flags=frozenset({Flag.ADDRESS_FAILED}),
        addresses=tuple(node.address for node in nodes),
        address=next(node.address for node in nodes if node.cause is Cause.NONE),
        nodes=nodes,
    )


def fine(address: str) -> AddressLook:
    return AddressLook(address=address, cause=Cause.NONE)


def bad(address: str, *, counts: bool = True) -> AddressLook:
    return AddressLook(address=address, cause=Cause.CONNECTION_REFUSED, phase=Phase.CONNECT, counts=counts)


def test_the_broken_ones_are_named_and_no_other() -> None:
    diagnosis, found = believed(run(fine("192.0.2.1"), bad("192.0.2.2"), fine("192.0.2.3"), bad("192.0.2.4")))
    assert diagnosis is Diagnosis.CDN_NODE
    assert "address_failed=192.0.2.2 192.0.2.4" in found
    assert not any(fact.startswith("family_failed") for fact in found)


def test_a_family_that_fails_is_a_fact_of_its_own() -> None:
    diagnosis, found = believed(run(fine("192.0.2.1"), bad("2001:db8::1"), bad("2001:db8::2")))
    assert diagnosis is Diagnosis.CDN_NODE
    assert "family_failed=IPv6" in found


def test_what_could_not_be_looked_at_is_not_blamed() -> None:
    _, found = believed(run(fine("192.0.2.1"), bad("192.0.2.2"), bad("2001:db8::1", counts=False)))
    assert "address_failed=192.0.2.2" in found
    assert "family_failed=IPv6" not in found


def test_a_hijacked_name_speaks_of_us_and_names_who_said_what() -> None:
    lie = Answer(resolver="192.0.2.53:53", name="v.example", addresses=("10.0.0.1",), forged=True)
    truth = Answer(resolver="192.0.2.54:53", name="v.example", addresses=("114.80.1.1",))
    last = Result(
        target="reach/shandong",
        started_at=START,
        duration=0.1,
        cause=Cause.DNS_HIJACKED,
        phase=Phase.RESOLVE,
        answers=(lie, truth),
    )
    diagnosis, found = believed(last, kind="dns", names=NameRules())
    assert diagnosis is Diagnosis.MISCONFIGURED
    assert "forged=192.0.2.53:53 10.0.0.1" in found
