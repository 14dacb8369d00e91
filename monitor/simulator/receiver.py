"""A stand-in for a receiver of notifications: keeps what it is told, says it aloud, and can be slow, hang or refuse.

`POST /hook` takes the structured notification of a `webhook` receiver (contract §7), or any other JSON object.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from monitor.simulator.faults import Fault, FaultError, parse

MAX_KEPT = 200
"""Messages that are remembered."""
MAX_MESSAGE = 1 << 20
"""Bytes of one message; a longer one is answered with 413."""
CAN = ("hang", "slow", "status")
"""The faults that a receiver can have."""

Heard = Callable[[Mapping[str, Any]], None]


class Receiver:
    """What stands at `/hook`. `told` holds the messages it took, oldest first; `heard` is called with each."""

    def __init__(self, heard: Heard | None = None) -> None:
        """Healthy, with nothing told yet."""
        self.told: deque[Mapping[str, Any]] = deque(maxlen=MAX_KEPT)
        self.fault: Fault | None = None
        self._heard = heard

    def set_fault(self, text: str | None) -> None:
        """`hang`, `slow:2`, `status_503`; None mends it. Raises FaultError for what a receiver cannot have."""
        self.fault = None if text is None else receiver_fault(text)

    def reset(self) -> None:
        """Mend it and forget what it was told."""
        self.fault = None
        self.told.clear()

    async def take(self, request: web.Request) -> web.Response:
        """One message. What is not a JSON object is answered with 400."""
        fault = self.fault
        if fault is not None and fault.kind.name == "hang":
            await asyncio.Event().wait()
        if fault is not None and fault.kind.name == "slow":
            await asyncio.sleep(fault.number)
        if fault is not None and fault.kind.name == "status":
            return web.Response(status=int(fault.argument), text="broken on purpose\n")
        message = _object(await request.text())
        self.told.append(message)
        if self._heard is not None:
            self._heard(message)
        return web.json_response({"errcode": 0})


def receiver_fault(text: str) -> Fault:
    """The fault of a receiver that `text` names. Raises FaultError."""
    fault = parse(text)
    if fault.kind.name not in CAN:
        raise FaultError(f"a receiver cannot have {fault.text}: hang, slow:SECONDS or status_NNN")
    return fault


def _object(text: str) -> Mapping[str, Any]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise FaultError("send a notification: one JSON object")
    return message
