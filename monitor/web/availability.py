"""What history knows for the pages: availability over some periods, and the recent runs of a target. It may not answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

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


async def of_authority(lens: Lens, history: History | None, slug: str) -> list[Uptimes]:
    """Every service of one authority; nothing where history does not answer.

    One question for each period, however many services there are: each walks through the runs of its edges.
    """
    if history is None:
        return []
    services = [*dict.fromkeys(target.service for target in lens.plan.by_authority[slug])]
    try:
        known = [
            (name, await history.uptimes(slug, services, lens.now - length, lens.now))
            for name, length in PERIODS
        ]
    except StoreError:
        return []
    return [
        Uptimes(
            what=lens.words.service(service),
            shares=tuple(_share(lens, name, of_period[service]) for name, of_period in known),
        )
        for service in services
    ]


async def of_target(lens: Lens, history: History | None, id_: str) -> list[Uptimes]:
    """One target; nothing where history does not answer."""
    if history is None:
        return []
    try:
        known = [
            (name, await history.target_uptime(id_, lens.now - length, lens.now)) for name, length in PERIODS
        ]
    except StoreError:
        return []
    return [Uptimes(what="", shares=tuple(_share(lens, name, of_period) for name, of_period in known))]


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
