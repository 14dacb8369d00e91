"""What history knows for the pages: availability over some periods, and the recent runs of a target. It may not answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from monitor.core.history import Uptime
from monitor.store.errors import StoreError
from monitor.store.history import PastRun
from monitor.web.lens import Lens
from monitor.web.reading import History

PERIODS = (("day", timedelta(days=1)), ("week", timedelta(days=7)), ("month", timedelta(days=30)))
ENOUGH = 0.05
"""Share of a period that must be known before its availability is coloured: a first outage is not a bad month."""
RUNS = 200
"""Runs looked through for failures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Availability over one period."""

    period: str
    without: str
    """Maintenance left out: `99.95 %`."""
    with_maintenance: str
    coverage: str
    """How much of the period is known; of little, in time as well."""
    level: str
    """`ok`, `degraded`, `down` or `unknown`, for the colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uptimes:
    """Availability of one service, or of one target (`what` empty), over all periods."""

    what: str
    shares: tuple[Share, ...]


Question = Callable[[datetime, datetime], Awaitable[Uptime]]


async def of_authority(lens: Lens, history: History | None, slug: str) -> list[Uptimes]:
    """Every service of one authority; nothing where history does not answer."""
    if history is None:
        return []
    services = dict.fromkeys(target.service for target in lens.plan.by_authority[slug])
    found: list[Uptimes] = []
    for service in services:
        shares = await _shares(lens, partial(history.uptime, slug, service))
        if shares:
            found.append(Uptimes(what=lens.words.service(service), shares=shares))
    return found


async def of_target(lens: Lens, history: History | None, id_: str) -> list[Uptimes]:
    """One target; nothing where history does not answer."""
    if history is None:
        return []
    shares = await _shares(lens, partial(history.target_uptime, id_))
    return [Uptimes(what="", shares=shares)] if shares else []


async def _shares(lens: Lens, ask: Question) -> tuple[Share, ...]:
    try:
        return tuple([_share(lens, name, await ask(lens.now - length, lens.now)) for name, length in PERIODS])
    except StoreError:
        return ()


def _share(lens: Lens, period: str, known: Uptime) -> Share:
    share, enough = known.fraction, known.coverage >= ENOUGH
    length = "" if enough or not known.known else f" ({lens.stretch(known.known)})"
    return Share(
        period=lens.say(period),
        without=percent(share),
        with_maintenance=percent(known.fraction_with_maintenance),
        coverage=percent(known.coverage) + length,
        level="unknown"
        if share is None or not enough
        else "ok"
        if share >= 0.999
        else "degraded"
        if share >= 0.95
        else "down",
    )


def percent(share: float | None) -> str:
    """`99.95 %`, never rounded up to 100; `–` where nothing is known."""
    if share is None:
        return "–"
    return f"{int(share * 10_000) / 100:.2f} %".replace("100.00", "100")


async def recent_runs(lens: Lens, history: History | None, id_: str) -> Sequence[PastRun] | None:
    """The last runs of a target, newest first; None where history does not answer."""
    if history is None:
        return None
    try:
        page = await history.results(
            id_, lens.now - timedelta(days=400), lens.now + timedelta(seconds=1), RUNS
        )
    except StoreError:
        return None
    return page.runs
