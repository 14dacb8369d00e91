"""A real Prometheus on loopback, with a history made by hand or a daemon to scrape."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.flow.harness import until


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """One that answers."""

    base: str
    session: aiohttp.ClientSession

    async def get(self, path: str, **given: str | float) -> Any:
        """The `data` of an API call. Raises ValueError with Prometheus' own words where it refuses."""
        asked = {name.replace("match", "match[]"): str(value) for name, value in given.items()}
        async with self.session.post(f"{self.base}/api/v1/{path}", data=asked) as answer:
            said = await answer.json()
        if said["status"] != "success" or said.get("warnings"):
            raise ValueError(said.get("error") or said["warnings"])
        return said["data"]

    async def at(self, expression: str, instant: float) -> list[dict[str, Any]]:
        """Series at one instant: `metric` and one `values`."""
        found = await self.get("query", query=expression, time=instant)
        return [{"metric": each["metric"], "values": [each["value"]]} for each in found["result"]]

    async def over(self, expression: str, start: float, end: float, step: float) -> list[dict[str, Any]]:
        """Series over time: `metric` and `values`."""
        found = await self.get("query_range", query=expression, start=start, end=end, step=step)
        series: list[dict[str, Any]] = found["result"]
        return series

    async def values(self, label: str, selector: str) -> list[str]:
        """The values of a label among the series of a selector."""
        async with self.session.get(
            f"{self.base}/api/v1/label/{label}/values", params={"match[]": selector}
        ) as answer:
            values: list[str] = (await answer.json())["data"]
            return values

    async def is_ready(self) -> bool:
        """Whether it answers yet."""
        with contextlib.suppress(aiohttp.ClientError):
            async with self.session.get(f"{self.base}/-/ready") as answer:
                return answer.status == 200
        return False


@contextlib.asynccontextmanager
async def prometheus(folder: Path, port: int, scraped: str = "") -> AsyncIterator[Prometheus]:
    """Debian's Prometheus on what lies in `folder/data`; `scraped` is `host:port` of a daemon, asked twice a second."""
    jobs = [
        {"job_name": "fapiao-monitor", "scrape_interval": "500ms", "static_configs": [{"targets": [scraped]}]}
    ]
    settings = folder / "prometheus.yml"
    settings.write_text(json.dumps({"scrape_configs": jobs if scraped else []}))
    process = await asyncio.create_subprocess_exec(
        "prometheus",
        f"--config.file={settings}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        async with aiohttp.ClientSession() as session:
            running = Prometheus(base=f"http://127.0.0.1:{port}", session=session)
            await until(running.is_ready)
            yield running
    finally:
        process.terminate()
        await process.wait()
