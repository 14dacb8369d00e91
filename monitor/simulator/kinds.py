"""What a kind of fault is: where on the way it strikes, what it does, and what a monitor is to make of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """Where on the way of a connection a fault strikes."""

    NAME = "name"
    """At the name servers, before any connection."""
    LISTEN = "listen"
    RAW = "raw"
    """On the accepted socket, before or instead of TLS."""
    CERTIFICATE = "certificate"
    """In TLS itself: what the server presents, speaks or demands."""
    WIRE = "wire"
    """In how the reply is written."""
    REPLY = "reply"
    """In what the reply says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One row of the table. `default` is the argument taken when none is written; "" if there is none to give."""

    name: str
    stage: Stage
    does: str
    sees: str
    promise: str
    """`error CAUSE PHASE` (two phases joined by a bar where it may be either), `timeout CAUSE PHASE`, or `ok +FLAG`."""
    default: str = ""
    argument: str = ""
    """What an argument must look like: `seconds`, `status`, `bytes`, `code`; "" takes none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault as somebody set it. `text` is how it was written."""

    kind: Kind
    argument: str
    text: str
    share: float = 1.0
    """Of the connections that it strikes, drawn from the simulator's seed."""

    @property
    def number(self) -> float:
        """The argument as a number (seconds, bytes or a status)."""
        return float(self.argument)


class FaultError(ValueError):
    """A fault that does not exist, has a bad argument, or cannot happen at that place."""
