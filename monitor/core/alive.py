"""Does the daemon still do its work? Decided from when each of its parts moved last; the watchdog and the heartbeat ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

LEAST = 10.0
"""Seconds that a part is given for one step, however short its own due time: a slow disk or a busy machine is no standstill."""
PATIENCE = 2.0
"""Due times that may pass without a move."""


class Part(StrEnum):
    """What must move for the daemon to be of any use."""

    SCHEDULE = "schedule"
    """Starts what is due."""
    RUNS = "runs"
    """What was started comes to an end: every run has a deadline."""
    PIPELINE = "pipeline"
    """Decides what waits to be decided."""
    STATE_WRITER = "state_writer"
    """Brings to the disk, or fails to, what was decided. Failing is moving: it is told as `daemon_degraded`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """When a part moved last, and within how many seconds it means to move again."""

    moved_at: float
    """By the monotonic clock."""
    due: float | None = LEAST
    """None: it has nothing to do, and may rest for ever."""


def standing_still(pulses: Mapping[Part, Pulse], now: float) -> tuple[Part, ...]:
    """The parts that have not moved for twice their due time (20 s at least). None of them: the daemon is alive."""
    return tuple(part for part, pulse in pulses.items() if _is_still(pulse, now))


def _is_still(pulse: Pulse, now: float) -> bool:
    return pulse.due is not None and now - pulse.moved_at > PATIENCE * max(pulse.due, LEAST)
