"""Who waits for a service to be back is told once (contract §6, `POST /api/v1/waiting`)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from monitor.core import waiting
from monitor.core.state import State, apply
from monitor.model import Leave, Route, Wait, Waiting, When
from tests.core.notation import CONTROLS, START, World, everyone, six

DOWN, UP = {"reach/anhui": "---"}, {"reach/anhui": "++"}
HOOK = "http://127.0.0.1:9/erp?key=s3cr3t-s3cr3t"


def a_wait(id_: str = "a", **more: Any) -> Wait:
    """Somebody waits for `anhui` with a webhook."""
    given: dict[str, Any] = {"authority": "anhui", "service": "", "webhook": HOOK, "ticket": "T-1"}
    return Wait(waiting=Waiting(id=id_, since=START, until=START, **{**given, **more}))


def recovered(world: World) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Receivers and tickets of each `authority_recovered`."""
    notes = [note for note in world.told if note.event == "authority_recovered"]
    return [(note.to, tuple(one.ticket for one in note.waiting)) for note in notes]


@pytest.fixture
def world() -> World:
    """`anhui` is down and that was told."""
    world = World(six())
    world.warm()
    world.play(DOWN)
    world.pass_time(60)
    return world


def test_it_is_told_once_with_its_ticket_and_the_outage_and_not_at_the_next_recovery(world):
    assert not world.event(a_wait()).refused
    world.play(UP)
    world.pass_time(60)
    world.play(DOWN)
    world.pass_time(60)
    world.play(UP)
    world.pass_time(3600)
    assert recovered(world) == [(("waiting:a",), ("T-1",))]
    (note,) = [note for note in world.told if note.event == "authority_recovered"]
    assert note.key == "waiting-a/1/authority_recovered"
    assert [one.service for one in note.waiting] == ["verify"]
    assert [one.authority for one in note.incidents] == ["anhui"]
    assert not world.state.expected


def test_one_good_run_is_not_back(world):
    world.event(a_wait())
    world.play({"reach/anhui": "+-"})
    world.pass_time(60)
    assert recovered(world) == []


def test_it_survives_a_restart_and_is_durable(world):
    assert world.event(a_wait()).durable
    state = State()
    for commit in world.commits:
        apply(state, commit)
    again = World(world.plan, now=world.now, state=state)
    again.play(UP)
    again.pass_time(20)
    assert recovered(again) == [(("waiting:a",), ("T-1",))]


def test_without_a_webhook_the_routes_say_who_hears_it_in_one_message_for_all_who_wait():
    routes = (Route(to=("bus",), when=When(event=("authority_recovered",))), Route(to=("oncall",)))
    world = World(six(routes=routes))
    world.warm()
    world.play(DOWN)
    world.event(a_wait("a", webhook=None, ticket="T-1"))
    world.event(a_wait("b", webhook=None, ticket="T-2"))
    world.event(a_wait("c"))
    world.play(UP)
    world.pass_time(60)
    assert recovered(world) == [(("waiting:c",), ("T-1",)), (("bus[0]",), ("T-1", "T-2"))]


def test_what_is_up_needs_no_waiting_for_and_what_stumbles_does():
    world = World(six())
    world.warm()
    assert world.event(a_wait()).refused == "verify of anhui is up: there is nothing to wait for"
    world.see("reach/anhui", "-")
    assert not world.event(a_wait()).refused
    world.pass_time(2)
    world.see("reach/anhui", "+")
    world.pass_time(6)
    assert recovered(world) == [(("waiting:a",), ("T-1",))]
    assert world.heard == [("authority_recovered", ())], "it never was an outage"


def test_nothing_is_back_while_our_own_network_fails(world):
    world.event(a_wait())
    world.play(dict.fromkeys(CONTROLS, "---"))
    world.play(UP)
    world.pass_time(30)
    assert recovered(world) == []
    world.play(everyone(world.plan, "+++"))
    world.pass_time(120)
    assert len(recovered(world)) == 1


def test_what_is_not_watched_cannot_be_waited_for(world):
    assert "not watched" in world.event(a_wait(service="etax")).refused
    assert "not watched" in world.event(a_wait(authority="yunnan")).refused


def test_somebody_is_told_or_it_is_refused():
    world = World(six(receivers=(), routes=()))
    world.warm()
    world.play(DOWN)
    assert "give a webhook" in world.event(a_wait(webhook=None)).refused


def test_who_waits_for_the_routes_is_told_at_their_hours_if_it_is_back_then():
    by_day = Route(to=("oncall",), when=When(hours=("20:00", "22:00")))  # in Shanghai: from 12:00 UTC
    world = World(six(routes=(by_day,)))
    world.warm()
    world.play(DOWN)
    assert not world.event(a_wait(webhook=None)).refused
    world.play(UP)
    world.pass_time(60)
    assert recovered(world) == []
    assert world.state.expected
    world.pass_time(86400)
    assert recovered(world) == [(("oncall[0]",), ("T-1",))]
    assert not world.state.expected


def test_where_no_route_ever_takes_the_word_it_is_refused():
    world = World(six(routes=(Route(to=("oncall",), when=When(severity=("critical",))),)))
    world.warm()
    world.play(DOWN)
    assert "no route takes authority_recovered" in world.event(a_wait(webhook=None)).refused
    assert not world.event(a_wait()).refused


def test_their_number_is_bounded_and_so_is_their_patience(world, monkeypatch):
    monkeypatch.setattr(waiting, "MOST", 2)
    world.event(a_wait("a"))
    world.event(a_wait("b"))
    assert "2 wait already" in world.event(a_wait("c")).refused
    world.pass_time(7 * 86400 + 1)
    assert not world.state.expected
    world.play(UP)
    world.pass_time(60)
    assert recovered(world) == []


def test_who_left_is_not_told(world):
    world.event(a_wait())
    assert not world.event(Leave(id="a")).refused
    assert world.event(Leave(id="a")).refused == "nobody waits as a"
    world.play(UP)
    world.pass_time(60)
    assert recovered(world) == []


def test_what_left_the_configuration_is_waited_for_until_it_is_back_in_it_or_given_up(world):
    world.event(a_wait())
    known = world.plan
    world.plan = six(targets={id_: one for id_, one in known.targets.items() if one.authority != "anhui"})
    world.pass_time(600)
    assert recovered(world) == []
    assert world.state.expected["a"].until - world.now < timedelta(days=7)


def test_its_address_is_no_receiver_and_shows_nowhere():
    one = a_wait().waiting
    assert "s3cr3t" not in repr(one)
    assert one.receiver == "waiting:a", "a name of a receiver holds no colon"
