"""Runs → confirmed targets → services → authorities → our own network, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core.judge import advance, believes_otherwise, interval_of, wants_rerun
from monitor.core.local import judge_local
from monitor.core.services import judge_service, main_service
from monitor.core.status import judge_authority
from monitor.model import AuthorityState, Cause, Confirmed, Flag, ServiceState, Target, TargetState
from tests.core.notation import SPACING, START, control, plan_of, result, target

REACH = target("reach", "shandong")
CAPTCHA = target("captcha", "shandong", slow_after=3.0)


REFUSED = frozenset({Flag.UNSIGNED_REFUSED})


def after(row: str, of: Target = REACH) -> TargetState:
    """The target's state after these runs, five seconds apart; `f`: ok, but refused as unsigned."""
    state = TargetState(id=of.id)
    for place, sign in enumerate(row):
        at = START + timedelta(seconds=SPACING * place)
        ran = replace(result(of.id, "+", at), flags=REFUSED) if sign == "f" else result(of.id, sign, at)
        state = advance(of, state, ran, at)
    return state


CONFIRMED = {
    "nothing has run": ("", "unknown"),
    "one failing run confirms nothing": ("-", "unknown"),
    "two failing runs confirm nothing": ("--", "unknown"),
    "three failing runs in a row confirm it down": ("---", "down"),
    "one ok run confirms nothing": ("+", "unknown"),
    "two ok runs in a row confirm it up": ("++", "up"),
    "an ok run between breaks the row of failures": ("++--+--", "up"),
    "one ok run does not bring back what is confirmed down": ("---+", "down"),
    "a failing run between breaks the row of recovery": ("---+-+", "down"),
    "two ok runs bring it back": ("---++", "up"),
    "different causes make one row": ("++-rn", "down"),
    "causes that speak of us confirm too": ("bbb", "down"),
    "a bug of ours counts for nothing": ("++--i", "up"),
    "a bug of ours does not break a row either": ("++--i-", "down"),
    "being shut out is confirmed by one run": ("++!", "down"),
    "throttling is a sign of life": ("---tt", "up"),
}


@pytest.mark.parametrize(("row", "confirmed"), CONFIRMED.values(), ids=CONFIRMED)
def test_what_confirms(row, confirmed):
    assert after(row).confirmed == confirmed


def test_the_outage_begins_with_the_first_failing_run_of_its_row():
    assert after("++-+---").first_failure_at == START + timedelta(seconds=4 * SPACING)


def test_an_ok_run_between_does_not_move_the_beginning_of_a_confirmed_outage():
    assert after("---+-").first_failure_at == START


def test_the_beginning_is_forgotten_once_it_is_confirmed_up():
    assert after("---++").first_failure_at is None


def test_since_is_when_the_belief_changed_not_when_it_last_ran():
    assert after("++---" + "--").since == START + timedelta(seconds=4 * SPACING)


BLAME = {
    "the last failing run names the cause": ("-r", Cause.CONNECTION_REFUSED),
    "an unconfirmed ok run keeps the cause": ("---+", Cause.RESPONSE_TIMEOUT),
    "one blocked run does not turn an outage into our affair": ("---b", Cause.RESPONSE_TIMEOUT),
    "as many as confirm do": ("---bbb", Cause.BLOCKED),
    "and the other way round": ("bbb--", Cause.BLOCKED),
    "three of theirs after ours": ("bbb---", Cause.RESPONSE_TIMEOUT),
    "being shut out turns it at once": ("---!", Cause.BLOCKED),
    "nothing is blamed once it is up": ("---++", Cause.NONE),
}


@pytest.mark.parametrize(("row", "cause"), BLAME.values(), ids=BLAME)
def test_what_is_blamed(row, cause):
    assert after(row).cause is cause


RERUNS = {
    "the first run is repeated until it is confirmed": ("+", True),
    "confirmed up: the schedule is enough": ("++", False),
    "a failing run is repeated": ("++-", True),
    "confirmed down: the schedule is enough": ("++---", False),
    "the first ok run of one that is down is repeated": ("---+", True),
    "a failing run after that changes nothing": ("---+-", False),
    "shut out: it is not asked again": ("++!", False),
    "throttled: it is not asked again in seconds": ("t", False),
    "a turn of blame is confirmed too": ("---b", True),
    "a bug of ours asks for nothing": ("--i", False),
}


@pytest.mark.parametrize(("row", "again"), RERUNS.values(), ids=RERUNS)
def test_when_a_run_is_repeated(row, again):
    assert (wants_rerun(REACH, after(row)) is not None) is again


PACES = {
    "as configured": ("++", 300),
    "looked at more often while down": ("---", 60),
    "doubled when throttled": ("++t", 600),
    "to at most eight times": ("++tttttt", 2400),
    "back to normal with the next answer": ("++ttt+", 300),
    "down beats throttled": ("++t---", 60),
}


@pytest.mark.parametrize(("row", "seconds"), PACES.values(), ids=PACES)
def test_how_often_it_is_looked_at(row, seconds):
    assert interval_of(CAPTCHA, after(row, CAPTCHA)) == seconds


def test_while_down_never_makes_it_rarer():
    hasty = target("reach", "shandong", interval=15.0)
    assert interval_of(hasty, after("---", hasty)) == 15


SLOW = {
    "two slow runs confirm nothing": ("++ss", False),
    "three in a row do": ("++sss", True),
    "a brisk run between breaks the row": ("++ss+ss", False),
    "one brisk run clears nothing": ("++sss+", True),
    "two do": ("++sss++", False),
    "a failing run says nothing about speed": ("++sss+-+", True),
}


@pytest.mark.parametrize(("row", "slow"), SLOW.values(), ids=SLOW)
def test_what_confirms_slowness(row, slow):
    assert after(row).slow is slow


REFUSALS = {
    "never accepted: it may always have refused": ("ff", False),
    "accepted once, refused now": ("+f", True),
    "accepted again": ("+f+", False),
    "a failing run says nothing of it": ("+f-", True),
    "nor does being throttled": ("+ft", True),
    "throttled is not accepted": ("tf", False),
}


@pytest.mark.parametrize(("row", "refused"), REFUSALS.values(), ids=REFUSALS)
def test_what_is_refused_that_was_not_before(row, refused):
    assert after(row, CAPTCHA).refused is refused


def test_being_refused_is_a_change_of_belief():
    assert believes_otherwise(after("++", CAPTCHA), after("++f", CAPTCHA))
    assert not believes_otherwise(after("++f", CAPTCHA), after("++ff", CAPTCHA))


# --- services and authorities ----------------------------------------------------------------------------------------

DPPT = target("dppt", "shandong", service="dppt")
PROVINCE = plan_of(REACH, CAPTCHA, DPPT)

SERVICES = {
    "no run yet": ("", "", "unknown"),
    "a first failing run says nothing yet": ("-", "", "unknown"),
    "one answering target is enough": ("+", "", "up"),
    "down when one of its targets is": ("---", "++", "down"),
    "down also while the failing one recovers": ("---+", "++", "down"),
    "unknown when what fails speaks of us": ("++", "bbb", "unknown"),
    "theirs beats ours": ("---", "bbb", "down"),
    "an unknown shape only degrades": ("++", "ddd", "degraded"),
    "slowness degrades": ("++", "sss", "degraded"),
    "a certificate that cannot be verified degrades": ("uu", "++", "degraded"),
    "one failing run of a confirmed one changes nothing": ("uu-", "++", "degraded"),
}


@pytest.mark.parametrize(("reach", "captcha", "state"), SERVICES.values(), ids=SERVICES)
def test_a_service(reach, captcha, state):
    states = {REACH.id: after(reach), CAPTCHA.id: after(captcha, CAPTCHA)}
    assert judge_service((REACH, CAPTCHA), states).state == state


def test_the_cause_of_a_service_is_the_failure_earliest_on_the_way():
    states = {REACH.id: after("rrr"), CAPTCHA.id: after("nnn", CAPTCHA)}
    view = judge_service((REACH, CAPTCHA), states)
    assert (view.lead.cause if view.lead else None) is Cause.DNS_NXDOMAIN


def test_a_target_that_once_answered_is_believed_before_one_that_never_did():
    states = {REACH.id: after("nnn"), CAPTCHA.id: after("+---", CAPTCHA)}
    view = judge_service((REACH, CAPTCHA), states)
    assert not view.is_never_up
    assert view.cause is Cause.DNS_NXDOMAIN, "the matrix shows the last runs"
    assert [state.id for state in view.failing] == [CAPTCHA.id]


AUTHORITIES = {
    "nothing has run": ("", "", "unknown"),
    "its main service is down": ("---", "++", "down"),
    "another service is down": ("++", "---", "degraded"),
    "another service has only causes that speak of us": ("++", "bbb", "up"),
    "its main service has only causes that speak of us": ("bbb", "++", "unknown"),
    "ours beside a real failure is not only ours": ("bbb", "---", "degraded"),
    "the main service has not run yet": ("", "++", "unknown"),
    "all answer": ("++", "++", "up"),
    "slow": ("sss", "++", "degraded"),
}


@pytest.mark.parametrize(("verify", "dppt", "state"), AUTHORITIES.values(), ids=AUTHORITIES)
def test_an_authority(verify, dppt, state):
    states = {REACH.id: after(verify), DPPT.id: after(dppt, DPPT)}
    main, other = judge_service((REACH,), states), judge_service((DPPT,), states)
    assert judge_authority(main, (main, other), local=False) == state


PLANNED = {
    "its main service is down in a window": ("---", "++", ["verify"], "maintenance"),
    "an unknown shape in a window": ("ddd", "++", ["verify"], "maintenance"),
    "another service is down in a window": ("++", "---", ["dppt"], "maintenance"),
    "its main service is down, another one's window does not explain it": ("---", "---", ["dppt"], "down"),
    "its main service is down, the window is for another that works": ("---", "++", ["dppt"], "down"),
    "the main service has a window, another is down too": ("---", "---", ["verify"], "maintenance"),
    "a window alone is no maintenance: it answers": ("++", "++", ["verify", "dppt"], "up"),
    "slow in a window": ("sss", "++", ["verify"], "degraded"),
    "only causes that speak of us, in a window": ("bbb", "++", ["verify"], "unknown"),
    "nothing has run, in a window": ("", "", ["verify", "dppt"], "unknown"),
}


@pytest.mark.parametrize(("verify", "dppt", "covered", "state"), PLANNED.values(), ids=PLANNED)
def test_an_authority_with_a_window(verify, dppt, covered, state):
    states = {REACH.id: after(verify), DPPT.id: after(dppt, DPPT)}
    main, other = judge_service((REACH,), states), judge_service((DPPT,), states)
    assert judge_authority(main, (main, other), local=False, covered=covered) == state
    assert judge_authority(main, (main, other), local=True, covered=covered) is AuthorityState.UNKNOWN


SPLITS = {
    "an address failed, another answered": ("+a", "++", True, "10.0.0.1"),
    "it answers again": ("+a+", "++", False, None),
    "and another target fails on that host": ("+a", "++---", True, "10.0.0.1"),
}


@pytest.mark.parametrize(("reach", "captcha", "split", "address"), SPLITS.values(), ids=SPLITS)
def test_a_host_of_which_some_addresses_answer(reach, captcha, split, address):
    states = {REACH.id: after(reach), CAPTCHA.id: after(captcha, CAPTCHA)}
    view = judge_service((REACH, CAPTCHA), states)
    assert (view.split, view.failed_address) == (split, address)


def test_in_a_local_fault_nothing_is_known_of_an_authority():
    view = judge_service((REACH,), {REACH.id: after("++")})
    assert judge_authority(view, (view,), local=True) is AuthorityState.UNKNOWN


def test_without_a_main_service_no_service_alone_makes_the_authority_down():
    etax = target("etax", "shandong", service="etax")
    plan = plan_of(DPPT, etax)
    view = judge_service((DPPT,), {DPPT.id: after("---", DPPT)})
    assert main_service(plan, "shandong") is None
    assert view.state is ServiceState.DOWN
    assert judge_authority(None, (view,), local=False) is AuthorityState.DEGRADED


def test_the_only_service_is_the_main_one():
    assert main_service(plan_of(DPPT), "shandong") == "dppt"
    assert main_service(PROVINCE, "shandong") == "verify"


# --- our own network -------------------------------------------------------------------------------------------------

INTERNET, ANYCAST = control("internet"), control("anycast")

LOCAL = {
    "no control has run": ("", "", False, False),
    "all of them are confirmed down": ("---", "rrr", True, False),
    "one of them answers": ("---", "++", False, False),
    "one has not run yet: those that have decide": ("---", "", True, False),
    "all failed but it is not confirmed": ("---", "rr", False, True),
    "one answered once and is not confirmed": ("---", "+", False, False),
    "one is recovering": ("---+", "---", True, False),
    "one recovered": ("---++", "---", False, False),
    "a bug of ours is no run": ("---", "i", True, False),
}


@pytest.mark.parametrize(("one", "other", "holds", "suspected"), LOCAL.values(), ids=LOCAL)
def test_the_local_rule(one, other, holds, suspected):
    states = {INTERNET.id: after(one, INTERNET), ANYCAST.id: after(other, ANYCAST)}
    view = judge_local(plan_of(INTERNET, ANYCAST), states)
    assert (view.holds, view.suspected) == (holds, suspected)


def test_without_controls_there_is_no_local_fault():
    view = judge_local(plan_of(REACH), {REACH.id: after("---")})
    assert (view.configured, view.holds, view.suspected) == (0, False, False)


def test_a_control_that_never_answered_counts():
    state = after("---", INTERNET)
    assert state.confirmed is Confirmed.DOWN
    assert not state.seen_up
    assert judge_local(plan_of(INTERNET), {INTERNET.id: state}).holds
