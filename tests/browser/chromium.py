"""A real Chromium, driven over its debugging protocol: pages that stay open, what they log, how they look."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-quic", "--disable-dev-shm-usage",
    "--remote-debugging-port=0", "--remote-allow-origins=*",
)  # fmt: skip


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.logged: list[str] = []
        """What went to the console, uncaught errors and refusals by the content policy included."""
        self._socket = socket
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0

    async def listen(self) -> None:
        """Take what the browser says, until it is closed."""
        async for message in self._socket:
            said = json.loads(message.data)
            if (answer := self._answers.pop(said.get("id"), None)) is not None:
                answer.set_result(said)
            elif said.get("method") in (
                "Runtime.consoleAPICalled",
                "Runtime.exceptionThrown",
                "Log.entryAdded",
            ):
                self.logged.append(json.dumps(said["params"], ensure_ascii=False))

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol."""
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        said = await answer
        assert "error" not in said, said
        result: dict[str, Any] = said["result"]
        return result

    async def open(self, url: str) -> None:
        """Go to `url`; back when the page and its script have been loaded."""
        await self.call("Page.navigate", url=url)
        await self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    async def value(self, expression: str) -> Any:
        """What an expression is in the page."""
        said = await self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    async def until(self, expression: str, seconds: float = 15.0) -> None:
        """Wait until an expression is true."""
        async with asyncio.timeout(seconds):
            while not await self.value(expression):
                await asyncio.sleep(0.05)

    async def look(self, *, width: int, height: int = 900, dark: bool = False) -> None:
        """The size of the window, and which colours its user prefers."""
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        await self.call("Emulation.setEmulatedMedia", features=scheme)

    async def picture(self, path: Path) -> None:
        """The whole page as PNG."""
        height = await self.value("document.documentElement.scrollHeight")
        width = await self.value("innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = await self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(shot["data"]))


@asynccontextmanager
async def chromium(profile: Path) -> AsyncIterator[Page]:
    """A browser with one empty page; ended with everything it started."""
    program = shutil.which("chromium")
    assert program
    browser = await asyncio.create_subprocess_exec(
        program, *FLAGS, f"--user-data-dir={profile}", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert browser.stderr
    try:
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:
            port = await _port(browser.stderr)
            drain = tasks.create_task(browser.stderr.read())
            async with session.get(f"http://127.0.0.1:{port}/json/list") as reply:
                tabs = [tab for tab in await reply.json() if tab["type"] == "page"]
            async with session.ws_connect(tabs[0]["webSocketDebuggerUrl"], max_msg_size=1 << 26) as socket:
                page = Page(socket)
                listening = tasks.create_task(page.listen())
                for domain in ("Page", "Runtime", "Log"):
                    await page.call(f"{domain}.enable")
                yield page
                await page.call("Browser.close")
                listening.cancel()
            await browser.wait()
            drain.cancel()
    finally:
        if browser.returncode is None:
            browser.kill()
            await browser.wait()


async def _port(stream: asyncio.StreamReader) -> int:
    async with asyncio.timeout(30):
        async for line in stream:
            if found := re.search(rb"ws://[^:]+:(\d+)/", line):
                return int(found[1])
    raise AssertionError("the browser did not start")
