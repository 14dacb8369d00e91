"""One service of one stand-in: its port, the fault it has now, and the log of who came."""

from __future__ import annotations

import asyncio
import random
import socket
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.simulator import replies
from monitor.simulator.answers import Answers
from monitor.simulator.authorities import StandIn
from monitor.simulator.certificates import HEALTHY, Authority
from monitor.simulator.exchange import (
    HANDSHAKE_FAILURE,
    PROTOCOL_VERSION,
    Request,
    raw_fault,
    read_request,
    streams,
)
from monitor.simulator.kinds import Fault, FaultError, Stage
from monitor.simulator.listener import Accepted, Listener
from monitor.simulator.names import AD_ADDRESS
from monitor.simulator.replies import Reply
from monitor.simulator.wire import write_reply

_ALERTS = {"legacy_tls": PROTOCOL_VERSION, "client_certificate": HANDSHAKE_FAILURE}
"""Certificate variant → what a server says when that handshake fails."""
MAX_HITS = 20_000
"""Connections remembered per endpoint; `count` goes on."""


@dataclass(slots=True, kw_only=True)
class Hit:
    """One connection that was accepted. `request` follows when one came over it."""

    authority: str
    service: str
    at: datetime
    monotonic: float
    """The event loop's time, for counting within a span."""
    fault: str | None
    request: Request | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One accepted connection and what was drawn for it."""

    hit: Hit
    fault: Fault | None
    dice: random.Random


class Endpoint:
    """One port of one stand-in. Setting and clearing a fault is immediate and holds for the next connection."""

    def __init__(
        self, stand_in: StandIn, service: str, *, host: str, plain: bool, named: bool, answers: Answers, seed: int
    ) -> None:  # fmt: skip
        """`host` is how it is called; `named`: it is a name that our name servers are asked for; `seed` of its dice."""
        self.stand_in = stand_in
        self.host = host
        self.service = service
        self.plain = plain
        self.named = named
        self.fault: Fault | None = None
        self.hits: deque[Hit] = deque(maxlen=MAX_HITS)
        self.count = 0
        self._answers = answers
        self._seed = seed
        self._visits = 0
        self.listener: Listener | None = None
        self._advertisement: Listener | None = None

    def open(self, host: str, port: int, accepted: Accepted) -> None:
        """Listen, healthy, with no visit yet. Raises OSError where the port is taken."""
        self.fault = None
        self._visits = 0
        self.listener = Listener(host, port, accepted)

    def close(self) -> None:
        """Give up its sockets."""
        self._end_advertisement()
        if self.listener is not None:
            self.listener.close()

    @property
    def port(self) -> int:
        """Its port. Only while the simulator runs."""
        assert self.listener is not None
        return self.listener.port

    @property
    def url(self) -> str:
        """`https://shandong.localhost:41234`, without a path."""
        return f"{'http' if self.plain else 'https'}://{self.host}:{self.port}"

    def why_not(self, fault: Fault) -> str:
        """Why it makes no sense here; "" where it does."""
        about_tls = fault.kind.stage is Stage.CERTIFICATE or fault.kind.name.endswith("_tls")
        if self.plain and about_tls:
            return "speaks plain HTTP"
        if not self.plain and fault.kind.name == "tls_on_plain":
            return "speaks TLS"
        if fault.kind.stage is Stage.NAME and not self.named:
            return "is not asked of a name server"
        return "is a fault of all names, of `resolver`" if fault.kind.name == "dns_rewrite" else ""

    def break_with(self, fault: Fault) -> None:
        """Have this fault from now on, in place of any other. It must make sense: see `why_not`."""
        self.mend()
        assert self.listener is not None
        match fault.kind.name:
            case "refuse":
                self.listener.refuse()
            case "hang_accept":
                self.listener.fall_silent()
            case "hang_before_accept":
                self.listener.fill()
            case "dns_hijacked":
                self._advertise()
            case _:
                pass
        self.fault = fault

    def mend(self) -> None:
        """Be healthy from now on, on the same port."""
        assert self.listener is not None
        if self.fault is None:
            return
        listening = self.fault.kind.stage is Stage.LISTEN
        self.fault = None
        self._end_advertisement()
        if listening:
            self.listener.listen()

    def visit(self) -> Visit:
        """Write down a connection that came in now, and draw what befalls it.

        The dice of the n-th connection since the start are the same for the same seed, whatever happens elsewhere.
        """
        self._visits += 1
        dice = random.Random(f"{self._seed}/{self.stand_in.slug}/{self.service}/{self._visits}")
        struck = self.fault is not None and dice.random() < self.fault.share
        fault = self.fault if struck else None
        hit = Hit(
            authority=self.stand_in.slug,
            service=self.service,
            at=datetime.now(UTC),
            monotonic=asyncio.get_running_loop().time(),
            fault=fault.text if fault else None,
        )
        self.hits.append(hit)
        self.count += 1
        return Visit(hit=hit, fault=fault, dice=dice)

    async def converse(self, connection: socket.socket, ca: Authority, visit: Visit) -> None:
        """Serve one connection to its end. Raises OSError, EOFError or ValueError where the client spoils it."""
        fault = visit.fault
        if fault is not None and fault.kind.stage is Stage.RAW:
            await raw_fault(connection, fault)
            return
        variant = _variant(fault)
        context = None if self.plain else ca.context(variant)
        async with streams(connection, context, _ALERTS.get(variant, b"")) as stream:
            visit.hit.request = await read_request(stream[0])
            await write_reply(stream, self._reply(visit.hit.request, visit), fault)

    def _reply(self, request: Request, visit: Visit) -> Reply:
        if visit.fault is not None and visit.fault.kind.name == "dns_hijacked":
            return replies.other_page()
        return self._answers.to(request, visit.fault, visit.dice)

    def _advertise(self) -> None:
        """Listen where a hijacked name leads. Raises FaultError where this machine has no such loopback address."""
        assert self.listener is not None
        try:
            self._advertisement = Listener(AD_ADDRESS, self.port, self.listener.accepted)
        except OSError as problem:
            raise FaultError(
                f"dns_hijacked needs {AD_ADDRESS}:{self.port} on this machine: {problem}"
            ) from None

    def _end_advertisement(self) -> None:
        if self._advertisement is not None:
            self._advertisement.close()
            self._advertisement = None


def _variant(fault: Fault | None) -> str:
    """The certificate that is shown."""
    if fault is not None and fault.kind.name == "dns_hijacked":
        return "wrong_name"
    return fault.kind.name if fault is not None and fault.kind.stage is Stage.CERTIFICATE else HEALTHY
