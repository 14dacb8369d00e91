"""The whole daemon tells a real Alertmanager: an outage fires and ends, over restarts of either of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.alertmanager import RealAlertmanager, alertmanager
from tests.flow.harness import daemon, until

pytestmark = pytest.mark.peer("prometheus-alertmanager")


async def firing(real: RealAlertmanager) -> list[str]:
    """The authorities that fire now."""
    return [alert["labels"]["authority"] for alert in await real.active()]


async def test_an_outage_is_one_alert_over_restarts_of_both(few, hook, tmp_path, free_port):
    async with alertmanager(hook.url, tmp_path, free_port) as real:
        config = few.config(receivers={"am": {"alertmanager": [real.url]}}, interval="2s", timeout="1500ms")

        async def fires(*slugs: str) -> bool:
            return await firing(real) == list(slugs)

        async def is_up(running: Any) -> bool:
            return bool((await running.row("shandong"))["state"] == "up")

        async with daemon(config, tmp_path) as running:
            await until(lambda: is_up(running))
            few.set_fault("shandong", "status_503", service="verify")
            await until(lambda: fires("shandong"))
            (first,) = await real.active()
            metrics = await running.text("/metrics")
            assert (
                'fapiao_notifications_total{event="incident_opened",receiver="am[0]",result="sent"} 1.0'
                in metrics
            )
        await real.stop()
        await real.start()  # without what it knew
        assert await fires()
        async with daemon(config, tmp_path):
            await until(lambda: fires("shandong"))
            (again,) = await real.active()
            assert again["labels"] == first["labels"]
            assert again["startsAt"] == first["startsAt"]
            few.clear_fault("shandong")
            await until(lambda: fires())
            await until(lambda: hook.got[-1:] and hook.got[-1]["status"] == "resolved")
