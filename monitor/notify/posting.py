"""One JSON POST to a receiver: bounded in time and reply, redirects refused, no secret in what is said of a failure."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import aiohttp

from monitor.model import Receiver
from monitor.net.sessions import PROBLEMS, Sessions, reason_of
from monitor.notify.delivery import DeliveryError, refused_for_good

DEADLINE = 15.0
"""Seconds for one delivery, all phases; the caller may cancel earlier."""
CURIOSITY = 0.5
"""Seconds spent on reading what an accepting receiver says beside its status."""
MOST_REPLY = 2048
"""Bytes of the reply that are read."""


class Poster:
    """Posts JSON, over a fresh connection each time."""

    def __init__(self) -> None:
        self._sessions = Sessions()

    async def post(
        self, receiver: Receiver, url: str, value: Any, headers: Mapping[str, str] | None = None
    ) -> str:
        """Post `value` to `url` by the receiver's proxies; returns status and the beginning of the reply.

        Anything but a 2xx raises `DeliveryError`.
        """
        try:
            async with (
                asyncio.timeout(DEADLINE),
                self._sessions.by(receiver.proxies).post(
                    url,
                    data=json.dumps(value, ensure_ascii=False).encode(),
                    headers={"Content-Type": "application/json; charset=utf-8", **(headers or {})},
                    allow_redirects=False,
                ) as response,
            ):
                answer = await _answer(response)
        except PROBLEMS as problem:
            raise DeliveryError(reason_of(problem), permanent=isinstance(problem, ValueError)) from None
        if 200 <= response.status < 300:
            return answer
        raise DeliveryError(
            f"answered {response.status}", permanent=refused_for_good(response.status), answer=answer
        )

    async def close(self) -> None:
        """Close the sessions and whatever is still under way in them."""
        await self._sessions.close()


async def _answer(response: aiohttp.ClientResponse) -> str:
    """`200 {"ok":true}`: the status decides, so a reply that drips is cut off rather than waited for."""
    body = b""
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(CURIOSITY):
            body = await response.content.read(MOST_REPLY)
    words = body.decode("utf-8", "replace").split()
    shown = "".join(letter for letter in " ".join(words)[:200] if letter.isprintable())
    return f"{response.status} {shown}".rstrip()
