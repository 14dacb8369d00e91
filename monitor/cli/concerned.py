"""Whom or what an incident is about, in words that tell a nationwide outage from one of the national page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.cli.drawing import clean
from monitor.cli.texts import language_of, say


def concerned(incident: Mapping[str, Any]) -> str:
    """`shandong verify` of an incident of /api/v1/incidents, cleaned; what is no authority's by its name in the user's language."""
    scope, authority = incident.get("scope"), incident.get("authority")
    named = clean(authority or scope or "", 30)
    if scope in ("national", "local", "daemon"):
        named = say(language_of(None), f"scope_{scope}")
    elif authority == "national":
        named = say(language_of(None), "national_page")
    return f"{named} {clean(incident.get('service') or '', 30)}".strip()
