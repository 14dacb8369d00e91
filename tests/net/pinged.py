"""Run in a network of its own: ping several addresses, look at one, print what was seen as JSON. No ping with `refused`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from monitor.clock import SystemClock
from monitor.model import Seen
from monitor.net import Net, PingRequest, Request
from tests.net.peers import Zone, answers, name_server, peer

DEAF = Path("/proc/sys/net/ipv4/icmp_echo_ignore_all")


def shown(seen: Seen) -> dict[str, Any]:
    """What a test asks about."""
    return {
        "failure": None if seen.failure is None else seen.failure.cause,
        "address": seen.address,
        "phases": sorted(seen.phases),
        "attempts": {one.address: one.failure.cause for one in seen.attempts},
        "readings": {one.name: one.text or one.value for one in seen.readings},
        "left_out": {one.address: one.detail for one in seen.left_out},
        "each": {one.address: None if one.failure is None else one.failure.cause for one in seen.each},
    }


async def main() -> None:
    """One JSON object: the name of a case → what was seen."""
    net = Net(SystemClock())
    found: dict[str, Any] = {}

    async def ping(name: str, host: str, *, timeout: float = 5.0, port: int = 9, **more: Any) -> None:
        request = PingRequest(host=host, port=port, **more)
        found[name] = shown(await net.ping(request, timeout=timeout, admit=lambda _: True))

    zone: Zone = {"two.example A": ["10.9.0.1", "127.0.0.1"], "two.example AAAA": ["::1"]}
    zone |= {"far.example A": ["127.0.0.1"], "far.example AAAA": ["2001:db8::7"]}
    async with name_server(zone) as server, peer(answers(b"")) as port:
        if "refused" in sys.argv:
            await ping("shut port", "127.0.0.1", port=9)
            await ping("open port", "127.0.0.1", port=port)
            await ping("shut off", "10.9.0.1", port=port)
        else:
            await ping("alive", "127.0.0.1")
            await ping("alive6", "::1", packets=1)
            await ping("shut off", "10.9.0.1")
            await ping("second address", "two.example", resolver=(server,))
            await ping("every address", "two.example", resolver=(server,), every_address=True)
            asked = Request(host="far.example", port=port, resolver=(server,), every_address=True)
            found["no way"] = shown(await net.look(asked, timeout=5.0, admit=lambda _: True))
            DEAF.write_text("1", encoding="ascii")
            await ping("silent", "127.0.0.1", timeout=0.5)
    await net.close()
    sys.stdout.write(json.dumps(found))


asyncio.run(main())
