"""Planned work and silences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Early(StrEnum):
    """Why a window ended before its planned end."""

    BY_HAND = "by_hand"
    BACK = "back"
    """All that it covered was down in it and is back."""


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
    notice: str = ""
    """Id of the notice that it was read from; empty: of none."""
    resumes: str = ""
    """Id of the window that ended early because all was back, and whose planned time this is the rest of."""
    early: Early | None = None
    """Why it ended before `planned_end`; None: it keeps to its plan."""
    planned_end: datetime | None = None
    """When it was to end, where it ended early."""

    @property
    def is_kept(self) -> bool:
        """Whether the state has it, and not the configuration."""
        return self.by_hand or bool(self.notice) or bool(self.resumes)

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
