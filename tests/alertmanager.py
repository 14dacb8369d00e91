"""A real Alertmanager of Debian's for tests: started, asked with amtool, killed and started again without its data."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

CONFIG = """\
global: {{resolve_timeout: 1s}}
route: {{receiver: hook, group_by: [alertname, authority, service], group_wait: 100ms, group_interval: 200ms, repeat_interval: 1h}}
receivers:
  - name: hook
    webhook_configs: [{{url: "{hook}", send_resolved: true}}]
"""


@dataclass
class RealAlertmanager:
    """One Alertmanager on loopback that tells `hook` quickly and would end, by itself, what fires after one second."""

    port: int
    folder: Path
    process: asyncio.subprocess.Process | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Its address, as in probes.yaml."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it without any data of before; returns when it answers."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        with (self.folder / "alertmanager.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                "prometheus-alertmanager",
                f"--config.file={self.folder / 'alertmanager.yml'}",
                f"--storage.path={self.folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--cluster.listen-address=",
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(20):
            while not await self._is_ready():
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Kill it."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            await process.wait()

    async def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.returncode is None, (self.folder / "alertmanager.log").read_text()
        with contextlib.suppress(aiohttp.ClientError):
            async with aiohttp.ClientSession() as session, session.get(f"{self.url}/-/ready") as answer:
                return answer.status == 200
        return False

    async def amtool(self, *arguments: str) -> str:
        """What amtool prints, asked of this Alertmanager."""
        process = await asyncio.create_subprocess_exec(
            "amtool",
            f"--alertmanager.url={self.url}",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
        return said.decode()

    async def active(self) -> list[dict[str, Any]]:
        """The alerts that fire and are not silenced, as amtool's JSON."""
        found: list[dict[str, Any]] = json.loads(await self.amtool("alert", "query", "-o", "json"))
        return found


@contextlib.asynccontextmanager
async def alertmanager(hook: str, folder: Path, port: int) -> AsyncIterator[RealAlertmanager]:
    """Run one that tells the webhook `hook`, with its files in `folder`."""
    (folder / "alertmanager.yml").write_text(CONFIG.format(hook=hook))
    it = RealAlertmanager(port=port, folder=folder)
    try:
        await it.start()
        yield it
    finally:
        await it.stop()
