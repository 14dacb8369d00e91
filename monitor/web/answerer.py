"""One connection as aiohttp speaks HTTP on it: bounded, and with our words where aiohttp refuses what is no request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler

from monitor.web.headers import HEADERS
from monitor.web.rates import client_of

MOST_HEADERS = 64
MOST_IN_A_LINE = 8190
"""Bytes of the request line, and of one header."""
LINGER = 2.0
"""Seconds in which the rest of a body that nobody asked for is read away."""

REASONS = {
    HTTPStatus.BAD_REQUEST: "this is no HTTP request that can be understood",
    HTTPStatus.REQUEST_URI_TOO_LONG: f"the address is longer than {MOST_IN_A_LINE} bytes",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        f"too many headers, or one too long: at most {MOST_HEADERS} of {MOST_IN_A_LINE} bytes"
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: "internal error; the log of the daemon has the traceback",
}


class Answerer(RequestHandler):
    """Says what is wrong, never what was sent, and nothing of itself but its name."""

    __slots__ = ("_arrived", "client")

    def __init__(
        self, server: web.Server, *, patience: float, arrived: Callable[[Answerer], None] = lambda _: None
    ) -> None:
        self._arrived = arrived
        self.client = ""
        """Whom to count it for, once it is connected."""
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=patience,
            access_log=None,  # type: ignore[arg-type]  # as web.AppRunner gives it
            lingering_time=LINGER,
            max_headers=MOST_HEADERS,
            max_line_size=MOST_IN_A_LINE,
            max_field_size=MOST_IN_A_LINE,
            auto_decompress=False,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is here, after the TLS handshake where there is one."""
        super().connection_made(transport)
        self.client = client_of((transport.get_extra_info("peername") or ("",))[0])
        self._arrived(self)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer. One of aiohttp's own, as to an Expect that nobody knows, passes no middleware of ours."""
        if isinstance(resp, web.HTTPException):
            resp = web.json_response({"error": resp.reason}, status=resp.status)
        return await super().finish_response(request, resp, start_time)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what never reaches the application: what is no HTTP, and a bug outside of it. Always ends the connection."""
        if isinstance(exc, ConnectionError):  # the caller hung up: nobody's mistake, and nobody to answer
            raise exc
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log_exception("Error handling request", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer was begun already")
        told = _status(exc) if status == HTTPStatus.BAD_REQUEST else HTTPStatus(status)
        reason = REASONS.get(told, told.phrase)
        answer = web.json_response({"error": reason}, status=told, headers=HEADERS)
        answer.force_close()
        return answer


def _status(problem: BaseException | None) -> HTTPStatus:
    """414 and 431 for what is too long; aiohttp calls all of it 400."""
    if isinstance(problem, LineTooLong):
        start = problem.args[0] if problem.args else b""
        is_address = isinstance(start, bytes | bytearray) and start.startswith(b"/")
        return HTTPStatus.REQUEST_URI_TOO_LONG if is_address else HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    if str(getattr(problem, "message", "")).startswith("Too many headers"):
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    return HTTPStatus.BAD_REQUEST
