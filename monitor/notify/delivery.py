"""The seam of telling: what a kind of receiver offers, and how it says that it failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from monitor.model import Receiver


class DeliveryError(Exception):
    """A receiver did not take a notification. `reason` is one line for people and never holds a secret."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        """Whether trying the same again makes little sense: it was refused, not missed."""


class Deliverer(Protocol):
    """Hands payloads (see `payload.py`) to receivers of one kind."""

    async def deliver(self, receiver: Receiver, payload: Mapping[str, Any]) -> str:
        """Hand one payload over; returns in a few words what was answered. Raises `DeliveryError`.

        May be cancelled at any time: the caller sets the deadline.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and threads at once."""
        ...
