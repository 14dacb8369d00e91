"""`/api/v1/waiting`: tell me once when it is back."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from monitor.core import waiting
from monitor.model import Cause
from tests.web.conftest import Ask, World, make_incident, make_plan, make_result

TOKEN = "s3cret-t0ken"
HOOK = "https://erp:p4ssw0rd@erp.example.cn:8443/back?key=s3cr3t-k3y"
ASKED = {"authority": "shandong", "service": "verify", "ticket": "ERP-17", "webhook": HOOK}


@pytest.fixture
def world() -> World:
    """`shandong` is down."""
    world = World(plan=make_plan(token=TOKEN))
    world.see_all_up()
    for target in world.plan.by_authority["shandong"]:
        world.see(make_result(target.id, Cause.RESPONSE_TIMEOUT))
    world.open(make_incident("shandong"))
    return world


@pytest.fixture
def call(ask: Ask):
    """`await call("POST", {...})` by one who knows the token."""

    async def call(method: str, body: object = None, path: str = "/api/v1/waiting"):
        sent = {} if body is None else {"json": body}
        return await ask(path, method=method, headers={"Authorization": f"Bearer {TOKEN}"}, **sent)

    return call


async def test_one_who_waits_is_taken_in_listed_and_let_go_and_its_address_is_never_shown(world, call):
    with capture_logs() as logs:
        made = await call("POST", ASKED)
        listed = await call("GET")
        gone = await call("DELETE", path=f"/api/v1/waiting/{made.json['id']}")
    assert made.status == 201
    assert {key: made.json[key] for key in ("authority", "service", "ticket", "told_by")} == {
        "authority": "shandong",
        "service": "verify",
        "ticket": "ERP-17",
        "told_by": "webhook",
    }
    assert (listed.json["waiting"], listed.json["next"]) == ([made.json], None)
    assert (gone.status, gone.json) == (200, made.json)
    assert not world.state.expected
    for shown in (made.text, listed.text, gone.text, str(logs), repr(world.asked)):
        assert not any(part in shown for part in ("erp.example", "p4ssw0rd", "s3cr3t"))


async def test_asking_the_same_again_makes_no_second_one(world, call):
    first = await call("POST", ASKED)
    again = await call("POST", {key: ASKED[key] for key in ("authority", "ticket", "webhook")})
    other = await call("POST", ASKED | {"ticket": "ERP-18"})
    assert again.json == first.json != other.json
    assert len(world.state.expected) == 2


async def test_what_is_up_is_answered_at_once_and_nothing_is_kept(world, call):
    answer = await call("POST", {"authority": "beijing"})
    assert (answer.status, answer.json["error"]) == (
        409,
        "verify of beijing is up: there is nothing to wait for",
    )
    assert not world.state.expected


async def test_what_is_not_watched_is_refused(call):
    answer = await call("POST", {"authority": "shandong", "service": "etax"})
    assert (answer.status, "not watched" in answer.json["error"]) == (409, True)


async def test_without_a_webhook_and_without_receivers_it_is_refused(call):
    answer = await call("POST", {"authority": "shandong"})
    assert (answer.status, "give a webhook" in answer.json["error"]) == (409, True)


async def test_they_are_bounded(call, monkeypatch):
    monkeypatch.setattr(waiting, "MOST", 1)
    await call("POST", ASKED)
    answer = await call("POST", ASKED | {"ticket": "other"})
    assert (answer.status, answer.json["error"]) == (409, "1 wait already; end some first")


@pytest.mark.parametrize(
    "webhook",
    [
        "ftp://h/s3cr3t",
        "file:///etc/s3cr3t",
        "gopher://127.0.0.1/s3cr3t",
        "http://",
        "http:///s3cr3t",
        "http://h:0/s3cr3t",
        "http://h:99999/s3cr3t",
        "http://h/s3 cr3t",
        "http://h/s3cr3t\r\nX: y",
        "s3cr3t",
        "",
        "http://[::1/s3cr3t",
        "http://h/" + "s3cr3t" * 1000,
        17,
        ["http://h/s3cr3t"],
    ],
)
async def test_only_an_address_of_the_web_is_taken_and_none_is_repeated(world, call, webhook):
    answer = await call("POST", ASKED | {"webhook": webhook})
    assert answer.status == 400
    assert "webhook" in answer.json["error"]
    assert "s3cr3t" not in answer.text
    assert (world.asked, world.state.expected) == ([], {})


@pytest.mark.parametrize(
    ("body", "mistake"),
    [
        ({}, "authority: is missing"),
        ({"authority": "shandogn"}, "did you mean shandong"),
        ({"authority": "shandong", "tiket": "x"}, "tiket: unknown key; did you mean ticket"),
        ({"authority": "shandong", "ticket": "a\nb"}, "one line"),
        ({"authority": "shandong", "ticket": "x" * 201}, "ticket"),
        ({"authority": "local"}, "unknown authority"),
    ],
)
async def test_every_mistake_is_told(call, body, mistake):
    answer = await call("POST", body)
    assert (answer.status, mistake in answer.json["error"]) == (400, True), answer.json


async def test_nobody_waits_under_a_strange_id(call):
    assert (await call("DELETE", path="/api/v1/waiting/nobody")).status == 404
