"""`server.basic_auth`: everything needs a user or the token, guessing is slow and bounded, nothing is remembered wrongly."""

from __future__ import annotations

import asyncio
import base64
import time
from dataclasses import replace

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.web import logins
from monitor.web.errors import RequestError
from monitor.web.logins import Logins, credentials
from monitor.web.routes import ENDPOINTS
from tests.web.conftest import Ask, World, make_plan

PASSWORD = "correct 马 battery"
HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
TOKEN = "t0ken"


def basic(user: str, password: str) -> dict[str, str]:
    """The header that a browser sends."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture
def world() -> World:
    """A user and a token."""
    world = World(plan=make_plan(token=TOKEN, basic_auth={"alice": HASH}))
    world.see_all_up()
    return world


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic("alice", "wrong"),
        basic("alice", ""),
        basic("", ""),
        basic("bob", PASSWORD),
        basic("ALICE", PASSWORD),
        basic("alice", HASH),
        {"Authorization": "Basic"},
        {"Authorization": "Basic !!!!"},
        {"Authorization": "Basic " + base64.b64encode(b"alice").decode()},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Digest username=alice"},
        {"Cookie": f"token={TOKEN}"},
    ],
)
async def test_who_is_not_known_gets_nothing_but_the_challenge(ask: Ask, headers):
    answer = await ask("/api/v1/status", headers=headers)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert set(answer.json) == {"error"}


async def test_everything_is_closed_also_health_metrics_static_files_and_what_does_not_exist(ask: Ask):
    fixed = {endpoint.path for endpoint in ENDPOINTS if "{" not in endpoint.path}
    for path in (*sorted(fixed), "/static/page.css", "/nothing", "//evil.example"):
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            assert (await ask(path, method=method)).status == 401, (method, path)


@pytest.mark.parametrize("headers", [basic("alice", PASSWORD), {"Authorization": f"Bearer {TOKEN}"}])
@pytest.mark.parametrize("path", ["/", "/metrics", "/-/healthy", "/api/v1/status"])
async def test_a_user_and_the_token_open_reading(ask: Ask, path, headers):
    assert (await ask(path, headers=headers)).status == 200


async def test_a_user_changes_nothing_the_token_does(world: World, ask: Ask):
    refused = await ask("/-/reload", method="POST", headers=basic("alice", PASSWORD))
    assert (refused.status, world.reloads) == (401, 0)
    assert refused.headers["WWW-Authenticate"].startswith("Bearer ")
    allowed = await ask("/-/reload", method="POST", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (allowed.status, world.reloads) == (200, 1)


async def test_a_reload_changes_who_may_at_once(world: World, ask: Ask):
    assert (await ask("/-/healthy", headers=basic("alice", PASSWORD))).status == 200
    other = bcrypt.hashpw(b"other", bcrypt.gensalt(4)).decode()
    world.plan = replace(world.plan, basic_auth={"alice": other})
    assert (await ask("/-/healthy", headers=basic("alice", PASSWORD))).status == 401
    assert (await ask("/-/healthy", headers=basic("alice", "other"))).status == 200
    world.plan = replace(world.plan, basic_auth={})
    assert (await ask("/-/healthy")).status == 200


async def test_what_was_right_is_remembered_and_what_was_wrong_is_not(monkeypatch):
    tried: list[bytes] = []

    def try_it(given: bytes, _hash: bytes) -> bool:
        tried.append(given)
        return given == b"right"

    monkeypatch.setattr(bcrypt, "checkpw", try_it)
    made = Logins()
    for _ in range(3):
        await made.check(basic("alice", "right")["Authorization"], {"alice": HASH}, "c")
    for _ in range(2):
        with pytest.raises(RequestError):
            await made.check(basic("alice", "wrong")["Authorization"], {"alice": HASH}, "c")
    assert tried == [b"right", b"wrong", b"wrong"]


async def test_parts_that_run_together_alike_are_not_taken_for_each_other():
    """The confusion of exporter-toolkit's cache (TestByPassBasicAuthVuln): user, hash and password simply glued together."""
    inner = bcrypt.hashpw(b"nobody knows", bcrypt.gensalt(4)).decode()
    password = inner + "x"
    outer = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()
    users = {"alice": outer, f"alice{outer}": inner}
    made = Logins()
    await made.check(basic("alice", password)["Authorization"], users, "c")
    for user, guess in ((f"alice{outer}", "x"), ("alic", f"e{password}"), ("", f"alice{password}")):
        with pytest.raises(RequestError):
            await made.check(basic(user, guess)["Authorization"], users, "c")


async def test_a_user_who_does_not_exist_is_tried_against_a_real_hash(monkeypatch):
    tried: list[str] = []

    def try_it(_given: bytes, hash_: bytes) -> bool:
        tried.append(hash_.decode())
        return True

    monkeypatch.setattr(bcrypt, "checkpw", try_it)
    dear = HASH.replace("$04$", "$12$")
    users = {"bob": HASH, "alice": dear}
    await Logins().check(basic("alice", "x")["Authorization"], users, "c")
    with pytest.raises(RequestError, match="are needed here"):
        await Logins().check(basic("nobody", "x")["Authorization"], users, "c")
    assert tried == [dear, dear]


async def test_guessing_is_bounded_by_address_and_does_not_lock_out_who_is_known(monkeypatch):
    made, users = Logins(), {"alice": HASH}
    right = basic("alice", PASSWORD)["Authorization"]
    await made.check(right, users, "here")
    seen = []
    for guess in range(40):
        with pytest.raises(RequestError) as caught:
            await made.check(basic("alice", f"guess {guess}")["Authorization"], users, "here")
        seen.append(caught.value.status)
    assert seen.count(401) <= logins.WRONG_AT_ONCE + 2
    assert seen[-1] == 429
    await made.check(right, users, "here")
    await made.check(right, users, "elsewhere")


async def test_passwords_are_tried_one_at_a_time_away_from_the_loop(monkeypatch):
    at_once = [0, 0]

    def slow(_given: bytes, _hash: bytes) -> bool:
        at_once[0] += 1
        at_once[1] = max(at_once)
        time.sleep(0.02)  # as bcrypt does, in its thread
        at_once[0] -= 1
        return False

    monkeypatch.setattr(bcrypt, "checkpw", slow)
    made = Logins()

    async def guess(number: int) -> int:
        try:
            await made.check(basic("alice", str(number))["Authorization"], {"alice": HASH}, str(number))
        except RequestError as refused:
            return refused.status
        return 200

    seen = await asyncio.gather(*(guess(number) for number in range(60)))
    assert at_once == [0, 1]
    assert seen.count(401) == logins.MOST_WAITING
    assert seen.count(429) == 60 - logins.MOST_WAITING


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
async def test_hashes_of_htpasswd_do_and_only_72_bytes_count(prefix):
    hash_ = prefix + bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()[4:]
    await Logins().check(basic("a", "x" * 90)["Authorization"], {"a": hash_}, "c")


@given(
    st.text(alphabet=st.characters(exclude_characters=":", codec="utf-8")),
    st.text(st.characters(codec="utf-8")),
)
def test_credentials_are_read_back_as_they_were_written(user, password):
    assert credentials(basic(user, password)["Authorization"]) == (user, password.encode())


@given(st.text())
def test_any_header_is_read_or_refused(header):
    assert credentials("Basic " + header) is None or credentials("Basic " + header)
