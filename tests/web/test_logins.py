"""`server.basic_auth`: everything needs a user or the token, guessing is slow and bounded, nothing is remembered wrongly."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

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


async def test_wrong_passwords_lock_out_neither_who_is_known_nor_the_right_one():
    made, users = Logins(), {"alice": HASH, "prometheus": HASH}
    right = basic("alice", PASSWORD)["Authorization"]
    await made.check(right, users, "here")
    for guess in range(logins.WRONG_AT_ONCE + 5):
        with pytest.raises(RequestError, match="are needed here"):
            await made.check(basic("prometheus", f"guess {guess}")["Authorization"], users, "here")
    await made.check(right, users, "here")
    await made.check(basic("prometheus", PASSWORD)["Authorization"], users, "here")


async def test_guessing_on_is_slow_and_leaves_the_fast_way_to_others(monkeypatch):
    tried: list[bytes] = []

    def take_a_while(given: bytes, _hash: bytes) -> bool:
        tried.append(given)
        time.sleep(0.01)  # as bcrypt does, in its thread
        return given == b"right"

    monkeypatch.setattr(bcrypt, "checkpw", take_a_while)
    monkeypatch.setattr(logins, "REST", 1e6)
    made, users = Logins(), {"alice": HASH, "bob": HASH}
    for guess in range(
        logins.WRONG_AT_ONCE + 1
    ):  # the last of them goes the slow way, which now rests for good
        with pytest.raises(RequestError):
            await made.check(basic("alice", str(guess))["Authorization"], users, "here")
    async with asyncio.TaskGroup() as tasks:
        wrong = basic("alice", "x")["Authorization"]
        waiting = [tasks.create_task(made.check(wrong, users, "here")) for _ in range(logins.MOST_SLOW)]
        await asyncio.sleep(0)
        with pytest.raises(RequestError, match="too many passwords") as refused:
            await made.check(basic("alice", "y")["Authorization"], users, "here")
        await made.check(basic("alice", "right")["Authorization"], users, "elsewhere")
        for each in waiting:
            each.cancel()
    assert refused.value.status == 429
    assert len(tried) == logins.WRONG_AT_ONCE + 2


async def test_new_names_bring_no_budgets_without_end(monkeypatch):
    monkeypatch.setattr(bcrypt, "checkpw", lambda _given, _hash: False)
    monkeypatch.setattr(logins, "REST", 1e9)
    made, seen = Logins(), 0
    with contextlib.suppress(TimeoutError):  # where it ends: on the slow way
        async with asyncio.timeout(1.5):
            for seen in range(10_000):
                with pytest.raises(RequestError):
                    await made.check(basic(f"user {seen}", "x")["Authorization"], {"alice": HASH}, "here")
    assert seen <= logins.USERS_TOLD_APART * logins.WRONG_AT_ONCE + 10


async def test_the_end_of_the_daemon_waits_for_no_password(tmp_path):
    """A hash of cost 15 takes seconds; the exit of the interpreter must not."""
    program = tmp_path / "login.py"
    program.write_text(
        "import asyncio, time, bcrypt\n"
        "from monitor.web.logins import Logins\n"
        "bcrypt.checkpw = lambda given, hash_: time.sleep(60)\n"
        "async def main():\n"
        "    async with asyncio.timeout(0.2):\n"
        "        await Logins().check('Basic YTpi', {'a': '$2b$15$'}, 'c')\n"
        "try:\n"
        "    asyncio.run(main())\n"
        "except TimeoutError:\n"
        "    print('left')\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(program), stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    async with asyncio.timeout(30):
        told, _ = await process.communicate()
    assert told == b"left\n"


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
