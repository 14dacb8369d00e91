"""What a state file says once its daemon is gone: what was decided, and what is not over yet."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

_OPEN = "SELECT count(*) FROM entity WHERE kind = 'incidents' AND json_extract(body, '$.resolved_at') IS NULL"
_ENDING = (
    "SELECT count(*) FROM entity WHERE kind = 'incidents' AND json_extract(body, '$.end_from') IS NOT NULL"
)
_UNFINISHED = (
    "SELECT count(*) FROM outbox WHERE status = 'pending'",
    "SELECT count(*) FROM entity WHERE kind = 'flaps'",
    _OPEN,
    _ENDING,
)


def outbox(state: Path) -> dict[str, set[str]]:
    """receiver id → keys that were decided for it."""
    with contextlib.closing(sqlite3.connect(state / "state.sqlite3")) as file:
        rows = file.execute("SELECT receiver, key FROM outbox").fetchall()
    found: dict[str, set[str]] = {}
    for receiver, key in rows:
        found.setdefault(receiver, set()).add(key)
    return found


def is_quiet(state: Path) -> bool:
    """Whether all is told, and nothing is open, comes and goes, or must be up for a while before its end is told."""
    with contextlib.closing(sqlite3.connect(state / "state.sqlite3")) as file:
        return not any(file.execute(question).fetchone()[0] for question in _UNFINISHED)
