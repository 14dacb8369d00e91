"""Receivers of kind `webhook`: one JSON POST of the whole payload. A 2xx accepts it; redirects are not followed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.model import Receiver
from monitor.notify.posting import Poster


class Webhook:
    """Posts payloads, with the receiver's token as Bearer."""

    def __init__(self) -> None:
        self._poster = Poster()

    async def deliver(self, receiver: Receiver, payload: Mapping[str, Any]) -> str:
        """Post the payload; returns status and the beginning of the reply. Raises `DeliveryError`."""
        headers = {} if receiver.token is None else {"Authorization": f"Bearer {receiver.token}"}
        return await self._poster.post(receiver, receiver.url, payload, headers)

    async def close(self) -> None:
        """Close the connections, and whatever is still under way in them."""
        await self._poster.close()
