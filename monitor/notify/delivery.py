"""The seam of telling: what a kind of receiver offers, and how it says that it failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from monitor.model import Receiver

TRANSIENT_STATUS = frozenset({408, 425, 429})
"""The 4xx that say: later."""


class DeliveryError(Exception):
    """A receiver did not take a notification. `reason` is one line for people and never holds a secret.

    `permanent`: it was refused, not missed; trying the same again makes little sense. `doubtful`: its status says that
    it was taken, and the reply that decides that never came whole; people may have seen it. `answer` is the beginning
    of what the receiver said; it may repeat a secret and is for the eyes of who runs `notify --test` only.
    """

    def __init__(self, reason: str, *, permanent: bool, doubtful: bool = False, answer: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.doubtful = doubtful
        self.answer = answer


class Deliverer(Protocol):
    """Hands payloads (see `payload.py`) to receivers of one kind."""

    async def deliver(self, receiver: Receiver, payload: Mapping[str, Any]) -> str:
        """Hand one payload over; returns what was answered (not for logs). Raises `DeliveryError`.

        May be cancelled at any time: the caller sets the deadline.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and threads at once."""
        ...


def refused_for_good(status: int) -> bool:
    """Whether an HTTP status says that the same request will not be taken later either. Redirects count as refusal."""
    return 300 <= status < 500 and status not in TRANSIENT_STATUS
