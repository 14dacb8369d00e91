"""When it makes sense to try again after a failure, as far as anything says so: a notice, a ban, the platform's own word, the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

from monitor.core import filing
from monitor.core.judge import BAN, is_ban
from monitor.core.signs import Party
from monitor.model import Calendar, Cause, Diagnosis, Flag, Outcome, Result

LONGEST_WORD = timedelta(days=1)
"""A server that asks for a longer pause than this is not believed."""
AFTER_THROTTLE = timedelta(minutes=10)
AFTER_OUTAGE = timedelta(minutes=30)
"""After so long what still fails is worth a call (12366); no source measures how long outages last."""
AFTER_NAMES = timedelta(minutes=10)
"""A wrong answer of a name server is kept for as long as its record lives; ten minutes are usual."""
AFTER_CODE = {"003": timedelta(minutes=1), "024": timedelta(hours=24)}
"""Pauses that the platform's own words name (knowledge/codes.yaml, table `platform`)."""
GONE = frozenset({401, 403, 404, 405, 410, 451})
"""Statuses that no waiting changes."""
OF_LOAD = frozenset({
    Cause.RESPONSE_TIMEOUT, Cause.TRANSFER_TIMEOUT, Cause.CONNECT_TIMEOUT, Cause.TLS_TIMEOUT, Cause.BACKEND_BUSY,
    Cause.HTTP_STATUS,
})  # fmt: skip
"""Causes that a crowd may bring about."""


class Pause(StrEnum):
    """Why to wait so long."""

    NOT_NEEDED = "not_needed"
    """It works."""
    WINDOW = "window"
    """Until the end of planned maintenance."""
    NOTICE = "notice"
    """Until the time that the page itself names."""
    NO_END = "no_end"
    """The page announces maintenance and names no end."""
    BANNED = "banned"
    ASKED = "asked"
    """As long as the server asks for (`Retry-After`)."""
    THROTTLED = "throttled"
    NAMED = "named"
    """As long as the platform's own words say (code 003: a minute)."""
    SHUT_OUT = "shut_out"
    """A firewall keeps us out, nobody says for how long."""
    MENDED = "mended"
    """Once we have mended our part."""
    THEY_MEND = "they_mend"
    """Waiting does not help: they have to change something."""
    PEAK = "peak"
    """A crowd, on a day of many: at a quiet hour."""
    NAMES = "names"
    LATER = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """When to try again. `at`: not before; None: nobody can say."""

    pause: Pause
    at: datetime | None = None
    peak: filing.Peak | None = None
    named: timedelta | None = None
    """How long a pause the platform names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What is known of planned maintenance that covers it."""

    window_ends: datetime | None = None
    """End of the window that covers it; None: none does."""
    page_ends: datetime | None = None
    """End that its own page names."""
    retry_after: str | None = None
    """The header of that name in its reply."""


THEIR_WORK = frozenset({
    Cause.TLS_EXPIRED, Cause.TLS_NAME_MISMATCH, Cause.TLS_UNTRUSTED, Cause.TLS_INCOMPLETE_CHAIN, Cause.TLS_LEGACY,
    Cause.TLS_NOT_YET_VALID, Cause.REDIRECT_REFUSED, Cause.FORMAT_DRIFT,
})  # fmt: skip
"""Causes that end only when somebody changes something."""
OF_NAMES = frozenset({Cause.DNS_NXDOMAIN, Cause.DNS_NO_ADDRESS, Cause.DNS_SERVFAIL, Cause.RESOLVE_TIMEOUT})


def try_again(
    result: Result, diagnosis: Diagnosis, party: Party, said: Announced, calendar: Calendar, authority: str, now: datetime
) -> Again:  # fmt: skip
    """The first that holds, the surest word before the general one."""
    if is_ban(result):
        return Again(pause=Pause.BANNED, at=now + BAN)
    if (
        result.is_ok
        and diagnosis in (Diagnosis.HEALTHY, Diagnosis.SLOW, Diagnosis.CDN_NODE)
        and not _throttled(result)
    ):
        return Again(pause=Pause.NOT_NEEDED)
    if said.window_ends is not None and said.window_ends > now:
        return Again(pause=Pause.WINDOW, at=said.window_ends)
    if result.cause is Cause.MAINTENANCE_PAGE:
        return _after_page(said, now)
    if (asked := _asked(said.retry_after, now)) is not None:
        return Again(pause=Pause.ASKED, at=asked)
    if _throttled(result):
        named = AFTER_CODE.get(result.code or "")
        if named is not None:
            return Again(pause=Pause.NAMED, at=now + named, named=named)
        return Again(pause=Pause.THROTTLED, at=now + AFTER_THROTTLE)
    if result.cause is Cause.BLOCKED:
        return Again(pause=Pause.SHUT_OUT, at=now + AFTER_OUTAGE)
    return _by_party(result, party, calendar, authority, now)


def _throttled(result: Result) -> bool:
    return Flag.THROTTLED in result.flags


def _after_page(said: Announced, now: datetime) -> Again:
    if said.page_ends is not None and said.page_ends > now:
        return Again(pause=Pause.NOTICE, at=said.page_ends)
    return Again(pause=Pause.NO_END, at=now + AFTER_OUTAGE)


def _by_party(result: Result, party: Party, calendar: Calendar, authority: str, now: datetime) -> Again:
    if party is Party.US:
        return Again(pause=Pause.MENDED)
    if result.cause in THEIR_WORK or result.status_code in GONE:
        return Again(pause=Pause.THEY_MEND)
    if result.cause in OF_NAMES:
        return Again(pause=Pause.NAMES, at=now + AFTER_NAMES)
    peaks = filing.peaks(calendar, authority, filing.today_in_china(now))
    if peaks and (result.cause in OF_LOAD or result.outcome is Outcome.TIMEOUT):
        return Again(pause=Pause.PEAK, peak=peaks[0])
    return Again(pause=Pause.LATER, at=now + AFTER_OUTAGE)


def _asked(retry_after: str | None, now: datetime) -> datetime | None:
    """The instant that `Retry-After` names, in seconds or as a date (RFC 9110 §10.2.3)."""
    if retry_after is None or len(retry_after) > 40:
        return None
    try:
        at = (
            now + timedelta(seconds=int(retry_after))
            if retry_after.isdecimal()
            else parsedate_to_datetime(retry_after)
        )
    except (ValueError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at if now < at <= now + LONGEST_WORD else None
