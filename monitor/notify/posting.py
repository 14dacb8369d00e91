"""One JSON POST to a receiver: bounded in time and reply, redirects refused, no secret in what is said of a failure."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import aiohttp

from monitor.model import Proxies, Receiver
from monitor.net.connector import Connector, ProxyError
from monitor.notify.delivery import DeliveryError, refused_for_good

DEADLINE = 15.0
"""Seconds for one delivery, all phases; the caller may cancel earlier."""
CURIOSITY = 0.5
"""Seconds spent on reading what an accepting receiver says beside its status."""
MOST_REPLY = 2048
"""Bytes of the reply that are read."""

FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.InvalidURL, "the address is not usable"),
    (aiohttp.ClientConnectorDNSError, "its host name cannot be resolved"),
    (aiohttp.ClientConnectorCertificateError, "its certificate cannot be verified"),
    (aiohttp.ClientSSLError, "TLS failed"),
    (ssl.SSLError, "TLS failed"),
    (TimeoutError, "no answer in time"),
    (aiohttp.ServerDisconnectedError, "it hung up without an answer"),
    (aiohttp.ClientConnectorError, "cannot connect"),
    (aiohttp.ClientResponseError, "its answer is not valid HTTP"),
    (aiohttp.ClientError, "the connection broke"),
    (OSError, "the connection broke"),
)
"""First match wins: aiohttp's timeouts are also OSError, its TLS errors also ClientConnectorError."""


class Poster:
    """Posts JSON. One session per way, one fresh connection per delivery, so that a dead one is never reused."""

    def __init__(self) -> None:
        self._sessions: dict[Proxies, aiohttp.ClientSession] = {}

    async def post(
        self, receiver: Receiver, url: str, value: Any, headers: Mapping[str, str] | None = None
    ) -> str:
        """Post `value` to `url` by the receiver's proxies; returns status and the beginning of the reply.

        Anything but a 2xx raises `DeliveryError`.
        """
        try:
            async with (
                asyncio.timeout(DEADLINE),
                self._session(receiver.proxies).post(
                    url,
                    data=json.dumps(value, ensure_ascii=False).encode(),
                    headers={"Content-Type": "application/json; charset=utf-8", **(headers or {})},
                    allow_redirects=False,
                ) as response,
            ):
                answer = await _answer(response)
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            raise DeliveryError(_reason(problem), permanent=isinstance(problem, ValueError)) from None
        if 200 <= response.status < 300:
            return answer
        raise DeliveryError(
            f"answered {response.status}", permanent=refused_for_good(response.status), answer=answer
        )

    async def close(self) -> None:
        """Close the sessions and whatever is still under way in them."""
        while self._sessions:
            _, session = self._sessions.popitem()
            await session.close()

    def _session(self, proxies: Proxies) -> aiohttp.ClientSession:
        if proxies not in self._sessions:
            self._sessions[proxies] = aiohttp.ClientSession(
                connector=Connector(proxies),
                timeout=aiohttp.ClientTimeout(),
                auto_decompress=False,
                headers={"User-Agent": "fapiao-monitor"},
            )
        return self._sessions[proxies]


async def _answer(response: aiohttp.ClientResponse) -> str:
    """`200 {"ok":true}`: the status decides, so a reply that drips is cut off rather than waited for."""
    body = b""
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(CURIOSITY):
            body = await response.content.read(MOST_REPLY)
    words = body.decode("utf-8", "replace").split()
    shown = "".join(letter for letter in " ".join(words)[:200] if letter.isprintable())
    return f"{response.status} {shown}".rstrip()


def _reason(problem: Exception) -> str:
    """Words of ours: the exception's own text may hold the address with its token."""
    if isinstance(problem, ProxyError):
        return str(problem)
    return next(
        (words for kind, words in FAILURES if isinstance(problem, kind)), "the request cannot be made"
    )
