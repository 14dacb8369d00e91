"""The operator's own days off and deadlines: laid over what is shipped, and every mistake of their file with its place."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from monitor.config.load import ConfigError
from monitor.core import filing
from monitor.model import ReportRule, When
from tests.config.conftest import HEAD, ONE, ReadText

NEW_YEAR = date(2027, 1, 1)


def day_off(text: str, off: str = "true") -> str:
    """One day in the form of holiday-cn."""
    return f"{{name: x, date: {text}, isOffDay: {off}}}"


def year(number: int, *days: str) -> str:
    """One year in the form of holiday-cn."""
    return f"year: {number}\ndays: [{', '.join(days)}]\n"


def test_without_a_word_it_is_what_is_shipped(read_text: ReadText):
    calendar = read_text(HEAD + ONE).plan.calendar
    assert filing.is_day_off(calendar, date(2026, 10, 1))
    assert 2027 not in calendar.years


def test_a_file_makes_a_year_known(read_text: ReadText, tmp_path: Path):
    (tmp_path / "2027.yaml").write_text(year(2027, day_off("2027-01-01"), day_off("2026-12-27", "false")))
    calendar = read_text(HEAD + ONE + "calendar: {holidays: 2027.yaml}\n").plan.calendar
    assert filing.is_day_off(calendar, NEW_YEAR)
    assert not filing.is_day_off(calendar, date(2026, 12, 27)), "it may speak of the end of the year before"
    assert filing.unknown_years(calendar, date(2026, 12, 1)) == ()


def test_the_json_of_holiday_cn_is_taken_as_it_is(read_text: ReadText, tmp_path: Path):
    text = json.dumps(
        {
            "$schema": "https://raw.githubusercontent.com/NateScarlet/holiday-cn/master/schema.json",
            "$id": "https://raw.githubusercontent.com/NateScarlet/holiday-cn/master/2027.json",
            "year": 2027,
            "papers": ["http://www.gov.cn/x.htm"],
            "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": True}],
        },
        ensure_ascii=False,
        indent=4,
    )
    (tmp_path / "2027.json").write_text(text, encoding="utf-8")
    calendar = read_text(HEAD + ONE + "calendar: {holidays: [2027.json]}\n").plan.calendar
    assert filing.is_day_off(calendar, NEW_YEAR)


def test_an_empty_file_of_a_year_that_is_not_published_makes_nothing_known(
    read_text: ReadText, tmp_path: Path
):
    (tmp_path / "2027.json").write_text('{"year": 2027, "papers": [], "days": []}')
    assert 2027 not in read_text(HEAD + ONE + "calendar: {holidays: 2027.json}\n").plan.calendar.years


def test_several_years_in_one_file_and_a_day_beats_the_shipped_one(read_text: ReadText, tmp_path: Path):
    both = "\n".join(
        f"  - {{year: {number}, days: [{day}]}}"
        for number, day in ((2026, day_off("2026-10-10")), (2027, day_off("2027-01-01")))
    )
    (tmp_path / "days.yaml").write_text(f"years:\n{both}\n")
    calendar = read_text(HEAD + ONE + "calendar: {holidays: days.yaml}\n").plan.calendar
    assert filing.is_day_off(calendar, date(2026, 10, 10)), "shipped as a make-up working day"
    assert filing.is_day_off(calendar, date(2026, 10, 1)), "what the file does not name stays"
    assert filing.is_day_off(calendar, NEW_YEAR)


def test_deadlines_of_one_authority_and_of_all(read_text: ReadText):
    written = "calendar: {deadlines: {shenzhen: {2026-12: 2026-12-17}, all: {2027-02: 2027-02-22}}}\n"
    calendar = read_text(HEAD + ONE + written).plan.calendar
    assert filing.deadline(calendar, "shenzhen", 2026, 12).day == date(2026, 12, 17)
    assert filing.deadline(calendar, "beijing", 2026, 12).day == date(2026, 12, 15)
    assert filing.deadline(calendar, "beijing", 2027, 2) == filing.Deadline(
        day=date(2027, 2, 22), official=True
    )


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        pytest.param("year: 27\ndays: []\n", '1:7: year: "27"; a year from', id="no year"),
        pytest.param("days: []\n", "1:1: year: no value", id="a year is missing"),
        pytest.param("year: 2027\n", "days: no value; a list is meant", id="days are missing"),
        pytest.param("yeer: 2027\nyear: 2027\ndays: []\n", '1:1: yeer: unknown key; did you mean "year"?', id="key"),
        pytest.param(
            year(2027, "{date: 2027-02-30, isOffDay: true}"),
            "2:15: days[0].date: \"2027-02-30\"; such a day does not exist",
            id="a day that is none",
        ),
        pytest.param(
            year(2027, day_off("2025-10-01")), "days[0].date: \"2025-10-01\"; a day of 2027", id="another year's"
        ),
        pytest.param(
            year(2027, day_off("2027-10-01", "maybe")), '"maybe"; true (nobody works) or false', id="maybe"
        ),
        pytest.param(
            year(2027, "{date: 2027-10-01, off: true}"), 'days[0].off: unknown key', id="another key of a day"
        ),
        pytest.param(year(2027, "2027-10-01"), "days[0]: \"2027-10-01\"; a day is meant", id="a bare day"),
        pytest.param("years: 2027\n", 'years: "2027"; a list is meant', id="years that are no list"),
        pytest.param("years: [2027]\n", "years[0]: no mapping", id="a year that is no mapping"),
        pytest.param("- 2027\n", "1:1: not a mapping", id="a list"),
        pytest.param("year: 2027\n\tdays: []\n", "a tab is used", id="not YAML"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_says_where(read_text: ReadText, tmp_path: Path, text: str, mistake: str):
    (tmp_path / "days.yaml").write_text(text)
    with pytest.raises(ConfigError) as refused:
        read_text(HEAD + ONE + "calendar: {holidays: days.yaml}\n")
    assert f"{tmp_path / 'days.yaml'}:" in str(refused.value)
    assert mistake in str(refused.value)


def test_working_days_and_the_filing_period_reach_the_route(read_text: ReadText):
    written = """\
alerts:
  receivers: {boss: {webhook: "http://127.0.0.1:9/"}}
  routes:
    - {when: {weekdays: workdays, filing_period: true}, to: boss}
    - {when: {weekdays: [days_off]}, to: [boss]}
    - {when: {filing_period: false}, to: [boss]}
    - {to: [boss]}
""".replace("to: boss}", "to: [boss]}")
    loaded = read_text(HEAD + ONE + written)
    assert [route.when for route in loaded.plan.routes] == [
        When(workdays=True, filing_period=True),
        When(workdays=False),
        When(filing_period=False),
        When(),
    ]
    assert not any("never matches" in note for note in loaded.notes)


def test_the_report_reaches_the_plan_and_its_receiver_needs_no_route(read_text: ReadText):
    written = """\
alerts:
  receivers: {oncall: {webhook: "http://127.0.0.1:9/"}, boss: {webhook: "http://127.0.0.1:9/"}}
  routes: [{to: [oncall]}]
  report: {schedule: "0  8 1 * *", to: boss}
"""
    loaded = read_text(HEAD + ONE + written)
    assert loaded.plan.report == ReportRule(schedule="0 8 1 * *", to=("boss",))
    assert not any("boss" in note for note in loaded.notes)
