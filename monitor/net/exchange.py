"""One HTTP/1.1 request and its reply on an open connection."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote

from monitor.model import Cause, Phase
from monitor.net.connect import Wire
from monitor.net.failures import FaultError
from monitor.net.redirects import is_followed
from monitor.net.reply import Collector
from monitor.net.request import HttpRequest
from monitor.net.stopwatch import Stopwatch

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))


async def exchange(wire: Wire, http: HttpRequest, collector: Collector, watch: Stopwatch) -> None:
    """Send `http` and fill `collector` until the reply is whole, or until the headers of a redirect to follow are.

    The first byte, whatever it is, ends `processing` and begins `transfer`. Raises OSError and FaultError.
    """
    watch.enter(Phase.PROCESSING)
    gone = await _send(wire, encode(http))
    data = await wire.receive()
    if data:
        watch.enter(Phase.TRANSFER)
    while data:
        watch.hear()
        collector.feed(data)
        if collector.done or (collector.has_head and is_followed(http, collector)):
            return
        data = await wire.receive()
    if gone is not None:
        raise gone
    collector.end()


async def _send(wire: Wire, data: bytes) -> OSError | None:
    """Send all of it. The error of a peer that went before it had taken all, for what it said before that can still be read.

    An early 413, or TLS 1.3's alert that it wants a certificate of ours, says more than the reset behind it.
    """
    try:
        await wire.send(data)
    except (ConnectionResetError, BrokenPipeError) as error:
        return error
    return None


@lru_cache(maxsize=4096)  # a target asks the same thing every time
def encode(http: HttpRequest) -> bytes:
    """The request as it goes over the wire. Raises FaultError for what would break out of its place."""
    headers = {
        "host": ("Host", http.host_header),
        "accept-encoding": ("Accept-Encoding", "gzip, deflate"),
        "connection": ("Connection", "close"),
    }
    if http.body is not None:
        headers["content-length"] = ("Content-Length", str(len(http.body)))
    own = [(name, value) for name, value in http.headers if name.lower() not in _OURS]
    for name, _ in own:
        headers.pop(name.lower(), None)
    lines = [f"{_method(http.method)} {quote(http.target, safe=_VISIBLE) or '/'} HTTP/1.1"]
    lines += [_line(name, value) for name, value in (*headers.values(), *own)]
    return "\r\n".join([*lines, "\r\n"]).encode("utf-8") + (http.body or b"")


_OURS = frozenset({"connection", "content-length", "transfer-encoding"})
"""Headers that describe this connection and this body; a configured one would make them lie."""


def _method(method: str) -> str:
    if _TOKEN.fullmatch(method) is None:
        raise FaultError(Cause.PROBE_MISCONFIGURED, "the request method is no word")
    return method


def _line(name: str, value: str) -> str:
    if _TOKEN.fullmatch(name) is None or _CONTROL.search(value) is not None:
        raise FaultError(Cause.PROBE_MISCONFIGURED, "a request header holds control characters")
    return f"{name}: {value}"
