"""A new configuration is applied by difference; a bad one changes nothing and says why."""

from __future__ import annotations

import pytest

from tests.flow.harness import Hook, daemon, hook_server, until


@pytest.fixture
def config(few, hook):
    """The text of a configuration that watches a few authorities and tells one webhook."""
    return few.config(receivers={"bus": {"webhook": hook.url}}, interval="2s", timeout="1500ms")


async def runs_of(running, target: str) -> float:
    """How many runs of a target were counted."""
    metrics = await running.text("/metrics")
    lines = [line for line in metrics.splitlines() if line.startswith("fapiao_probe_runs_total{")]
    probe, authority = target.split("/")
    wanted = [line for line in lines if f'probe="{probe}"' in line and f'authority="{authority}"' in line]
    return float(wanted[0].rpartition(" ")[2]) if wanted else -1.0


async def test_unchanged_targets_keep_their_counters_and_removed_ones_disappear(config, tmp_path):
    async with daemon(config, tmp_path) as running:
        await until(lambda: at_least(running, "captcha/shandong", 2))
        before = await runs_of(running, "captcha/shandong")
        running.file.write_text(config.replace("only: [", "only: [shandong] # ["))
        running.again.set()
        await until(lambda: is_gone(running, "beijing"))
        assert await runs_of(running, "captcha/shandong") >= before
        assert 'authority="beijing"' not in await running.text("/metrics")
        running.file.write_text(config)
        running.again.set()
        await until(lambda: at_least(running, "captcha/beijing", 1))


async def at_least(running, target: str, count: int) -> bool:
    """Whether a target ran that often."""
    return await runs_of(running, target) >= count


async def is_gone(running, slug: str) -> bool:
    """Whether an authority is no longer shown."""
    status = await running.json("/api/v1/status")
    return all(row["authority"] != slug for row in status["authorities"])


async def test_a_bad_file_changes_nothing_and_shows_in_the_metrics(config, tmp_path):
    async with daemon(config, tmp_path) as running:
        await until(lambda: at_least(running, "captcha/shandong", 1))
        running.file.write_text(config.replace("interval:", "intervall:"))
        running.again.set()
        await until(lambda: shows(running, "fapiao_config_last_reload_successful 0.0"))
        assert not await is_gone(running, "beijing")
        running.file.write_text(config)
        running.again.set()
        await until(lambda: shows(running, "fapiao_config_last_reload_successful 1.0"))


async def shows(running, line: str) -> bool:
    """Whether /metrics has this line."""
    return line in (await running.text("/metrics")).splitlines()


async def test_an_incident_opened_before_a_reload_is_resolved_to_who_was_told(few, config, hook, tmp_path):
    async with daemon(config, tmp_path) as running, hook_server(Hook()) as second:
        await until(lambda: at_least(running, "captcha/shandong", 2))
        few.set_fault("shandong", "refuse", service="verify")
        await until(lambda: hook.got)
        both = config.replace(
            "receivers:\n", f'receivers:\n    new: {{"webhook": "{second.url}"}}\n'
        ).replace("to: [bus]", "to: [new]")
        running.file.write_text(both)
        running.again.set()
        await until(lambda: shows_receiver(running, "new[0]"))
        few.clear_fault("shandong")
        await until(lambda: len(hook.got) == 2)
        assert hook.events() == ["incident_opened", "incident_resolved"]
        assert "incident_resolved" not in second.events()


async def shows_receiver(running, receiver: str) -> bool:
    """Whether the receiver has its series."""
    return f'receiver="{receiver}"' in await running.text("/metrics")
