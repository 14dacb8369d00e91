"""How wrong our own clock is, by the word of those we look at: many servers do not err alike.

Every HTTP reply says in `Date` when it was made, to the second (RFC 9110 §6.6.1). One server's clock proves nothing; what
most of them agree on is the time, and the difference is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from statistics import median

from monitor.model import Cause, Phase, Plan, Seen, TargetState

LEAST = 3
"""So many hosts must speak."""
ALIKE = 30.0
"""Seconds by which those that agree may differ from each other."""
NOTEWORTHY = 60.0
"""An own clock that is less than this wrong is not spoken of: networks, rounding and caches explain it."""
FRESH = timedelta(minutes=20)
"""What was said longer ago does not count."""
OF_TIME = frozenset({Cause.TLS_EXPIRED, Cause.TLS_NOT_YET_VALID})
"""Causes that a wrong clock of ours brings about."""
LONGEST = 40
"""Characters of a `Date`."""


def offset_of(seen: Seen) -> float | None:
    """Seconds by which a reply's `Date` is ahead of our clock when it came; None: it has none, or it came from a cache."""
    reply = seen.reply
    if reply is None or (date := reply.header("date")) is None or len(date) > LONGEST:
        return None
    if reply.header("age") is not None:
        return None
    try:
        theirs = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    ours = seen.started_at + timedelta(seconds=seen.duration - seen.phases.get(Phase.TRANSFER, 0.0))
    return round((theirs - ours).total_seconds() + 0.5, 1)  # a Date is cut to the second


def clock_offset(plan: Plan, states: Mapping[str, TargetState], now: datetime) -> float | None:
    """Seconds by which the others' clocks are ahead of ours, where most of at least `LEAST` hosts agree; None: not known."""
    by_host: dict[str, float] = {}
    for target in plan.targets.values():
        last = state.last if (state := states.get(target.id)) is not None else None
        if last is not None and last.clock_offset is not None and now - last.started_at <= FRESH:
            by_host[target.host] = last.clock_offset
    return agreed(by_host)


def agreed(by_host: Mapping[str, float]) -> float | None:
    """What most of at least `LEAST` hosts say; None: they do not agree, or are too few."""
    if len(by_host) < LEAST:
        return None
    middle = median(by_host.values())
    agreeing = sum(abs(offset - middle) <= ALIKE for offset in by_host.values())
    return middle if agreeing * 2 > len(by_host) else None


def is_wrong(offset: float | None) -> bool:
    """Whether our clock is so wrong that it is worth a word."""
    return offset is not None and abs(offset) >= NOTEWORTHY


def explains(state: TargetState, offset: float | None, now: datetime) -> bool:
    """Whether a certificate out of its time is within it by the others' clocks: then it is our clock that is wrong."""
    certificate = state.last.certificate if state.last is not None else None
    if offset is None or state.cause not in OF_TIME or certificate is None or not is_wrong(offset):
        return False
    return certificate.not_before <= now + timedelta(seconds=offset) < certificate.not_after


def spoken(offset: float) -> str:
    """`+2d`, `-3h`, `+5m`: coarse, so that it does not change by itself with every look."""
    size = abs(offset)
    number, unit = next(
        ((size / span, unit) for span, unit in ((86400, "d"), (3600, "h")) if size >= 2 * span),
        (size / 60, "m"),
    )
    return f"{'+' if offset > 0 else '-'}{number:.0f}{unit}"
