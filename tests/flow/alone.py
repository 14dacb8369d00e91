"""Run inside a network namespace without a network: bring loopback up, run the daemon, print what it showed and told."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import socket
import struct
import sys
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1
BASE = "http://127.0.0.1:8036"


def bring_loopback_up() -> None:
    """What `ip link set lo up` does, without the tool."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14s", b"lo", IFF_UP, b""))


async def get(path: str) -> str:
    """The body of a GET from the daemon; empty while it is not up yet."""
    try:
        async with aiohttp.ClientSession() as session, session.get(BASE + path) as answer:
            return await answer.text()
    except aiohttp.ClientConnectionError:
        return ""


async def watch(probes: Path, folder: Path) -> dict[str, Any]:
    """The shipped configuration plus one webhook, run until it has told something and kept quiet for a while."""
    messages: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        messages.append(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 9001).start()
    file = folder / "probes.yaml"
    file.write_text(
        probes.read_text()
        + '\nalerts:\n  group_wait: 2s\n  receivers: {bus: {webhook: "http://127.0.0.1:9001/hook"}}\n'
    )
    environ = {**os.environ, "STATE_DIRECTORY": str(folder / "state")}
    with (folder / "stderr").open("w") as stderr:
        daemon = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "monitor", "run", "-c", str(file), stderr=stderr, env=environ
        )
        async with asyncio.timeout(40):
            while not messages:
                await asyncio.sleep(0.1)
        await asyncio.sleep(6)  # longer than group_wait and a re-run: a second message would come now
        shown = [await get(path) for path in ("/api/v1/status", "/api/v1/incidents", "/")]
        daemon.terminate()
        code = await daemon.wait()
    await runner.cleanup()
    return {
        "messages": messages,
        "status": json.loads(shown[0]),
        "incidents": json.loads(shown[1])["incidents"],
        "page": shown[2],
        "stderr": (folder / "stderr").read_text(),
        "exit": code,
    }


if __name__ == "__main__":
    bring_loopback_up()
    sys.stdout.write(json.dumps(asyncio.run(watch(Path(sys.argv[1]), Path(sys.argv[2])))))
