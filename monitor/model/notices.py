"""Maintenance notices as they were read from a feed, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from monitor.model.windows import Window


class NoticeStatus(StrEnum):
    """What became of a notice."""

    WAITING = "waiting"
    """For a person: nothing of it counts yet."""
    APPROVED = "approved"
    """Its windows are in force."""
    REJECTED = "rejected"
    REPLACED = "replaced"
    """Another one stands in its place; its windows count no more."""
    MISSED = "missed"
    """Nobody decided on it before its time was over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """A window, or a notice that waits, that a notice may cancel, move, prolong or end."""

    id: str
    name: str
    start: datetime
    end: datetime
    is_notice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedNotice:
    """One notice that was found in a feed. The same text is the same notice, wherever and however often it is found."""

    id: str
    """Follows from the text."""
    feed: str
    """Name of the feed."""
    file: str
    """Name of the file, without its directory."""
    title: str
    read_at: datetime
    published: date | None
    """As the notice says it, else when the file was written."""
    windows: tuple[Window, ...]
    """What it announces, by start. Without authorities where the notice does not say whom it is about."""
    quotes: tuple[str, ...]
    """The words that each window was read from."""
    unclear: tuple[tuple[str, str], ...] = ()
    """What could not be read with certainty: the kind of doubt and the words it is about. Empty: all was."""
    status: NoticeStatus = NoticeStatus.WAITING
    decided_by: str = ""
    """Who approved or rejected it; empty: nobody yet, or the feed itself."""
    told: bool = False
    """Whether it was told that it waits."""
    over: str = ""
    """Id of the notice that stood in its file before it."""
    authorities: tuple[str, ...] = ()
    """Who publishes it; empty: that cannot be told."""
    affects: tuple[Affected, ...] = ()
    """What it may change, as it is told: filled in a notification, empty in the state, of which it follows."""

    @property
    def is_certain(self) -> bool:
        """Whether all of it was read with certainty."""
        return bool(self.windows) and not self.unclear
