"""Reading maintenance notices: the corpus, its grammar read back, and text that is hostile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, note, settings
from hypothesis import strategies as st

from monitor.core.notices import Doubt, Notice, NoticeWindow, explain, read
from monitor.core.notices.doubts import SENTENCES
from monitor.knowledge import load_registry

CORPUS = Path(__file__).parents[1] / "data" / "notices"
ATTACKED = CORPUS / "attacked.yaml"
CHINA = timezone(timedelta(hours=8))
AUTHORITIES = load_registry()
PLAIN = "国家税务总局山东省税务局关于系统停机维护的通告\n"


@dataclass(frozen=True, kw_only=True)
class Example:
    """A notice and what a person reads in it."""

    id: str
    text: str
    authorities: str
    windows: list[str]
    unclear: list[str] = field(default_factory=list)
    published: date | None = None
    read_as_published: date | None = None
    source: str = ""


def examples() -> Iterator[Any]:
    """Every notice of the corpus, named by its file and itself."""
    for file in sorted(set(CORPUS.glob("*.yaml")) - {ATTACKED}):
        for entry in yaml.safe_load(file.read_text(encoding="utf-8")):
            yield pytest.param(Example(**entry), id=f"{file.stem}: {entry['id']}")


@pytest.mark.parametrize("example", list(examples()))
def test_a_notice_is_read_as_a_person_reads_it(example: Example) -> None:
    found = read(example.text, example.published, AUTHORITIES)
    assert [shown(window) for window in found.windows] == example.windows
    assert " ".join(found.authorities) == example.authorities
    assert {str(unclear.kind) for unclear in found.unclear} == {*example.unclear}
    if example.read_as_published:
        assert found.published == example.read_as_published
    assert all(window.authorities == found.authorities for window in found.windows)


def shown(window: NoticeWindow) -> str:
    """`2025-03-14 20:00 .. 2025-03-15 08:00; etax`."""
    start, end = (clock(moment) for moment in (window.start, window.end))
    services = "all" if window.services is None else " ".join(window.services)
    return f"{start} .. {'open' if window.open_ended else end}; {services}"


def clock(moment: datetime) -> str:
    local = moment.astimezone(CHINA)
    return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")


# --- what must wait for a person --------------------------------------------------------------------------------------


def is_certain(found: Notice) -> bool:
    """Whether a feed with `approve: auto` would let its windows mute."""
    return bool(found.windows) and not found.unclear


def attacks() -> list[Any]:
    """Notices that are no announcement of a stop of the whole, or not this bureau's."""
    entries = yaml.safe_load(ATTACKED.read_text(encoding="utf-8"))
    return [pytest.param(entry["text"], id=entry["id"]) for entry in entries]


@pytest.mark.parametrize("text", attacks())
def test_what_could_mislead_waits_for_a_person(text: str) -> None:
    assert not is_certain(read(text, date(2026, 11, 20), AUTHORITIES))


SOUND = [
    example.values[0] for example in examples() if example.values[0].windows and not example.values[0].unclear
]


def test_nearly_all_sound_notices_of_the_corpus_are_certain() -> None:
    windows = [example.values[0] for example in examples() if example.values[0].windows]
    assert len(SOUND) >= 85, "of them: see the truths of the corpus"
    assert len(SOUND) >= 0.75 * len(windows)


TURNS = [
    "该消息不实。", "上述通告作废。", "以上安排叫停。", "该停机计划搁置。", "部分地市除外。", "江苏省不受影响。" , "以上为模板。", "如升级失败则另行安排。",
    "某某科技有限公司", "期间各项业务可正常办理。", "是否停机？", "本次升级无需停机。", "本通告转发自网络。", "以上内容属于捏造。", "蓝天财税",

]  # fmt: skip


@pytest.mark.parametrize("turn", TURNS)
def test_one_sentence_more_makes_a_sound_notice_wait(turn: str) -> None:
    for example in SOUND:
        more = read(f"{example.text.rstrip()}\n{turn}\n", example.published, AUTHORITIES)
        assert "<" in example.text or "江苏" in example.text or not is_certain(more), example.id


HIDING = [
    "<p style='display:none'>", "<p style=\"visibility: hidden\">", "<div hidden>", "<span style='font-size:0'>", "<del>", "<s>",
    "<p style='text-decoration:line-through'>", "<style>.x{display:none}</style><p class=x>", "<p aria-hidden=true>",
]  # fmt: skip


@pytest.mark.parametrize("tag", HIDING)
def test_a_page_that_hides_something_waits(tag: str) -> None:
    page = f"<html><body><p>{PLAIN}</p>%s<p>2026年11月26日18:00至20:00电子税务局停机维护。</p></body></html>"
    assert is_certain(read(page % "<!-- 停机 --><script>停机</script>", None, AUTHORITIES))
    found = read(page % f"{tag}2026年11月26日18:00至22:00发票查验停机。</p>", None, AUTHORITIES)
    assert [one.kind for one in found.unclear] == [Doubt.HIDDEN] or not is_certain(found)
    assert Doubt.HIDDEN in {one.kind for one in found.unclear}


def test_a_week_is_certain_and_more_is_not() -> None:
    text = PLAIN + "2026年11月2日0:00至{}发票查验平台停机维护。"
    assert is_certain(read(text.format("11月9日0:00"), None, AUTHORITIES))
    for end in ("11月9日1:00", "12月9日0:00"):
        found = read(text.format(end), None, AUTHORITIES)
        assert [one.kind for one in found.unclear] == [Doubt.LONG]


# --- the grammar, read back ------------------------------------------------------------------------------------------

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 1))
MINUTES = st.integers(0, 24 * 60 - 1)
JOINERS = st.sampled_from(["至", "到", "-", "—", "～", "~", " 至 ", "起至"])
WEEK = "一二三四五六日"
FIGURES = "零一二三四五六七八九"


def chinese(number: int) -> str:
    """24 → 二十四."""
    tens, ones = divmod(number, 10)
    if not tens:
        return FIGURES[ones]
    return ("" if tens == 1 else FIGURES[tens]) + "十" + (FIGURES[ones] if ones else "")


@st.composite
def day_forms(draw: st.DrawFn, day: date, before: date | None) -> str:
    """One of the ways to write a day; after another one what is the same may be left out."""
    forms = [f"{day.year}年{day.month}月{day.day}日", f"{day:%Y-%m-%d}", f"{day:%Y/%m/%d} "]
    years = "".join("〇一二三四五六七八九"[int(figure)] for figure in str(day.year))
    forms.append(f"{years}年{chinese(day.month)}月{chinese(day.day)}日")
    if before and day.year == before.year:
        forms.append(f"{day.month}月{day.day}日")
    if before and (day.year, day.month) == (before.year, before.month):
        forms.append(f"{day.day}日")
    if before and day == before + timedelta(days=1):
        forms += ["次日", "翌日"]
    if before and day == before:
        forms += ["", "当日"]
    form = draw(st.sampled_from(forms))
    weekday = draw(st.booleans()) and form.endswith("日") and form[0] not in "次翌当"
    return form + (f"（周{WEEK[day.weekday()]}）" if weekday else "")


@st.composite
def time_forms(draw: st.DrawFn, minutes: int, blank: bool) -> str:
    """One of the ways to write a time of day."""
    hour, minute = divmod(minutes, 60)
    forms = [
        f"{hour}:{minute:02}",
        f"{hour:02}：{minute:02}",
        f"{hour}时{minute}分",
        f"{chinese(hour)}时{chinese(minute)}分",
    ]
    if not minute:
        forms += [f"{hour}时", f"{hour}点", f"{chinese(hour)}时"]
    if 13 <= hour <= 18:
        forms.append(f"下午{hour - 12}:{minute:02}")
    if 19 <= hour <= 23:
        forms.append(f"晚{hour - 12}点{minute:02}分")
    if 1 <= hour <= 5:
        forms.append(f"凌晨{hour}:{minute:02}")
    return (" " if blank else "") + draw(st.sampled_from(forms))


@st.composite
def notices(draw: st.DrawFn) -> tuple[str, datetime, datetime]:
    """A notice with one window, and when that is."""
    day, first, length = draw(DAYS), draw(MINUTES), draw(st.integers(30, 5 * 24 * 60))
    start = datetime(day.year, day.month, day.day, tzinfo=CHINA) + timedelta(minutes=first)
    end = start + timedelta(minutes=length)
    left = draw(day_forms(day, None))
    begins = draw(time_forms(first, left[-1].isdigit()))
    as_24 = (end.hour, end.minute) == (0, 0) or draw(st.integers(0, 9)) == 0
    if as_24:
        last = end.date() - timedelta(days=(end.hour, end.minute) == (0, 0))
        end = datetime(last.year, last.month, last.day, tzinfo=CHINA) + timedelta(days=1)
    else:
        last = end.date()
    right = draw(day_forms(last, day))
    vague = any(word in begins for word in ("下午", "晚")) and right == ""
    right = f"{last.day}日" if vague else right
    ends = (
        draw(st.sampled_from(["24:00", "24时"]))
        if as_24
        else draw(time_forms(end.hour * 60 + end.minute, bool(right) and right[-1].isdigit()))
    )
    if as_24 and right and right[-1].isdigit():
        ends = " " + ends
    text = f"国家税务总局山东省税务局：电子税务局将于{left}{begins}{draw(JOINERS)}{right}{ends}停机维护。"
    return text, start, end


@settings(deadline=None, derandomize=True, max_examples=250)
@given(written=notices())
def test_a_window_that_is_written_in_any_form_is_read_back(written: tuple[str, datetime, datetime]) -> None:
    text, start, end = written
    found = read(text, None, AUTHORITIES)
    note(text)
    assert [(window.start, window.end) for window in found.windows] == [(start, end)]
    assert found.windows[0].services == ("etax",)
    assert not found.unclear


@settings(deadline=None, derandomize=True, max_examples=100)
@given(published=DAYS, ahead=st.integers(-7, 150), hour=st.integers(0, 23))
def test_without_a_year_it_is_the_year_nearest_to_its_publication(
    published: date, ahead: int, hour: int
) -> None:
    day = published + timedelta(days=ahead)
    found = read(f"厦门市税务局：{day.month}月{day.day}日{hour}时起暂停发票查验。", published, AUTHORITIES)
    [window] = found.windows
    assert window.start == datetime(day.year, day.month, day.day, hour, tzinfo=CHINA)


def test_times_are_in_utc_and_an_open_end_is_as_long_as_is_said() -> None:
    found = read("山东省税务局：自2025年3月14日8:00起暂停发票查验。", None, AUTHORITIES, open_end=3600)
    [window] = found.windows
    assert (window.start, window.end) == (
        datetime(2025, 3, 14, tzinfo=UTC),
        datetime(2025, 3, 14, 1, tzinfo=UTC),
    )
    assert window.open_ended


# --- hostile text ----------------------------------------------------------------------------------------------------

PIECES = [
    "升级", "3月1日、", "3月1日20:00至", "3月1日20:00至22:00停机，", "，", "。", "\n", "<", "<a ", "<!--", "<script>", "<td>",
    "<p>3月1日8:00至9:00停机</p>", "<meta name=\"", "原定", "除", "《", "国家税务总局", " ", "\t", "1", "年", "2025年", "〇", "十",
    "每日23:00至次日1:00", "6月1日至6月5日每日23:00至次日1:00停机，", "（", "（如19:00-24:00）", "一、", "不", "1\n", "12时",
    "取消", "所有的涉税", "&#x41;", "自3月1日20:00起停机；", "2025-03-15 ", "\u3000", "\x00", "\u200b", "如", "提前恢复", "可",
]  # fmt: skip


BITS = [
    "2026年", "11月", "26日", "18:00", "24:00", "25:00", "至", "次日", "每日", "每晚", "凌晨", "每周六", "暂停", "停机维护",
    "发票查验", "电子税务局", "、", "，", "。", "\n", "期间", "上午", "晚", "3时", "零时", "年底", "本周六", "（", "）", "起", "恢复",
    "当日", "12月1日", "2月30日", "29日", "同日", "即日", "明日", "13月5日", "如", "其他时间", "2026年11月1日0:00至12月1日0:00",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_a_piece_repeated_through_100_kb_is_read_in_bounded_time(piece: str) -> None:
    text = (piece * (100_000 // len(piece) + 1))[:100_000]
    before = time.process_time()
    checked(read(text, date(2025, 3, 1), AUTHORITIES))
    assert time.process_time() - before < 8, "a hundredth of it is usual"


@settings(deadline=None, derandomize=True, max_examples=150)
@given(pieces=st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=40))
def test_whatever_is_read_is_bounded_and_never_fails(pieces: list[str]) -> None:
    checked(read("".join(pieces), None, AUTHORITIES))


def checked(found: Notice) -> None:
    """What holds of every notice."""
    assert len(found.title) <= 120
    assert len(found.windows) <= 100
    assert len(found.unclear) <= 20
    assert found.windows == tuple(sorted(found.windows, key=lambda window: (window.start, window.end)))
    for window in found.windows:
        assert window.start < window.end
        assert window.services is None or window.services
        assert len(window.quote) <= 120
        assert window.quote.isprintable()
    assert all(len(unclear.text) <= 120 and unclear.text.isprintable() for unclear in found.unclear)


@pytest.mark.parametrize(
    "night", ["每日凌晨", "每天晚间", "每周六凌晨", "每日下午12时半至", "每日25:00至26:00"]
)
def test_a_night_without_a_time_is_a_doubt_and_no_error(night: str) -> None:
    found = read(f"{PLAIN}2026年11月1日0:00至12月1日0:00{night}发票查验平台停机维护。", None, AUTHORITIES)
    assert found.unclear


@settings(deadline=None, derandomize=True, max_examples=200)
@given(pieces=st.lists(st.sampled_from(BITS), min_size=3, max_size=25), published=st.none() | DAYS)
def test_no_order_of_the_bits_of_notices_is_an_error(pieces: list[str], published: date | None) -> None:
    checked(read(PLAIN + "".join(pieces), published, AUTHORITIES))


def test_every_doubt_is_explained_in_both_languages() -> None:
    for language in ("zh", "en"):
        assert SENTENCES[language].keys() == {*Doubt}
    found = read("山东省税务局：2025年2月30日8时起暂停发票查验。", None, AUTHORITIES)
    assert explain(found.unclear[0], "zh") == "没有这样的日期或时间：“2025年2月30日”"
    assert explain(found.unclear[0], "en") == "no such day or time exists: “2025年2月30日”"


def test_an_intro_with_the_times_alone_gives_way_to_the_line_that_says_what_stops() -> None:
    text = (
        "山东省税务局：定于2025年3月14日20:00至22:00升级。\n一、2025年3月14日20:00至22:00，电子税务局停机。"
    )
    [window] = read(text, None, AUTHORITIES).windows
    assert window.quote == "一、2025年3月14日20:00至22:00，电子税务局停机"


def test_of_an_impossible_stretch_the_day_that_does_not_exist_is_named() -> None:
    text = "山东省税务局：2025年11月30日20:00至11月31日8:00暂停发票查验。"
    assert [unclear.text for unclear in read(text, None, AUTHORITIES).unclear] == ["11月31日"]


def test_the_title_of_a_single_paragraph_ends_with_a_clause() -> None:
    text = "山东省税务局将于2025年3月14日20:00至22:00对电子税务局停机维护，" + "请合理安排办税时间，" * 30
    found = read(text, None, AUTHORITIES)
    assert (
        found.title
        == "山东省税务局将于2025年3月14日20:00至22:00对电子税务局停机维护，请合理安排办税时间，请合理安排办税时间…"
    )
    assert found.windows[0].quote.endswith("请合理安排办税时间…")
