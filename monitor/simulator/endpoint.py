"""One service of one stand-in: a port, the fault it has now, the log of who came, and what it answers."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.simulator import replies
from monitor.simulator.authorities import VERIFY, StandIn
from monitor.simulator.certificates import HEALTHY, Authority
from monitor.simulator.exchange import Request, raw_fault, read_request, streams, write_reply
from monitor.simulator.faults import Fault, FaultError, Stage
from monitor.simulator.listener import Listener
from monitor.simulator.replies import Reply

MAX_HITS = 20_000
"""Connections remembered per endpoint; `count` goes on."""
CAPTCHA_PATHS = ("/NWebQuery/yzmQuery", "/WebQuery/yzmQuery")
VERIFY_PATH = "/NWebQuery/vatQuery"


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


class Endpoint:
    """One port of one stand-in. Setting and clearing a fault is immediate and holds for the next connection."""

    def __init__(
        self, stand_in: StandIn, service: str, *, host: str, plain: bool, shape: str, number: int
    ) -> None:
        """`host` is how it is called; `shape` that of its captcha; `number` varies type and first image."""
        self.stand_in = stand_in
        self.host = host
        self.service = service
        self.plain = plain
        self.shape = shape
        self.fault: Fault | None = None
        self.hits: deque[Hit] = deque(maxlen=MAX_HITS)
        self.count = 0
        self._captchas = number
        self._content_type = replies.JSONP_TYPES[number % len(replies.JSONP_TYPES)]
        self.listener: Listener | None = None

    @property
    def port(self) -> int:
        """Its port. Only while the simulator runs."""
        assert self.listener is not None
        return self.listener.port

    @property
    def url(self) -> str:
        """`https://shandong.localhost:41234`, without a path."""
        return f"{'http' if self.plain else 'https'}://{self.host}:{self.port}"

    def can(self, fault: Fault) -> bool:
        """Whether it makes sense here: a port of plain HTTP has no certificate to break."""
        about_tls = fault.kind.stage is Stage.CERTIFICATE or fault.kind.name.endswith("_tls")
        return not (self.plain and about_tls)

    def break_with(self, fault: Fault) -> None:
        """Have this fault from now on, in place of any other. Raises FaultError where it makes no sense."""
        if not self.can(fault):
            raise FaultError(
                f"{self.stand_in.slug}/{self.service} speaks plain HTTP: {fault.text} cannot happen"
            )
        self.mend()
        assert self.listener is not None
        self.fault = fault
        if fault.kind.name == "refuse":
            self.listener.refuse()
        elif fault.kind.name == "hang_accept":
            self.listener.fall_silent()
        elif fault.kind.name == "hang_before_accept":
            self.listener.fill()

    def mend(self) -> None:
        """Be healthy from now on, on the same port."""
        assert self.listener is not None
        if self.fault is None:
            return
        listening = self.fault.kind.stage is Stage.LISTEN
        self.fault = None
        if listening:
            self.listener.listen()

    def note(self) -> Hit:
        """Write down a connection that came in now."""
        hit = Hit(
            authority=self.stand_in.slug,
            service=self.service,
            at=datetime.now(UTC),
            monotonic=asyncio.get_running_loop().time(),
            fault=self.fault.text if self.fault else None,
        )
        self.hits.append(hit)
        self.count += 1
        return hit

    async def converse(self, connection: socket.socket, ca: Authority, hit: Hit, fault: Fault | None) -> None:
        """Serve one connection to its end. Raises OSError, EOFError or ValueError where the client spoils it."""
        if fault is not None and fault.kind.stage is Stage.RAW:
            await raw_fault(connection, fault)
            return
        broken = fault is not None and fault.kind.stage is Stage.CERTIFICATE
        variant = fault.kind.name if fault is not None and broken else HEALTHY
        async with streams(connection, None if self.plain else ca.context(variant)) as stream:
            hit.request = await read_request(stream[0])
            await write_reply(stream, self.answer(hit.request, fault), fault)

    def answer(self, request: Request, fault: Fault | None) -> Reply:
        """What it says to that request."""
        if fault is not None and fault.kind.stage is Stage.REPLY:
            return self._faulty(request, fault)
        if self.service == VERIFY and request.path in CAPTCHA_PATHS:
            return self._captcha(request)
        if self.service == VERIFY and request.path == VERIFY_PATH:
            # We know no signature and take none: an unsigned query is refused with 005 [S20].
            return replies.code_reply("005", request.argument("callback"), self._content_type)
        if request.path in ("/", "/index.html"):
            return replies.home(self.stand_in.name, self.service)
        return replies.status_page(404)

    def _captcha(self, request: Request) -> Reply:
        callback = request.argument("callback")
        code = request.argument("fpdm") or ""
        if not (code.isascii() and code.isdigit() and len(code) in (10, 12)):
            return replies.code_reply("fpdmerr", callback, self._content_type)
        self._captchas += 1
        return replies.captcha_reply(self.shape, self._captchas, callback, self._content_type)

    def _faulty(self, request: Request, fault: Fault) -> Reply:
        callback = request.argument("callback")
        match fault.kind.name:
            case "code":
                return replies.code_reply(fault.argument, callback, self._content_type)
            case "status":
                return replies.status_page(int(fault.argument))
            case "waf":
                return replies.waf_page(int(fault.argument))
            case "maintenance":
                return replies.maintenance_page(int(fault.argument))
            case "html":
                return replies.application_page()
            case "redirect_away":
                return replies.redirect("https://elsewhere.invalid/")
            case "redirect_loop":
                return replies.redirect(request.target)
            case "big_body":
                return replies.big_reply(int(fault.argument))
            case "gzip_bomb":
                return replies.gzip_bomb(int(fault.argument))
            case damaged:
                image = replies.damaged_image(damaged)
                return replies.image_reply(image, callback, self._content_type)
