"""What waits to be written into the history: bounded, the oldest runs give way. In memory, nothing here blocks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from monitor.model import Incident, Scope
from monitor.store.history_rows import Record
from monitor.store.history_writing import HistoryBatch

MOST_RUNS = 20_000
"""Two minutes of 10,000 targets a minute."""
MOST_INCIDENTS = 5_000


class Waiting:
    """What waits for the disk. Everything that gives runs up returns how many."""

    def __init__(self) -> None:
        self._runs: deque[Record] = deque()
        self._incidents: dict[str, Incident] = {}
        self._withdrawn: list[str] = []
        self._begins = True

    def add(self, record: Record) -> int:
        """One run; the oldest one that waits gives way when too many do."""
        full = len(self._runs) >= MOST_RUNS
        if full:
            self._runs.popleft()
        self._runs.append(record)
        return int(full)

    def note(self, incidents: Iterable[Incident]) -> None:
        """Incidents that are over, and faults of our own network from their beginning: they make everyone else unknown."""
        for incident in incidents:
            if not incident.is_open or incident.scope is Scope.LOCAL:
                self._incidents[incident.id] = incident
        while len(self._incidents) > MOST_INCIDENTS:
            del self._incidents[next(iter(self._incidents))]

    def withdraw(self, ids: Iterable[str]) -> None:
        """Incidents that were forgotten before they were over."""
        self._withdrawn += ids

    def take(self) -> HistoryBatch:
        """All of it, to be written; nothing waits then."""
        batch = HistoryBatch(
            runs=tuple(self._runs),
            incidents=tuple(self._incidents.values()),
            withdrawn=tuple(self._withdrawn),
            begins=self._begins,
        )
        self._runs.clear()
        self._incidents.clear()
        self._withdrawn.clear()
        self._begins = False
        return batch

    def put_back(self, batch: HistoryBatch) -> int:
        """Let it wait again, before what has come meanwhile; as much of it as there is room for."""
        room = MOST_RUNS - len(self._runs)
        kept = batch.runs[len(batch.runs) - room :] if room < len(batch.runs) else batch.runs
        self._runs.extendleft(reversed(kept))
        self._incidents = {one.id: one for one in batch.incidents} | self._incidents
        self._withdrawn = [*batch.withdrawn, *self._withdrawn][-MOST_INCIDENTS:]
        self._begins = batch.begins
        return len(batch.runs) - len(kept)
