"""The whole daemon told and asked over HTTP: the live stream over a restart, changes with the token, an end in time."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from tests.flow.harness import Running, daemon, until

TOKEN = {"Authorization": "Bearer t0ken"}


@pytest.fixture
def config(few, hook):
    """A configuration of six with a token."""
    text = few.config(receivers={"bus": {"webhook": hook.url}}, interval="2s", timeout="1500ms")
    return (
        text + "\nserver: {token: t0ken}\n"
        if "\nserver:" not in text
        else text.replace("\nserver:", "\nserver:\n  token: t0ken", 1)
    )


async def heard(reply: aiohttp.ClientResponse, wanted: str) -> tuple[int, dict[str, Any]]:
    """Id and data of the next event of that name."""
    number, name = 0, ""
    async with asyncio.timeout(20):
        async for line in reply.content:
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == "id":
                number = int(value)
            elif field == "event":
                name = value
            elif field == "data" and name == wanted:
                return number, json.loads(value)
    raise EOFError


async def change(running: Running, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Status and answer of a change by one who knows the token."""
    async with running.session.request(method, running.base + path, json=body, headers=TOKEN) as reply:
        return reply.status, await reply.json()


async def test_an_outage_is_heard_taken_and_heard_of_again_after_a_restart(few, config, hook, tmp_path):
    async with daemon(config, tmp_path) as running:
        await until(lambda: is_up(running, "shandong"))
        async with running.session.get(running.base + "/api/v1/events") as stream:
            _, run = await heard(stream, "result")
            assert run["last"]["outcome"] == "ok"
            few.set_fault("shandong", "refuse", service="verify")
            _, opened = await heard(stream, "incident")
            assert (opened["authority"], opened["outcome"]) == ("shandong", "error")
            last, row = await heard(stream, "state")
            while row["authority"] != "shandong" or row["state"] != "down":
                last, row = await heard(stream, "state")
        status, taken = await change(
            running, "POST", f"/api/v1/incidents/{opened['id']}/ack", {"author": "wang"}
        )
        assert (status, taken["acknowledged_by"]) == (200, "wang")
        status, silence = await change(
            running, "POST", "/api/v1/silences",
            {"matchers": {"authority": "beijing"}, "ends_at": "2099-01-01T00:00:00Z", "author": "wang"},
        )  # fmt: skip
        assert status == 201
        ended = asyncio.get_running_loop().time()
        idle = await running.session.get(running.base + "/api/v1/events")
    assert asyncio.get_running_loop().time() - ended < 5
    idle.close()
    async with daemon(config, tmp_path) as running:
        headers = {"Last-Event-ID": str(last)}
        async with running.session.get(running.base + "/api/v1/events", headers=headers) as stream:
            await heard(stream, "gap")
            few.clear_fault("shandong")
            number, resolved = await heard(stream, "incident")
            while resolved["resolved_at"] is None:
                number, resolved = await heard(stream, "incident")
            assert (number > last, resolved["id"]) == (True, opened["id"])
            assert resolved["acknowledged_by"] == "wang"
        assert [one["id"] for one in (await running.json("/api/v1/silences"))["silences"]] == [silence["id"]]
        past = await running.json("/api/v1/targets/captcha/shandong/results")
        assert {run["outcome"] for run in past["results"]} == {"ok", "error"}


async def is_up(running: Running, slug: str) -> bool:
    """Whether it is confirmed up."""
    return bool((await running.row(slug))["state"] == "up")


async def test_reload_over_http_needs_the_token_and_tells_all_mistakes(config, tmp_path):
    async with daemon(config, tmp_path) as running:
        async with running.session.post(running.base + "/-/reload") as refused:
            assert refused.status == 401
        assert await change(running, "POST", "/-/reload") == (200, {"status": "reloaded"})
        running.file.write_text(config.replace("interval:", "intervall:").replace("timeout:", "timeoutt:"))
        status, answer = await change(running, "POST", "/-/reload")
        assert status == 500
        assert answer["error"].startswith("nothing was changed: ")
        assert all(word in answer["error"] for word in ("intervall", "timeoutt"))
        assert (await running.json("/api/v1/status"))["authorities"]
