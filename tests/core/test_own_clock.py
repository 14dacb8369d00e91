"""How wrong our own clock is, by what servers say in `Date`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.own_clock import clock_offset, offset_of, spoken
from monitor.model import Cause, Phase, Reply, Result, Seen, TargetState
from tests.core.notation import START, plan_of, target

AT = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)


def seen(*headers: tuple[str, str]) -> Seen:
    """A look of 0.4 s begun at `AT` whose reply came after 0.3 s."""
    reply = Reply(status=200, headers=headers, body=b"", url="http://x/")
    return Seen(started_at=AT, duration=0.4, phases={Phase.TRANSFER: 0.1}, reply=reply)


@pytest.mark.parametrize(
    ("headers", "offset"),
    [
        ((("date", "Sat, 21 Nov 2026 08:00:00 GMT"),), 0.2),  # cut to the second: half a second on average
        ((("date", "Sat, 21 Nov 2026 09:00:00 GMT"),), 3600.2),
        ((("date", "Fri, 20 Nov 2026 08:00:00 GMT"),), -86399.8),
        ((("date", "Sat, 21 Nov 2026 16:00:00 +0800"),), 0.2),
        ((("date", "Sat, 21 Nov 2026 08:00:00 GMT"), ("age", "120")), None),
        ((("date", "yesterday"),), None),
        ((("date", "Tue, 31 Feb 2026 08:00:00 GMT"),), None),
        ((("date", "Sat, 21 Nov 2026 08:00:00 GMT" + " " * 100),), None),
        ((), None),
    ],
)
def test_what_a_date_says_of_our_clock(headers, offset):
    assert offset_of(seen(*headers)) == offset


def test_without_a_reply_there_is_no_date():
    assert offset_of(Seen(started_at=AT, duration=0.1, phases={})) is None


def said(*offsets: float | None, ago: float = 60.0) -> float | None:
    """What is made of these hosts' words."""
    targets = [target("captcha", f"p{place}") for place in range(len(offsets))]
    at = START - timedelta(seconds=ago)
    states = {
        of.id: TargetState(
            id=of.id,
            last=Result(target=of.id, started_at=at, duration=0.1, cause=Cause.NONE, clock_offset=offset),
        )
        for of, offset in zip(targets, offsets, strict=True)
    }
    return clock_offset(plan_of(*targets), states, START)


def test_most_of_three_hosts_must_agree():
    assert said(0.2, 0.4, 0.1) == 0.2
    assert said(3600.0, 3601.0, 0.0) == 3600.0
    assert said(3600.0, 0.0, -3600.0) is None
    assert said(0.2, 0.1) is None
    assert said(0.2, 0.1, None) is None


def test_what_was_said_long_ago_does_not_count():
    assert said(0.2, 0.4, 0.1, ago=3600) is None


def test_an_offset_is_spoken_of_coarsely():
    assert [spoken(seconds) for seconds in (90, -600, 7300, -200_000)] == ["+2m", "-10m", "+2h", "-2d"]
