"""No secret is in any page, answer, error or event, wherever in the plan and in the state one may stand (contract §7, rule 6)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest
from aiohttp.test_utils import BaseTestServer, TestServer

from monitor.core.state import Commit, apply
from monitor.model import (
    Cause,
    Phase,
    Receiver,
    ReferenceReading,
    ReferenceSource,
    Silence,
)
from monitor.web.news import Reporter
from monitor.web.routes import ENDPOINTS
from monitor.web.server import make_app
from tests.web.conftest import AT, Ask, StillClock, World, make_incident, make_plan, make_result, make_target

SECRET = "hunter2"
"""Part of every secret below."""
KNOWN = {
    "slug": "shandong",
    "authority": "shandong",
    "id": "captcha/shandong",
    "name": "page.js",
    "cause": "tls_expired",
}
QUERIES = {"/api/v1/route": "?invoice=037001900111", "/api/v1/uptime": "?authority=shandong"}


@pytest.fixture
def world() -> World:
    """Secrets wherever the configuration may hold one."""
    target = make_target(
        "captcha", "shandong", url=f"https://user:{SECRET}-userinfo@shandong.example/?key={SECRET}-query",
        headers=(("Authorization", f"Bearer {SECRET}-header"),), body=f"{SECRET}-body".encode(),
        carries_credential=True, secrets=(f"{SECRET}-echoed",),
    )  # fmt: skip
    plan = make_plan(
        token=f"{SECRET}-token",
        receivers=(
            Receiver(id="bus[0]", name="bus", kind="webhook", url=f"https://x/{SECRET}-url", token=f"{SECRET}-hook"),
        ),
        references=(ReferenceSource(name="hq", url=f"https://u:{SECRET}@hq/", token=f"{SECRET}-reference"),),
    )  # fmt: skip
    plan = replace(plan, targets={**plan.targets, target.id: target})
    world = World(plan=plan, mistakes=("probes.yaml:3:1: server.token: a string is meant",))
    world.see_all_up()
    world.see(make_result(target.id, Cause.CREDENTIAL, phase=Phase.PROCESSING, detail="refused with 401"))
    world.open(make_incident("shandong", told=frozenset({"bus[0]"})))
    world.state.references["hq"] = ReferenceReading(
        source="hq", read_at=AT, up=False, detail=f"{SECRET}-detail"
    )
    world.state.silences["s"] = Silence(
        id="s", matchers={"authority": ("shandong",)}, starts_at=AT, ends_at=AT + timedelta(hours=1)
    )
    return world


@pytest.fixture
async def server(world: World) -> AsyncIterator[BaseTestServer]:
    """The application over these secrets."""
    async with TestServer(make_app(world.reading())) as running:
        yield running


def paths() -> list[str]:
    """Every path of the table of routes, with something known in it."""
    found = []
    for path in sorted({endpoint.path for endpoint in ENDPOINTS if endpoint.path != "/api/v1/events"}):
        known = KNOWN | ({"id": "shandong-1"} if "/incidents/" in path else {})
        found.append(path.format(**known) + QUERIES.get(path, ""))
    return found


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_no_answer_holds_a_secret(ask: Ask, method: str):
    guess = {"Authorization": f"Bearer {SECRET}-guessed", "Accept": "text/html"}
    for path in paths():
        for headers in ({}, guess) if method == "GET" else (guess,):
            answer = await ask(path, method=method, headers=headers)
            assert SECRET not in answer.text, path
            assert SECRET not in str(dict(answer.headers)), path


@pytest.mark.parametrize(
    "path", ["/-/reload", "/api/v1/silences", "/api/v1/windows", "/api/v1/incidents/shandong-1/ack"]
)
async def test_no_refusal_to_one_who_knows_the_token_holds_it(ask: Ask, path: str):
    headers = {"Authorization": f"Bearer {SECRET}-token"}
    for body in (None, {}, {"author": 1, "matchers": 2}):
        answer = await ask(path, method="POST", headers=headers, json=body)
        assert SECRET not in answer.text


async def test_no_event_holds_a_secret(world: World, server: BaseTestServer):
    reporter = Reporter(world.live, world.plan, world.state, StillClock(), world.reading().metrics)
    result = make_result("captcha/shandong", Cause.CONNECT_TIMEOUT, phase=Phase.CONNECT)
    commit = Commit(
        at=AT, targets=(replace(world.state.targets[result.target], last=result),), durable=True,
        incidents=(make_incident("shandong", told=frozenset({"bus[0]"})),),
    )  # fmt: skip
    apply(world.state, commit)
    reporter.follow(world.plan, world.state, [(result, commit)])
    async with (
        aiohttp.ClientSession() as session,
        session.get(server.make_url("/api/v1/events?after=1")) as reply,
    ):
        heard = await reply.content.readuntil(b"event: incident")
        heard += await reply.content.readline() + await reply.content.readline()
    assert b"captcha/shandong" in heard
    assert SECRET.encode() not in heard
