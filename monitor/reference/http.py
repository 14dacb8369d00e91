"""A reference by HTTP: one GET over a fresh connection, no redirect followed, bounded however it is wrapped."""

from __future__ import annotations

from datetime import UTC, datetime

import aiohttp

from monitor.core.instants import read_instant
from monitor.model import Cause, ReferenceSource
from monitor.net.decoding import Decoder
from monitor.net.failures import FaultError
from monitor.net.sessions import PROBLEMS, Sessions, reason_of
from monitor.reference.fetched import MOST_BYTES, Fetched, UnreadableError


class Http:
    """Fetches documents."""

    def __init__(self) -> None:
        self._sessions = Sessions({"Accept": "application/json", "Accept-Encoding": "gzip"})

    async def fetch(self, source: ReferenceSource) -> Fetched:
        """The document at the source's URL, for as long as the caller waits. Raises UnreadableError."""
        assert source.url is not None
        headers = {"Authorization": f"Bearer {source.token}"} if source.token is not None else {}
        try:
            asked = self._sessions.by(source.proxies).get(source.url, headers=headers, allow_redirects=False)
            async with asked as response:
                if response.status != 200:
                    raise UnreadableError(f"answered {response.status}")
                return Fetched(body=await _body(response), changed_at=_changed_at(response))
        except FaultError as fault:
            raise UnreadableError(fault.detail) from None
        except PROBLEMS as problem:
            raise UnreadableError(reason_of(problem)) from None

    async def close(self) -> None:
        """Close the sessions and whatever is under way in them."""
        await self._sessions.close()


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
