"""What can go wrong with the state file, as the rest of the daemon sees it."""

from __future__ import annotations


class StoreError(OSError):
    """The state file could not be written or read just now. What was to be written is kept in memory and retried."""


class StateRefused(StoreError):  # noqa: N818 - it reads as what happened
    """The daemon must not start with this state file: a newer version wrote it, or another process holds it."""
