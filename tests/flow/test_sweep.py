"""The first sweep, a local fault, and what Prometheus sees."""

from __future__ import annotations

import asyncio
import json
import subprocess
import urllib.parse
import urllib.request

import pytest

from tests.flow.harness import daemon, until

TIMEOUT = 4.0
"""Long against the work of a busy machine: hanging targets that waited for each other would take two or more of it."""


async def test_half_of_them_hanging_do_not_wait_for_each_other(simulator, tmp_path):
    for slug in simulator.slugs[::2]:
        simulator.set_fault(slug, "hang")
        simulator.set_fault(slug, "stall_tls", service="dppt")
    config = simulator.config(interval="60s", timeout=f"{TIMEOUT:g}s", spacing="30s")
    async with daemon(config, tmp_path) as running:
        begun = asyncio.get_running_loop().time()
        await until(lambda: is_ready(running))
        took = asyncio.get_running_loop().time() - begun
        targets = (await running.json("/api/v1/targets?limit=500"))["targets"]
    assert took < 1.5 * TIMEOUT  # bench/first_sweep.py has the figure: timeout + 0.2 s
    assert sum(target["last"]["outcome"] == "timeout" for target in targets) >= 18


async def is_ready(running) -> bool:
    """Whether every target has a result."""
    async with running.session.get(running.base + "/-/ready") as answer:
        return bool(answer.status == 200)


async def test_when_the_controls_fail_too_it_is_us_and_no_authority_is_blamed(few, hook, tmp_path):
    config = few.config(receivers={"bus": {"webhook": hook.url}}, interval="2s", timeout="1500ms")
    async with daemon(config, tmp_path) as running:
        await until(lambda: is_ready(running))
        for slug in (*few.slugs, "national", "internet", "gateway"):
            few.set_fault(slug, "refuse")
        await until(lambda: hook.got)
        status = await running.json("/api/v1/status")
        page = await running.text("/")
        for slug in (*few.slugs, "national", "internet", "gateway"):
            few.clear_fault(slug)
        await until(lambda: len(hook.got) > 1)
    assert [(message["event"], message["scope"]) for message in hook.got] == [
        ("incident_opened", "local"),
        ("incident_resolved", "local"),
    ]
    assert {row["state"] for row in status["authorities"]} == {"unknown"}
    assert "本机" in page


@pytest.mark.peer("prometheus")
async def test_a_real_prometheus_scrapes_it(simulator, tmp_path, free_port):
    config = simulator.config(interval="2s", timeout="1500ms")
    async with daemon(config, tmp_path) as running:
        await until(lambda: is_ready(running))
        settings = {
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [
                {
                    "job_name": "fapiao",
                    "static_configs": [{"targets": [running.base.removeprefix("http://")]}],
                }
            ],
        }
        (tmp_path / "prometheus.json").write_text(json.dumps(settings))
        prometheus = subprocess.Popen(
            ["prometheus", f"--config.file={tmp_path}/prometheus.json", f"--storage.tsdb.path={tmp_path}/tsdb",
             f"--web.listen-address=127.0.0.1:{free_port}", "--log.level=error"],
        )  # fmt: skip
        try:
            await until(lambda: knows_all(free_port), seconds=30)
        finally:
            prometheus.terminate()
            prometheus.wait()


async def knows_all(port: int) -> bool:
    """Whether Prometheus knows every target as ok and itself calls the scrape healthy."""
    targets = await asyncio.to_thread(query, port, "count(fapiao_probe_success == 1)")
    healthy = await asyncio.to_thread(query, port, "up")
    return targets == 111 and healthy == 1


def query(port: int, expression: str) -> float | None:
    """The value of an instant query, None while there is none."""
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{port}/api/v1/query?query={urllib.parse.quote(expression)}"
        ) as answer:
            result = json.load(answer)["data"]["result"]
    except OSError:
        return None
    return float(result[0]["value"][1]) if result else None
