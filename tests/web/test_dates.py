"""What the pages and the advice say of the filing period."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from monitor.core.filing import CHINA
from monitor.knowledge import load_calendar
from monitor.notify.dates import advice_with, rush_line
from monitor.web.dates import Dates, dates
from monitor.web.lens import Lens
from tests.web.conftest import Ask, World, make_plan

CALENDAR = load_calendar()
OWN = replace(CALENDAR, deadlines={**CALENDAR.deadlines, ("shenzhen", 2026, 12): date(2026, 12, 17)})


def on(text: str, language: str = "zh", authority: str = "") -> Dates:
    """What is said on that day of China."""
    now = datetime.fromisoformat(f"{text}T09:00").replace(tzinfo=CHINA)
    return dates(Lens(language=language, plan=make_plan(calendar=OWN), now=now), authority)


@pytest.mark.parametrize(
    ("day", "kind", "zh", "en"),
    [
        pytest.param("2026-12-02", "open", "征期：2026-12-01 至 2026-12-15，还有 13 天。",
                     "Returns are due from 2026-12-01 to 2026-12-15: 13 d left.", id="early"),
        pytest.param("2026-12-14", "soon", "征期：2026-12-01 至 2026-12-15，还有 1 天。",
                     "Returns are due from 2026-12-01 to 2026-12-15: 1 d left.", id="soon"),
        pytest.param("2026-12-15", "last", "今天是本月征期的最后一天（2026-12-15）。",
                     "Today is the last day to file this month (2026-12-15).", id="last"),
        pytest.param("2026-12-20", "closed",
                     "本月征期已结束，截止日 2026-12-15；下一个征期：2027-01-01 至 2027-01-15（推算）。",
                     "The filing period of this month is over, its last day was 2026-12-15; "
                     "the next: 2027-01-01 to 2027-01-15 (assumed).", id="over"),
    ],
)  # fmt: skip
def test_the_period_in_a_sentence(day, kind, zh, en):
    assert (on(day).kind, on(day).sentence) == (kind, zh)
    assert on(day, "en").sentence == en


def test_who_deviates_and_what_is_not_known():
    said = on("2026-12-15")
    assert said.others == ("深圳：截止日 2026-12-17。",)
    assert said.notes == ("2027 年的放假安排尚未获知，暂只按周末推算。",)
    assert on("2026-12-15", authority="shenzhen").sentence.endswith("还有 2 天。")


def test_ends_of_quarters_and_quarterly_returns_are_said():
    assert on("2026-09-30").notes == ("季末开票高峰。",)
    assert on("2026-10-08").notes == ("本月同时申报季度税款，访问量更大。",)


async def test_it_stands_on_the_pages(world: World, ask: Ask):
    world.plan = make_plan(calendar=OWN)
    for path in ("/", "/authorities/shenzhen"):
        assert "本月征期已结束，截止日 2026-11-16" in (await ask(path)).text
    assert "Filing period" in (await ask("/?lang=en")).text


def test_the_advice_for_an_invoice_says_so_in_the_last_days_only():
    last = datetime(2026, 12, 15, 9, 0, tzinfo=CHINA)
    line = rush_line(OWN, "beijing", last, "zh")
    assert advice_with("去查验。", line, "zh") == "去查验。征期：今天（2026-12-15）是申报最后一天。"
    assert advice_with("Look.", rush_line(OWN, "beijing", last, "en"), "en").endswith(
        "is the last day to file."
    )
    assert advice_with("去查验。", rush_line(OWN, "beijing", last.replace(day=2), "zh"), "zh") == "去查验。"
    assert rush_line(OWN, "beijing", datetime(2027, 1, 15, 9, tzinfo=CHINA), "zh") == "", "nobody knows"
