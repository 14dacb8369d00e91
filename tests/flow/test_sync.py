"""The whole daemon watches a sync interface: lag becomes an incident, a lost credential one warning, and nothing leaks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor.simulator.simulator import Simulator
from tests.flow.harness import Hook, Running, daemon, until

SECRET = "Zq9-hunter-22"
PROBES = ("captcha", "internet", "gateway", "erp-sync")
HOUR = 3600


@pytest.fixture
def config(few: Simulator, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> str:
    """Watches captcha and the sync interface; the latter speaks of the first authority."""
    monkeypatch.setenv("ERP_TOKEN", f"Bearer {SECRET}")
    few.sync.set(token=SECRET)
    text = few.config(receivers={"bus": {"webhook": hook.url}}, interval="1s", timeout="900ms", probes=PROBES)
    return text.replace("Authorization: Bearer simulated", "Authorization: {env: ERP_TOKEN}")


async def test_lag_warns_and_then_opens_an_incident_of_delay(
    few: Simulator, hook: Hook, config: str, tmp_path: Path
) -> None:
    slug = few.slugs[0]
    async with daemon(config, tmp_path) as running:
        await until(lambda: state_of(running, slug, "up"))
        few.sync.set(lag=5 * HOUR)
        await until(lambda: state_of(running, slug, "degraded"))
        assert hook.got == []
        target = await running.json("/api/v1/targets/erp-sync")
        assert (target["confirmed"], target["last"]["flags"]) == ("up", ["lag_warning"])
        assert target["last"]["lag_seconds"] == pytest.approx(5 * HOUR, abs=30)
        few.sync.set(lag=25 * HOUR)
        await until(lambda: hook.got)
        [opened] = hook.got[0]["incidents"]
        assert (opened["authority"], opened["service"], opened["cause"]) == (slug, "sync", "sync_lag")
        assert (opened["diagnosis"], hook.got[0]["severity"]) == ("sync_delay", "warning")
        assert await state_of(running, slug, "degraded"), "verification itself is up"
        assert await lag_metric(running) == pytest.approx(25 * HOUR, abs=30)
        few.sync.set(lag=60.0)
        await until(lambda: len(hook.got) > 1)
        await until(lambda: state_of(running, slug, "up"))
        assert SECRET not in await everything(running)
    assert hook.events() == ["incident_opened", "incident_resolved"]
    assert SECRET not in json.dumps(hook.got, ensure_ascii=False)


async def test_a_lost_credential_is_one_warning_and_no_outage(
    few: Simulator, hook: Hook, config: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    slug = few.slugs[0]
    async with daemon(config, tmp_path) as running:
        await until(lambda: state_of(running, slug, "up"))
        few.sync.set(token="renewed")
        await until(lambda: hook.got)
        [opened] = hook.got[0]["incidents"]
        assert (opened["service"], opened["cause"], opened["diagnosis"]) == (
            "sync",
            "credential",
            "credential",
        )
        assert (hook.got[0]["event"], hook.got[0]["severity"]) == ("incident_opened", "warning")
        row = await running.row(slug)
        assert row["state"] != "down"
        assert row["services"]["sync"]["state"] == "unknown"
        assert row["services"]["verify"]["state"] == "up"
        assert await lag_metric(running) is None, "what the last run did not see disappears"
        assert SECRET not in await everything(running)
        few.sync.set(token=SECRET)
        await until(lambda: len(hook.got) > 1)
    assert hook.events() == ["incident_opened", "incident_resolved"]
    assert SECRET not in json.dumps(hook.got, ensure_ascii=False) + caplog.text
    assert not [file for file in tmp_path.rglob("*sqlite3*") if SECRET.encode() in file.read_bytes()]


async def state_of(running: Running, slug: str, wanted: str) -> bool:
    """Whether that is what is believed of the authority."""
    return bool((await running.row(slug))["state"] == wanted)


async def lag_metric(running: Running) -> float | None:
    """The value of fapiao_sync_lag_seconds, None where there is no such series."""
    lines = (await running.text("/metrics")).splitlines()
    found = [line for line in lines if line.startswith("fapiao_sync_lag_seconds{")]
    return float(found[0].rpartition(" ")[2]) if found else None


async def everything(running: Running) -> str:
    """All that the daemon shows."""
    paths = (
        "/",
        "/metrics",
        "/api/v1/status",
        "/api/v1/targets?limit=500",
        "/api/v1/incidents",
        "/api/v1/reference",
    )
    return "".join([await running.text(path) for path in paths])


async def test_what_both_sides_have_is_compared(
    few: Simulator, hook: Hook, config: str, tmp_path: Path
) -> None:
    slug = few.slugs[0]
    remote = f'{{url: "{few.sync.url}", headers: {{Authorization: {{env: ERP_TOKEN}}}}}}'
    issued = f'{{path: $.issuedAt, request: {{url: "{few.sync.local_url}"}}}}'
    config = config.replace(
        "probes:\n",
        f"probes:\n  - {{name: compare, kind: sync, authority: {slug}, service: compare, interval: 2s, timeout: 1500ms, "
        f'counts: {{local: {{url: "{few.sync.local_url}"}}, local_path: $.count, remote: {remote}, remote_path: $.data.count, '
        f"grace: 0s}}, canary: {{request: {remote}, path: $.data.canary, equals: canary-1, issued_at: {issued}, "
        "warn: 1ms, fail: 500ms}}\n",
    )
    async with daemon(config, tmp_path) as running:
        await until(lambda: state_of(running, slug, "up"))
        few.sync.set(count=120)
        await until(lambda: hook.got)
        [opened] = hook.got[0]["incidents"]
        assert (opened["service"], opened["cause"], opened["diagnosis"]) == (
            "compare",
            "count_mismatch",
            "sync_delay",
        )
        metrics = await running.text("/metrics")
        labels = f'probe="compare",authority="{slug}",service="compare"'
        assert f'fapiao_sync_difference{{{labels},side="missing"}} 8.0' in metrics
        assert f'fapiao_sync_difference{{{labels},side="extra"}} 0.0' in metrics
        few.sync.set(count=128, canary=None)
        await until(lambda: cause_of(running, "record_missing"))
        few.sync.set(canary="canary-1")
        await until(lambda: "incident_resolved" in hook.events())
        assert SECRET not in await everything(running)
    assert SECRET not in json.dumps(hook.got, ensure_ascii=False)


async def cause_of(running: Running, wanted: str) -> bool:
    """Whether that is why the last comparison failed."""
    return bool((await running.json("/api/v1/targets/compare"))["last"]["cause"] == wanted)
