"""What others say while one look is explained: references, and a daemon that runs here. None of them may keep anybody waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from yarl import URL

from monitor.cli.client import Daemon, Unanswered, read, stranger
from monitor.clock import Clock
from monitor.core.instants import read_instant
from monitor.model import (
    LOCAL,
    AuthorityState,
    Outcome,
    Plan,
    ReferenceReading,
    ReferenceRow,
    ReferenceSource,
    Window,
)
from monitor.reference import file
from monitor.reference.fetched import Fetched, UnreadableError
from monitor.reference.http import Http
from monitor.reference.names import index
from monitor.reference.reading import Context
from monitor.reference.reading import read as understand
from monitor.threads import Aside, StillHangs

PATIENCE = 3.0
"""Seconds that each of them has: the answer is useful without it."""
MOST_REFERENCES = 8
MOST_WINDOWS = 20
PATH = "/api/v1/reference"
STALE = 600.0


def source_of(url: str) -> ReferenceSource:
    """The reference at an address as it is typed; one without a path is that of another monitor. Raises ValueError."""
    address = URL(url)
    if address.scheme not in ("http", "https") or not address.host:
        raise ValueError("no http address")
    if address.path in ("", "/"):
        address = address.with_path(PATH)
    port = "" if address.is_default_port() else f":{address.port}"
    return ReferenceSource(name=f"{address.host_subcomponent}{port}", url=str(address), stale_after=STALE)


async def read_references(
    plan: Plan, sources: Sequence[ReferenceSource], clock: Clock
) -> list[ReferenceReading]:
    """What each of them says now; one that cannot be read says so."""
    http = Http()
    try:
        asked = [_read(plan, source, http, clock) for source in sources[:MOST_REFERENCES]]
        return list(await asyncio.gather(*asked))
    finally:
        await http.close()


async def _read(plan: Plan, source: ReferenceSource, http: Http, clock: Clock) -> ReferenceReading:
    try:
        async with asyncio.timeout(PATIENCE):
            fetched = None if source.url is None else await http.fetch(source)
            context = Context(
                names=index(plan.authorities.values()), zone=ZoneInfo(plan.timezone), now=clock.now()
            )
            return await Aside("reference").do(partial(_understand, source, fetched, context))
    except (UnreadableError, StillHangs) as problem:
        return ReferenceReading(source=source.name, read_at=clock.now(), up=False, detail=str(problem))
    except TimeoutError:
        return ReferenceReading(source=source.name, read_at=clock.now(), up=False, detail="no answer in time")


def _understand(source: ReferenceSource, fetched: Fetched | None, context: Context) -> ReferenceReading:
    return understand(source, fetched or file.fetch(source.file or ""), context)


# --- a daemon --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a daemon believes of one authority, as far as it could be read."""

    url: str
    state: str = ""
    since: datetime | None = None
    seen_up: bool = True
    down: int = 0
    """Authorities whose main service it believes to be down, outside planned maintenance."""
    watched: int = 0
    """Those that ever answered it; 0: it did not say."""
    incidents: tuple[str, ...] = ()
    windows: tuple[Window, ...] = ()
    """Planned maintenance of now."""
    references: tuple[ReferenceReading, ...] = ()
    silence: Unanswered | None = None
    """Why it said nothing."""


async def ask_daemon(daemon: Daemon, slug: str, now: datetime) -> Told:
    """What the daemon says of that authority; of an unknown one nothing."""
    try:
        status = await read(daemon, "/api/v1/status", timeout=PATIENCE)
    except Unanswered as silence:
        return Told(url=daemon.shown, silence=silence)
    rows = status.get("authorities") if isinstance(status, dict) else None
    if not isinstance(rows, list):
        return Told(url=daemon.shown, silence=stranger(daemon))
    known = [*rows, status.get("national"), await _of_machine(daemon, status) if slug == LOCAL else None]
    row = next((one for one in known if isinstance(one, dict) and one.get("authority") == slug), None)
    told = Told(url=daemon.shown) if row is None else _told(daemon, row, slug, now)
    answered = [one for one in rows if isinstance(one, dict) and one.get("seen_up") is True]
    down = sum(one.get("state") == AuthorityState.DOWN for one in answered)
    return replace(told, down=down, watched=len(answered))


async def _of_machine(daemon: Daemon, status: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What it says of this machine, as a row: its open incidents stand elsewhere."""
    part = status.get("local")
    if not isinstance(part, dict):
        return None
    try:
        found = await read(daemon, "/api/v1/incidents?open=true", timeout=PATIENCE)
    except Unanswered:
        found = None
    known = _list(found.get("incidents")) if isinstance(found, dict) else []
    mine = [one.get("id") for one in known if isinstance(one, dict) and one.get("authority") == LOCAL]
    return {**part, "authority": LOCAL, "incidents": mine}


def _told(daemon: Daemon, row: Mapping[str, Any], slug: str, now: datetime) -> Told:
    return Told(
        url=daemon.shown,
        state=_word(row.get("state")),
        since=_instant(row.get("since")),
        seen_up=row.get("seen_up") is not False,
        incidents=tuple(filter(None, map(_word, _list(row.get("incidents"))))),
        windows=tuple(filter(None, (_window(one, slug) for one in _list(row.get("maintenance"))))),
        references=tuple(filter(None, (_opinion(one, slug, now) for one in _list(row.get("reference"))))),
    )


def _window(said: Any, slug: str) -> Window | None:
    if not isinstance(said, dict):
        return None
    start, end = _instant(said.get("start")), _instant(said.get("end"))
    if start is None or end is None or not start < end:
        return None
    services = tuple(filter(None, map(_word, _list(said.get("services")))))
    id_, name = _word(said.get("id")), _word(said.get("name"))
    return Window(
        id=id_, name=name, authorities=(slug,), services=services or None, start=start, end=end, by_hand=True
    )


def _opinion(said: Any, slug: str, now: datetime) -> ReferenceReading | None:
    """One that a daemon has read counts as read by us, as old as the daemon says."""
    if not isinstance(said, dict):
        return None
    age, outcome = said.get("age_seconds"), _word(said.get("outcome"))
    if isinstance(age, bool) or not isinstance(age, int | float) or not 0 <= age < 1e9:
        return None
    if outcome not in set(Outcome):
        return None
    age = max(age, STALE + 1) if said.get("stale") is not False else age
    looked = now - timedelta(seconds=age)
    row = ReferenceRow(authority=slug, outcome=Outcome(outcome), checked_at=looked)
    return ReferenceReading(source=_word(said.get("source")), read_at=now, up=True, rows=(row,))


def _list(value: Any) -> list[Any]:
    return value[:MOST_WINDOWS] if isinstance(value, list) else []


def _word(value: Any) -> str:
    return value[:100] if isinstance(value, str) and value.isprintable() else ""


def _instant(value: Any) -> datetime | None:
    return read_instant(value, ZoneInfo("UTC")) if isinstance(value, str) else None
