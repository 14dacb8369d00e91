"""Rules of iCalendar and feeds of notices: from the file to the plan, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli.check import command
from monitor.model import MaintenanceRule, NoticeFeed
from tests.config.broken import Broken, beside, window
from tests.config.conftest import ReadText

MONTHLY = "start: 2026-12-01 18:00, duration: 2h"


def test_a_rule_of_icalendar_is_taken_as_written_with_its_start_by_the_wall_clock(read_text: ReadText):
    written = (
        'maintenance: [{name: patch, authorities: all, rrule: "RRULE:freq=monthly;BYDAY=2SA;", ' + MONTHLY
    )
    assert read_text(beside("", f"{written}}}]", "").text).plan.maintenance == (
        MaintenanceRule(
            name="patch",
            rrule="FREQ=MONTHLY;BYDAY=2SA",
            start=datetime(2026, 12, 1, 10, tzinfo=UTC),
            duration=7200.0,
        ),
    )


def test_24_o_clock_is_the_next_days_midnight(read_text: ReadText):
    written = "maintenance: [{name: patch, authorities: all, start: 2026-12-30 18:00, end: 2026-12-31 24:00}]"
    (rule,) = read_text(beside("", written, "").text).plan.maintenance
    assert rule.end == datetime(2026, 12, 31, 16, tzinfo=UTC)


def test_a_feed_of_notices_starts_where_the_file_is(read_text: ReadText):
    written = 'maintenance: [{name: notices, feed: "notices/*.txt"}, {name: more, feed: "/srv/*.txt", approve: auto, open_end: 12h}]'
    loaded = read_text(beside("", written, "").text)
    ours, more = loaded.plan.notices
    assert ours.feed.endswith("/notices/*.txt")
    assert ours.feed.startswith("/")
    assert (ours.name, ours.approve, ours.open_end) == ("notices", "manual", 86400.0)
    assert more == NoticeFeed(name="more", feed="/srv/*.txt", approve="auto", open_end=43200.0)
    assert loaded.plan.maintenance == ()


def test_windows_that_overlap_themselves_are_noted(read_text: ReadText):
    written = 'maintenance: [{name: w, authorities: all, rrule: "FREQ=DAILY", start: 2026-12-01 18:00, duration: 2d}]'
    assert any("before the one before it" in note for note in read_text(beside("", written, "").text).notes)


def test_a_feed_that_is_not_there_yet_and_a_missing_token_are_noted(read_text: ReadText):
    notes = read_text(beside("", "maintenance: [{name: w, feed: 'posted/*/*.txt'}]", "").text).notes
    assert any("no directory" in note and note.endswith("/posted yet") for note in notes)
    assert any("server.token" in note for note in notes)


def rule(name: str, text: str, *says: str) -> Broken:
    """An rrule that is refused."""
    return window(name, f'rrule: "{text}", {MONTHLY}', "4:50: maintenance[0].rrule", *says)


def feed(name: str, written: str, place: str, *says: str) -> Broken:
    """One feed called `a`; its further keys start in column 25."""
    return beside(name, f"maintenance: [{{name: a, {written}}}]", place, *says)


BROKEN = [
    rule("no interval", "FREQ=DAILY;INTERVAL=0", "INTERVAL", "1 to 1000"),
    rule("an interval backwards", "FREQ=DAILY;INTERVAL=-1", "INTERVAL"),
    rule("each second", "FREQ=SECONDLY", "too often", "BYHOUR"),
    rule("each minute of the day", "FREQ=DAILY;BYHOUR=1,2;BYMINUTE=0,1,2,3,4,5,6,7,8,9,10,11,12", "24 times"),
    rule("no frequency", "BYDAY=2SA", "FREQ", "MONTHLY"),
    rule("a word", "monthly", "FREQ=MONTHLY;BYDAY=2SA"),
    rule("a slip", "FREQ=MONTHLY;BYDAYS=2SA", "did you mean BYDAY"),
    rule("a part twice", "FREQ=DAILY;COUNT=1;COUNT=2", "COUNT", "twice"),
    rule("its own start", "DTSTART=20261201T180000;FREQ=DAILY", "DTSTART", "start"),
    rule("seconds", "FREQ=DAILY;BYSECOND=1", "BYSECOND", "start"),
    rule("count and until", "FREQ=DAILY;COUNT=1;UNTIL=20270101", "not both"),
    rule("a count without end", "FREQ=DAILY;COUNT=1000000", "COUNT", "1 to 1000"),
    rule("a count that is never reached", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=99", "hundred years"),
    rule("31 February", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", "never comes true"),
    rule("31 February, day by day", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31", "never comes true"),
    rule("a month that its steps miss", "FREQ=MONTHLY;INTERVAL=12;BYMONTH=2", "never comes true"),
    rule("over before it begins", "FREQ=DAILY;UNTIL=20200101", "never comes true"),
    rule("a day that is none", "FREQ=DAILY;UNTIL=20270230", "UNTIL"),
    rule("the second Saturday of a week", "FREQ=WEEKLY;BYDAY=2SA", "MONTHLY or YEARLY"),
    rule("a day of the month in a week", "FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY", "MONTHLY"),
    rule("weeks of a month", "FREQ=MONTHLY;BYWEEKNO=20", "BYWEEKNO", "YEARLY"),
    rule("a choice of nothing", "FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS"),
    rule("a weekday that is none", "FREQ=WEEKLY;BYDAY=SAT", "BYDAY", "2SA"),
    rule("month 13", "FREQ=YEARLY;BYMONTH=13", "BYMONTH", "1 to 12"),
    window(
        "digits of another script",
        f'rrule: "FREQ=DAILY;INTERVAL=２", {MONTHLY}',
        "4:71: maintenance[0].rrule",
        "full-width",
    ),
    rule("a text without end", "FREQ=DAILY;BYMONTHDAY=" + "1," * 400 + "1", "FREQ=MONTHLY"),
    window(
        "an rrule without start",
        'rrule: "FREQ=DAILY", duration: 2h',
        "4:15: maintenance[0].start",
        "missing",
        "with `rrule`",
    ),
    window(
        "an rrule without duration",
        'rrule: "FREQ=DAILY", start: 2026-12-01 18:00',
        "4:15: maintenance[0].duration",
        "missing",
    ),
    window(
        "an rrule and a schedule",
        f'rrule: "FREQ=DAILY", {MONTHLY}, schedule: "0 0 * * *"',
        "4:103: maintenance[0].schedule",
        "both rrule and schedule",
    ),
    window(
        "an rrule and an end",
        f'rrule: "FREQ=DAILY", {MONTHLY}, end: 2027-12-01 18:00',
        "4:103: maintenance[0].end",
        "both rrule and end",
    ),
    feed("approve without a feed", "approve: auto", "4:15: maintenance[0].feed", "missing", "*.txt"),
    feed("a feed of everything below", "feed: '/srv/**'", "4:31: maintenance[0].feed", "one level"),
    feed("approve perhaps", "feed: /srv/a, approve: maybe", "4:48: maintenance[0].approve", "manual | auto"),
    feed(
        "a feed of one authority",
        "feed: /srv/a, authorities: [shandong]",
        "4:39: maintenance[0].authorities",
        "both feed and authorities",
    ),
    feed("a feed and a time", "feed: /srv/a, duration: 2h", "4:39: maintenance[0].duration", "both feed and"),
    feed("an end that never comes", "feed: /srv/a, open_end: 400d", "4:49: maintenance[0].open_end", "366d"),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_check_exits_2_and_tells_place_and_meaning(broken: Broken, tmp_path: Path):
    path = tmp_path / "probes.yaml"
    path.write_text(broken.text, encoding="utf-8")
    result = CliRunner().invoke(command, ["-c", str(path)])
    lines = [line for line in result.stderr.splitlines() if line.startswith(f"{path}:{broken.place}: ")]
    assert result.exit_code == 2
    assert len(lines) == 1, result.stderr
    assert all(word in lines[0] for word in broken.says), lines[0]
