"""A reference by HTTP: one GET over a fresh connection, no redirect followed, bounded however it is wrapped."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

import aiohttp

from monitor.core.instants import read_instant
from monitor.model import Cause, Proxies, ReferenceSource
from monitor.net.connector import Connector, ProxyError
from monitor.net.failures import FaultError
from monitor.net.reply import Decoder
from monitor.reference.fetched import MOST_BYTES, Fetched, UnreadableError

FAILURES: tuple[tuple[type[Exception], str], ...] = (
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
    (ValueError, "the request cannot be made"),
)
"""First match wins: aiohttp's timeouts are also OSError, its TLS errors also ClientConnectorError."""


class Http:
    """Fetches documents. A session is made at the first one by each way."""

    def __init__(self) -> None:
        self._sessions: dict[Proxies, aiohttp.ClientSession] = {}

    async def fetch(self, source: ReferenceSource) -> Fetched:
        """The document at the source's URL, for as long as the caller waits. Raises UnreadableError."""
        assert source.url is not None
        headers = {"Authorization": f"Bearer {source.token}"} if source.token is not None else {}
        try:
            asked = self._session(source.proxies).get(source.url, headers=headers, allow_redirects=False)
            async with asked as response:
                if response.status != 200:
                    raise UnreadableError(f"answered {response.status}")
                return Fetched(body=await _body(response), changed_at=_changed_at(response))
        except FaultError as fault:
            raise UnreadableError(fault.detail) from None
        except tuple(kind for kind, _ in FAILURES) as problem:
            raise UnreadableError(_reason(problem)) from None

    async def close(self) -> None:
        """Close the sessions and whatever is under way in them."""
        while self._sessions:
            _, session = self._sessions.popitem()
            await session.close()

    def _session(self, proxies: Proxies) -> aiohttp.ClientSession:
        if proxies not in self._sessions:
            self._sessions[proxies] = aiohttp.ClientSession(
                connector=Connector(proxies),
                timeout=aiohttp.ClientTimeout(),  # the caller's deadline is the only one
                auto_decompress=False,  # undone by ours, which stops where a bomb unfolds
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={
                    "User-Agent": "fapiao-monitor",
                    "Accept": "application/json",
                    "Accept-Encoding": "gzip",
                },
            )
        return self._sessions[proxies]


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """The decoded body. FaultError when it is too large, before it is all read."""
    decoder = Decoder(response.headers.get("Content-Encoding", ""), MOST_BYTES)
    received = 0
    async for data in response.content.iter_any():
        received += len(data)
        if received > MOST_BYTES:  # also where nothing comes out of it
            raise FaultError(Cause.BODY_TOO_LARGE, f"larger than {MOST_BYTES} bytes")
        decoder.feed(data)
    return bytes(decoder.body)


def _changed_at(response: aiohttp.ClientResponse) -> datetime | None:
    return read_instant(response.headers.get("Last-Modified"), UTC)


def _reason(problem: Exception) -> str:
    """Words of ours: the exception's own text may hold the address with what is secret in it."""
    if isinstance(problem, ProxyError):
        return str(problem)
    return next(words for kind, words in FAILURES if isinstance(problem, kind))
