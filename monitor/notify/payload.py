"""What a receiver is given: the structured form of a notification (`fapiao-notification/1`) with its text in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.model import Evidence, Incident, Notification, Plan, PostedNotice, Window, as_json
from monitor.notify.digest import link_of_digest, words_of_digest
from monitor.notify.evidence import evidence_json
from monitor.notify.maintenance import MOST_NOTICES
from monitor.notify.text import link, title_and_text

FORMAT = "fapiao-notification/1"


def payload(notification: Notification, plan: Plan) -> dict[str, Any]:
    """The notification as plain JSON values; docs/notifications.md describes every key. Equal on every retry."""
    is_digest = bool(notification.digest)
    title, text = words_of_digest(notification, plan) if is_digest else title_and_text(notification, plan)
    found = {one.incident: one for one in notification.evidence}
    told: Mapping[str, Any] = {
        "format": FORMAT,
        "key": notification.key,
        "event": notification.event,
        "at": notification.at,
        "severity": notification.severity,
        "scope": notification.scope,
        "incidents": [_incident(incident, found.get(incident.id)) for incident in notification.incidents],
        "window": notification.window and _window(notification.window),
        "reference": [
            {"source": vote.source, "outcome": vote.outcome, "age_seconds": round(vote.age_seconds)}
            for vote in notification.reference
        ],
        "title": title,
        "text": text,
        "vantage": plan.vantage,
        "drill": notification.drill,
        **_digest(notification),
        **_waiting(notification),
        **_notices(notification),
        "url": link_of_digest(notification, plan) if is_digest else link(notification, plan),
    }
    plain: dict[str, Any] = as_json(told)
    return plain


def _digest(notification: Notification) -> dict[str, Any]:
    """What it stands for; the incidents are whole beside it."""
    if not notification.digest:
        return {}
    entries = [
        {
            "key": entry.key,
            "event": entry.event,
            "at": entry.at,
            "incidents": entry.incidents,
            "window": entry.window and _window(entry.window),
        }
        for entry in notification.digest
    ]
    return {"digest": entries, "unlisted": notification.unlisted}


def _waiting(notification: Notification) -> dict[str, Any]:
    """Who waited, without where they are told."""
    if not notification.waiting:
        return {}
    keys = ("authority", "service", "ticket")
    return {"waiting": [{key: getattr(one, key) for key in keys} for one in notification.waiting]}


def _notices(notification: Notification) -> dict[str, Any]:
    """Notices that wait for a person, with what was read from them."""
    if not notification.notices:
        return {}
    return {"notices": [_notice(one) for one in notification.notices[:MOST_NOTICES]]}


def _notice(notice: PostedNotice) -> dict[str, Any]:
    return {
        "id": notice.id,
        "feed": notice.feed,
        "file": notice.file,
        "title": notice.title,
        "published": notice.published and notice.published.isoformat(),
        "windows": [_window(window) for window in notice.windows],
        "unclear": [{"kind": kind, "text": text} for kind, text in notice.unclear],
    }


def _incident(incident: Incident, found: Evidence | None) -> dict[str, Any]:
    return {
        "id": incident.id,
        "parent": incident.parent,
        "authority": incident.authority,
        "service": incident.service,
        "outcome": incident.cause.outcome,
        "cause": incident.cause,
        "diagnosis": incident.diagnosis,
        "verdict": incident.verdict,
        "first_failure_at": incident.first_failure_at,
        "opened_at": incident.opened_at,
        "resolved_at": incident.resolved_at,
        "facts": incident.facts,
        "evidence": {
            "phase": incident.phase,
            "targets": incident.targets,
            "never_up": incident.never_up,
            "severity": incident.severity,
            **({} if found is None else _taken(found)),
        },
    }


def _taken(found: Evidence) -> dict[str, Any]:
    """The bundle, under names of its own beside those above."""
    taken = evidence_json(found)
    return {name: value for name, value in taken.items() if name not in ("incident", "phase")}


def _window(window: Window) -> dict[str, Any]:
    return {
        "id": window.id,
        "name": window.name,
        "authorities": window.authorities,
        "services": window.services,
        "start": window.start,
        "end": window.end,
        "planned_end": window.planned_end,
        "early": window.early,
        "resumes": window.resumes or None,
        "notice": window.notice or None,
    }
