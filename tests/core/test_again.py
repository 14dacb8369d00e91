"""When to try again: the surest word first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.again import Again, Announced, Pause, try_again
from monitor.core.filing import Peak
from monitor.core.signs import Party
from monitor.knowledge import load_calendar
from monitor.model import Cause, Diagnosis, Flag, Phase, Result

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
LAST_DAY = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)


def again(
    cause: Cause = Cause.RESPONSE_TIMEOUT, diagnosis: Diagnosis = Diagnosis.PROVINCIAL_OUTAGE, party: Party = Party.THEM,
    said: Announced = Announced(), now: datetime = NOW, flags: frozenset[Flag] = frozenset(), code: str | None = None,
) -> Again:  # fmt: skip
    """Of one run in Shandong."""
    phase = None if cause is Cause.NONE else Phase.PROCESSING
    result = Result(
        target="captcha/shandong",
        started_at=now,
        duration=1.0,
        cause=cause,
        phase=phase,
        flags=flags,
        code=code,
    )
    return try_again(result, diagnosis, party, said, load_calendar(), "shandong", now)


def after(**span: float) -> datetime:
    return NOW + timedelta(**span)


HOUR = after(hours=1)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"cause": Cause.BLOCKED, "code": "020", "party": Party.US}, Again(pause=Pause.BANNED, at=after(hours=24))),
        ({"cause": Cause.NONE, "diagnosis": Diagnosis.HEALTHY}, Again(pause=Pause.NOT_NEEDED)),
        ({"said": Announced(window_ends=HOUR, retry_after="60")}, Again(pause=Pause.WINDOW, at=HOUR)),
        (
            {"cause": Cause.MAINTENANCE_PAGE, "said": Announced(page_ends=HOUR)},
            Again(pause=Pause.NOTICE, at=HOUR),
        ),
        ({"cause": Cause.MAINTENANCE_PAGE}, Again(pause=Pause.NO_END, at=after(minutes=30))),
        ({"cause": Cause.HTTP_STATUS, "said": Announced(retry_after="120")}, Again(pause=Pause.ASKED, at=after(seconds=120))),
        (
            {"cause": Cause.NONE, "diagnosis": Diagnosis.THROTTLED, "flags": frozenset({Flag.THROTTLED}), "party": Party.US},
            Again(pause=Pause.THROTTLED, at=after(minutes=10)),
        ),
        ({"cause": Cause.CONNECT_TIMEOUT, "party": Party.US}, Again(pause=Pause.MENDED)),
        ({"cause": Cause.TLS_EXPIRED}, Again(pause=Pause.THEY_MEND)),
        ({"cause": Cause.DNS_NXDOMAIN}, Again(pause=Pause.NAMES, at=after(minutes=10))),
        ({"cause": Cause.CONNECTION_RESET}, Again(pause=Pause.LATER, at=after(minutes=30))),
    ],
)  # fmt: skip
def test_the_surest_word_comes_first(given: dict[str, object], expected: Again) -> None:
    assert again(**given) == expected  # type: ignore[arg-type]


def test_in_the_last_days_to_file_a_quiet_hour_is_better_than_half_an_hour() -> None:
    assert again(now=LAST_DAY) == Again(pause=Pause.PEAK, peak=Peak.FILING_LAST_DAY)
    assert again(cause=Cause.CONNECTION_RESET, now=LAST_DAY).pause is Pause.LATER


@pytest.mark.parametrize(
    "word", ["-5", "soon", "999999999999", "1" * 60, "Mon, 99 Nov 2026 99:00:00 GMT", "²", ""]
)
def test_a_pause_that_makes_no_sense_is_not_believed(word: str) -> None:
    assert again(cause=Cause.HTTP_STATUS, said=Announced(retry_after=word)).pause is Pause.LATER


def test_a_date_is_a_pause_as_well() -> None:
    said = Announced(retry_after="Mon, 23 Nov 2026 07:00:00 GMT")
    assert again(cause=Cause.HTTP_STATUS, said=said) == Again(pause=Pause.ASKED, at=HOUR)


def test_a_window_that_is_over_is_no_word() -> None:
    assert again(said=Announced(window_ends=NOW)).pause is Pause.LATER
