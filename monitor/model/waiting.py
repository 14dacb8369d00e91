"""Who waits for a service to be back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Somebody who wants to be told once when a service is back: `authority_recovered`."""

    id: str
    authority: str
    service: str
    since: datetime
    until: datetime
    """When it is given up."""
    ticket: str = ""
    """What the one who waits calls it; sent back with the word that it is back."""
    webhook: str | None = field(default=None, repr=False)
    """Where that is sent; may hold a secret. None: it goes by the routes."""

    @property
    def receiver(self) -> str:
        """Id under which its webhook stands in the outbox. No configured receiver can have it: a name holds no colon."""
        return f"{WAITING}:{self.id}"


WAITING = "waiting"
"""Begins the ids of those receivers; the `receiver` of their metrics."""
