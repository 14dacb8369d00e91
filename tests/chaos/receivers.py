"""Receivers that behave badly and write down what they heard: the only witnesses of a chaos run."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


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

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Hear one message; answer late, wrongly or not at all when the dice say so."""
        message = await request.json()
        self.heard.append(message)
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


OPENING = ("incident_opened", "maintenance_overrun")


def complaints(witness: Witness, decided: set[str]) -> list[str]:
    """What breaks the contract (§7) in what one receiver heard; `decided` are the keys that were to reach it."""
    first: dict[str, dict[str, Any]] = {}
    found = []
    for message in witness.heard:
        known = first.setdefault(message["key"], message)
        if known != message:
            found.append(f"two different messages under the key {message['key']}")
    accepted = {message["key"] for message in witness.accepted}
    found += [f"lost: {key}" for key in sorted(decided - accepted)]
    found += [f"never decided: {key}" for key in sorted(set(first) - decided)]
    return found + _out_of_turn(list(first.values()))


def _out_of_turn(messages: list[dict[str, Any]]) -> list[str]:
    """Opened and resolved take turns for each incident, and every one ends resolved.

    A national or local incident speaks for its members: they are only listed when it opens, and those still down when
    it ends count as told from then on.
    """
    found = []
    is_open: dict[str, bool] = defaultdict(bool)
    for message in messages:
        ends = message["event"] == "incident_resolved"
        is_wide = message["scope"] in ("national", "local")
        for incident in message["incidents"]:
            id_, over = incident["id"], incident["resolved_at"] is not None
            if is_wide and incident["parent"] is not None:
                is_open[id_] = not over if ends else is_open[id_]
                continue
            if ends and over and not is_open[id_]:
                found.append(f"resolved but not open: {id_} in {message['key']}")
            if message["event"] in OPENING and is_open[id_]:
                found.append(f"opened twice: {id_} in {message['key']}")
            is_open[id_] = not over
    return found + [f"never resolved: {id_}" for id_, still in is_open.items() if still]
