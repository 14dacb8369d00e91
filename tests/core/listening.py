"""One who is told: believes what it hears, and complains where that makes no sense (contract §7, rules 2, 3 and 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from monitor.model import EventName, Incident, Notification, Scope

BEGINS = frozenset({
    EventName.INCIDENT_OPENED, EventName.MAINTENANCE_OVERRUN, EventName.DAEMON_DEGRADED,
})  # fmt: skip
ENDS = frozenset({EventName.INCIDENT_RESOLVED, EventName.DAEMON_RESTORED})


@dataclass
class Listener:
    """What one receiver believes: the incidents that are open, and those whose end it heard."""

    receiver: str
    open: set[str] = field(default_factory=set)
    over: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)

    def hear(self, notes: Iterable[Notification]) -> None:
        """Take in what is meant for it."""
        for note in notes:
            if self.receiver in note.to:
                assert note.key not in self.keys, f"{note.key} came twice"
                self.keys.add(note.key)
                for incident in note.incidents:
                    self._hear(note, incident)

    def _hear(self, note: Notification, incident: Incident) -> None:
        id_ = incident.id
        if note.event in ENDS and not incident.is_open:
            assert id_ in self.open, f"{id_} ended and it was not told that it began"
            self.open.remove(id_)
            self.over.add(id_)
        elif note.event in ENDS:
            self.open.add(id_)  # listed as still down at the end of a parent
        elif note.scope is Scope.NATIONAL and incident.scope is not Scope.NATIONAL:
            pass  # a member of what is told
        elif note.event is EventName.INCIDENT_ESCALATED:
            assert id_ not in self.open, f"{id_} was escalated to one who had heard of it"
            self.open.add(id_)
        elif note.event in BEGINS:
            assert id_ not in self.open, f"{id_} began twice"
            self.open.add(id_)
        elif note.event is EventName.INCIDENT_CHANGED:
            assert id_ in self.open or id_ in self.over, f"{id_} changed and it was not told that it began"
            self.open.add(id_)
        elif note.event is EventName.FLAPPING_STOPPED and not incident.is_open:
            self.open.discard(id_)
            self.over.add(id_)
        elif note.event is EventName.FLAPPING_STOPPED:
            self.open.add(id_)
        elif note.event is EventName.INCIDENT_REMINDER:
            assert id_ in self.open, f"reminded of {id_}, of which it was not told"
