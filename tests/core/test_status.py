"""The rows that page, API and metrics show."""

from __future__ import annotations

import pytest

from monitor.core.status import AuthorityRow, status_rows
from monitor.model import AuthorityState, Cause, Diagnosis, Flag, Outcome, ServiceState, Verdict
from tests.core.notation import CONTROLS, SLUGS, World, control, everyone, plan_of, six, target


def rows(world: World) -> dict[str, AuthorityRow]:
    """The rows by authority."""
    return {row.authority: row for row in status_rows(world.plan, world.state, world.now).authorities}


def row_after(**played: str) -> AuthorityRow:
    """Anhui's row after these rows of signs for its probes `reach`, `captcha` and `dppt`."""
    world = World(
        plan_of(
            target("reach", "anhui"),
            target("captcha", "anhui"),
            target("dppt", "anhui", service="dppt"),
            control("internet"),
        )
    )
    world.play({f"{probe}/anhui": signs for probe, signs in played.items()})
    return rows(world)["anhui"]


def test_before_any_run_nothing_is_known_and_nothing_is_made_up():
    row = row_after(reach="")
    assert (row.state, row.diagnosis, row.verdict) == ("unknown", "undetermined", "own_unknown")
    assert (row.outcome, row.cause, row.since, row.seen_up) == (None, None, None, False)
    assert row.targets == ("reach/anhui", "captcha/anhui", "dppt/anhui")


def test_a_row_of_one_that_answers():
    row = row_after(reach="++", captcha="++", dppt="++")
    assert (row.state, row.outcome, row.cause, row.diagnosis) == ("up", "ok", "none", "healthy")
    assert (row.verdict, row.seen_up, row.incidents, row.facts) == (Verdict.NO_REFERENCE, True, (), ())
    assert row.code == "1100"


def test_a_row_of_one_that_is_down_says_since_when_why_and_which_incident():
    row = row_after(reach="++---", captcha="++---", dppt="++")
    assert (row.state, row.outcome, row.cause) == ("down", "timeout", "response_timeout")
    assert row.diagnosis is Diagnosis.PROVINCIAL_OUTAGE
    assert row.since is not None
    assert row.since.isoformat() == "2026-11-21T08:00:10+00:00"
    assert row.incidents == ("anhui-verify-20261121T080010Z",)
    assert row.facts == ("targets_failing=2/2",)
    assert row.services["dppt"].state is ServiceState.UP


def test_the_last_outcome_is_shown_before_it_is_believed():
    row = row_after(reach="++-")
    assert (row.state, row.outcome) == ("up", "timeout")


DIAGNOSES = {
    "healthy": ("++", Diagnosis.HEALTHY, ()),
    "slow": ("++sss", Diagnosis.SLOW, ("slow",)),
    "throttled": ("++t", Diagnosis.THROTTLED, ("throttled",)),
    "one address of several does not answer": ("+a", Diagnosis.CDN_NODE, ("address_failed=10.0.0.1",)),
    "shut out": ("++!", Diagnosis.BLOCKED, ("targets_failing=1/2", "code=020")),
    "behind a wall": ("++bbb", Diagnosis.BLOCKED, ("targets_failing=1/2", "status=412")),
    "never answered": ("---", Diagnosis.UNDETERMINED, ("targets_failing=1/2", "never_answered")),
    "a shape nobody knows": ("++ddd", Diagnosis.PROTOCOL_CHANGED, ("targets_failing=1/2", "drifted=1/1")),
    "not verifiable": ("uu", Diagnosis.HEALTHY, ("tls_unverified",)),
}


@pytest.mark.parametrize(("signs", "diagnosis", "facts"), DIAGNOSES.values(), ids=DIAGNOSES)
def test_the_diagnosis_and_its_facts(signs, diagnosis, facts):
    row = row_after(captcha=signs)
    assert (row.diagnosis, row.facts) == (diagnosis, facts)


def test_a_certificate_that_cannot_be_verified_degrades_and_is_flagged():
    row = row_after(reach="uu")
    assert (row.state, row.flags) == (AuthorityState.DEGRADED, (Flag.TLS_UNVERIFIED,))


def test_when_only_another_service_is_down_the_diagnosis_is_about_that():
    row = row_after(reach="++", captcha="++", dppt="++---")
    assert (row.state, row.outcome, row.diagnosis) == ("degraded", Outcome.OK, Diagnosis.PROVINCIAL_OUTAGE)


def test_in_a_local_fault_every_state_is_unknown_and_the_local_part_says_why():
    world = World(six())
    world.play(everyone(world.plan, "++nnn"))
    status = status_rows(world.plan, world.state, world.now)
    assert {row.state for row in status.authorities} == {AuthorityState.UNKNOWN}
    assert {row.diagnosis for row in status.authorities} == {Diagnosis.LOCAL_DNS}
    assert {row.cause for row in status.authorities} == {Cause.DNS_NXDOMAIN}
    assert (status.local.state, status.local.diagnosis) == (AuthorityState.DOWN, Diagnosis.LOCAL_DNS)
    assert status.local.facts == ("controls_failing=2/2", "down=6/6")


def test_the_local_part_when_the_controls_answer_and_when_there_are_none():
    world = World(six())
    world.play(dict.fromkeys(CONTROLS, "++"))
    local = status_rows(world.plan, world.state, world.now).local
    assert (local.state, local.diagnosis, local.facts) == ("up", "healthy", ("controls_failing=0/2",))
    bare = World(plan_of(target("reach", "anhui")))
    local = status_rows(bare.plan, bare.state, bare.now).local
    assert (local.state, local.diagnosis, local.facts) == ("unknown", "undetermined", ("no_controls",))


def test_the_national_page_has_a_row_of_its_own_and_no_part_in_the_quorum():
    page = target("national-page", "national", id="national-page", kind="http", service="")
    world = World(plan_of(*(target("reach", slug) for slug in SLUGS), page, control("internet")))
    world.warm()
    world.play({"national-page": "---", "reach/anhui": "---", "reach/gansu": "---"})
    status = status_rows(world.plan, world.state, world.now)
    assert status.national is not None
    assert (status.national.state, status.national.authority) == ("down", "national")
    assert len(status.authorities) == 6
    assert {row.diagnosis for row in status.authorities} == {Diagnosis.PROVINCIAL_OUTAGE, Diagnosis.HEALTHY}
