"""A client of its own for the simulator's tests: stdlib sockets and ssl, one step after the other."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from dataclasses import dataclass, field

from monitor.simulator import Simulator

SHORT = 0.25
"""Seconds to wait for something that must not come."""
CAPTCHA = "/NWebQuery/yzmQuery?fpdm=3700990130"


@dataclass(slots=True, kw_only=True)
class Seen:
    """What came back. `failure` is `step: exception` (connect, tls, reply, body), "" when all was read.

    A plain EOF is no failure: compare `body` with the Content-Length.
    """

    failure: str = ""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    raw: bytes = b""
    seconds: float = 0.0


async def look(
    sim: Simulator,
    slug: str,
    service: str | None = None,
    path: str = CAPTCHA,
    *,
    limit: float = 5.0,
    overall: float = 10.0,
    context: ssl.SSLContext | None = None,
) -> Seen:
    """Ask a stand-in once, in a thread. Seconds: `limit` for each socket operation, `overall` for reading on."""
    url = sim.url(slug, service)
    tls = (context or ssl.create_default_context(cafile=sim.ca_path)) if url.startswith("https") else None
    return await asyncio.to_thread(
        _look, sim.port(slug, service), f"{slug}.localhost", path, tls, limit, overall
    )


def _look(port: int, name: str, path: str, tls: ssl.SSLContext | None, limit: float, overall: float) -> Seen:
    seen = Seen()
    began = time.monotonic()
    step = "connect"
    connection: socket.socket | None = None
    try:
        connection = socket.create_connection(("127.0.0.1", port), timeout=limit)
        step = "tls"
        if tls:
            connection = tls.wrap_socket(connection, server_hostname=name, suppress_ragged_eofs=False)
        step = "reply"
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: test\r\n\r\n".encode())
        while time.monotonic() - began < overall and (chunk := connection.recv(65536)):
            seen.raw += chunk
            step = "body" if b"\r\n\r\n" in seen.raw else "reply"
    except OSError as problem:
        seen.failure = f"{step}: {type(problem).__name__} {_why(problem)}".rstrip()
    finally:
        if connection:
            connection.close()
    seen.seconds = time.monotonic() - began
    _read(seen)
    return seen


def _why(problem: OSError) -> str:
    if isinstance(problem, ssl.SSLCertVerificationError):
        return str(problem.verify_message)
    return (problem.reason or "") if isinstance(problem, ssl.SSLError) else ""


def _read(seen: Seen) -> None:
    head, empty, seen.body = seen.raw.partition(b"\r\n\r\n")
    if not empty or not head.startswith(b"HTTP/1.1 "):
        return
    first, *lines = head.decode().split("\r\n")
    seen.status = int(first.split(" ")[1])
    seen.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
