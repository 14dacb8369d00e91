"""The whole daemon watches its own machine: a backup, a log and limits become incidents of `local`, and touch nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from monitor.simulator.simulator import Simulator
from tests.flow.harness import Hook, Running, daemon, until

PROBES = ("captcha", "internet", "gateway")
MINE = """\
probes:
  - {{name: backup, kind: file, authority: local, service: backup, glob: "{folder}/*.gz", max_age: 1h, interval: 1s, timeout: 900ms}}
  - {{name: applog, kind: log, authority: local, service: issuing, path: "{folder}/app.log", interval: 1s, timeout: 900ms,
      codes: {{table: client, at_least: 2, within: 1m}}, patterns: [{{name: lost, regex: "device lost", at_least: 1, within: 1m}}]}}
  - {{name: box, kind: host, authority: local, service: machine, disk: [{{path: "{folder}", min_free: {free}}}], interval: 1s, timeout: 900ms}}
"""


@pytest.fixture
def config(few: Simulator, hook: Hook, tmp_path: Path) -> str:
    (tmp_path / "old.gz").write_bytes(b"x")
    (tmp_path / "app.log").write_text("device lost, long ago\n")
    text = few.config(receivers={"bus": {"webhook": hook.url}}, interval="1s", timeout="900ms", probes=PROBES)
    assert text.count("probes:\n") == 1
    return text.replace("probes:\n", MINE.format(folder=tmp_path, free="1B"))


async def test_a_backup_that_grows_old_is_told_once_as_ours_and_blames_nobody(
    few: Simulator, hook: Hook, config: str, tmp_path: Path
) -> None:
    async with daemon(config, tmp_path) as running:
        await until(lambda: confirmed(running, "backup", "up"))
        await until(lambda: state_of(running, few.slugs[0], "up"))
        os.utime(tmp_path / "old.gz", (0, 0))
        await until(lambda: hook.got)
        [opened] = hook.got[0]["incidents"]
        assert (opened["authority"], opened["service"], opened["cause"]) == (
            "local",
            "backup",
            "content_mismatch",
        )
        assert (hook.got[0]["event"], hook.got[0]["severity"]) == ("incident_opened", "warning")
        assert (opened["diagnosis"], hook.got[0]["scope"]) == ("undetermined", "authority")
        assert "found=age" in opened["facts"]
        assert "与税务机关无关" in hook.got[0]["text"]
        status = await running.json("/api/v1/status")
        assert (status["local"]["state"], status["local"]["diagnosis"]) == ("degraded", "healthy")
        assert {row["state"] for row in status["authorities"]} == {"up"}
        reference = await running.json("/api/v1/reference")
        assert (reference["local_fault"], len(reference["authorities"])) == (False, 6)
        os.utime(tmp_path / "old.gz")
        await until(lambda: len(hook.got) > 1)
        await until(lambda: local_is(running, "up"))
    assert hook.events() == ["incident_opened", "incident_resolved"]


async def test_a_fault_of_our_network_is_found_although_the_disk_is_fine(
    few: Simulator, hook: Hook, config: str, tmp_path: Path
) -> None:
    async with daemon(config, tmp_path) as running:
        await until(lambda: confirmed(running, "box", "up"))
        await until(lambda: state_of(running, few.slugs[0], "up"))
        few.set_fault("all", "refuse")
        few.set_fault("local", "refuse")
        await until(lambda: hook.got)
        assert (hook.got[0]["event"], hook.got[0]["scope"]) == ("incident_opened", "local")
        assert hook.got[0]["incidents"][0]["diagnosis"] == "local_network"
        few.clear_fault()
        await until(lambda: len(hook.got) > 1)
    assert hook.events() == ["incident_opened", "incident_resolved"]


async def test_a_log_is_judged_by_cause_and_readings_are_shown_everywhere(
    few: Simulator, hook: Hook, config: str, tmp_path: Path
) -> None:
    async with daemon(config, tmp_path) as running:
        await until(lambda: confirmed(running, "applog", "up"))
        with (tmp_path / "app.log").open("a") as log:
            log.write("91110000123456789X ERROR@97@证书已作废\n" * 3)
        await until(lambda: hook.got)
        [opened] = hook.got[0]["incidents"]
        assert (opened["service"], opened["cause"], opened["diagnosis"]) == (
            "issuing",
            "credential",
            "credential",
        )
        target = await running.json("/api/v1/targets/applog")
        assert {"name": "codes", "of": "ERROR@97", "value": 3.0, "text": ""} in target["last"]["readings"]
        metrics = await running.text("/metrics")
        assert (
            'fapiao_probe_reading{probe="applog",authority="local",service="issuing",name="codes",of="ERROR@97"} 3'
            in metrics
        )
        assert f'name="disk_free",of="{tmp_path}"' in metrics
        assert 'fapiao_incident_active{authority="local",service="issuing"} 1' in metrics
        for page in ("/", "/authorities/local", "/targets/applog", "/targets/box", "/targets/backup"):
            assert "91110000" not in await running.text(page)
        assert "memory_free" in await running.text("/targets/box") or "内存" in await running.text(
            "/targets/box"
        )
        shown = await running.text("/probe?target=applog")
        assert "probe_success 0" in shown
    assert not [
        file
        for file in tmp_path.rglob("*")
        if file.name != "app.log" and file.is_file() and b"91110000" in file.read_bytes()
    ]


async def test_what_was_followed_goes_on_after_a_restart(hook: Hook, config: str, tmp_path: Path) -> None:
    async with daemon(config, tmp_path) as running:
        await until(lambda: confirmed(running, "applog", "up"))
    with (tmp_path / "app.log").open("a") as log:
        log.write("device lost while the monitor was down\n")
    async with daemon(config, tmp_path):
        await until(lambda: hook.got)
    [opened] = hook.got[0]["incidents"]
    assert (opened["service"], opened["cause"]) == ("issuing", "api_error")
    assert "found=lost" in opened["facts"]


async def confirmed(running: Running, target: str, wanted: str) -> bool:
    found: dict[str, Any] = await running.json(f"/api/v1/targets/{target}")
    return bool(found["confirmed"] == wanted)


async def state_of(running: Running, slug: str, wanted: str) -> bool:
    return bool((await running.row(slug))["state"] == wanted)


async def local_is(running: Running, wanted: str) -> bool:
    return bool((await running.json("/api/v1/status"))["local"]["state"] == wanted)
