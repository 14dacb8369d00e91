"""A daemon made of values for tests of commands: answers by method and path, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request."""

    method: str
    path: str
    token: str | None
    body: Any


@dataclass(slots=True, kw_only=True)
class Peer:
    """Where it listens, and what it was asked so far."""

    url: str
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def answering(answers: Mapping[str, tuple[int, Any]]) -> Iterator[Peer]:
    """Serves `"POST /path"` (or with its query) → (status, JSON value) on loopback; 404 for everything else."""
    peer = Peer(url="")

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            asked = Asked(
                method=self.command, path=self.path, token=self.headers.get("Authorization"), body=body
            )
            peer.asked.append(asked)
            key = f"{self.command} {self.path}"
            found = answers.get(key) or answers.get(key.partition("?")[0])
            status, answer = found or (404, {"error": f"nothing at {self.path}"})
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = _any  # noqa: N815  the names in the standard library

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name in the standard library
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    peer.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield peer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
