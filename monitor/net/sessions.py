"""Requests of our own that are not probes (webhooks, references, the heartbeat): sessions, and why one of them failed.

Every request takes a fresh connection, so that a dead one is never reused; the caller's deadline is the only one. No
cookie is kept and nothing is decompressed before somebody bounds it.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping

import aiohttp

from monitor.model import Proxies
from monitor.net.connector import Connector, ProxyError

PROBLEMS = (aiohttp.ClientError, OSError, ValueError)
"""What a request may raise. TimeoutError and TLS's own errors are OSError; an address that is none is a ValueError."""

_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.InvalidURL, "the address is not usable"),
    (aiohttp.ClientConnectorDNSError, "its host name cannot be resolved"),
    (aiohttp.ClientConnectorCertificateError, "its certificate cannot be verified"),
    (aiohttp.ClientSSLError, "TLS failed"),
    (ssl.SSLError, "TLS failed"),
    (TimeoutError, "no answer in time"),
    (aiohttp.ServerDisconnectedError, "it hung up without an answer"),
    (aiohttp.ClientConnectorError, "cannot connect"),
    (aiohttp.ClientPayloadError, "its answer broke off"),
    (aiohttp.ClientResponseError, "its answer is not valid HTTP"),
    (aiohttp.ClientError, "the connection broke"),
    (OSError, "the connection broke"),
)
"""First match wins: aiohttp's timeouts are also OSError, its TLS errors also ClientConnectorError."""


def reason_of(problem: Exception) -> str:
    """Why a request failed, in words of ours: the exception's own text may hold the address with what is secret in it."""
    if isinstance(problem, ProxyError):
        return str(problem)
    return next(
        (words for kind, words in _REASONS if isinstance(problem, kind)), "the request cannot be made"
    )


class Sessions:
    """One session for each way by proxies, made when it is first asked for."""

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        self._headers = {"User-Agent": "fapiao-monitor", **(headers or {})}
        self._made: dict[Proxies, aiohttp.ClientSession] = {}

    def by(self, proxies: Proxies) -> aiohttp.ClientSession:
        """The session whose requests go by these."""
        if proxies not in self._made:
            self._made[proxies] = aiohttp.ClientSession(
                connector=Connector(proxies),
                timeout=aiohttp.ClientTimeout(),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._headers,
            )
        return self._made[proxies]

    async def close(self) -> None:
        """Close the sessions and whatever is under way in them."""
        while self._made:
            _, session = self._made.popitem()
            await session.close()
