"""The whole daemon: who waits for a service is told once when it is back, over a restart; who takes nothing is passed by."""

from __future__ import annotations

from tests.flow.harness import Hook, daemon, hook_server, until
from tests.flow.test_outage import up

TOKEN = "t0ken-t0ken"


async def test_who_waits_is_told_after_a_restart_and_an_escalation_reaches_the_next(few, hook, tmp_path):
    erp, boss = Hook(), Hook()
    async with hook_server(erp), hook_server(boss):
        receivers = {"bus": {"webhook": hook.url}, "boss": {"webhook": boss.url}}
        config = few.config(receivers=receivers, interval="2s", timeout="1500ms")
        config = config.replace("\nserver:", f"\nserver:\n  token: {TOKEN}", 1)
        config = config.replace(
            "- {to: [bus, boss]}", "- {to: [bus], escalate: [{after: 1s, to: [boss]}]}", 1
        )
        async with daemon(config, tmp_path) as running:
            await until(lambda: up(running, "shandong"))
            few.set_fault("shandong", "refuse", service="verify")
            await until(lambda: boss.got)
            asked = {"authority": "shandong", "ticket": "ERP-17", "webhook": erp.url}
            headers = {"Authorization": f"Bearer {TOKEN}"}
            async with running.session.post(
                running.base + "/api/v1/waiting", json=asked, headers=headers
            ) as answer:
                assert answer.status == 201
        async with daemon(config, tmp_path) as running:
            assert len((await running.json("/api/v1/waiting"))["waiting"]) == 1
            few.clear_fault("shandong")
            await until(lambda: erp.got and len(boss.got) > 1)
            assert (await running.json("/api/v1/waiting"))["waiting"] == []
    assert boss.events() == ["incident_escalated", "incident_resolved"]
    assert hook.events() == ["incident_opened", "incident_resolved"]
    (told,) = erp.got
    assert (told["event"], told["waiting"]) == (
        "authority_recovered",
        [{"authority": "shandong", "service": "verify", "ticket": "ERP-17"}],
    )
