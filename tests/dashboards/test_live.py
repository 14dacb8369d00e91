"""Every expression of every dashboard returns data from a real Prometheus that scrapes the daemon amid faults."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from monitor.clock import SystemClock
from monitor.model import rfc3339
from monitor.simulator.settings import PROBES
from monitor.simulator.simulator import Simulator
from tests.dashboards.files import NAMES, Target, expand, targets, variables
from tests.dashboards.prometheus import Prometheus, prometheus
from tests.flow.harness import Hook, daemon, hook_server, until

pytestmark = pytest.mark.peer("prometheus")

SIX = ["beijing", "shandong", "shanghai", "guangdong", "sichuan", "yunnan"]
AILING = "beijing"
"""The authority that everything happens to; the sync interface is its own."""
PLANNED = "yunnan"
NOW = SystemClock().now

CHOSEN = {
    "datasource": "fapiao-prometheus", "job": ".+", "instance": ".+", "authority": AILING, "service": "verify",
    "probe": "captcha", "__rate_interval": "5s", "__range": "30s", "__interval": "1s",
}  # fmt: skip


def config(sim: Simulator, folder: Path, hooks: dict[str, Hook], now: datetime) -> str:
    """The simulator's own, quick, with a reference that sees everything up, a window, and somebody who never answers."""
    receivers = {name: {"webhook": hook.url} for name, hook in hooks.items()}
    text = sim.config(
        interval="1s", timeout="900ms", spacing="100ms", slow_after="100ms", group_wait="200ms",
        receivers=receivers, probes=(*PROBES, "erp-sync"),
    )  # fmt: skip
    there = now.astimezone(ZoneInfo("Asia/Shanghai"))
    window = {"start": f"{there - timedelta(hours=1):%F %T}", "end": f"{there + timedelta(hours=1):%F %T}"}
    opinion = {"source": "hq", "vantage": "there", "generated_at": rfc3339(now), "local_fault": False}
    row = {"outcome": "ok", "cause": None, "since": None, "checked_at": rfc3339(now)}
    (folder / "hq.json").write_text(
        json.dumps({"format": "fapiao-reference/1", **opinion, "authorities": dict.fromkeys(SIX, row)})
    )
    reference = {"name": "hq", "file": str(folder / "hq.json"), "interval": "1s", "stale_after": "10m"}
    more = {
        "maintenance": [{"name": "upgrade", "authorities": [PLANNED], **window}],
        "reference": [reference],
        "publish": {"file": str(folder / "published.json")},
    }
    return yaml.safe_dump({**yaml.safe_load(text), **more}, allow_unicode=True)


def break_things(sim: Simulator) -> None:
    """An outage, a certificate that ends soon, data that come late, and a failure in planned maintenance."""
    sim.set_fault(AILING, "status_503", service="verify")
    sim.set_fault(AILING, "expiring", service="dppt")
    sim.sync.set(lag=5 * 3600)
    sim.set_fault(PLANNED, "refuse", service="verify")


@asynccontextmanager
async def stage(folder: Path, port: int) -> AsyncIterator[Prometheus]:
    """Six provinces, the daemon, two receivers (one never answers), and Prometheus."""
    async with (
        Simulator(only=SIX) as sim,
        hook_server(Hook()) as healthy,
        hook_server(Hook(hang=True)) as hung,
        daemon(config(sim, folder, {"oncall": healthy, "hung": hung}, NOW()), folder) as running,
        prometheus(folder, port, running.base.removeprefix("http://")) as asked,
    ):
        await until(lambda: knows_of_all(asked))
        break_things(sim)
        yield asked


async def knows_of_all(asked: Prometheus) -> bool:
    """Whether a scrape has shown every authority up: from then on all that changes is seen to change."""
    seen = await asked.at('fapiao_authority_state{state="up"} == 1', NOW().timestamp())
    return len({each["metric"]["authority"] for each in seen} & set(SIX)) == len(SIX)


async def test_every_expression_returns_data_from_a_real_prometheus(tmp_path: Path, free_port: int) -> None:
    async with stage(tmp_path, free_port) as asked:
        wrong = dict.fromkeys(map(str, targets()), "not asked yet")
        waiting = targets()
        deadline = asyncio.get_running_loop().time() + 30
        while waiting and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.5)
            wrong = {str(each): await complaint(asked, each) for each in waiting}
            waiting = [each for each in waiting if wrong[str(each)]]
        assert not waiting, "\n".join(wrong[str(each)] for each in waiting)
        for name in NAMES:
            await variables_have_values(asked, name)


async def complaint(asked: Prometheus, target: Target) -> str:
    """What is wrong with one query; "" where it returns numbers with the labels that its legend names."""
    expression = expand(target.expression, CHOSEN)
    assert "$" not in expression, expression
    now = NOW().timestamp()
    if target.query["instant"]:
        series = await asked.at(expression, now)
    else:
        series = await asked.over(expression, now - 20, now, 1)
    numbers = [value for each in series for _, value in each["values"] if value != "NaN"]
    if not numbers:
        return f"{target}: no data for {expression}"
    wanted = set(re.findall(r"\{\{(\w+)\}\}", target.query["legendFormat"]))
    if series and not all(wanted <= set(each["metric"]) for each in series):
        return f"{target}: no label {wanted} in {series[0]['metric']}"
    return ""


async def variables_have_values(asked: Prometheus, name: str) -> None:
    """Every variable offers what the dashboard chooses at first, or what the test does."""
    for variable in variables(name).values():
        if variable["type"] == "query":
            offered = await options(asked, expand(variable["query"], CHOSEN), variable["regex"])
            wanted = CHOSEN[variable["name"]]
            assert wanted in offered or (wanted == ".+" and offered), variable["name"]
            if variable["name"] == "authority":
                assert offered == {AILING: "1100 北京", "shandong": "3700 山东"} | offered
                assert len(offered) == len(SIX)


async def options(asked: Prometheus, query: str, regex: str) -> dict[str, str]:
    """Value → text of a variable, found as Grafana does: of label values, or of series written as text."""
    function, inside = query.split("(", 1)
    if function == "label_values":
        selector, _, label = inside.removesuffix(")").rpartition(",")
        found = await asked.values(label.strip(), selector)
    else:
        series = await asked.at(inside.removesuffix(")"), NOW().timestamp())
        found = [text_of(each) for each in series]
    return dict(option for text in found if (option := matched(text, regex)) is not None)


def text_of(series: dict[str, Any]) -> str:
    """A series as Grafana writes it for `query_result`."""
    labels = ",".join(f'{name}="{value}"' for name, value in series["metric"].items() if name != "__name__")
    at, value = series["values"][0]
    return f"{series['metric'].get('__name__', '')}{{{labels}}} {value} {at * 1000}"


def matched(text: str, regex: str) -> tuple[str, str] | None:
    """Value and text that the regex of a variable finds; all of it without one."""
    if not regex:
        return text, text
    found = re.search(regex.strip("/").replace("(?<", "(?P<"), text)
    if found is None:
        return None
    groups = found.groupdict() or {"value": found[0], "text": found[0]}
    return groups["value"], groups["text"]
