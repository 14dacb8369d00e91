"""The rows that page, API and metrics show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from monitor.core.status import AuthorityRow, status_rows
from monitor.model import (
    AuthorityState,
    Cause,
    Diagnosis,
    Flag,
    MaintenanceRule,
    Outcome,
    ReferenceReading,
    ReferenceSource,
    ServiceState,
    Verdict,
)
from monitor.model import ReferenceRow as Said
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


# --- references and windows ------------------------------------------------------------------------------------------


def said(world: World, **outcomes: str) -> None:
    """A reference `hq` says this of these authorities, ten seconds ago."""
    looked = world.now - timedelta(seconds=10)
    rows = tuple(
        Said(authority=slug, outcome=Outcome(word), checked_at=looked) for slug, word in outcomes.items()
    )
    world.state.references["hq"] = ReferenceReading(source="hq", read_at=looked, up=True, rows=rows)


def compared(**more: Any) -> World:
    """Six authorities that answer, two controls, and a reference called `hq`."""
    world = World(six(references=(ReferenceSource(name="hq", url="http://x/"),), **more))
    world.warm()
    return world


def test_a_row_shows_what_the_reference_says_and_who_agrees():
    world = compared()
    said(world, anhui="ok", beijing="timeout")
    found = rows(world)
    assert found["anhui"].verdict is Verdict.AGREE_UP
    assert found["beijing"].verdict is Verdict.ONLY_REFERENCE_DOWN
    assert found["fujian"].verdict is Verdict.NO_REFERENCE
    (seen,) = found["beijing"].reference
    assert (seen.source, seen.outcome, seen.age_seconds, seen.stale) == ("hq", "timeout", 10.0, False)
    assert found["fujian"].reference == ()


def test_a_row_of_one_that_is_down_here_alone():
    world = compared()
    world.play({"reach/anhui": "---"})
    said(world, anhui="ok")
    row = rows(world)["anhui"]
    assert (row.state, row.verdict, row.diagnosis) == ("down", "only_us_down", "path_from_here")
    assert "references_ok=1/1" in row.facts


def test_a_reference_that_is_stale_is_shown_as_such():
    world = compared()
    said(world, anhui="ok")
    world.now += timedelta(minutes=11)
    row = rows(world)["anhui"]
    assert row.verdict is Verdict.REFERENCE_STALE
    assert [seen.stale for seen in row.reference] == [True]


def test_when_most_fail_here_and_the_reference_says_they_work_it_is_us():
    world = compared()
    world.play({f"reach/{slug}": "nnn" for slug in SLUGS[:5]})
    said(world, **dict.fromkeys(SLUGS, "ok"))
    status = status_rows(world.plan, world.state, world.now)
    assert (status.local.state, status.local.diagnosis) == ("down", "local_dns")
    assert status.local.facts == ("controls_failing=0/2", "failing_together=5/6")
    assert {row.state for row in status.authorities} == {AuthorityState.UNKNOWN}
    assert {row.verdict for row in status.authorities} == {Verdict.OWN_UNKNOWN}


def test_a_row_inside_a_window():
    nightly = MaintenanceRule(name="nightly", authorities=("anhui",), schedule="0 * * * *", duration=3600.0)
    world = compared(maintenance=(nightly,))
    world.play({"reach/anhui": "---", "reach/beijing": "---"})
    found = rows(world)
    assert (found["anhui"].state, found["anhui"].diagnosis) == ("maintenance", "maintenance")
    (window,) = found["anhui"].maintenance
    assert (window.id, window.name, window.services) == (
        "nightly-20261121T080000Z",
        "nightly",
        ("verify",),
    )
    assert (found["beijing"].state, found["beijing"].maintenance) == ("down", ())


def test_a_window_is_listed_while_everything_answers():
    nightly = MaintenanceRule(
        name="nightly", schedule="0 * * * *", duration=3600.0, services=("verify", "dppt")
    )
    row = rows(compared(maintenance=(nightly,)))["anhui"]
    assert row.state is AuthorityState.UP
    assert [window.services for window in row.maintenance] == [("verify", "dppt")]


def test_a_window_for_another_service_is_not_listed():
    nightly = MaintenanceRule(name="nightly", schedule="0 * * * *", duration=3600.0, services=("etax",))
    assert rows(compared(maintenance=(nightly,)))["anhui"].maintenance == ()
