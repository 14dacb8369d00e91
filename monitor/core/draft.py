"""A commit in the making: takes the changes of one event one after the other, on copies of what they change."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core import incidents as cases
from monitor.core import judge
from monitor.core.diagnosis import Surroundings, look_around
from monitor.core.state import Commit, Group, State, Sweep
from monitor.core.telling import by_service, notify, notify_over, speaks_of_authority, words
from monitor.core.wakeup import arrived, longest, next_wakeup, release_time, row_time
from monitor.model import (
    LOCAL,
    Ban,
    Confirmed,
    Due,
    Incident,
    Notification,
    Plan,
    Scope,
    Target,
    TargetState,
)

SWEEP_EVERY = timedelta(minutes=1)
"""A first failing run starts a corroboration sweep at most this often (contract §1)."""

FRESH = timedelta(seconds=1)
"""A run that ended so lately corroborates as well as another would: a cold start looks at everyone once, not twice."""


class Draft:
    """The changes of one event so far. Reads `state`, never writes it."""

    def __init__(self, state: State, plan: Plan, now: datetime) -> None:
        self.plan = plan
        self.now = now
        self._state = state
        self._changed_targets: dict[str, TargetState] = {}
        self.targets: ChainMap[str, TargetState] = ChainMap(self._changed_targets, state.targets)
        self.incidents = dict(state.incidents)
        self.bans = dict(state.bans)
        self._sweep = state.sweep
        group = state.group
        self._waiting = [id_ for id_ in group.incidents if id_ in self.incidents] if group else []
        latest = now + timedelta(seconds=plan.group_wait)  # a clock that was set back must not hold the group
        self._release_at = min(group.release_at, latest) if group else latest
        self._notifications: list[Notification] = []
        self._due: dict[str, datetime] = {}
        self._intervals: dict[str, float] = {}
        self._unsettled = set(state.unsettled)
        self._believes_otherwise = False

    # --- the target that ran ---------------------------------------------------------------------------------------

    def turn(self, target: Target, before: TargetState, after: TargetState) -> None:
        """Take over the target's new state and what follows for its own runs and for those it wakes."""
        self._changed_targets[target.id] = after
        self._sweep = arrived(self._sweep, after)
        if judge.believes_otherwise(before, after):
            self._believes_otherwise = True
            self._unsettled.add(target.authority)
        interval = judge.interval_of(target, after)
        if interval != judge.interval_of(target, before):
            self._intervals[target.id] = interval
        again = judge.wants_rerun(target, after)
        if again is not None:
            self._want(target, self.now + timedelta(seconds=again.spacing))
        if {before.confirmed, after.confirmed} == {Confirmed.UP, Confirmed.DOWN}:
            self._wake(target)

    def _wake(self, changed: Target) -> None:
        """It changed its mind: those of its authority that wait for that run now."""
        for target in self.plan.by_authority[changed.authority]:
            if changed.probe in target.wake_on and target.id != changed.id:
                self._want(target, self.now)

    def _want(self, target: Target, at: datetime) -> None:
        if self._may_speak(target):
            self._due[target.id] = min(at, self._due.get(target.id, at))

    def ban(self, target: Target) -> None:
        """The platform shut us out: no request to that host and port for a day."""
        self.bans[target.host_key] = self.now + judge.BAN

    def lift_bans(self) -> None:
        """Drop the bans that ran out."""
        self.bans = {key: until for key, until in self.bans.items() if self.now < until}

    def set_paces(self) -> None:
        """Say every interval that differs from the configured one, so that a restart keeps to them."""
        for id_, state in self.targets.items():
            target = self.plan.targets.get(id_)
            if target is not None and (state.confirmed is Confirmed.DOWN or state.pace > 1):
                self._intervals[id_] = judge.interval_of(target, state)

    # --- looking elsewhere before the first word --------------------------------------------------------------------

    def corroborate(self, failed: Target) -> None:
        """Ask the controls and the cheapest target of every other authority, at most once a minute."""
        last = self._sweep
        if last is not None and timedelta() <= self.now - last.started_at < SWEEP_EVERY:
            return
        asked = [
            self._cheapest(mine) for slug, mine in self.plan.by_authority.items() if slug != failed.authority
        ]
        wanted = [*self.plan.by_authority.get(LOCAL, ()), *(one for one in asked if one is not None)]
        wait = longest(timedelta(seconds=target.timeout) for target in wanted)
        self._start_sweep([one for one in wanted if one.id != failed.id], wait, fresh=FRESH)

    def _cheapest(self, targets: Iterable[Target]) -> Target | None:
        return min(
            filter(self._may_speak, targets),
            key=lambda target: (judge.cost(target), target.timeout),
            default=None,
        )

    def look_again(self, answered: Target) -> None:
        """Our network seems to be back: look at everyone believed down before saying who still is."""
        if self._open_local() is None:
            return
        down = [
            target
            for id_, state in self.targets.items()
            if state.confirmed is Confirmed.DOWN
            and id_ != answered.id
            and (target := self.plan.targets.get(id_)) is not None
        ]
        self._start_sweep(down, longest(row_time(target, target.recover) for target in down))

    def _start_sweep(self, wanted: list[Target], wait: timedelta, fresh: timedelta = timedelta()) -> None:
        wanted = [
            target
            for target in wanted
            if self._may_speak(target) and not self._has_just_spoken(target, fresh)
        ]
        self._sweep = Sweep(
            started_at=self.now,
            until=self.now + wait + timedelta(seconds=self.plan.group_wait),
            awaiting=frozenset(target.id for target in wanted),
        )
        for target in wanted:
            if target.id in self.targets:  # one that never ran is being started anyway
                self._want(target, self.now)

    def _may_speak(self, target: Target) -> bool:
        return not judge.is_held(target, self.bans, self.now)

    def _has_just_spoken(self, target: Target, fresh: timedelta) -> bool:
        """Whether its last run ended within `fresh`, or at this very instant: its word counts, by whatever order."""
        state = self.targets.get(target.id)
        if state is None or state.last is None or judge.is_recovering(state):
            return False
        return state.last.started_at + timedelta(seconds=state.last.duration) >= self.now - fresh

    # --- what should be open, against what is -----------------------------------------------------------------------

    def settle(self) -> None:
        """Bring the incidents in line with what is believed: of the unsettled authorities, or on a mere Tick of all."""
        unsettled, self._unsettled = self._unsettled, set()
        began_or_ended = self._reconcile_local(self._around())
        if not unsettled or began_or_ended:
            self.settle_all()
            return
        around = self._around()
        for slug in self._provinces():
            if slug in unsettled:
                self._reconcile(slug, around)

    def settle_all(self) -> None:
        """All authorities, also what nothing looks at any more. Twice: each rests on how many others are down."""
        for _ in range(2):
            around = self._around()
            for slug in self._provinces():
                self._reconcile(slug, around)
        watched = {(target.authority, target.service) for target in self.plan.targets.values()}
        for key, incident in by_service(self.incidents).items():
            if incident.scope is Scope.AUTHORITY and key not in watched:
                self._resolve(incident, watched=False)

    def _provinces(self) -> list[str]:
        return [slug for slug in self.plan.by_authority if slug != LOCAL]

    def _around(self) -> Surroundings:
        return look_around(self.plan, self.targets, self.incidents.values())

    def _reconcile(self, authority: str, around: Surroundings) -> None:
        is_open = by_service(self.incidents)
        for service, targets in judge.services(self.plan, authority).items():
            view = judge.judge_service(targets, self.targets)
            outage = cases.outage_of(view, self.plan, around)
            incident = is_open.get((authority, service))
            if incident is None:
                if outage is not None and not self._is_quiet():
                    self._open(authority, service, outage)
            elif outage is None:
                self._resolve(incident)
            elif not (
                around.local.holds or around.local.suspected
            ):  # a fault of ours says nothing new of them
                self._change(incident, outage)

    def _reconcile_local(self, around: Surroundings) -> bool:
        """Open, change or end the incident of our own network. Returns whether it began or ended."""
        incident = self._open_local()
        outage = cases.local_outage(self.plan, self.targets, around)
        if incident is None:
            if outage is None:
                return False
            self._join(self._open(LOCAL, "", outage))
        elif outage is None:
            self._resolve(incident)
        else:
            self._change(incident, outage)
            return False
        return True

    def _join(self, local: Incident) -> None:
        """Our own fault explains the others: what nobody was told is withdrawn, the rest gets it as its parent."""
        for incident in list(self.incidents.values()):
            if incident.scope is not Scope.AUTHORITY or not incident.is_open:
                continue
            waited = incident.id in self._waiting
            if waited:
                self._waiting.remove(incident.id)
            if waited and not incident.told:
                del self.incidents[incident.id]
            else:
                self.incidents[incident.id] = replace(incident, parent=local.id)

    def _open(self, authority: str, service: str, outage: cases.Outage) -> Incident:
        incident = cases.opened(authority, service, outage, self.now, self.incidents)
        self.incidents[incident.id] = incident
        self._wait_with(incident.id)
        return incident

    def _change(self, incident: Incident, outage: cases.Outage) -> None:
        now = cases.changed(incident, outage)
        self.incidents[incident.id] = now
        if words(self.plan, now):
            self._wait_with(incident.id)

    def _resolve(self, incident: Incident, *, watched: bool = True) -> None:
        """End it. What was resolved before anyone was told is not told at all."""
        over = cases.resolved(incident, self.now, watched=watched)
        self.incidents[incident.id] = over
        if words(self.plan, over):
            self._wait_with(incident.id)
        elif incident.id in self._waiting:
            self._waiting.remove(incident.id)

    def _wait_with(self, id_: str) -> None:
        """Tell of it with the group that waits; the first one says when that is released."""
        if not self._waiting:
            self._release_at = self.now + timedelta(seconds=self.plan.group_wait)
        if id_ not in self._waiting:
            self._waiting.append(id_)

    def _open_local(self) -> Incident | None:
        return by_service(self.incidents).get((LOCAL, ""))

    def _ended_local(self) -> list[Incident]:
        """Faults of ours that are over but whose end is not told yet."""
        waiting = (self.incidents[id_] for id_ in self._waiting)
        return [one for one in waiting if one.scope is Scope.LOCAL and not one.is_open and one.told]

    def _is_quiet(self) -> bool:
        """Whether nothing is opened: our own fault holds, or its last word, which says who is down, is to come."""
        return self._open_local() is not None or bool(self._ended_local())

    # --- telling ----------------------------------------------------------------------------------------------------

    def may_release(self) -> bool:
        """Whether the waiting group may be told now."""
        group = self._group()
        if group is None:
            return False
        return self.now >= release_time(
            self.plan, self.now, group=group, sweep=self._sweep, states=self.targets
        )

    def release(self) -> None:
        """Decide the notifications of the waiting group, after a fresh look at what each of them rests on.

        What ended first, so that the end of our own fault may say that it is down again.
        """
        self.settle_all()
        over = self._ended_local()
        ended = [id_ for id_ in self._waiting if not self.incidents[id_].is_open]
        self._waiting = [id_ for id_ in self._waiting if id_ not in ended]
        self._tell(id_ for id_ in ended if self.incidents[id_] not in over)
        for local in over:
            self._release_end(local)
        self._tell(self._waiting)
        self._waiting = []

    def _tell(self, ids: Iterable[str]) -> None:
        """Decide the notifications about these incidents."""
        found, after = notify(
            (word for id_ in ids for word in words(self.plan, self.incidents[id_])), self.now
        )
        self._notifications += found
        self.incidents.update(after)

    def _release_end(self, local: Incident) -> None:
        """The end of our own fault, with those who are down still; these count as told from now on."""
        if self._open_local() is None:
            self._open_still_down(local)
        still = [one for one in by_service(self.incidents).values() if speaks_of_authority(one)]
        word, after = notify_over(local, still, (one.authority for one in still), self.now)
        self._notifications.append(word)
        self.incidents.update((one.id, one) for one in after)

    def _open_still_down(self, local: Incident) -> None:
        known, around = set(self.incidents), self._around()
        for slug in self._provinces():
            self._reconcile(slug, around)
        for id_ in set(self.incidents) - known:
            self.incidents[id_] = replace(self.incidents[id_], parent=local.id)

    def forget(self) -> None:
        """Drop resolved incidents that need not be kept."""
        for id_ in cases.forgettable(self.incidents.values(), self.now):
            if id_ not in self._waiting:
                del self.incidents[id_]

    # --- the commit -------------------------------------------------------------------------------------------------

    def _group(self) -> Group | None:
        return Group(incidents=tuple(self._waiting), release_at=self._release_at) if self._waiting else None

    def commit(self) -> Commit:
        """All of it as one value."""
        known = self._state
        incidents = tuple(one for id_, one in self.incidents.items() if known.incidents.get(id_) is not one)
        forgotten = tuple(id_ for id_ in known.incidents if id_ not in self.incidents)
        bans = tuple(
            Ban(host_key=key, until=until) for key, until in self.bans.items() if known.bans.get(key) != until
        )
        lifted = tuple(key for key in known.bans if key not in self.bans)
        group = self._group()
        return Commit(
            at=self.now,
            targets=tuple(self._changed_targets.values()),
            incidents=incidents,
            notifications=tuple(self._notifications),
            bans=bans,
            lifted=lifted,
            forgotten=forgotten,
            sweep=self._sweep,
            group=group,
            due=tuple(Due(target=id_, at=at) for id_, at in self._due.items()),
            intervals=self._intervals,
            unsettled=frozenset(self._unsettled),
            next_wakeup=next_wakeup(
                self.plan,
                self.now,
                unsettled=self._unsettled,
                group=group,
                sweep=self._sweep,
                bans=self.bans,
                states=self.targets,
            ),
            durable=self._believes_otherwise
            or bool(incidents or forgotten or bans or lifted or self._notifications)
            or group != known.group,
        )
