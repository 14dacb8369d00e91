"""The whole daemon keeps what it saw, answers from it, and does without it."""

from __future__ import annotations

from tests.flow.harness import Running, daemon, until


async def test_runs_are_kept_over_a_restart_and_availability_follows_from_them(few, tmp_path):
    config = few.config(interval="2s", timeout="1500ms")
    async with daemon(config, tmp_path) as running:
        few.set_fault("shandong", "refuse", service="verify")
        await until(lambda: is_kept(running, "captcha/shandong", "connection_refused"))
        runs = (await running.json("/api/v1/targets/captcha/shandong/results?limit=500"))["results"]
        failed = next(run for run in runs if run["cause"] == "connection_refused")
        assert (failed["outcome"], failed["phase"], failed["maintenance"]) == ("error", "connect", False)
        assert [run["started_at"] for run in runs] == sorted(
            (run["started_at"] for run in runs), reverse=True
        )
        assert 'fapiao_store_up{store="history"} 1' in await running.text("/metrics")
    async with daemon(config, tmp_path) as running:
        again = await running.json("/api/v1/targets/captcha%2Fshandong/results?limit=500")
        assert [run["started_at"] for run in again["results"]][-len(runs) :] == [
            run["started_at"] for run in runs
        ]
        uptime = await running.json("/api/v1/uptime?authority=beijing")
        assert (uptime["uptime"], uptime["service"]) == (1.0, "verify")
        assert uptime["coverage"] < 0.01  # of thirty days we know some seconds


async def test_a_damaged_history_is_told_and_stands_in_nobodys_way(few, hook, tmp_path):
    file = tmp_path / "state" / "history.sqlite3"
    file.parent.mkdir()
    file.write_bytes(b"no database" * 1000)
    config = few.config(receivers={"bus": {"webhook": hook.url}}, interval="2s", timeout="1500ms")
    async with daemon(config, tmp_path) as running:
        few.set_fault("beijing", "refuse", service="verify")
        await until(lambda: is_kept(running, "captcha/beijing", "connection_refused"))
        await until(lambda: {"incident_opened", "daemon_degraded"} <= set(hook.events()))
        assert 'fapiao_store_up{store="history"} 0' in await running.text("/metrics")
        file.unlink()
        few.clear_fault("beijing")
        await until(lambda: "incident_resolved" in hook.events())
        await until(lambda: is_kept(running, "captcha/beijing", "none"))
    assert file.with_name("history.sqlite3.damaged").exists()


async def is_kept(running: Running, target: str, cause: str) -> bool:
    """Whether history has such a run; not while it does not answer."""
    page = await running.json(f"/api/v1/targets/{target}/results?limit=500")
    return any(run["cause"] == cause for run in page.get("results", ()))
