"""`/probe` of a whole daemon: what it keeps to, what it leaves alone, and a real Prometheus that scrapes it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from tests.dashboards.prometheus import Prometheus
from tests.flow.harness import Running, daemon, until
from tests.net.peers import peer

DOCS = Path(__file__).parents[2] / "docs" / "blackbox.md"
BAN = b'jQuery1({"key1":"020"})'
HEAD = """
version: 1
limits: {{per_host: {per_host}, concurrency: {concurrency}}}
defaults: {{interval: 1h, while_down: 1h, timeout: 10s}}
judgement: {{confirm: {{attempts: 1}}}}
probes:
"""


@dataclass
class Province:
    """A server that counts its connections; `hold` makes it wait, `body` is what it says."""

    port: int = 0
    body: bytes = b"hello"
    status: bytes = b"200 OK"
    opened: int = 0
    left: int = 0
    hold: bool = False
    free: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        self.opened += 1
        await reader.readuntil(b"\r\n\r\n")
        if self.hold:
            await reader.read()  # until the other side hangs up
            self.left += 1
            return
        writer.write(
            b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (self.status, len(self.body), self.body)
        )
        writer.close()


@pytest.fixture
async def province() -> AsyncIterator[Province]:
    """One that works."""
    made = Province()
    async with peer(made.serve) as made.port:
        yield made


@contextlib.asynccontextmanager
async def watching(
    province: Province, folder: Path, *, kind: str = "http", per_host: str = "12/m", concurrency: int = 64
) -> AsyncIterator[Running]:
    """A daemon whose first sweep is over."""
    head = HEAD.format(per_host=per_host, concurrency=concurrency)
    if kind == "http":
        line = (
            f'  - {{name: page, kind: http, authority: national, url: "http://127.0.0.1:{province.port}/"}}\n'
        )
    else:
        facts = f'{{shandong: {{verify_url: "http://127.0.0.1:{province.port}/NWebQuery"}}}}'
        head = head.replace("probes:", f"authorities: {{only: [shandong], override: {facts}}}\nprobes:")
        line = "  - {name: captcha, kind: captcha, each: authority}\n"
    async with daemon(head + line, folder) as running:
        await until(lambda: answers(running, "/-/ready"))
        yield running


async def answers(running: Running, path: str) -> bool:
    """Whether it is answered with 200."""
    return (await ask(running, path))[0] == 200


async def ask(running: Running, path: str, **more: Any) -> tuple[int, str, str | None]:
    """Status, text, Retry-After."""
    async with running.session.get(running.base + path, **more) as answer:
        return answer.status, await answer.text(), answer.headers.get("Retry-After")


PAGE = "/probe?target=page"


async def test_who_asks_has_half_of_what_the_host_was_promised_and_the_schedule_keeps_the_rest(
    province: Province, tmp_path: Path
) -> None:
    async with watching(province, tmp_path, per_host="6/m") as running:
        swept = province.opened
        asked = await asyncio.gather(*(ask(running, PAGE) for _ in range(12)))
        assert sorted(status for status, _, _ in asked) == [200] * 3 + [429] * 9
        assert province.opened == swept + 3
        status, text, wait = await ask(running, PAGE)
    assert status == 429
    assert "limits.per_host" in text
    assert wait is not None
    assert 40 <= int(wait) <= 61


async def test_nobody_hears_of_a_run(province: Province, tmp_path: Path) -> None:
    async with watching(province, tmp_path) as running:
        before = await told(running)
        province.status = b"500 Internal Server Error"
        for _ in range(4):
            status, text, _ = await ask(running, PAGE)
            assert status == 200
            assert "probe_success 0" in text
        assert await told(running) == before
    assert province.opened == 5


OWN_LIFE = ("fapiao_loop_lag", "fapiao_build", "process_", "python_", "fapiao_history", "fapiao_schedule_")


async def told(running: Running) -> list[Any]:
    """All that the daemon says of its targets: metrics, status, the target, its history, incidents."""
    metrics = [
        line for line in (await running.text("/metrics")).splitlines() if not line.startswith(OWN_LIFE)
    ]
    status = await running.json("/api/v1/status")
    target = await running.json("/api/v1/targets/page")
    results = await running.json("/api/v1/targets/page/results")
    incidents = await running.json("/api/v1/incidents")
    del status["generated_at"]
    return [[line for line in metrics if "heartbeat" not in line], status, target, results, incidents]


async def test_code_020_stops_what_is_asked_beside_the_schedule_too(
    province: Province, tmp_path: Path
) -> None:
    province.body = BAN
    async with watching(province, tmp_path, kind="captcha") as running:
        swept = province.opened
        status, text, wait = await ask(running, "/probe?target=captcha/shandong")
    assert status == 503
    assert "code 020" in text
    assert wait is not None
    assert int(wait) > 23 * 3600
    assert province.opened == swept == 1


async def test_a_ban_met_on_demand_is_not_asked_for_again(province: Province, tmp_path: Path) -> None:
    async with watching(province, tmp_path, kind="captcha") as running:
        province.body = BAN
        path = "/probe?target=captcha/shandong"
        assert 'cause="blocked"' in (await ask(running, path))[1]
        opened = province.opened
        assert (await ask(running, path))[0] == 503
        assert province.opened == opened


async def test_places_are_not_waited_for_and_half_of_them_stay_with_the_schedule(
    province: Province, tmp_path: Path
) -> None:
    async with watching(province, tmp_path, concurrency=4) as running:
        province.hold = True
        async with asyncio.TaskGroup() as tasks:
            held = [tasks.create_task(ask(running, PAGE)) for _ in range(2)]
            await until(lambda: province.opened == 3)
            status, text, wait = await ask(running, PAGE)
            for one in held:
                one.cancel()
    assert (status, wait) == (503, "1")
    assert "limits.concurrency" in text
    assert province.opened == 3


async def test_a_run_whose_caller_hung_up_is_given_up(province: Province, tmp_path: Path) -> None:
    async with watching(province, tmp_path, concurrency=2) as running:
        province.hold = True
        with pytest.raises(TimeoutError):
            await ask(running, PAGE, timeout=aiohttp.ClientTimeout(total=0.3))
        await until(lambda: province.left == 1, seconds=5)  # long before the deadline of ten seconds
        province.hold = False
        assert (await ask(running, PAGE))[0] == 200


async def test_the_run_ends_before_the_scraper_loses_patience(province: Province, tmp_path: Path) -> None:
    async with watching(province, tmp_path) as running:
        province.hold = True
        header = {"X-Prometheus-Scrape-Timeout-Seconds": "1"}
        status, text, _ = await ask(running, PAGE, headers=header)
    assert status == 200
    assert "probe_timeout_seconds 0.5\n" in text
    assert 'probe_failure_info{outcome="timeout",cause="response_timeout"} 1' in text


@pytest.mark.peer("prometheus")
async def test_the_documented_scrape_configuration_works(
    province: Province, tmp_path: Path, free_port: int
) -> None:
    async with watching(province, tmp_path, per_host="none") as running:
        config = yaml.safe_load(DOCS.read_text().partition("```yaml\n")[2].partition("```")[0])
        (job,) = config["scrape_configs"]
        job |= {
            "scrape_interval": "1s",
            "scrape_timeout": "1s",
            "static_configs": [{"targets": ["page", "gone"]}],
        }
        job["relabel_configs"][-1]["replacement"] = running.base.removeprefix("http://")
        async with scraping(config, tmp_path, free_port, running.session) as prometheus:

            async def has_both() -> bool:
                found = await prometheus.get("query", query="up")
                up = {one["metric"]["instance"]: one["value"][1] for one in found["result"]}
                return up == {"page": "1", "gone": "0"}

            await until(has_both)
            found = await prometheus.get(
                "query", query='probe_success{instance="page",job="fapiao-probe"} == 1'
            )
            assert len(found["result"]) == 1
            phases = await prometheus.get("query", query="sum by (phase) (probe_http_duration_seconds)")
            assert len(phases["result"]) == 5
            timeouts = await prometheus.get("query", query="probe_timeout_seconds")
            assert [one["value"][1] for one in timeouts["result"]] == ["0.5"]


@contextlib.asynccontextmanager
async def scraping(
    config: dict[str, Any], folder: Path, port: int, session: aiohttp.ClientSession
) -> AsyncIterator[Prometheus]:
    """Debian's Prometheus with this configuration."""
    file = folder / "scrape.yml"
    file.write_text(yaml.safe_dump(config))
    process = await asyncio.create_subprocess_exec(
        "prometheus", f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        running = Prometheus(base=f"http://127.0.0.1:{port}", session=session)
        await until(running.is_ready)
        yield running
    finally:
        process.terminate()
        await process.wait()
