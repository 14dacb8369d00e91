"""A stand-in for a reference: another monitor that looks at the same authorities from elsewhere, at `/reference`.

Unless told otherwise it sees what is really so: a broken verify service as what its fault promises. What is wrong only on the
way from here (the name server `resolver`, a hijacked name, and everything while both controls are broken) it does not see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from monitor.simulator.authorities import CONTROLS
from monitor.simulator.faults import promise_of
from monitor.simulator.kinds import Fault, FaultError

OUTCOMES = ("ok", "error", "timeout")
_ONLY_HERE = ("dns_hijacked",)

BrokenBy = Callable[[str], Fault | None]
"""Slug → the fault that its first service has now."""


class Elsewhere:
    """What another monitor says of the stand-ins. `see` overrides single rows."""

    def __init__(self, slugs: Iterable[str], broken_by: BrokenBy) -> None:
        self._slugs = tuple(slugs)
        self._broken_by = broken_by
        self._told: dict[str, str] = {}

    def see(self, rows: Mapping[str, str | None]) -> None:
        """slug → outcome from now on, None: what is really so. Raises FaultError for an unknown slug or outcome."""
        for slug, outcome in rows.items():
            if slug not in self._slugs or (outcome is not None and outcome not in OUTCOMES):
                raise FaultError(
                    f'send slug → outcome, e.g. {{"shandong": "ok"}}; one of {", ".join(OUTCOMES)} or null'
                )
        for slug, outcome in rows.items():
            if outcome is None:
                self._told.pop(slug, None)
            else:
                self._told[slug] = outcome

    def reset(self) -> None:
        """See again what is really so."""
        self._told.clear()

    def document(self) -> dict[str, Any]:
        """The rows as one monitor publishes them for others (contract §6)."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        rows = {slug: self._row(slug, now) for slug in self._slugs}
        return {
            "format": "fapiao-reference/1",
            "source": "elsewhere",
            "vantage": "elsewhere",
            "generated_at": now,
            "local_fault": False,
            "authorities": rows,
        }

    def _row(self, slug: str, now: str) -> dict[str, Any]:
        words = self._really(slug)
        if slug in self._told:
            words = [self._told[slug]]
        cause = words[1] if len(words) > 1 else None
        return {"outcome": words[0], "cause": cause, "since": None, "checked_at": now}

    def _really(self, slug: str) -> list[str]:
        fault = self._broken_by(slug)
        if all(self._broken_by(control.slug) for control in CONTROLS):
            return ["ok"]
        if fault is None or fault.share < 1 or fault.kind.name in _ONLY_HERE:
            return ["ok"]
        words = promise_of(fault).split()
        return ["ok"] if words[0] == "ok" else words
