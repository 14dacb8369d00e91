"""Whether all that fails for want of trust fails because of us: what is verified at the same time, and our clock, may refute it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core.alike import compare_down
from monitor.core.surroundings import look_around
from monitor.model import Cause, Certificate, Phase
from tests.core.notation import START, control, plan_of, target
from tests.core.situation import NOW, after

SLUGS = ("anhui", "henan", "hunan", "jilin")


def certificate(issuer: str, *, verified: bool) -> Certificate:
    return Certificate(
        subject="CN=x", issuer=issuer, not_before=START - timedelta(days=90), not_after=START - timedelta(days=1),
        names=(), fingerprint="", chain_length=2, verified=verified,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cause", "verified_by", "clock", "is_us"),
    [
        (Cause.TLS_EXPIRED, None, None, True),
        (Cause.TLS_EXPIRED, "CN=Another CA", None, False),  # our trust and, most likely, our clock are fine
        (Cause.TLS_EXPIRED, None, 0.5, False),  # no trust store makes a certificate expire
        (Cause.TLS_EXPIRED, "CN=Another CA", 86400.0, True),  # our clock does
        (Cause.TLS_UNTRUSTED, None, 0.5, True),
        (Cause.TLS_UNTRUSTED, "CN=Another CA", 0.5, True),  # one root may be missing here
        (Cause.TLS_UNTRUSTED, "CN=CA", 0.5, False),  # it is not
    ],
)
def test_what_is_verified_and_a_clock_that_is_right_refute_that_it_is_us(cause, verified_by, clock, is_us):
    sick = {target("reach", slug): slug for slug in SLUGS}
    internet = control("internet")
    plan = plan_of(*sick, internet)
    down = {}
    for one, slug in sick.items():
        state = after(one, "++xxx")
        assert state.last is not None
        last = replace(state.last, certificate=certificate("CN=CA", verified=False))
        down[slug] = replace(state, cause=cause, phase=Phase.TLS, last=last)
    states = {state.id: state for state in down.values()}
    seen = after(internet, "++")
    if verified_by is not None and seen.last is not None:
        shown = certificate(verified_by, verified=True)
        seen = replace(seen, last=replace(seen.last, certificate=shown))
    states[seen.id] = seen
    assert compare_down(down, plan, states, clock).trust is is_us


def test_a_sample_is_no_quorum():
    """Three of four that were looked at are down; 36 are watched."""
    targets = {target("reach", slug): "++---" for slug in SLUGS[:3]} | {target("reach", SLUGS[3]): "++"}
    plan = plan_of(*targets)
    states = {one.id: after(one, row) for one, row in targets.items()}
    assert look_around(plan, states, NOW).is_national
    around = look_around(plan, states, NOW, altogether=36)
    assert (around.is_national, around.national_from, around.down, around.watched) == (False, 12, 3, 4)


def test_what_is_nobodys_is_no_part_of_a_quorum():
    targets = {target("reach", slug): "++---" for slug in (*SLUGS[:2], "")}
    plan = plan_of(*targets)
    around = look_around(plan, {one.id: after(one, row) for one, row in targets.items()}, NOW)
    assert (around.down, around.watched) == (2, 2)
