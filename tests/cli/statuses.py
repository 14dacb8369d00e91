"""What a daemon answers to /api/v1/status, and what a terminal of some width makes of it."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from monitor.cli.matrix import draw_status
from monitor.knowledge import load_registry

NOW = "2026-11-21T08:12:00Z"


def row(slug: str = "shandong", state: str = "up", outcome: str | None = "ok", **more: Any) -> dict[str, Any]:
    """One row of /api/v1/status."""
    authority = load_registry()[slug]
    return {
        "authority": slug,
        "code": authority.code,
        "name": authority.name,
        "state": state,
        "outcome": outcome,
        "cause": None if outcome is None else "none",
        "flags": [],
        "diagnosis": "healthy",
        "facts": [],
        "verdict": "no_reference",
        "since": None,
        "seen_up": True,
        "reference": [],
        "maintenance": [],
        "incidents": [],
        "services": {},
        "targets": [f"captcha/{slug}"],
        **more,
    }


def says(outcome: str, stale: bool = False) -> dict[str, Any]:
    """What one reference says."""
    return {"source": "hq", "outcome": outcome, "age_seconds": 3.0, "stale": stale}


def status(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An answer of /api/v1/status: `rows` in place of their authority's, all others up."""
    changed = {one["authority"]: one for one in rows}
    return {
        "generated_at": NOW,
        "vantage": "shanghai-office",
        "authorities": [changed.get(slug) or row(slug) for slug in load_registry()],
        "national": None,
        "local": {"state": "up", "diagnosis": "healthy", "facts": []},
        **more,
    }


INCIDENT: dict[str, Any] = {
    "id": "i-1",
    "parent": None,
    "members": [],
    "scope": "authority",
    "authority": "shandong",
    "service": "verify",
    "severity": "critical",
    "cause": "response_timeout",
    "diagnosis": "provincial_outage",
    "first_failure_at": "2026-11-21T08:00:00Z",
    "opened_at": "2026-11-21T08:00:10Z",
}
DOWN = row("shandong", "down", "timeout", cause="response_timeout")


def drawn(answer: dict[str, Any], *incidents: dict[str, Any], width: int = 80, colour: bool = False) -> str:
    """The picture as a terminal of that width gets it."""
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=colour,
        color_system="truecolor" if colour else None,
        highlight=False,
        legacy_windows=False,
    )
    console.print(draw_status(answer, incidents, width))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
