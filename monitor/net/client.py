"""`Net.look`: one run within one deadline, and what all runs share."""

from __future__ import annotations

import asyncio

from monitor.clock import Clock
from monitor.model import Seen
from monitor.net.certificates import Certificates
from monitor.net.look import Look, Shared
from monitor.net.request import Admit, LimitReached, Request
from monitor.net.resolve import Resolver
from monitor.net.tls import Contexts


class Net:
    """The lean client. One per daemon: it keeps the hosts file, the TLS contexts and the certificates already read."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._shared = _fresh()

    async def look(self, request: Request, *, timeout: float, admit: Admit) -> Seen:
        """Look once, within `timeout` seconds from name resolution to the last byte.

        Always answers with what was seen, failed or not; raises `LimitReached` when a connection it cannot do
        without was not admitted. Spans are measured by the loop's clock, like the deadline itself.
        """
        if request.tls is not None:
            self._shared.contexts.warm(request.tls)
        started_at = self._clock.now()
        look = Look(request, timeout, admit, self._shared)
        try:
            async with asyncio.timeout(timeout):
                await look.run()
        except LimitReached:
            raise
        except Exception as error:  # noqa: BLE001  the edge: everything becomes a cause, by the table
            look.fail(error)
        finally:
            look.close()
        return look.seen(started_at)

    async def close(self) -> None:
        """Forget what was kept. No look may run any more; sockets are never kept beyond a look."""
        self._shared = _fresh()


def _fresh() -> Shared:
    return Shared(resolver=Resolver(), contexts=Contexts(), certificates=Certificates())
