"""What the monitor says of itself and of certificates; readings of references; another plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model import (
    AddSilence,
    Certificate,
    Flag,
    Incident,
    Notification,
    Outcome,
    ReferenceReading,
    ReferenceRow,
    ReferenceSource,
    Replan,
    Result,
    Route,
    Scope,
    Severity,
    Silence,
    StoreHealth,
    When,
)
from tests.core.notation import World, plan_of, result, six, target

DOWN = StoreHealth(store="state", up=False, detail="database or disk is full")
UP = StoreHealth(store="state", up=True)


# --- stores ----------------------------------------------------------------------------------------------------------


def test_a_store_that_does_not_work_is_told_once_and_that_it_works_again_too(world):
    for _ in range(5):
        world.event(DOWN)
        world.pass_time(10)
    world.pass_time(60)
    assert world.events == ["daemon_degraded"]
    note = world.told[0]
    assert (note.scope, note.severity) == (Scope.DAEMON, Severity.CRITICAL)
    assert note.detail == "state: database or disk is full"
    assert list(world.state.stores_down) == ["state"]
    world.event(UP)
    world.pass_time(60)
    assert world.events == ["daemon_degraded", "daemon_restored"]
    assert world.told[1].to == note.to
    assert world.state.stores_down == {}


def test_a_store_that_works_again_within_seconds_is_not_told(world):
    for _ in range(10):
        world.event(DOWN)
        world.pass_time(3)
        world.event(UP)
        world.pass_time(3)
    world.pass_time(60)
    assert (world.told, world.state.incidents) == ([], {})


def test_a_store_that_flaps_once_told_is_not_told_again(world):
    world.event(DOWN)
    world.pass_time(60)
    for _ in range(10):
        world.event(UP)
        world.pass_time(3)
        world.event(DOWN)
        world.pass_time(3)
    assert world.events == ["daemon_degraded"]


def test_two_stores_are_two_incidents_in_one_message(world):
    world.event(DOWN)
    world.event(replace(DOWN, store="history"))
    world.pass_time(60)
    (note,) = world.told
    assert {one.service for one in note.incidents} == {"state", "history"}
    assert note.detail == "state: database or disk is full; history: database or disk is full"


def test_what_ails_the_daemon_is_no_fault_of_our_network_and_hushes_nobody(world):
    world.event(DOWN)
    world.play({"reach/anhui": "---"})
    world.pass_time(60)
    assert sorted(world.events) == ["daemon_degraded", "incident_opened"]


# --- certificates ----------------------------------------------------------------------------------------------------


def certificate(world: World, fingerprint: str = "ab" * 32) -> Certificate:
    """One that expires in nine days and a half."""
    return Certificate(
        subject="CN=anhui.example", issuer="CN=root", not_before=world.now,
        not_after=world.now + timedelta(days=9.5), names=(), fingerprint=fingerprint, chain_length=2, verified=True,
    )  # fmt: skip


def expiring(world: World, id_: str = "reach/anhui", fingerprint: str = "ab" * 32) -> Result:
    """An ok run that met such a certificate."""
    return replace(
        result(id_, "+", world.now),
        flags=frozenset({Flag.CERTIFICATE_EXPIRING}),
        certificate=certificate(world, fingerprint),
    )


def test_a_certificate_that_expires_soon_is_told_once_and_never_again(world):
    for _ in range(60):
        world.event(expiring(world))
        world.pass_time(86400)
    assert world.events == ["certificate_expiring"]
    (note,) = world.told
    assert note.severity is Severity.WARNING
    (record,) = world.state.certificates.values()
    assert record.heard == frozenset(note.to)
    assert note.incidents[0].authority == "anhui"
    assert note.detail == "CN=anhui.example, 2026-11-30, 9 d"
    assert world.open == []


def test_a_renewed_certificate_that_expires_soon_is_told_again(world):
    world.event(expiring(world))
    world.pass_time(30 * 86400)
    world.event(expiring(world, fingerprint="cd" * 32))
    world.pass_time(30)
    assert world.events == ["certificate_expiring"] * 2
    assert len({note.key for note in world.told}) == 2


def test_one_certificate_after_the_other_is_told_at_most_daily(world):
    for number in range(50):
        world.event(expiring(world, fingerprint=f"{number:064x}"))
        world.pass_time(60)
    assert world.events == ["certificate_expiring"]
    assert len(world.state.certificates) == 1


def test_certificates_met_together_are_one_message_and_one_of_a_target_not_confirmed_up_waits(world):
    world.event(expiring(world))
    world.event(expiring(world, "reach/gansu", "cd" * 32))
    cold = World(plan_of(target("reach", "anhui")))
    cold.event(expiring(cold))
    cold.pass_time(60)
    assert cold.told == []
    cold.event(expiring(cold))
    cold.pass_time(60)
    assert cold.events == ["certificate_expiring"]
    world.pass_time(60)
    assert world.heard == [("certificate_expiring", ("anhui", "gansu"))]


def test_a_silenced_certificate_is_told_when_the_silence_ends(world):
    matchers = {"authority": ("anhui",)}
    end = world.now + timedelta(hours=1)
    world.event(AddSilence(silence=Silence(id="s", matchers=matchers, starts_at=world.now, ends_at=end)))
    world.event(expiring(world))
    world.pass_time(3500)
    assert world.told == []
    world.pass_time(200)
    assert world.events == ["certificate_expiring"]


# --- references ------------------------------------------------------------------------------------------------------

HQ = ReferenceSource(name="hq", url="http://hq", stale_after=600)


def reading(
    world: World, outcome: Outcome = Outcome.OK, *, up: bool = True, **more: object
) -> ReferenceReading:
    """What headquarters say of anhui."""
    row = ReferenceRow(authority="anhui", outcome=outcome, checked_at=world.now)
    return ReferenceReading(source="hq", read_at=world.now, up=up, rows=(row,) if up else (), **more)  # type: ignore[arg-type]


@pytest.fixture
def beside() -> World:
    """A reference beside our own view."""
    world = World(six(references=(HQ,)))
    world.warm()
    return world


def test_the_latest_reading_is_kept_and_a_failed_one_keeps_the_rows(beside):
    beside.event(reading(beside))
    commit = beside.event(replace(reading(beside, up=False), detail="HTTP 500"))
    assert commit.durable
    known = beside.state.references["hq"]
    assert (known.up, known.detail, len(known.rows)) == (False, "HTTP 500", 1)


def test_a_reading_that_says_nothing_new_is_no_news(beside):
    beside.event(reading(beside))
    beside.pass_time(60)
    assert beside.event(reading(beside)).durable is False
    assert beside.commits[-1].next_wakeup != beside.now


def test_a_tick_is_asked_for_when_words_go_stale(beside):
    beside.event(reading(beside))
    beside.pass_time(0)
    at = beside.commits[-1].next_wakeup
    assert at is not None
    assert at - beside.now == timedelta(seconds=600, microseconds=1)


def test_a_source_that_is_not_configured_is_not_listened_to(world):
    commit = world.event(reading(world))
    assert (commit.references, world.state.references) == ((), {})


# --- another plan ----------------------------------------------------------------------------------------------------


def test_what_is_no_longer_configured_is_forgotten_and_its_incidents_end(beside):
    beside.event(reading(beside))
    beside.play({"reach/anhui": "---"})
    beside.pass_time(20)
    beside.plan = plan_of(target("reach", "gansu"))
    commit = beside.event(Replan())
    assert ("references", "hq") in commit.dropped
    assert ("targets", "reach/anhui") in commit.dropped
    assert ("targets", "reach/gansu") not in commit.dropped
    beside.pass_time(20)
    assert beside.heard == [("incident_opened", ("anhui",)), ("incident_resolved", ("anhui",))]
    assert set(beside.state.targets) == {"reach/gansu"}


def test_a_silence_of_what_is_still_watched_stays(world):
    end = world.now + timedelta(hours=1)
    for slug in ("anhui", "gansu"):
        silence = Silence(id=slug, matchers={"authority": (slug,)}, starts_at=world.now, ends_at=end)
        world.event(AddSilence(silence=silence))
    world.plan = plan_of(target("reach", "gansu"))
    world.event(Replan())
    assert set(world.state.silences) == {"gansu"}


def test_an_open_incident_survives_another_plan_with_the_same_target(world):
    world.play({"reach/anhui": "---"})
    world.pass_time(20)
    world.plan = six(routes=(Route(to=("bus",), when=When(scope=("local",))),))
    world.event(Replan())
    world.pass_time(20)
    assert [one.authority for one in world.open] == ["anhui"]
    assert world.events == ["incident_opened"]


def only(world: World) -> tuple[Notification, Incident]:
    """The one notification and its one incident."""
    (note,) = world.told
    (incident,) = note.incidents
    return note, incident


def test_nobody_by_day_and_somebody_by_night_is_told_when_the_hour_comes():
    """It is 16:00 in Shanghai; the only route begins at 22:00."""
    world = World(six(routes=(Route(to=("bus",), when=When(hours=("22:00", "06:00"))),)))
    world.warm()
    world.play({"reach/anhui": "---"})
    world.pass_time(5 * 3600)
    assert world.told == []
    assert [one.authority for one in world.open] == ["anhui"]
    world.pass_time(3600)
    note, incident = only(world)
    assert note.to == ("bus[0]",)
    assert incident.told == frozenset({"bus[0]"})
