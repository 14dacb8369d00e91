"""What every sort of run is, seen from the client that gives it its deadline."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from monitor.model import Seen


class Run(Protocol):
    """One run of any sort: `run`, then `fail` if that raised, `close`, `seen`."""

    async def run(self) -> None:
        """Do it all. Cancelled at the deadline; raises what `fail` makes a cause of, and LimitReached."""

    def fail(self, error: Exception) -> None:
        """Translate what ended the run."""

    def close(self) -> None:
        """Let go of all sockets. May be called twice."""

    def seen(self, started_at: datetime) -> Seen:
        """Everything that was seen."""
