"""How long each phase of one run took, by the clock of the run (`Attention`), which is also the clock of the deadline."""

from __future__ import annotations

from collections.abc import Callable

from monitor.model import Phase


class Stopwatch:
    """One phase runs at a time; entering one again adds to it. `spent` misses the phase that runs until `stop`."""

    __slots__ = ("_entered", "_heard", "began", "phase", "spent", "time")

    def __init__(self, time: Callable[[], float], first: Phase = Phase.RESOLVE) -> None:
        self.time = time
        """The clock of the run."""
        self.began = self._entered = self._heard = self.time()
        self.phase = first
        self.spent: dict[Phase, float] = {}

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self.time() - self.began

    def hear(self) -> None:
        """Something came in."""
        self._heard = self.time()

    @property
    def running(self) -> float:
        """Seconds for which the phase that runs has run."""
        return self.time() - self._entered

    @property
    def is_heard(self) -> bool:
        """Whether something still came in the second half of the phase that runs."""
        return 2 * (self.time() - self._heard) <= self.running

    def enter(self, phase: Phase) -> None:
        """End the phase that runs and begin this one."""
        self.stop()
        self.phase = phase

    def stop(self) -> None:
        """Account for the phase that runs up to now."""
        now = self.time()
        self.spent[self.phase] = self.spent.get(self.phase, 0.0) + now - self._entered
        self._entered = now
