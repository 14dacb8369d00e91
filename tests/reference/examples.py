"""Documents of references, and what they are read with."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from monitor.knowledge import load_registry
from monitor.model import Outcome, ReferenceMap, ReferenceReading, ReferenceSource
from monitor.reference.fetched import Fetched
from monitor.reference.names import index
from monitor.reference.reading import Context, read

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CONTEXT = Context(names=index(load_registry().values()), zone=ZoneInfo("Asia/Shanghai"), now=NOW)
WORDS = {"正常": Outcome.OK, "异常": Outcome.ERROR, "超时": Outcome.TIMEOUT}
BOARD = ReferenceMap(rows="$.list[*]", authority="$.name", outcome="$.state", at="$.time", values=WORDS)
HQ = ReferenceSource(name="hq", url="http://127.0.0.1:1/")


def own_row(
    outcome: str = "ok", cause: str = "none", at: Any = "2026-11-21T07:59:30Z", **more: Any
) -> dict[str, Any]:
    """A row of our own format."""
    return {"outcome": outcome, "cause": cause, "since": "2026-11-20T00:00:00Z", "checked_at": at, **more}


def own_document(rows: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A document of our own format; by default Shandong is down and Beijing is up."""
    return {
        "format": "fapiao-reference/1",
        "source": "fapiao-monitor",
        "vantage": "hq",
        "generated_at": "2026-11-21T08:00:00Z",
        "local_fault": False,
        "authorities": {"shandong": own_row("timeout", "response_timeout"), "beijing": own_row()}
        if rows is None
        else rows,
        **more,
    }


def board(**more: Any) -> ReferenceSource:
    """A source in a format of its own; `more` changes its map."""
    given = {name: getattr(BOARD, name) for name in BOARD.__slots__}
    return ReferenceSource(name="board", file="status.json", map=ReferenceMap(**{**given, **more}))


def board_row(name: str = "山东", state: str = "正常", time: Any = "2026-11-21 15:59") -> dict[str, Any]:
    """A row of that format."""
    return {"name": name, "state": state, "time": time}


def reading(
    document: Any, source: ReferenceSource = HQ, *, changed_at: datetime | None = None
) -> ReferenceReading:
    """What a document (a JSON value, or the bytes themselves) is read as."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read(source, Fetched(body=body, changed_at=changed_at), CONTEXT)


def said(given: ReferenceReading) -> dict[str, str]:
    """Slug → outcome."""
    return {row.authority: row.outcome.value for row in given.rows}
