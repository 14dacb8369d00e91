"""Told when the monitor itself does not work: a store that takes nothing, as an incident of scope `daemon`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core import incidents as cases
from monitor.core.draft import Draft
from monitor.core.incidents import Key, Outage
from monitor.core.opening import end
from monitor.model import LOCAL, Cause, Diagnosis, Incident, Scope, StoreHealth

CONFIRM = timedelta(seconds=5)
"""A store must work, or not work, for so long before that is told."""


def hear(draft: Draft, health: StoreHealth) -> None:
    """Take over what is said of a store. One that is up again before anyone was told has never been down."""
    key = Key(Scope.DAEMON, LOCAL, health.store)
    incident = draft.open.get(key)
    if health.up:
        draft.stores_down.pop(health.store, None)
        if incident is not None and not incident.told:
            draft.forget(incident)
        elif incident is not None and incident.fading_since is None:
            draft.keep(replace(incident, fading_since=draft.now))
        return
    draft.stores_down.setdefault(health.store, draft.now)
    if incident is None:
        draft.keep(cases.opened(key, _outage(draft, health), draft.now, draft.incidents))
    elif incident.fading_since is not None:
        draft.keep(replace(incident, fading_since=None))


def _outage(draft: Draft, health: StoreHealth) -> Outage:
    return Outage(
        cause=Cause.INTERNAL,
        phase=None,
        severity=draft.plan.judgement.severity_daemon,
        never_up=False,
        targets=(),
        first_failure_at=draft.now,
        diagnosis=Diagnosis.UNDETERMINED,
        facts=(f"{health.store}: {health.detail}" if health.detail else health.store,),
    )


def is_unconfirmed(incident: Incident, now: datetime) -> bool:
    """Whether this is a store that has not been down for long enough to be told."""
    return incident.scope is Scope.DAEMON and incident.opened_at <= now < incident.opened_at + CONFIRM


def settle(draft: Draft) -> None:
    """End what has worked again for long enough."""
    for incident in list(draft.open.values()):
        since = incident.fading_since
        if incident.scope is Scope.DAEMON and since is not None and not since <= draft.now < since + CONFIRM:
            end(draft, incident)
