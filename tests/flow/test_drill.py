"""A drill end to end: a real receiver hears it, marked; it counts nowhere; its report says when it was heard."""

from __future__ import annotations

from typing import Any

from tests.flow.harness import daemon, until

TOKEN = "s3cret-t0ken"
HEAD = {"Authorization": f"Bearer {TOKEN}"}


async def test_a_drill_is_heard_marked_counts_nowhere_and_is_reported(few, hook, tmp_path):
    config = few.config(receivers={"bus": {"webhook": hook.url}}, interval="5s", timeout="1500ms")
    config = config.replace("\nserver:", f"\nserver:\n  token: {TOKEN}", 1)
    async with daemon(config, tmp_path) as running:
        await until(lambda: all_up(running))
        asked = {"authorities": ["shandong", "beijing"], "duration_seconds": 2}
        path = running.base + "/api/v1/drills"
        async with running.session.post(path, json=asked, headers=HEAD) as answer:
            assert answer.status == 201
            made = await answer.json()
        await until(lambda: hook.got)
        assert (await running.row("shandong"))["state"] == "up"
        assert (await running.json("/api/v1/incidents"))["incidents"] == []
        metrics = await running.text("/metrics")
        await until(lambda: len(hook.got) == 2)
        report = await reported(running, made["id"], 2)
    assert 'fapiao_incident_active{authority="shandong",service="verify"} 0' in metrics
    assert hook.events() == ["incident_opened", "incident_resolved"]
    assert all(message["drill"] is True for message in hook.got)
    assert all("演练" in message["title"] for message in hook.got)
    assert {one["authority"] for one in hook.got[0]["incidents"]} == {"shandong", "beijing"}
    assert {one["id"] for one in hook.got[0]["incidents"]} == set(made["incidents"])
    assert [(one["event"], one["receiver"], one["result"]) for one in report["told"]] == [
        ("incident_opened", "bus[0]", "sent"),
        ("incident_resolved", "bus[0]", "sent"),
    ]
    assert all(0 <= one["after_seconds"] < 10 for one in report["told"])


async def all_up(running) -> bool:
    """Whether all authorities are confirmed up."""
    status = await running.json("/api/v1/status")
    return all(bool(row["state"] == "up") for row in status["authorities"])


async def reported(running, id_: str, count: int):
    """The report, once so many deliveries are marked in it."""
    found: list[dict[str, Any]] = []

    async def complete() -> bool:
        found.append(await running.json(f"/api/v1/drills/{id_}"))
        return [one["result"] for one in found[-1]["told"]] == ["sent"] * count

    await until(complete)
    return found[-1]
