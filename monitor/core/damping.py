"""How long what is told again and again about one outage must stand before it is told once more.

An outage whose cause changes to and fro, or that is up and down again just too slowly to flap, is one incident. Its
first changes and ends are told at once; each further one must stand twice as long, within bounds.
"""

from __future__ import annotations

from datetime import timedelta

from monitor.model import Incident, Scope

MOST_DOUBLED = 10
SHORTEST_CHANGE = timedelta(minutes=1)
LONGEST_CHANGE = timedelta(hours=4)
"""What a further change must stand, where one run confirms, and at most."""
FREE_RETURNS = 2
"""So often it may be down again with each end told at once."""
FIRST_HOLD = timedelta(minutes=5)
LONGEST_HOLD = timedelta(minutes=30)
"""How long the end of what was down again more often must stand, at first and at most."""


def of_change(incident: Incident, patience: timedelta) -> timedelta:
    """How long a change must stand to be told, where one that was not told before must stand for `patience`."""
    if not incident.changes:
        return patience
    doubled = max(patience, SHORTEST_CHANGE) * int(2 ** min(incident.changes, MOST_DOUBLED))
    return max(patience, min(doubled, LONGEST_CHANGE))


def of_end(incident: Incident) -> timedelta:
    """How long its end must stand to be told; nothing in ordinary cases."""
    further = incident.returns - FREE_RETURNS
    if incident.scope is not Scope.AUTHORITY or further <= 0:
        return timedelta()
    doubled = min(further - 1, MOST_DOUBLED)
    return min(FIRST_HOLD * int(2**doubled), LONGEST_HOLD)
