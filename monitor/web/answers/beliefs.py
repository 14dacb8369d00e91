"""The shapes of what is believed, for other monitors and for who holds an invoice."""

from __future__ import annotations

from typing_extensions import TypedDict  # the one of typing is read by pydantic from Python 3.12 on

from monitor.model import Cause, Outcome
from monitor.web.answers.basics import Instant, closed


@closed
class ReferenceRowAnswer(TypedDict):
    """What we confirmed of the main service of one authority."""

    outcome: Outcome
    cause: Cause
    since: Instant | None
    checked_at: Instant


@closed
class ReferenceAnswer(TypedDict):
    """Our own confirmed view; no authorities while our own network fails."""

    format: str
    source: str
    vantage: str
    generated_at: Instant
    local_fault: bool
    authorities: dict[str, ReferenceRowAnswer]


@closed
class RouteAnswer(TypedDict):
    """Who holds an invoice, where it is asked for, and whether that works now."""

    invoice: str
    authority: str
    code: str
    name: str
    kind: str
    service: str
    endpoint: str | None
    state: str | None
    watched: list[str]
    advice: str
