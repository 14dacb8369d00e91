"""The description of the interface is the interface: generated requests, good and bad, are answered as it says."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import bcrypt
import pytest
import schemathesis
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, settings
from schemathesis.checks import positive_data_acceptance

from monitor.model import Cause, Certificate, Phase, Scope, Silence, Waiting
from monitor.store.history import HistoryStore
from monitor.web.openapi import document
from monitor.web.routes import ENDPOINTS
from monitor.web.server import make_app
from tests.web.conftest import AT, StillClock, World, make_incident, make_plan, make_result

TOKEN = "t0ken"
HASH = bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()
STREAMS = ("/api/v1/events",)
"""Without an end: covered by test_live."""


def full_world() -> World:
    """Something of everything, so that answers are not empty."""
    world = World(plan=make_plan(token=TOKEN))
    world.see_all_up()
    certificate = Certificate(
        subject="CN=x", issuer="CN=y", not_before=AT, not_after=AT + timedelta(days=9), names=("x",),
        fingerprint="00", chain_length=1, verified=None,
    )  # fmt: skip
    phases = {Phase.CONNECT: 0.1}
    world.see(make_result("captcha/shandong", Cause.RESPONSE_TIMEOUT, phases=phases, certificate=certificate))
    world.open(make_incident("national", id="n-1", scope=Scope.NATIONAL))
    world.open(make_incident("shandong", parent="n-1", acknowledged_at=AT, acknowledged_by="w"))
    silence = Silence(id="s", matchers={"authority": ("x",)}, starts_at=AT, ends_at=AT + timedelta(days=1))
    world.state.silences["s"] = silence
    waiting = Waiting(id="w", authority="shandong", service="verify", since=AT, until=AT + timedelta(days=1))
    world.state.expected["w"] = waiting
    return world


@contextmanager
def serving(world: World) -> Iterator[str]:
    """A server with a history, in a thread of its own: schemathesis waits for its answers."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait_for(work: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result()

    with TemporaryDirectory() as folder:
        history = HistoryStore(
            Path(folder) / "history.sqlite3", StillClock(), world.plan, report=lambda _health: None
        )
        wait_for(history.turn())
        server = TestServer(make_app(replace(world.reading(), history=history)))
        wait_for(server.start_server(loop=loop))
        yield f"http://127.0.0.1:{server.port}"
        wait_for(server.close())
        wait_for(history.close())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """Open to read, and the token is known."""
    with serving(full_world()) as address:
        yield address


CLOSED = full_world()
CLOSED.plan = make_plan(token=TOKEN, basic_auth={"alice": HASH})


@pytest.fixture(scope="module")
def closed() -> Iterator[str]:
    """For alice and the token only."""
    with serving(CLOSED) as address:
        yield address


schema = schemathesis.openapi.from_dict(document(ENDPOINTS)).exclude(path=list(STREAMS))


@schema.parametrize()
@settings(
    max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
def test_every_answer_is_as_described(case: schemathesis.Case[Any], base: str) -> None:
    case.call_and_validate(
        base_url=base,
        headers={"Authorization": f"Bearer {TOKEN}"},
        excluded_checks=[positive_data_acceptance],  # a window may still end before it begins
    )


@schema.parametrize()
@settings(
    max_examples=1, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
def test_strangers_get_nothing_where_there_are_users(case: schemathesis.Case[Any], closed: str) -> None:
    before = repr(CLOSED.state)
    answer = case.call(base_url=closed, headers={"Authorization": "Bearer guessed"})
    assert answer.status_code == 401
    assert (repr(CLOSED.state), CLOSED.asked, CLOSED.reloads) == (before, [], 0)


KNOWN = [
    ("/authorities/{slug}", {"slug": "shandong"}, {}),
    ("/badge/{authority}.svg", {"authority": "shandong"}, {}),
    ("/feed.xml", {}, {"lang": "en"}),
    ("/targets/{id}", {"id": "captcha/shandong"}, {}),
    ("/incidents/{id}", {"id": "n-1"}, {"lang": "en"}),
    ("/static/{name}", {"name": "page.css"}, {}),
    ("/api/v1/targets/{id}", {"id": "captcha/shandong"}, {}),
    ("/api/v1/incidents/{id}", {"id": "shandong-1"}, {}),
    ("/api/v1/route", {}, {"invoice": "037001900111"}),
    ("/probe", {}, {"target": "captcha/shandong"}),
]


@pytest.mark.parametrize(("path", "names", "query"), KNOWN)
def test_what_is_known_is_answered_as_described(base, path, names, query):
    case = schema[path]["GET"].Case(path_parameters=names, query=query)
    answer = case.call_and_validate(base_url=base, excluded_checks=[positive_data_acceptance])
    assert answer.status_code == 200


def test_everything_that_is_served_is_described():
    made = make_app(full_world().reading())
    served = {(route.method, route.resource.canonical) for route in made.router.routes() if route.resource}
    described = {
        (method.upper(), path) for path, methods in document(ENDPOINTS)["paths"].items() for method in methods
    }
    assert {one for one in served if one[0] != "HEAD"} == described


def test_a_body_that_may_be_left_out_is_described_so():
    paths = document(ENDPOINTS)["paths"]
    bare = {path for path, methods in paths.items() for one in methods.values()
            if "requestBody" in one and not one["requestBody"]["required"]}  # fmt: skip
    assert bare == {"/api/v1/incidents/{id}/ack", "/api/v1/notices/{id}/approve"}
