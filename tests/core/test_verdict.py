"""Our own view beside that of references: ages, votes, and every word of the verdict."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from monitor.core.verdict import Votes, compare, count_votes, merged, opinions, overdue_age, reference_rows
from monitor.model import (
    Outcome,
    ReferenceReading,
    ReferenceRow,
    ReferenceSource,
    ServiceState,
    Verdict,
)
from tests.core.notation import START as NOW

STALE_AFTER = 600.0
OUTCOMES = {"+": Outcome.OK, "-": Outcome.TIMEOUT, "r": Outcome.ERROR}


def reading(sign: str, age: float = 10.0, *, read: float = 5.0, **more: object) -> ReferenceReading:
    """What a source says of Shandong, `age` seconds ago, read `read` seconds ago; `.`: nothing."""
    rows: tuple[ReferenceRow, ...] = ()
    if sign != ".":
        looked = NOW - timedelta(seconds=age)
        rows = (ReferenceRow(authority="shandong", outcome=OUTCOMES[sign], checked_at=looked),)
    given = {"source": "hq", "read_at": NOW - timedelta(seconds=read), "up": True, "rows": rows, **more}
    return ReferenceReading(**given)  # type: ignore[arg-type]


def votes(
    readings: dict[str, ReferenceReading], sources: list[ReferenceSource], now: datetime = NOW
) -> Votes:
    """What these sources say of Shandong."""
    return count_votes(opinions(readings, sources, now).get("shandong", ()))


def judged(own: ServiceState, said: str) -> Verdict:
    """The verdict beside sources that say this: one sign each, a stale one behind a `~`, `.` for no row."""
    signs = said.split()
    sources = [ReferenceSource(name=str(place), url="http://x/") for place in range(len(signs))]
    readings = {
        str(place): reading(sign[-1], age=6000.0 if sign[0] == "~" else 10.0)
        for place, sign in enumerate(signs)
    }
    return compare(own, votes(readings, sources))


VERDICTS = {
    "up, and so they say": ("up", "+", "agree_up"),
    "down, and so they say": ("down", "-", "agree_down"),
    "error against timeout agree": ("down", "r -", "agree_down"),
    "down here alone": ("down", "+", "only_us_down"),
    "down there alone": ("up", "-", "only_reference_down"),
    "degraded answers": ("degraded", "+", "agree_up"),
    "degraded answers, they say it does not": ("degraded", "r", "only_reference_down"),
    "two of three": ("down", "+ + -", "only_us_down"),
    "two of three, the other way": ("down", "+ - r", "agree_down"),
    "one against one": ("down", "+ -", "reference_split"),
    "two against two": ("up", "+ + - r", "reference_split"),
    "a stale one has no vote": ("down", "+ ~- ~r", "only_us_down"),
    "a stale one does not split": ("down", "- ~+", "agree_down"),
    "only stale ones": ("down", "~+ ~-", "reference_stale"),
    "one without a row has no vote": ("up", ". +", "agree_up"),
    "one stale, one without a row": ("up", ". ~+", "reference_stale"),
    "none has a row": ("up", ". .", "no_reference"),
    "none is configured": ("up", "", "no_reference"),
    "we do not know": ("unknown", "+", "own_unknown"),
    "we do not know, nor do they": ("unknown", "", "own_unknown"),
}


@pytest.mark.parametrize(("own", "said", "word"), VERDICTS.values(), ids=VERDICTS)
def test_the_verdict(own, said, word):
    assert judged(ServiceState(own), said) == word


AGES = {
    "just looked": (0.0, 0.0, 0.0, False),
    "ten minutes ago is still fresh": (600.0, 5.0, 600.0, False),
    "a little more is stale": (600.1, 5.0, 600.1, True),
    "a time in the future counts as when it was read": (-86400.0, 5.0, 5.0, False),
    "and ages from there": (-86400.0, 601.0, 601.0, True),
    "our clock was set back": (-60.0, -60.0, 0.0, False),
}


@pytest.mark.parametrize(("age", "read", "shown", "stale"), AGES.values(), ids=AGES)
def test_the_age_of_a_row(age, read, shown, stale):
    sources = [ReferenceSource(name="hq", url="http://x/", stale_after=STALE_AFTER)]
    (row,) = reference_rows({"hq": reading("+", age, read=read)}, sources, "shandong", NOW)
    assert (row.source, row.outcome, row.stale) == ("hq", "ok", stale)
    assert row.age_seconds == pytest.approx(shown)


def test_a_source_that_is_no_longer_configured_has_no_say():
    assert votes({"old": reading("-")}, []) == Votes()


def test_a_source_with_a_fault_of_its_own_is_shown_and_not_believed():
    sources = [ReferenceSource(name="hq", url="http://x/")]
    readings = {"hq": reading("-", local_fault=True)}
    assert votes(readings, sources) == Votes(stale=1)
    assert compare(ServiceState.DOWN, votes(readings, sources)) is Verdict.REFERENCE_STALE


def test_a_source_that_cannot_be_read_keeps_its_rows_until_they_are_stale():
    known = merged(reading("+", 500.0), reading(".", up=False, detail="connection refused"))
    assert (known.up, known.detail) == (False, "connection refused")
    sources = [ReferenceSource(name="hq", url="http://x/")]
    assert votes({"hq": known}, sources) == Votes(ok=1)
    assert votes({"hq": known}, sources, NOW + timedelta(seconds=101)) == Votes(stale=1)


def test_rows_that_come_with_a_fault_are_not_taken():
    known = merged(reading("+", 500.0), reading("-", 1.0, local_fault=True))
    assert known.local_fault
    assert [row.outcome for row in known.rows] == [Outcome.OK]
    assert merged(known, reading("-", 1.0)).rows[0].outcome is Outcome.TIMEOUT, "believed again afterwards"


def test_what_was_never_read_has_no_rows():
    failed = reading(".", up=False)
    assert merged(None, failed) == failed


def test_how_often_a_source_looks_is_learned_from_its_own_times():
    looks = [reading("+", age=age) for age in (200.0, 140.0, 70.0, 10.0)]
    assert merged(None, looks[0]).paces == ()
    assert merged(looks[0], looks[0]).paces == (), "the same look, read again"
    known = merged(merged(looks[0], looks[1]), looks[2])
    assert known.paces == (60.0, 70.0)
    assert merged(known, looks[2]).paces == (60.0, 70.0)
    silent = merged(known, reading(".", up=False))
    assert (silent.paces, merged(silent, looks[3]).paces) == ((60.0, 70.0), (70.0, 60.0))


def test_another_look_is_expected_of_who_was_seen_to_look_again_and_again():
    assert overdue_age(reading("+", paces=(60.0, 70.0))) == 140.0, "when it has missed two looks"
    assert overdue_age(reading("+", paces=(60.0,))) == 0.0, "it may be a file that somebody wrote anew"
    assert overdue_age(reading("+", paces=(60.0, 10.0))) == 0.0, "it looks again before anything is told"
