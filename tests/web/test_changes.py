"""What changes something: only with the token, only well-formed, and only by what the pipeline decides."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from monitor.core.state import Commit
from monitor.model import Command, MaintenanceRule
from monitor.web import bodies, changes
from monitor.web.routes import ENDPOINTS
from tests.web.conftest import AT, Answer, World, make_incident, make_plan

TOKEN = "s3cret-tok€n"
SILENCE = {
    "matchers": {"authority": "shandong", "severity": ["critical", "warning"]},
    "starts_at": "2026-11-21T16:00:00+08:00",
    "ends_at": "2026-11-21T18:00:00+08:00",
    "author": "王",
    "comment": "known",
}
WINDOW = {
    "name": "upgrade",
    "authorities": ["shandong"],
    "services": ["verify"],
    "start": "2026-11-21T12:00:00Z",
    "end": "2026-11-21T14:00:30Z",
}
CHANGES = [
    ("POST", "/-/reload", None),
    ("PUT", "/-/reload", None),
    ("POST", "/api/v1/incidents/shandong-1/ack", {"author": "wang"}),
    ("POST", "/api/v1/silences", SILENCE),
    ("DELETE", "/api/v1/silences/x", None),
    ("POST", "/api/v1/windows", WINDOW),
    ("DELETE", "/api/v1/windows/x", None),
    ("POST", "/api/v1/waiting", {"authority": "shandong"}),
    ("DELETE", "/api/v1/waiting/x", None),
    ("POST", "/api/v1/notices/x/approve", {"author": "wang"}),
    ("DELETE", "/api/v1/notices/x", None),
    ("POST", "/api/v1/drills", {"authorities": ["shandong"]}),
    ("DELETE", "/api/v1/drills/x", None),
]

Change = Callable[..., Awaitable[Answer]]


@pytest.fixture
def world() -> World:
    """A daemon with a token and one open incident."""
    world = World(plan=make_plan(token=TOKEN))
    world.see_all_up()
    world.open(make_incident("shandong"))
    return world


@pytest.fixture
def change(ask) -> Change:
    """`await change("POST", "/path", {...})` by one who knows the token."""

    async def change(method: str, path: str, body: object = None, **more: Any) -> Answer:
        headers = {"Authorization": f"Bearer {TOKEN}", **more.pop("headers", {})}
        sent = {"json": body} if body is not None else {}
        answer: Answer = await ask(path, method=method, headers=headers, **sent, **more)
        return answer

    return change


# --- who may ---------------------------------------------------------------------------------------------------------


def test_everything_that_is_no_mere_reading_needs_the_token():
    changing = [(endpoint.method, endpoint.path) for endpoint in ENDPOINTS if endpoint.method != "GET"]
    assert len(changing) == len(CHANGES)
    assert all(endpoint.guarded for endpoint in ENDPOINTS if endpoint.method != "GET")


WRONG = (
    None,
    "",
    "Bearer",
    "Bearer ",
    "Bearer wrong",
    f"Basic {TOKEN}",
    TOKEN,
    f"Bearer {TOKEN}x",
    f"Bearer x{TOKEN}",
)


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
async def test_nothing_changes_without_the_token(world, ask, method, path, body):
    for header in WRONG:
        headers = {} if header is None else {"Authorization": header}
        answer = await ask(path, method=method, json=body, headers=headers)
        assert answer.status == 401, header
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="fapiao-monitor"'
        assert TOKEN not in answer.text
    assert (world.asked, world.reloads) == ([], 0)


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
async def test_a_daemon_without_a_token_can_be_changed_by_nobody(world, change, method, path, body):
    world.plan = make_plan(token=None)
    answer = await change(method, path, body)
    assert answer.status == 403
    assert "no token" in answer.json["error"]
    assert (world.asked, world.reloads) == ([], 0)


async def test_no_cookie_and_no_parameter_stands_for_the_header(world, ask):
    path = f"/-/reload?token={quote(TOKEN)}&access_token={quote(TOKEN)}"
    answer = await ask(path, method="POST", headers={"Cookie": f"token={quote(TOKEN)}"})
    assert (answer.status, world.reloads) == (401, 0)


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "application/octet-stream"],
)
async def test_what_a_form_of_another_site_could_send_is_refused(world, change, kind):
    answer = await change(
        "POST", "/api/v1/silences", headers={"Content-Type": kind}, data=b'{"matchers": {}}'
    )
    assert (answer.status, world.asked) == (415, [])


# --- reload ----------------------------------------------------------------------------------------------------------


async def test_reload_applies_the_file_anew(world, change):
    answer = await change("POST", "/-/reload")
    assert (answer.status, answer.json, world.reloads) == (200, {"status": "reloaded"}, 1)


async def test_a_reload_of_a_bad_file_tells_all_its_mistakes(world, change):
    world.mistakes = ("probes.yaml:3:1: first", "probes.yaml:9:5: second")
    answer = await change("POST", "/-/reload")
    assert answer.status == 500
    assert answer.json["error"] == "nothing was changed: probes.yaml:3:1: first; probes.yaml:9:5: second"


async def test_reload_is_no_reading(ask):
    answer = await ask("/-/reload")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST, PUT")


async def test_a_reload_may_be_put_as_with_prometheus(world, change):
    assert ((await change("PUT", "/-/reload")).status, world.reloads) == (200, 1)


# --- incidents, silences, windows ------------------------------------------------------------------------------------


async def test_an_incident_is_taken_by_somebody(world, change):
    answer = await change(
        "POST", "/api/v1/incidents/shandong-1/ack", {"author": "王", "comment": "calling 12366"}
    )
    assert answer.status == 200
    assert (answer.json["acknowledged_by"], answer.json["comment"]) == ("王", "calling 12366")
    assert answer.json["acknowledged_at"] == "2026-11-21T08:00:00Z"


async def test_an_incident_is_taken_without_a_word(world, change):
    world.open(make_incident("shandong"))
    answer = await change("POST", "/api/v1/incidents/shandong-1/ack")
    assert (answer.status, answer.json["acknowledged_by"], answer.json["comment"]) == (200, "API", "")


async def test_what_is_not_known_cannot_be_taken_or_ended(world, change):
    assert (await change("POST", "/api/v1/incidents/x/ack", {"author": "w"})).status == 404
    assert (await change("DELETE", "/api/v1/silences/x")).status == 404
    assert (await change("DELETE", "/api/v1/windows/x")).status == 404
    assert world.asked == []


async def test_what_is_over_cannot_be_taken(world, change):
    world.open(make_incident("shandong", resolved_at=AT))
    answer = await change("POST", "/api/v1/incidents/shandong-1/ack", {"author": "wang"})
    assert answer.status == 409
    assert answer.json["error"]


async def test_a_silence_is_made_listed_and_ended(world, change, ask):
    made = await change("POST", "/api/v1/silences", SILENCE)
    assert made.status == 201
    assert made.json["matchers"] == {"authority": ["shandong"], "severity": ["critical", "warning"]}
    assert (made.json["starts_at"], made.json["state"]) == ("2026-11-21T08:00:00Z", "active")
    listed = (await ask("/api/v1/silences")).json
    assert listed == {"silences": [made.json], "next": None}
    ended = await change("DELETE", f"/api/v1/silences/{made.json['id']}")
    assert (ended.status, ended.json["state"]) == (200, "expired")


async def test_a_silence_without_a_start_begins_now(change):
    made = await change(
        "POST", "/api/v1/silences", {key: SILENCE[key] for key in ("matchers", "ends_at", "author")}
    )
    assert made.json["starts_at"] == "2026-11-21T08:00:00Z"


async def test_a_window_is_made_listed_shown_and_ended(world, change, ask):
    made = await change("POST", "/api/v1/windows", WINDOW)
    assert made.status == 201
    assert (made.json["by_hand"], made.json["end"]) == (True, "2026-11-21T14:00:30Z")
    listed = (await ask("/api/v1/windows")).json
    assert (listed["windows"], listed["next"]) == ([{**made.json, "state": "upcoming"}], None)
    ended = await change("DELETE", f"/api/v1/windows/{made.json['id']}")
    assert ended.status == 200
    assert (await ask("/api/v1/windows")).json["windows"] == []
    again = await change("DELETE", f"/api/v1/windows/{made.json['id']}")
    assert again.status == 409, "it has not begun and was called off already"


@pytest.mark.parametrize(
    ("everyone", "everything"),
    [("all", "all"), (None, None), (["all"], ["all"]), ("all", []), ("all", ...)],
)
async def test_a_window_may_be_for_all(change, everyone, everything):
    services = {} if everything is ... else {"services": everything}
    made = await change(
        "POST", "/api/v1/windows", {"authorities": everyone, **services, "end": WINDOW["end"]}
    )
    assert (made.json["authorities"], made.json["services"], made.json["name"]) == (None, None, "by hand")
    assert made.json["state"] == "active"


async def test_pages_of_windows_add_up(world, change, ask):
    for day in range(5):
        end = (AT + timedelta(days=day, hours=2)).isoformat()
        start = (AT + timedelta(days=day)).isoformat()
        await change("POST", "/api/v1/windows", {**WINDOW, "start": start, "end": end})
    first = (await ask("/api/v1/windows?limit=3")).json
    rest = (await ask(f"/api/v1/windows?limit=3&cursor={first['next']}")).json
    starts = [window["start"] for window in first["windows"] + rest["windows"]]
    assert starts == sorted(starts)
    assert (len(set(starts)), rest["next"]) == (5, None)


async def test_a_window_by_hand_is_listed_however_far_ahead_and_one_of_a_rule_within_the_days(
    world, change, ask
):
    starts, ends = AT + timedelta(days=20), AT + timedelta(days=21)
    rule = MaintenanceRule(name="upgrade", start=starts, end=ends, authorities=None, services=None)
    world.plan = replace(world.plan, maintenance=(rule,))
    far = {"start": (AT + timedelta(days=30)).isoformat(), "end": (AT + timedelta(days=31)).isoformat()}
    made = await change("POST", "/api/v1/windows", {**WINDOW, **far})
    assert [one["id"] for one in (await ask("/api/v1/windows")).json["windows"]] == [made.json["id"]]
    both = (await ask("/api/v1/windows?days=21")).json["windows"]
    assert [one["name"] for one in both] == ["upgrade", made.json["name"]]


async def test_windows_of_another_day(world, ask):
    starts, ends = AT + timedelta(days=20), AT + timedelta(days=21)
    rule = MaintenanceRule(name="upgrade", start=starts, end=ends, authorities=None, services=None)
    world.plan = replace(world.plan, maintenance=(rule,))
    then = (AT + timedelta(days=20, hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    (shown,) = (await ask(f"/api/v1/windows?days=1&at={then}")).json["windows"]
    assert (shown["name"], shown["state"]) == ("upgrade", "active")
    wrong = await ask("/api/v1/windows?at=tomorrow")
    assert (wrong.status, wrong.json["error"].startswith("at: a time is meant")) == (400, True)


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("silences", {}, ["matchers: is missing", "ends_at: is missing", "author: is missing"]),
        ("silences", {**SILENCE, "matcher": 1}, ["matcher: unknown key; did you mean matchers?"]),
        ("silences", {**SILENCE, "matchers": {}}, ["name at least one"]),
        ("silences", {**SILENCE, "matchers": {"authority": []}}, ["matchers.authority"]),
        ("silences", {**SILENCE, "matchers": {"authorty": "x"}}, ["did you mean authority?"]),
        ("silences", {**SILENCE, "matchers": {"authority": "shandon"}}, ["did you mean shandong?"]),
        (
            "silences",
            {**SILENCE, "matchers": {"severity": "critcal", "diagnosis": "x"}},
            ["matchers.severity: unknown word 'critcal'; did you mean critical?", "diagnosis: unknown word 'x'"],
        ),
        (
            "silences",
            {**SILENCE, "matchers": {"service": ["verify", "vrify"]}},
            ["matchers.service: unknown service 'vrify'; did you mean verify?; known here: verify"],
        ),
        ("windows", {**WINDOW, "services": ["etax"]}, ["services: unknown service 'etax'; known here: verify"]),
        ("silences", {**SILENCE, "ends_at": "2026-11-21T08:00:00"}, ["ends_at: a time is meant"]),
        ("silences", {**SILENCE, "ends_at": 1795000000}, ["ends_at: a time is meant"]),
        ("silences", {**SILENCE, "ends_at": "2026-02-30T08:00:00Z"}, ["ends_at"]),
        ("silences", {**SILENCE, "ends_at": "9999-12-31T23:59:59-12:00"}, ["ends_at: a year"]),
        ("silences", {**SILENCE, "ends_at": SILENCE["starts_at"]}, ["must be after the start"]),
        ("silences", {**SILENCE, "author": "a\nb"}, ["author: one line"]),
        ("silences", {**SILENCE, "author": "a" * 101, "comment": 5}, ["author", "comment"]),
        ("silences", [], ["body"]),
        ("windows", {}, ["authorities: is missing", "end: is missing"]),
        ("windows", {**WINDOW, "authorities": ["atlantis", "local"]}, ["'atlantis'", "'local'"]),
        ("windows", {**WINDOW, "start": "2026-11-20T08:00:00Z", "end": "2026-11-20T09:00:00Z"}, ["already over"]),
        ("windows", {**WINDOW, "services": [1]}, ["services.0"]),
        ("windows", {**WINDOW, "authorities": []}, ["authorities: at least one is meant"]),
        ("incidents/shandong-1/ack", {"comment": "c"}, ["author: is missing"]),
        ("incidents/shandong-1/ack", {"author": ""}, ["author"]),
    ],
)  # fmt: skip
async def test_a_body_is_refused_with_all_its_mistakes(world, change, path, body, words):
    answer = await change("POST", f"/api/v1/{path}", body)
    assert answer.status == 400
    assert [word for word in words if word not in answer.json["error"]] == []
    assert world.asked == []


@pytest.mark.parametrize(
    "sent",
    [
        b" ", b"{", b"null", b"\xff\xfe", b'{"author": "a", "author": "b"}', b'{"author": NaN}', b"[" * 50_000,
        b'{"author": "\\ud800"}', b'{"author": ' + b"9" * 5000 + b"}",
    ],
    ids=["blank", "cut", "null", "not UTF-8", "twice", "NaN", "deep", "half a character", "long number"],
)  # fmt: skip
async def test_what_is_no_json_is_refused(world, change, sent):
    answer = await change(
        "POST",
        "/api/v1/incidents/shandong-1/ack",
        headers={"Content-Type": "application/json"},
        data=sent,
    )
    assert (answer.status, world.asked) == (400, [])
    assert len(answer.text) < 500


async def test_a_body_is_bounded_in_size_and_time(world, change, monkeypatch):
    headers = {"Content-Type": "application/json"}
    path = "/api/v1/incidents/shandong-1/ack"
    assert (await change("POST", path, headers=headers, data=b" " * 70_000)).status == 413
    monkeypatch.setattr(bodies, "PATIENCE", 0.1)

    async def dripping() -> Any:
        yield b"{"
        await asyncio.sleep(1)
        yield b"}"

    assert (await change("POST", path, headers=headers, data=dripping())).status == 408
    assert world.asked == []


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_compressed_body_is_refused_and_not_logged(world, change, coding, caplog):
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    answer = await change(
        "POST", "/api/v1/incidents/shandong-1/ack", headers=headers, data=b"no such thing" * 9
    )
    assert (answer.status, world.asked) == (415, [])
    assert not caplog.records


async def test_a_decision_that_does_not_come_is_503(world, change, monkeypatch):
    monkeypatch.setattr(changes, "PATIENCE", 0.05)

    async def hangs(command: Command) -> Commit:
        await asyncio.sleep(10)
        raise AssertionError

    world.ask = hangs
    answer = await change("POST", "/api/v1/windows", WINDOW)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "10")


async def test_what_the_pipeline_refuses_is_422_with_its_reason(world, change):
    async def refuses(command: Command) -> Commit:
        return Commit(at=AT, refused="not today")

    world.ask = refuses
    answer = await change("POST", "/api/v1/windows", WINDOW)
    assert (answer.status, answer.json) == (422, {"error": "not today"})
