"""What others say of the authorities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.model.outcomes import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRow:
    """What one reference says of one authority."""

    authority: str
    outcome: Outcome
    cause: str | None = None
    """Its own word for the cause, not trusted to be one of ours."""
    since: datetime | None = None
    checked_at: datetime
    """When it looked; its age is counted from here. A future time counts as now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceReading:
    """One attempt to read a reference; an event. A failed one (`up` False) has no rows and leaves the known ones."""

    source: str
    read_at: datetime
    up: bool
    rows: tuple[ReferenceRow, ...] = ()
    local_fault: bool = False
    """It says of itself that its own network fails: its rows are not believed."""
    detail: str = ""
    paces: tuple[float, ...] = ()
    """Seconds between its looks at one authority as we saw them: the last two, the latest last; fewer when it is new to us."""
