"""What a template of a notification sees: everything in words, in one language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One incident in words."""

    place: str
    service: str
    what: str
    """Place and service: `山东 发票查验`; the place alone where there is no service."""
    cause: str
    code: str
    """The cause's own word (`tls_expired`): what the runbook is ordered by."""
    brief: str
    """The cause in a few words, for titles and lists."""
    was: str
    """The cause when it was told before, in a few words; empty where it is the same or not known."""
    diagnosis: str
    since: str
    """When it failed; after a relapse, when it failed again."""
    first: str
    """When it failed first."""
    mended: str
    """When it was up again before it failed again; empty without a relapse."""
    until: str | None
    lasted: str
    span: str
    """From when, or from when to when, as short as can be: `16:00:05`, `11-20 23:59:58 to 00:04:10`."""
    never_up: bool
    unwatched: bool
    """It ended only because nothing looks at it any more."""
    is_ours: bool
    """Its cause speaks of us, not of the authority."""
    is_down: bool
    """The service cannot be used; else we cannot see it, or what it gives is late or in a new form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is believed and what to do, once for all incidents it holds for."""

    places: Sequence[str]
    fault: str
    step: str
    facts: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A maintenance window in words."""

    name: str
    places: str
    where: str
    """The same for a title: the first ones by name."""
    services: str
    work: str
    """What the business does with these services."""
    start: str
    end: str
    begins: str
    """The start for a title: month, day and minute."""
    lasts: str
    planned_end: str
    """When it was to end, where it ended early; else empty."""
    is_back: bool
    """It ended early because all that it covered is back."""
    is_rest: bool
    """It ended early and goes on, because something that it covers fails again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changeable:
    """A window, or a notice that waits, that another notice may change, in words."""

    id: str
    name: str
    start: str
    end: str
    is_notice: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A maintenance notice that waits for a person, in words."""

    id: str
    title: str
    file: str
    windows: Sequence[Planned]
    hidden: int
    """How many more windows it has."""
    unclear: Sequence[str]
    affects: Sequence[Changeable]
    """What it may cancel, move, prolong or end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """What somebody waited for, in words."""

    what: str
    tickets: str
    """What those who wait call it; empty where they gave it no name."""
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """How long something took: in half of the cases at most, and at worst."""

    usual: str
    longest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A report of availability in words."""

    since: str
    until: str
    from_day: str
    """Month and day, for the title."""
    to_day: str
    lasts: str
    uptime: str
    """`99.87%`; empty: nothing is known."""
    uptime_with_maintenance: str
    incidents: int
    open: int
    open_before: int
    """How many are open since before the report's time."""
    before: Sequence[tuple[str, str]]
    """The first of them: place and service, since when."""
    national: int
    local: int
    detect: Spell | None
    tell: Spell | None
    recover: Spell | None
    worst: Sequence[tuple[str, str, str, int]]
    """Place and service, uptime, how long it was down, how often: those that were down longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a template sees. `one` is the incident it is about, None where several are told together."""

    scope: str
    severity: str
    count: int
    one: Item | None
    shown: Sequence[Item]
    """The incidents beside `one`: all of them, or the members of a national or local one."""
    hidden: int
    """How many more there are."""
    places: Sequence[str]
    """Authorities concerned, without repetition."""
    service: str
    """The one service all are about, else empty."""
    services: str
    """That service, or all of them with the number of outages of each."""
    advice: Sequence[Judged]
    again: bool
    """All of them are down again, for those who heard of their end."""
    is_nationwide: bool
    """All of them are put down to one nationwide outage."""
    extent: str
    """How many are down, where that is said of all together."""
    causes: str
    """What the members of a nationwide outage show, where they differ: of how many authorities each."""
    earliest: Item | None
    """Which of them was down before it was nationwide, the first one."""
    beside: int
    """How many of them are no authority, but a further service of one, or the national page."""
    after: str
    """What to do next when it is over."""
    work: str
    """What the business does with the services concerned."""
    reference: str
    filing: str
    """When returns are due, in the last days to file; else empty."""
    still_down: Sequence[str]
    window: Planned | None
    notices: Sequence[Posted]
    """Those that wait for a person; then there is no window."""
    awaited: Awaited | None
    details: Sequence[str]
    """What does not work, or which certificates: lines."""
    stores: Sequence[str]
    """Which memories of the daemon it is about."""
    is_hampered: bool
    """Its own machine is in the way of its runs."""
    first_id: str
    """The incident to acknowledge; empty without one."""
    report: Reported | None
    is_drill: bool
    at: str
    zone: str
    vantage: str
    url: str
