"""A stand-in for a sync interface: JSON in the shape of a vendor's, with code, lag, status and token to be set.

    async with SyncApi(token="t") as erp:
        erp.set(lag=25 * 3600)       # seconds since it last synchronised
        erp.set(code="9999")         # None: the code by which this vendor says that all is well
        erp.set(status=503)
        erp.set(token="renewed")     # a client with the old one gets 401

What is set holds from the next request on. The shapes are written after the vendors' documentation as the domain facts have
it (§6), apart from the catalogue that they are used to test.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

from aiohttp import web

from monitor.simulator.faults import FaultError

LOCAL_PATH = "/local"
"""What stands for our own side, to be compared with the other one: always whole and well."""
OUR_COUNT = 128
OUR_CANARY = "canary-1"
MAX_KEPT = 1000
"""Requests that are remembered."""
MAX_BODY = 64 * 1024
_SHANGHAI = ZoneInfo("Asia/Shanghai")

Shape = Callable[[str, str, Any], dict[str, Any]]
"""Code, message and data → the body."""


def _plain(code: str, message: str, data: Any) -> dict[str, Any]:
    return {"code": code, "describe": message, "data": data}


def _numbered(code: str, message: str, data: Any) -> dict[str, Any]:
    """Its codes are numbers."""
    return {"code": _number(code), "msg": message, "taskNo": "0" * 20, "data": data}


def _nested(code: str, message: str, data: Any) -> dict[str, Any]:
    """The outer code is about the call, the one inside about the tax platform; the latter is set."""
    return {"code": "000000", "msg": "成功", "data": {"code": code, "msg": message, **data}}


def _enveloped(code: str, message: str, data: Any) -> dict[str, Any]:
    return {"message": {"status": _number(code), "value": message}, "data": data}


def _number(code: str) -> int | str:
    return int(code) if code.lstrip("-").isdigit() else code


VENDORS: Mapping[str, tuple[str, Shape]] = {
    "nuonuo": ("E0000", _plain),
    "seeds": ("200", _plain),
    "jumei": ("200", _numbered),
    "shudian": ("200", _nested),
    "xiangyun": ("0", _enveloped),
}
"""Name → the code by which it says that all is well, and its shape."""

CLOCKS: Mapping[str, Callable[[datetime], Any]] = {
    "rfc3339": lambda at: at.astimezone(_SHANGHAI).isoformat(timespec="seconds"),
    "local": lambda at: f"{at.astimezone(_SHANGHAI):%Y-%m-%d %H:%M:%S}",
    "packed": lambda at: f"{at.astimezone(_SHANGHAI):%Y%m%d%H%M%S}",
    "chinese": lambda at: f"{at.astimezone(_SHANGHAI):%Y年%m月%d日 %H:%M}",
    "epoch": lambda at: int(at.timestamp()),
    "epoch_ms": lambda at: int(at.timestamp() * 1000),
    "null": lambda at: None,
}
"""How it writes the time of its last synchronisation."""


@dataclass(slots=True, kw_only=True)
class SyncState:
    """What can be set."""

    vendor: str = "nuonuo"
    code: str | None = None
    """None: the vendor's word for success."""
    lag: float = 60.0
    """Seconds."""
    clock: str = "local"
    status: int = 200
    token: str = ""
    """What Authorization must be, with or without Bearer; "": anything."""
    delay: float = 0.0
    """Seconds before it answers."""
    count: int = OUR_COUNT
    """Records that the other side has; ours (`/local`) are always 128."""
    canary: str | None = OUR_CANARY
    """The record that we issued, as the other side shows it; None: it is not there."""
    body: str | None = None
    """In place of everything: these words."""

    def check(self) -> None:
        """Raises FaultError for a value that makes no sense."""
        if self.vendor not in VENDORS or self.clock not in CLOCKS:
            raise FaultError(f"vendor is one of {', '.join(VENDORS)}; clock one of {', '.join(CLOCKS)}")
        if not 200 <= self.status <= 599 or self.delay < 0 or abs(self.lag) > 10**9 or self.count < 0:
            raise FaultError(
                "status is 200 to 599, delay and count not below 0, lag at most a thousand million seconds"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request that came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class SyncApi:
    """The server. Start and stop with `async with`; `set` changes what it says."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, **settings: Any) -> None:
        """Prepare; nothing listens yet. `settings` are those of SyncState."""
        self._settings = settings
        self.state = SyncState(**settings)
        self.state.check()
        self.asked: deque[Asked] = deque(maxlen=MAX_KEPT)
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None
        self._started = datetime.now(UTC)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen. Raises OSError where the port is taken."""
        application = web.Application(client_max_size=MAX_BODY)
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port, reuse_address=True).start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening and close what is open."""
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:41234/open/v1/services`."""
        return f"http://{self._host}:{self._port}/open/v1/services"

    @property
    def local_url(self) -> str:
        """Our own side: `{"count": 128, "canary": "canary-1", "issuedAt": …}`."""
        return f"http://{self._host}:{self._port}{LOCAL_PATH}"

    def set(self, **changes: Any) -> None:
        """Change settings. Raises FaultError for what is none, or makes no sense; then nothing changes."""
        known = {field.name for field in fields(SyncState)}
        if unknown := set(changes) - known:
            raise FaultError(
                f"no setting is called {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}"
            )
        wanted = {name: changes.get(name, getattr(self.state, name)) for name in known}
        try:
            new = SyncState(**wanted)
            new.check()
        except TypeError as problem:
            raise FaultError(f"a value of the wrong type: {problem}") from None
        self.state = new

    def reset(self) -> None:
        """Be as at the start, and forget who asked."""
        self.state = SyncState(**self._settings)
        self.asked.clear()

    async def _answer(self, request: web.Request) -> web.Response:
        state = self.state
        body = await request.read()
        self.asked.append(
            Asked(method=request.method, path=request.path_qs, headers=dict(request.headers), body=body)
        )
        if state.delay:
            await asyncio.sleep(state.delay)
        if request.path == LOCAL_PATH:
            issued = CLOCKS["rfc3339"](self._started)
            return web.json_response({"count": OUR_COUNT, "canary": OUR_CANARY, "issuedAt": issued})
        if state.body is not None:
            return web.Response(text=state.body, status=state.status, content_type="application/json")
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if state.token and given != state.token:
            # A careless interface repeats what it was sent; a monitor must not pass that on.
            return web.json_response({"error": "invalid_token", "msg": f"token {given} 无效"}, status=401)
        return web.json_response(self._body(state), status=state.status)

    def _body(self, state: SyncState) -> dict[str, Any]:
        well, shape = VENDORS[state.vendor]
        code = well if state.code is None else state.code
        last = datetime.now(UTC) - timedelta(seconds=state.lag)
        data = {"lastSync": CLOCKS[state.clock](last), "count": state.count, "canary": state.canary}
        return shape(code, "成功" if code == well else "失败", data)
