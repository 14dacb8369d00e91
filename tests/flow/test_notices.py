"""A notice lies down in the feed, a person approves it, its window keeps an outage quiet, and overruns."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.clock import SystemClock
from tests.flow.harness import daemon, until

TOKEN = "s3cret-t0ken"
HEAD = {"Authorization": f"Bearer {TOKEN}"}
CHINA = ZoneInfo("Asia/Shanghai")
TEXT = """国家税务总局山东省税务局关于增值税发票查验平台停机升级的通告

因系统升级，国家税务总局山东省税务局定于{start}至{end}对增值税发票查验平台进行停机维护，期间暂停发票查验服务。

国家税务总局山东省税务局
{today}
"""


class Ahead(SystemClock):
    """The machine's clock, put forward when a test says so."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


def chinese(instant: datetime) -> str:
    local = instant.astimezone(CHINA)
    return f"{local.year}年{local.month}月{local.day}日{local:%H:%M}"


async def test_a_notice_is_approved_mutes_an_outage_and_overruns(few, hook, tmp_path):
    clock = Ahead()
    start, end = clock.now() - timedelta(minutes=30), clock.now() + timedelta(minutes=30)
    folder = tmp_path / "posted"
    folder.mkdir()
    file = folder / "shandong.txt"
    written = TEXT.format(start=chinese(start), end=chinese(end), today=chinese(start)[:-5])
    file.write_bytes(written.encode("gbk"))
    os.utime(file, (start.timestamp(), start.timestamp()))
    config = few.config(receivers={"bus": {"webhook": hook.url}}, interval="2s", timeout="1500ms")
    config = config.replace("\nserver:", f"\nserver:\n  token: {TOKEN}", 1)
    config += f"\nmaintenance:\n  - {{name: board, feed: '{folder}/*.txt'}}\n"
    config = config.replace("\njudgement:", "\njudgement:\n  overrun_grace: 1s", 1)
    if "overrun_grace" not in config:
        config += "\njudgement: {overrun_grace: 1s}\n"
    async with daemon(config, tmp_path, clock) as running:
        await until(lambda: hook.got)
        (waits,) = hook.got[0]["notices"]
        assert hook.events() == ["maintenance_announced"]
        assert (waits["file"], waits["unclear"], hook.got[0]["window"]) == ("shandong.txt", [], None)
        assert f"notice approve {waits['id']}" in hook.got[0]["text"]
        assert 'fapiao_notices_waiting{feed="board"} 1' in await running.text("/metrics")

        path = f"{running.base}/api/v1/notices/{waits['id']}/approve"
        async with running.session.post(path, headers=HEAD) as answer:
            assert answer.status == 200
        await until(lambda: hook.events()[1:] == ["maintenance_started"])
        window = hook.got[1]["window"]
        assert (window["authorities"], window["services"], window["notice"]) == (
            ["shandong"],
            ["verify"],
            waits["id"],
        )

        few.set_fault("shandong", "refuse", service="verify")
        await until(lambda: state_of(running, "maintenance"))
        (incident,) = (await running.json("/api/v1/incidents?open=true"))["incidents"]
        assert incident["muted_by"] == window["id"]
        assert len(hook.got) == 2

        clock.ahead = timedelta(minutes=31)
        await until(lambda: len(hook.got) == 4, seconds=40)
        assert hook.events()[2:] == ["maintenance_ended", "maintenance_overrun"]
        assert [one["id"] for one in hook.got[3]["incidents"]] == [incident["id"]]


async def state_of(running, state: str) -> bool:
    """Whether the province is believed to be so."""
    return bool((await running.row("shandong"))["state"] == state)
