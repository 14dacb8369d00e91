"""One look at one target: the phases one after the other, within one deadline."""

from __future__ import annotations

import asyncio

from monitor.clock import Clock
from monitor.model import Cause, Failure, Phase, Seen
from monitor.net.request import Admit, LimitReached, Request


class Net:
    """Everything looks share: resolvers and TLS contexts. One per daemon; `close` it when done."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def look(self, request: Request, *, timeout: float, admit: Admit) -> Seen:
        """Look once, within `timeout` seconds from name resolution to the last byte.

        Always answers with what was seen, failed or not; raises `LimitReached` when a connection it cannot do
        without was not admitted.
        """
        if not admit(f"{request.host}:{request.port}"):
            raise LimitReached(request.host)
        began = asyncio.get_running_loop().time()
        failure = Failure(cause=Cause.INTERNAL, phase=Phase.RESOLVE, detail="the client is being written")
        return Seen(
            started_at=self._clock.now(),
            duration=asyncio.get_running_loop().time() - began,
            phases={},
            failure=failure,
        )

    async def close(self) -> None:
        """Release resolvers and contexts. No look may run any more."""
