"""Every row of the table of routes, with every method: nothing changes without the token, and no reading changes anything."""

from __future__ import annotations

import pytest

from monitor.web.routes import ENDPOINTS
from tests.web.conftest import Ask, World
from tests.web.test_openapi import STREAMS, TOKEN, full_world

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
SERVED = {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}
BODY = {
    "author": "x",
    "name": "x",
    "authorities": "all",
    "matchers": {"authority": "shandong"},
    "ends_at": "2026-11-22T00:00:00Z",
    "end": "2026-11-22T00:00:00Z",
}
QUERIES = {"/api/v1/route": "?invoice=037001900111", "/probe": "?target=captcha/shandong", "/": "?lang=en"}


def address(path: str) -> str:
    """A path of the table with something known in it."""
    known = {
        "slug": "shandong",
        "authority": "shandong",
        "id": "shandong-1",
        "name": "page.js",
        "cause": "tls_expired",
    }
    if "/targets/" in path:
        known["id"] = "captcha/shandong"
    if "/silences/" in path:
        known["id"] = "s"
    return path.format(**known) + QUERIES.get(path, "")


@pytest.fixture
def world() -> World:
    """Something of everything, and a token."""
    return full_world()


PATHS = sorted({endpoint.path for endpoint in ENDPOINTS} - set(STREAMS))


@pytest.mark.parametrize("path", PATHS)
async def test_nothing_changes_without_the_token_whatever_the_method(world: World, ask: Ask, path: str):
    before = repr(world.state)
    for method in METHODS:
        answer = await ask(address(path), method=method, json=BODY if method != "TRACE" else None)
        if (method, path) in SERVED and method != "GET":
            assert answer.status == 401
        elif method not in ("GET", "HEAD"):
            assert answer.status == 405, method
    assert (repr(world.state), world.asked, world.reloads) == (before, [], 0)


@pytest.mark.parametrize("path", PATHS)
async def test_no_reading_changes_anything_also_with_the_token(world: World, ask: Ask, path: str):
    before = repr(world.state)
    for method in ("GET", "HEAD"):
        await ask(address(path), method=method, headers={"Authorization": f"Bearer {TOKEN}"})
    assert (repr(world.state), world.asked, world.reloads) == (before, [], 0)
