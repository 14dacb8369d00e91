"""Why a run that somebody asks for beside the schedule may not be made now."""

from __future__ import annotations

from enum import StrEnum


class Hindrance(StrEnum):
    """What stands against it."""

    LIMIT = "limit"
    """The host has had its connections of this minute."""
    BANNED = "banned"
    """The platform has shut us out (code 020)."""
    BUSY = "busy"
    """Every place among the runs that may be under way is taken."""
    HAMPERED = "hampered"
    """This machine lacks files or memory, or held the run up."""


class NotNow(Exception):  # noqa: N818  nothing went wrong
    """It was not made. `free_in`: in how many seconds asking again makes sense."""

    def __init__(self, hindrance: Hindrance, free_in: float) -> None:
        super().__init__(f"{hindrance}: free in {free_in:.1f} s")
        self.hindrance = hindrance
        self.free_in = free_in
