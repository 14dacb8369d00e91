"""Receivers that behave badly and write down what they heard: the only witnesses of a chaos run."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.chaos import invariants


@dataclass
class Witness:
    """One receiver. `heard` has every message whose body came in whole, also those it then refused or left unanswered."""

    name: str
    dice: random.Random
    delay: float = 0.0
    failing: float = 0.0
    """Share of messages that get no good answer while `is_bad`."""
    is_bad: bool = True
    url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    accepted: list[dict[str, Any]] = field(default_factory=list)
    heard_at: float = 0.0
    """When the last message came, in seconds of the loop."""

    async def settles(self) -> None:
        """Wait until all that was told is told as mended, and stays so: a run that was under way may have the last word."""
        async with asyncio.timeout(40):
            while invariants.all_mended(self.heard) or self._heard_within(1.5):
                await asyncio.sleep(0.1)

    def _heard_within(self, seconds: float) -> bool:
        return asyncio.get_running_loop().time() - self.heard_at < seconds

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Hear one message; answer late, wrongly or not at all when the dice say so."""
        message = await request.json()
        self.heard.append(message)
        self.heard_at = asyncio.get_running_loop().time()
        await asyncio.sleep(self.dice.random() * self.delay)
        if self.is_bad and self.dice.random() < self.failing:
            if self.dice.random() < 0.5 and request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)
        self.accepted.append(message)
        return web.Response(text="ok")


@contextlib.asynccontextmanager
async def witnesses(*them: Witness) -> AsyncIterator[None]:
    """Serve all of them, each at a path of its own."""
    app = web.Application()
    for one in them:
        app.router.add_post(f"/{one.name}", one.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    for one in them:
        one.url = f"http://127.0.0.1:{runner.addresses[0][1]}/{one.name}"
    try:
        yield
    finally:
        await runner.cleanup()
