"""Planned work and silences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One maintenance window: a stretch of absolute time. Its start belongs to it, its end does not."""

    id: str
    """Deterministic for windows of rules (name and start), so that each is told once over restarts."""
    name: str
    authorities: tuple[str, ...] | None
    """None: all."""
    services: tuple[str, ...] | None
    """None: all."""
    start: datetime
    end: datetime
    announce: bool = True
    by_hand: bool = False

    def covers(self, authority: str, service: str, instant: datetime) -> bool:
        """Whether it explains a failure of this service at `instant`."""
        return (
            self.start <= instant < self.end
            and (self.authorities is None or authority in self.authorities)
            and (self.services is None or service in self.services)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Mutes the telling of what matches; never a resolution of what was told before."""

    id: str
    matchers: Mapping[str, tuple[str, ...]]
    """`authority`, `service`, `severity`, `diagnosis` → the words that match; all given ones must."""
    starts_at: datetime
    ends_at: datetime
    author: str = ""
    comment: str = ""
