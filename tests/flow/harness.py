"""The whole daemon in this process against the simulator: real sockets, real TLS, real files; only the provinces are fake."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from monitor.app import serve
from monitor.clock import Clock, SystemClock
from monitor.config.load import load
from monitor.core.classify import Knowledge
from monitor.knowledge import load_catalogue, load_registry, load_words
from monitor.log import REDACTION
from monitor.model import Plan


@dataclass
class Hook:
    """A webhook receiver that keeps what it is sent; `hang` makes it accept and never answer."""

    url: str = ""
    got: list[dict[str, Any]] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    hang: bool = False
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        """Keep one message."""
        if self.hang:
            await asyncio.sleep(3600)
        self.got.append(await request.json())
        self.at.append(asyncio.get_running_loop().time())
        self.arrived.set()
        return web.Response(text="ok")

    def events(self) -> list[str]:
        """The names of the events, in order of arrival."""
        return [message["event"] for message in self.got]


@contextlib.asynccontextmanager
async def hook_server(hook: Hook) -> AsyncIterator[Hook]:
    """Serve `hook` on a free port of loopback."""
    app = web.Application()
    app.router.add_post("/hook", hook.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield hook
    finally:
        await runner.cleanup()


@dataclass
class Running:
    """A daemon that runs: where it listens, and how to ask it."""

    base: str
    session: aiohttp.ClientSession
    file: Path
    """Its probes.yaml."""
    again: asyncio.Event
    """Set it as SIGHUP would."""

    async def text(self, path: str) -> str:
        """The body of a GET."""
        async with self.session.get(self.base + path) as answer:
            return await answer.text()

    async def json(self, path: str) -> Any:
        """The JSON of a GET."""
        async with self.session.get(self.base + path) as answer:
            return await answer.json()

    async def row(self, slug: str) -> dict[str, Any]:
        """The status row of one authority."""
        status = await self.json("/api/v1/status")
        found: dict[str, Any] = next(row for row in status["authorities"] if row["authority"] == slug)
        return found


async def until(seen: Callable[[], Any], seconds: float = 20.0) -> None:
    """Wait until `seen()` (plain or awaitable) is true, looking often; fails after `seconds`."""
    async with asyncio.timeout(seconds):
        while True:
            answer = seen()
            if asyncio.iscoroutine(answer):
                answer = await answer
            if answer:
                return
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def daemon(config: str, folder: Path, clock: Clock | None = None) -> AsyncIterator[Running]:
    """Run the daemon with this probes.yaml, its state in `folder`, its page on a free port; stop it in order.

    `clock`: the machine's own unless given.
    """
    file = folder / "probes.yaml"
    file.write_text(config)
    registry = load_registry()

    def reread() -> Plan:
        loaded = load(file, environ=os.environ, registry=registry)
        REDACTION.add(loaded.secrets)
        return replace(loaded.plan, state_dir=str(folder / "state"), listen=("127.0.0.1", 0))

    knowledge = Knowledge(catalogue=load_catalogue(), words=load_words())
    stop, again = asyncio.Event(), asyncio.Event()
    up = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(
            serve(
                reread(),
                registry=registry,
                knowledge=knowledge,
                clock=clock or SystemClock(),
                stop=stop,
                again=again,
                reread=reread,
                listens=lambda host, port: up.set_result(f"http://{host}:{port}"),
            )
        )
        await asyncio.wait([running, up], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        async with aiohttp.ClientSession() as session:
            yield Running(base=up.result(), session=session, file=file, again=again)
        stop.set()
