"""Incidents as alerts of Alertmanager's v2 API: which it is to know of now, and how each reads.

An alert is known by its labels, so they hold stable codes only; what changes while it lasts is in the annotations. The
one label that may change is `severity`, because routes ask for it: the alert with the former one is ended then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any

from monitor.core.certificates import announcement
from monitor.core.flaps import stand_in
from monitor.core.services import is_spoken_of
from monitor.core.state import CertificateRecord, Flap, State
from monitor.core.telling import notification
from monitor.core.verdict import reference_rows
from monitor.model import EventName, Incident, Plan, Scope, Severity, Vote, rfc3339
from monitor.notify.payload import payload

RESEND = 60.0
"""Seconds between two times that what fires is sent again, as Prometheus does."""
AHEAD = timedelta(seconds=4 * RESEND)
"""How far ahead the end of what fires is set: three lost re-sends end nothing."""
LATELY = timedelta(minutes=15)
"""How long after its end an alert is still sent as ended, as Prometheus does."""

NAMES = {
    Scope.AUTHORITY: "FapiaoServiceFailing",
    Scope.NATIONAL: "FapiaoNationalOutage",
    Scope.LOCAL: "FapiaoLocalFault",
    Scope.DAEMON: "FapiaoMonitorDegraded",
}
EVENT_NAMES = {
    EventName.CERTIFICATE_EXPIRING: "FapiaoCertificateExpiring",
    EventName.FLAPPING_STARTED: "FapiaoServiceFlapping",
    EventName.TEST: "FapiaoTest",
}
"""Alerts without an incident."""

Alert = dict[str, Any]
"""`{"labels", "annotations", "startsAt", "endsAt"[, "generatorURL"]}`, plain JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is so at `now`."""

    plan: Plan
    state: State
    now: datetime


def standing(receiver: str, scene: Scene) -> list[Incident]:
    """Everything that a receiver URL should know of now: what it was told of and is open, and what ended lately."""
    since = scene.now - LATELY
    return [
        incident
        for incident in chain(map(partial(as_told, scene), scene.state.incidents.values()), played(scene))
        if receiver in incident.told or receiver in incident.heard
        if incident.is_open or _ended_at(incident, scene.now) >= since
    ]


def concerned(told: Mapping[str, Any], scene: Scene) -> list[Incident]:
    """The incidents that a notification (its payload) is about, as they are now.

    What mended while Alertmanager could not be reached is not said to fire, however late the word of it comes. What is
    not remembered any more ended long ago.
    """
    known = {**scene.state.incidents, **{one.id: one for one in played(scene)}}
    return [as_told(scene, known[one["id"]]) for one in told["incidents"] if one["id"] in known]


def played(scene: Scene) -> Iterator[Incident]:
    """The incidents of drills. Their alerts are marked by a label of their own, so that routes can tell them apart."""
    return (incident for drill in scene.state.drills.values() for incident in drill.incidents)


def as_told(scene: Scene, incident: Incident) -> Incident:
    """The incident as those believe it to be who were told of it: it goes on until its end may be told."""
    flap = scene.state.flaps.get(f"{incident.authority}/{incident.service}")
    is_owed = flap is not None and flap.owed == incident.id
    return replace(incident, resolved_at=None) if is_owed or incident.end_from is not None else incident


def of_incident(receiver: str, incident: Incident, scene: Scene) -> Iterator[Alert]:
    """Its alert, firing or ended, and the ended ones of severities it had before. None while it is not told."""
    if incident.is_open and not {receiver} & (incident.told | incident.heard):
        return
    severity = incident.told_severity or incident.severity
    fires = incident.is_open and receiver in incident.told
    ends = scene.now + AHEAD if fires else _ended_at(incident, scene.now)
    annotations = _annotations(incident, scene, min(ends, scene.now))
    yield _alert(incident, severity, annotations, ends, scene)
    if (changed := _last(incident, "severity=")) is not None:
        for former in Severity:
            if former is not severity:
                yield _alert(incident, former, annotations, min(changed, scene.now), scene)


def _ended_at(incident: Incident, now: datetime) -> datetime:
    """When it ended; where it is open again and that is not told yet, when it ended last."""
    return min(incident.resolved_at or _last(incident, "resolved") or now, now)


def _last(incident: Incident, word: str) -> datetime | None:
    """When something of this kind happened to it last."""
    return next((at for at, entry in reversed(incident.timeline) if entry.startswith(word)), None)


def _alert(
    incident: Incident, severity: Severity, annotations: Mapping[str, str], ends: datetime, scene: Scene
) -> Alert:
    labels = _labels(NAMES[incident.scope], incident.scope, incident.authority, incident.service)
    labels |= {"severity": str(severity), "vantage": scene.plan.vantage, "incident": incident.id}
    labels |= {"drill": "true"} if incident.drill else {}
    starts = min(incident.first_failure_at, ends, scene.now)
    return _shaped(labels, annotations, starts, ends)


def _annotations(incident: Incident, scene: Scene, at: datetime) -> dict[str, str]:
    told = _in_words(incident, scene, at)
    return {
        "summary": told["title"],
        "description": told["text"],
        "cause": str(incident.cause),
        "diagnosis": str(incident.diagnosis),
        "verdict": str(incident.verdict),
        "link": told["url"],
    }


def _labels(name: str, scope: str, authority: str, service: str) -> dict[str, str]:
    return {"alertname": name, "scope": scope, "authority": authority, "service": service}


def _shaped(
    labels: Mapping[str, str], annotations: Mapping[str, str], starts: datetime, ends: datetime
) -> Alert:
    """One entry of the array that is posted. An empty label is the same as none."""
    alert: Alert = {
        "labels": {name: value for name, value in labels.items() if value},
        "annotations": {name: value for name, value in annotations.items() if value},
        "startsAt": rfc3339(starts),
        "endsAt": rfc3339(ends),
    }
    return alert | ({"generatorURL": annotations["link"]} if annotations["link"] else {})


def _in_words(incident: Incident, scene: Scene, at: datetime) -> Mapping[str, Any]:
    """The payload that would tell of this incident alone at `at`."""
    event = _event(incident)
    members = [one for one in scene.state.incidents.values() if one.is_open and one.parent == incident.id]
    note = notification(event, incident.scope, [incident], (), at, lambda one: _votes(one, scene, at))
    wide = incident.scope is Scope.NATIONAL and incident.is_open
    return payload(replace(note, incidents=(incident, *members)) if wide else note, scene.plan)


def _event(incident: Incident) -> EventName:
    if incident.scope is Scope.DAEMON:
        return EventName.DAEMON_DEGRADED if incident.is_open else EventName.DAEMON_RESTORED
    return EventName.INCIDENT_OPENED if incident.is_open else EventName.INCIDENT_RESOLVED


def _votes(incident: Incident, scene: Scene, at: datetime) -> tuple[Vote, ...]:
    if not is_spoken_of(scene.plan, incident.authority, incident.service):
        return ()
    rows: Iterable[Any] = reference_rows(
        scene.state.references, scene.plan.references, incident.authority, at
    )
    return tuple(
        Vote(source=row.source, outcome=row.outcome, age_seconds=row.age_seconds, stale=row.stale)
        for row in rows
    )


# --- what has no incident --------------------------------------------------------------------------------------------


def of_certificate(record: CertificateRecord, scene: Scene) -> Alert:
    """Its alert, which fires while the certificate stands; it ends by itself once it is not sent again."""
    note = announcement(scene.plan, [record], (), scene.now)
    [about], told = note.incidents, payload(note, scene.plan)
    labels = _labels(EVENT_NAMES[note.event], about.scope, about.authority, about.service)
    labels |= {"severity": str(about.severity), "vantage": scene.plan.vantage, "incident": about.id}
    annotations = {"summary": told["title"], "description": told["text"], "link": told["url"]}
    return _shaped(labels, annotations, min(record.seen_at, scene.now), scene.now + AHEAD)


def of_flap(flap: Flap, scene: Scene) -> Alert:
    """The alert of a service that comes and goes, which fires until that is over."""
    about = stand_in(scene.plan, flap)
    note = notification(EventName.FLAPPING_STARTED, about.scope, [about], (), min(flap.began_at, scene.now))
    told = payload(note, scene.plan)
    return _of_flap(told, flap.id, flap.began_at, scene.now + AHEAD)


def of_flaps_end(told: Mapping[str, Any]) -> list[Alert]:
    """That a service is steady again, by the payload that says so."""
    at = datetime.fromisoformat(told["at"])
    return [_of_flap(told, told["key"].partition("/")[0], at, at)]


def _of_flap(told: Mapping[str, Any], id_: str, starts: datetime, ends: datetime) -> Alert:
    [about] = told["incidents"]
    name = EVENT_NAMES[EventName.FLAPPING_STARTED]
    labels = _labels(name, told["scope"], about["authority"], about["service"])
    labels |= {"severity": told["severity"], "vantage": told["vantage"], "incident": id_}
    annotations = {"summary": told["title"], "description": told["text"], "link": told["url"]}
    return _shaped(labels, annotations, min(starts, ends), ends)


def of_test(told: Mapping[str, Any], now: datetime | None) -> list[Alert]:
    """A test: fires for a while and ends by itself. Nothing for any other event."""
    if told["event"] != EventName.TEST:
        return []
    decided = datetime.fromisoformat(told["at"])
    annotations = {"summary": told["title"], "description": told["text"], "link": told["url"]}
    labels = _labels(EVENT_NAMES[EventName.TEST], told["scope"], "", "")
    labels |= {"severity": told["severity"], "vantage": told["vantage"]}
    return [_shaped(labels, annotations, decided, max(now or decided, decided) + AHEAD)]
