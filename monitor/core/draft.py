"""A commit in the making: copies of what one event may change, and what changed of them as one value.

What is done to it stands in looking.py (what runs next), settling.py and parents.py (which incidents there are),
maintenance.py (windows), releasing.py (what is told) and commands.py.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeVar

from monitor.core import judge
from monitor.core.incidents import Key, by_key, key_of
from monitor.core.state import Commit, Flap, Group, State
from monitor.core.surroundings import Surroundings, look_around
from monitor.core.wakeup import clamped, next_wakeup
from monitor.core.windows import near
from monitor.model import (
    Ban,
    Due,
    Incident,
    Inquiry,
    Notification,
    Plan,
    Scope,
    Target,
    TargetState,
    Window,
)

T = TypeVar("T")
WEIGHTY = (
    "incidents", "forgotten", "notifications", "bans", "lifted", "windows", "notices", "silences", "certificates", "expected",
    "flaps", "drills", "dropped",
)  # fmt: skip
"""Parts of a commit that must be on disk before they are acted on."""


class Draft:
    """The changes of one event so far. Reads `known`, the state before it, and never writes it."""

    def __init__(self, state: State, plan: Plan, now: datetime) -> None:
        self.known = state
        self.plan = plan
        self.now = now
        self.changed_targets: dict[str, TargetState] = {}
        self.targets: Mapping[str, TargetState] = ChainMap(self.changed_targets, state.targets)
        self.incidents = dict(state.incidents)
        self.open: dict[Key, Incident] = by_key(self.incidents.values())
        self.references = dict(state.references)
        self.windows = dict(state.windows)
        self.notices = dict(state.notices)
        self.silences = dict(state.silences)
        self.stores_down = dict(state.stores_down)
        self.reported = state.reported
        self.certificates = dict(state.certificates)
        self.expected = dict(state.expected)
        """Who waits for a service to be back."""
        self.flaps = dict(state.flaps)
        self.drills = dict(state.drills)
        self.evidence = dict(state.evidence)
        self.inquiries: list[Inquiry] = []
        self.bans = dict(state.bans)
        self.sweep = state.sweep
        self.unsettled = set(state.unsettled)
        self.overdue = state.overdue
        self.doubt = state.doubt
        self.believed: Mapping[str, TargetState] = self.targets
        """The targets as far as they may be believed after a fault of ours (doubt.py)."""
        self.doubted: frozenset[str] = frozenset()
        self.alarm = state.alarm
        self.notifications: list[Notification] = []
        self.intervals: dict[str, float] = {}
        self.refused = ""
        self.first_failure = False
        self.believes_otherwise = False
        """Something changed that must be on disk before it is acted on."""
        self._known_targets: dict[str, TargetState] = {}
        self._due: dict[str, datetime] = {}
        self._dropped_targets: list[str] = []
        group = clamped(state.group, now, plan)
        self.waiting = [id_ for id_ in group.incidents if id_ in self.incidents] if group else []
        """Ids of the incidents that wait to be told of together."""
        self.release_at = group.release_at if group else now
        self.latest = group.latest if group else None

    # --- incidents --------------------------------------------------------------------------------------------------

    def keep(self, incident: Incident) -> None:
        """Take over an incident as it is now."""
        before = self.incidents.get(incident.id)
        self.incidents[incident.id] = incident
        key = key_of(incident)
        if incident.is_open:
            self.open[key] = incident
        elif before is not None and before.is_open:
            self.open.pop(key, None)

    def forget(self, incident: Incident) -> None:
        """Drop an incident as if it had never been."""
        del self.incidents[incident.id]
        self.evidence.pop(incident.id, None)
        self.stop_waiting(incident.id)
        if incident.is_open:
            self.open.pop(key_of(incident), None)

    def flap(self, key: Key) -> Flap | None:
        """The coming and going of a service; None: it is steady, or no service of an authority is meant."""
        return self.flaps.get(f"{key.authority}/{key.service}") if key.scope is Scope.AUTHORITY else None

    def wait_with(self, id_: str) -> None:
        """Tell of it with the group that waits; the first one says when that is released."""
        if not self.waiting:
            self.release_at = self.now + timedelta(seconds=self.plan.group_wait)
            self.latest = None
        if id_ not in self.waiting:
            self.waiting.append(id_)

    def stop_waiting(self, id_: str) -> None:
        """There is nothing to tell of it any more."""
        if id_ in self.waiting:
            self.waiting.remove(id_)

    def group(self) -> Group | None:
        """The group that waits."""
        if not self.waiting:
            return None
        return Group(incidents=tuple(self.waiting), release_at=self.release_at, latest=self.latest)

    # --- what is believed -------------------------------------------------------------------------------------------

    def around(self) -> Surroundings:
        """What else is going on now; what maintenance explains does not count as down."""
        return look_around(
            self.plan,
            self.believed,
            self.now,
            references=self.references,
            records=self.windows,
            incidents=self.open.values(),
        )

    @cached_property
    def windows_near(self) -> tuple[Window, ...]:
        """The windows around now, those that are over for less than the grace among them."""
        return tuple(near(self.plan, self.windows, self.now))

    def change(self, state: TargetState) -> None:
        """Take over a target as it is now, in a Tick."""
        self.changed_targets[state.id] = state
        self._known_targets[state.id] = state

    # --- runs -------------------------------------------------------------------------------------------------------

    def want(self, target: Target, at: datetime) -> None:
        """Run it at `at`, unless a ban holds it."""
        if self.may_speak(target):
            self._due[target.id] = min(at, self._due.get(target.id, at))

    def may_speak(self, target: Target) -> bool:
        """Whether no ban holds it."""
        return not judge.is_held(target, self.bans, self.now)

    def ring_at(self, at: datetime) -> None:
        """Ask for a Tick at `at` or earlier."""
        self.alarm = at if self.alarm is None else min(self.alarm, at)

    def drop_strangers(self) -> None:
        """Forget what is no longer configured, and what was known of a target that looks at something else now.

        Before any target has changed: what is left is one plain dict, which a Tick looks into often.
        """
        plan, known = self.plan.targets, dict(self.known.targets)
        self._dropped_targets = [
            id_
            for id_, state in known.items()
            if (target := plan.get(id_)) is None or not judge.is_of(target, state)
        ]
        for id_ in self._dropped_targets:
            del known[id_]
        self.targets = self.believed = self._known_targets = known

    # --- the commit -------------------------------------------------------------------------------------------------

    def commit(self) -> Commit:
        """All of it as one value."""
        known, group = self.known, self.group()
        commit = Commit(
            at=self.now,
            targets=tuple(self.changed_targets.values()),
            incidents=_new(known.incidents, self.incidents),
            notifications=tuple(self.notifications),
            bans=self._new_bans(),
            lifted=_gone(known.bans, self.bans),
            forgotten=_gone(known.incidents, self.incidents),
            sweep=self.sweep,
            group=group,
            unsettled=frozenset(self.unsettled),
            references=_new(known.references, self.references),
            windows=_new(known.windows, self.windows),
            notices=_new(known.notices, self.notices),
            silences=_new(known.silences, self.silences),
            stores_down=self.stores_down if self.stores_down != known.stores_down else None,
            certificates=_new(known.certificates, self.certificates),
            expected=_new(known.expected, self.expected),
            flaps=_new(known.flaps, self.flaps),
            drills=_new(known.drills, self.drills),
            evidence=_new(known.evidence, self.evidence),
            inquiries=tuple(self.inquiries),
            reported=self.reported if self.reported != known.reported else None,
            alarm=self.alarm,
            overdue=self.overdue,
            doubt=self.doubt,
            dropped=self._dropped(),
            refused=self.refused,
            due=tuple(Due(target=id_, at=at) for id_, at in self._due.items()),
            intervals=self.intervals,
            first_failure=self.first_failure,
            next_wakeup=self._next_wakeup(group),
        )
        return replace(commit, durable=self.believes_otherwise or self._is_weighty(commit))

    def _is_weighty(self, commit: Commit) -> bool:
        """Whether it holds something that must not be lost; readings of references and sweeps may."""
        return (
            any(getattr(commit, name) for name in WEIGHTY)
            or commit.stores_down is not None
            or commit.reported is not None
            or commit.group != self.known.group
            or commit.doubt != self.known.doubt
        )

    def _next_wakeup(self, group: Group | None) -> datetime | None:
        return next_wakeup(
            self.plan,
            self.now,
            unsettled=self.unsettled,
            group=group,
            sweep=self.sweep,
            bans=self.bans,
            states=self.targets,
            alarm=self.alarm,
        )

    def _new_bans(self) -> tuple[Ban, ...]:
        known = self.known.bans
        return tuple(
            Ban(host_key=key, until=until) for key, until in self.bans.items() if known.get(key) != until
        )

    def _dropped(self) -> tuple[tuple[str, str], ...]:
        gone = [("targets", id_) for id_ in self._dropped_targets]
        for name in (
            "references",
            "windows",
            "notices",
            "silences",
            "certificates",
            "expected",
            "flaps",
            "drills",
        ):
            gone += [(name, id_) for id_ in _gone(getattr(self.known, name), getattr(self, name))]
        return tuple(gone)


def _new(known: Mapping[str, T], now: Mapping[str, T]) -> tuple[T, ...]:
    return tuple(value for id_, value in now.items() if known.get(id_) is not value)


def _gone(known: Mapping[str, object], now: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(id_ for id_ in known if id_ not in now)
