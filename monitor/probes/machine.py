"""A run that looks at this machine and makes no connection: kinds `log`, `host` and `file`.

Whatever touches a disk may hang for ever (a network disk whose server is gone), so each part of a run works in a daemon thread of
its own, at most one at a time: what hangs costs the run its deadline and holds up nothing else. How a part fails is a cause by
the table below: what cannot be read is our own affair, what hangs is a timeout.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from weakref import WeakKeyDictionary

import structlog

from monitor.model import Cause, Failure, Phase, Reading, Seen, Target
from monitor.net import Net
from monitor.net.failures import FaultError, shortage_of
from monitor.threads import Aside, StillHangs

MOST_READINGS = 100
LONGEST_TEXT = 200
WORDS: Mapping[int, str] = {
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "there is no such file",
    errno.EACCES: "it may not be read",
    errno.EPERM: "it may not be read",
    errno.EISDIR: "a folder, not a file",
    errno.ENXIO: "not a plain file",
    errno.EIO: "the disk reports an error",
    errno.ESTALE: "its network disk has forgotten it",
    errno.ELOOP: "its links lead in a circle",
    errno.ENAMETOOLONG: "its name is too long",
}

Work = Callable[[], Sequence[Reading]]
"""Blocks as long as the disk does. Raises OSError and FaultError."""

log = structlog.get_logger(__name__)

_places: WeakKeyDictionary[Net, dict[str, tuple[asyncio.Lock, Aside]]] = WeakKeyDictionary()
"""Client → target and part → whose turn it is, and the thread, as long as there may be one."""


class Here:
    """One run of `target` on this machine. `steps` does its parts by `do`, one after the other or at once."""

    def __init__(self, target: Target, net: Net, steps: Callable[[Here], Awaitable[None]]) -> None:
        self.target = target
        self.net = net
        self._steps = steps
        self._begun = net.time()
        self._readings: dict[str, Sequence[Reading]] = {}
        self._failures: dict[str, Failure] = {}
        self._under_way: dict[str, None] = {}
        self._lack: OSError | None = None

    def left(self) -> float:
        """Seconds to the deadline."""
        return max(0.0, self.target.timeout - (self.net.time() - self._begun))

    async def do(self, part: str, work: Work) -> Sequence[Reading]:
        """The readings of one part, which are kept; none where it failed, which is kept too. Never raises."""
        self._under_way[part] = None
        try:
            turn, thread = _place(self.net, self.target, part)
            async with turn:  # a run beside the schedule may be at it
                readings = await thread.do(work)
        except FaultError as fault:
            self.note(part, fault.cause, fault.detail)
        except StillHangs:
            self.note(
                part, Cause.RESPONSE_TIMEOUT, f"{part} hangs since an earlier run: does its disk answer?"
            )
        except OSError as problem:
            if shortage_of(problem) is not None:
                self._lack = problem
            self.note(part, Cause.PROBE_MISCONFIGURED, f"{part}: {_reason(problem)}")
        else:
            self.keep(part, readings)
            return readings
        return ()

    def keep(self, part: str, readings: Sequence[Reading]) -> None:
        """What was found in a part."""
        self._under_way.pop(part, None)
        self._readings[part] = readings

    def note(self, part: str, cause: Cause, detail: str) -> None:
        """Why nothing was found in a part."""
        self._under_way.pop(part, None)
        self._failures[part] = Failure(cause=cause, phase=Phase.PROCESSING, detail=detail)

    # --- what the client asks of a run --------------------------------------------------------------------------

    async def run(self) -> None:
        """All parts. Raises OSError where this machine lacks what a run needs."""
        await self._steps(self)
        if self._lack is not None:
            raise self._lack

    def fail(self, error: Exception) -> None:
        """The deadline passed; anything else is our own bug."""
        if isinstance(error, TimeoutError):
            hung = ", ".join(self._under_way) or self.target.id
            detail = f"{hung} did not answer within {self.target.timeout:g} s: does its disk answer?"
            self.note(hung, Cause.RESPONSE_TIMEOUT, detail)
        elif not isinstance(error, OSError):
            log.error("look.failed", target=self.target.id, exc_info=error)
            self.note(self.target.id, Cause.INTERNAL, f"{type(error).__name__} in our own code")

    def close(self) -> None:
        """Nothing is open."""

    def seen(self, started_at: datetime) -> Seen:
        """What was found, and the first thing that could not be."""
        duration = self.net.time() - self._begun
        found = [_bounded(one) for readings in self._readings.values() for one in readings]
        return Seen(
            started_at=started_at,
            duration=duration,
            phases={Phase.PROCESSING: duration},
            readings=tuple(found[:MOST_READINGS]),
            failure=next(iter(self._failures.values()), None),
        )


def _place(net: Net, target: Target, part: str) -> tuple[asyncio.Lock, Aside]:
    mine, key = _places.setdefault(net, {}), f"{target.id} {part}"
    if key not in mine:
        mine[key] = (asyncio.Lock(), Aside(f"look {key}"))
    return mine[key]


def _reason(problem: OSError) -> str:
    return WORDS.get(problem.errno or 0, "it cannot be read")


def _bounded(reading: Reading) -> Reading:
    return (
        reading if len(reading.text) <= LONGEST_TEXT else replace(reading, text=reading.text[:LONGEST_TEXT])
    )
