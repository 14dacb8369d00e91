"""The whole daemon behind a proxy: it works, it is not mistaken for the provinces, its password stays hidden."""

from __future__ import annotations

import io
import logging

from monitor import log
from tests.flow.harness import daemon, until
from tests.net.proxy import CREDENTIAL, PASSWORD, USER, proxy


async def test_everything_goes_by_the_proxy_and_its_failure_makes_nobody_down(few, hook, tmp_path):
    written = io.StringIO()
    log.configure(level="debug", form="json")
    logging.getLogger().handlers[0].setStream(written)  # type: ignore[attr-defined]
    try:
        async with proxy(wants=CREDENTIAL) as way:
            config = few.config(
                receivers={"bus": {"webhook": hook.url}}, interval="2s", timeout="1500ms", group_wait="500ms"
            )
            address = f"http://{USER}:{PASSWORD}@{way.address}"
            config = config.replace("defaults:\n", f'defaults:\n  proxy: "{address}"\n')
            config = config.replace("alerts:\n", f'alerts:\n  proxy: "{address}"\n')
            async with daemon(config, tmp_path) as running:
                await until(lambda: states(running, {"up"}))
                assert {target.partition(":")[0] for target in way.asked} >= {
                    "shandong.localhost",
                    "gateway.localhost",
                }

                few.set_fault("shandong", "status_503", service="verify")
                await until(lambda: hook.got)
                assert [hit["incidents"][0]["cause"] for hit in hook.got] == ["http_status"]
                assert hook.url.split("/")[2] in way.asked
                few.clear_fault()
                await until(lambda: hook.events()[-1:] == ["incident_resolved"])

                way.wants = "another password"
                await until(lambda: states(running, {"unknown"}))
                await until(lambda: causes(running, {"proxy_failed"}))
                await until(lambda: is_open(running, "local"))
                status = await running.json("/api/v1/status")
                incidents = await running.json("/api/v1/incidents?open=true")
                left = [written.getvalue(), repr(hook.got)]
                left += [await running.text(path) for path in ("/", "/metrics", "/api/v1/targets?limit=500")]
    finally:
        logging.getLogger().handlers.clear()
        logging.getLogger().setLevel(logging.WARNING)
    assert {row["cause"] for row in status["authorities"]} == {"proxy_failed"}
    assert {row["diagnosis"] for row in status["authorities"]} <= {"misconfigured", "local_network"}
    assert {one["severity"] for one in incidents["incidents"] if one["scope"] != "local"} <= {"warning"}
    assert [one["cause"] for one in incidents["incidents"] if one["scope"] == "local"] == ["proxy_failed"]
    for text in left:
        assert PASSWORD not in text
        assert CREDENTIAL.removeprefix("Basic ") not in text


async def states(running, wanted: set[str]) -> bool:
    """Whether these are the states of the authorities, no more and no less."""
    status = await running.json("/api/v1/status")
    return {row["state"] for row in status["authorities"]} == wanted


async def causes(running, wanted: set[str]) -> bool:
    """Whether these are the causes of the authorities, no more and no less."""
    status = await running.json("/api/v1/status")
    return {row["cause"] for row in status["authorities"]} == wanted


async def is_open(running, scope: str) -> bool:
    """Whether an incident of this scope is open."""
    incidents = await running.json("/api/v1/incidents?open=true")
    return any(one["scope"] == scope for one in incidents["incidents"])
