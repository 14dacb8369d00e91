"""The shapes of what is known ahead: the tax calendar, maintenance windows, silences, who waits."""

from __future__ import annotations

from typing_extensions import TypedDict  # the one of typing is read by pydantic from Python 3.12 on

from monitor.core.filing import Peak
from monitor.web.answers.basics import Instant, closed


@closed
class FilingAnswer(TypedDict):
    """A filing period: the days from `start` to `deadline`, both belong to it. `days_left` 0: today is the last day.

    `official`: the deadline is as published; else by the rule, and `assumed` where the days off of the year are not known.
    """

    start: str
    deadline: str
    open: bool
    days_left: int
    official: bool
    assumed: bool


@closed
class CalendarAnswer(TypedDict):
    """The tax calendar of today, in China. `filing` is of the whole country, `deviating` of authorities with another one.

    `known`: the days off of this year are known. `unknown_years`: years needed within 60 days that are not.
    """

    date: str
    day_off: bool
    known: bool
    unknown_years: list[int]
    peaks: list[Peak]
    filing: FilingAnswer
    next: FilingAnswer
    deviating: dict[str, FilingAnswer]


@closed
class WindowAnswer(TypedDict):
    """A maintenance window. `authorities` and `services` null: all of them. `state`: upcoming, active or ended."""

    id: str
    name: str
    authorities: list[str] | None
    services: list[str] | None
    start: Instant
    end: Instant
    announce: bool
    by_hand: bool
    notice: str | None
    """Id of the notice that it was read from."""
    resumes: str | None
    """Id of the window that ended early and whose planned time this is the rest of."""
    early: str | None
    """Why it ended before `planned_end`: `by_hand`, or `back` because all of it is."""
    planned_end: Instant | None
    state: str


@closed
class WindowsAnswer(TypedDict):
    """A page of windows, the earliest first. `notices_waiting`: so many notices wait for a person."""

    windows: list[WindowAnswer]
    notices_waiting: int
    next: str | None


@closed
class SilenceAnswer(TypedDict):
    """A silence. `state`: pending, active or expired."""

    id: str
    matchers: dict[str, list[str]]
    starts_at: Instant
    ends_at: Instant
    author: str
    comment: str
    state: str


@closed
class SilencesAnswer(TypedDict):
    """A page of silences, the one that ends last first."""

    silences: list[SilenceAnswer]
    next: str | None


@closed
class WaitingAnswer(TypedDict):
    """One who waits for a service to be back. `told_by`: webhook (never shown) or routes."""

    id: str
    authority: str
    service: str
    ticket: str
    told_by: str
    since: Instant
    until: Instant


@closed
class WaitingsAnswer(TypedDict):
    """A page of those who wait, who waits longest first."""

    waiting: list[WaitingAnswer]
    next: str | None
