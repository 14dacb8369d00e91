"""`/api/v1/drills`: started, listed, ended, and who was told after how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core.decide import decide
from monitor.core.state import apply
from monitor.model import Tick
from monitor.store.errors import StoreError
from monitor.store.file import Delivery
from tests.web.conftest import AT, Ask, World, make_plan

TOKEN = "s3cret-t0ken"


@pytest.fixture
def world() -> World:
    """All 36, well."""
    world = World(plan=make_plan(token=TOKEN))
    world.see_all_up()
    return world


@pytest.fixture
def call(ask: Ask):
    """`await call("POST", {...})` by one who knows the token."""

    async def call(method: str, body: object = None, path: str = "/api/v1/drills"):
        sent = {} if body is None else {"json": body}
        return await ask(path, method=method, headers={"Authorization": f"Bearer {TOKEN}"}, **sent)

    return call


async def test_a_drill_is_started_listed_and_ended(world, call):
    made = await call("POST", {"authorities": ["shandong", "beijing"], "duration_seconds": 60})
    assert made.status == 201
    assert made.json["state"] == "active"
    assert (made.json["authorities"], made.json["ends_at"]) == (
        ["shandong", "beijing"],
        "2026-11-21T08:01:00Z",
    )
    listed = await call("GET")
    assert listed.json == {"drills": [made.json], "next": None}
    path = f"/api/v1/drills/{made.json['id']}"
    assert (await call("GET", path=path)).json == {**made.json, "told": []}
    ended = await call("DELETE", path=path)
    assert (ended.status, ended.json["state"], ended.json["ended_at"]) == (
        200,
        "over",
        "2026-11-21T08:00:00Z",
    )
    apply(world.state, decide(Tick(), world.state, AT, world.plan))
    assert (await call("DELETE", path=path)).status == 409


async def test_all_that_are_watched_may_be_meant(call):
    made = await call("POST", {"authorities": "all"})
    assert len(made.json["authorities"]) == 36
    assert made.json["ends_at"] == "2026-11-21T08:10:00Z"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"authorities": ["shandng"]}, 400, "did you mean shandong"),
        ({"authorities": []}, 400, "authorities"),
        ({}, 400, "authorities: is missing"),
        ({"authorities": ["shandong"], "duration_seconds": 0.5}, 400, "duration_seconds"),
        ({"authorities": ["shandong"], "duration_seconds": 1e9}, 400, "duration_seconds"),
        ({"authorities": ["shandong"], "duration_seconds": "60"}, 400, "duration_seconds"),
        ({"authorities": ["hebei"]}, 409, "a drill of hebei is going on"),
    ],
)
async def test_what_cannot_be_is_refused_with_the_reason(call, body, status, said):
    await call("POST", {"authorities": ["hebei"]})
    answer = await call("POST", body)
    assert answer.status == status
    assert said in answer.json["error"]


async def test_without_the_token_nothing_is_played(world, ask):
    answer = await ask("/api/v1/drills", method="POST", json={"authorities": ["shandong"]})
    assert answer.status == 401
    assert world.state.drills == {}


class Outbox(list[Delivery]):
    """What the outbox answers; `problem` is raised."""

    problem: StoreError | None = None

    async def deliveries(self, keys: Sequence[str]) -> list[Delivery]:
        """How these stand."""
        if self.problem is not None:
            raise self.problem
        return [one for one in self if one.key in keys]


@pytest.fixture
def outbox(world):
    """The outbox that the application asks."""
    found, reading = Outbox(), world.reading
    world.reading = lambda: replace(reading(), deliveries=found.deliveries)
    return found


async def test_the_report_says_who_was_told_after_how_long(world, outbox, call):
    id_ = (await call("POST", {"authorities": ["shandong"]})).json["id"]
    drill = world.state.drills[id_]
    key = "drill-shandong/0/incident_opened"
    world.state.drills[id_] = replace(drill, keys=(key,))
    outbox += [
        Delivery(
            key=key, receiver="oncall[0]", status="sent", attempts=1, sent_at=AT + timedelta(seconds=2.5)
        ),
        Delivery(key=key, receiver="bus[0]", status="pending", attempts=3, sent_at=None),
        Delivery(key="other/1/incident_opened", receiver="bus[0]", status="sent", attempts=0, sent_at=AT),
    ]
    path = f"/api/v1/drills/{id_}"
    assert [
        (one["receiver"], one["result"], one["attempts"], one["after_seconds"])
        for one in (await call("GET", path=path)).json["told"]
    ] == [("oncall[0]", "sent", 1, 2.5), ("bus[0]", "pending", 3, None)]
    outbox.problem = StoreError("the disk is full")
    assert (await call("GET", path=path)).status == 503


async def test_a_drill_that_is_not_known(call):
    assert (await call("GET", path="/api/v1/drills/none")).status == 404
    assert (await call("DELETE", path="/api/v1/drills/none")).status == 404


async def test_what_is_not_watched_is_refused_as_for_a_window(world, call):
    few = {slug: targets for slug, targets in world.plan.by_authority.items() if slug != "henan"}
    world.plan = replace(
        world.plan,
        authorities={slug: one for slug, one in world.plan.authorities.items() if slug != "henan"},
        targets={id_: one for id_, one in world.plan.targets.items() if one.authority in few},
    )
    drill = await call("POST", {"authorities": ["henan"]})
    body = {"authorities": ["henan"], "end": "2026-11-21T14:00:00Z"}
    window = await call("POST", body, path="/api/v1/windows")
    said = (422, "authority 'henan' is not watched")
    assert [(one.status, one.json["error"]) for one in (drill, window)] == [said, said]
    assert (await call("POST", {"authorities": ["all"]})).status == 201
