"""Times as other people's systems write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.instants import read_instant

SHANGHAI = ZoneInfo("Asia/Shanghai")
HALF_PAST_EIGHT = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
"""08:30 in Shanghai."""
EPOCH = 1795221000
EARLIEST = datetime(2000, 1, 2, tzinfo=UTC).replace(tzinfo=None)

SAME = [
    "2026-11-21T00:30:00Z",
    "2026-11-21T00:30:00z",
    "2026-11-21t00:30:00.000Z",
    "2026-11-21T08:30:00+08:00",
    "2026-11-21T08:30:00+0800",
    "2026-11-21T08:30:00+08",
    "2026-11-20T16:30:00-08:00",
    "2026-11-21T08:30+08:00[Asia/Shanghai]",
    "2026-11-21T08:30:00",
    "2026-11-21 08:30:00",
    "2026-11-21  08:30:00",
    "2026-11-21 08:30",
    "2026-11-21 08:30:00.000",
    "2026-11-21 08:30:00,000000000",
    "2026-11-21 00:30:00 UTC",
    "2026-11-21 00:30:00 GMT",
    "2026-11-21 08:30:00 +0800",
    "2026/11/21 08:30:00",
    "2026/11/21 8:30",
    "2026.11.21 08:30:00",
    " 2026-11-21 08:30:00 ",
    "２０２６－１１－２１ ０８：３０",
    "2026年11月21日 08:30",
    "2026年11月21日08:30:00",
    "2026年11月21日 8时30分",
    "2026年11月21日08时30分00秒",
    "20261121083000",
    "202611210830",
    "20261121083000000",
    "20261121T083000",
    "20261121T003000Z",
    20261121083000,
    EPOCH,
    str(EPOCH),
    float(EPOCH),
    f"{EPOCH}.0",
    EPOCH * 1000,
    str(EPOCH * 1000),
    EPOCH * 1000.0,
    EPOCH * 1_000_000,
    "Sat, 21 Nov 2026 00:30:00 GMT",
    "Sat, 21 Nov 2026 08:30:00 +0800",
    [2026, 11, 21, 8, 30],
    [2026, 11, 21, 8, 30, 0],
    [2026, 11, 21, 8, 30, 0, 0],
]


@pytest.mark.parametrize("written", SAME, ids=repr)
def test_one_instant_in_all_its_forms(written: Any) -> None:
    assert read_instant(written, SHANGHAI) == HALF_PAST_EIGHT


@pytest.mark.parametrize(
    ("written", "micro"),
    [
        ("2026-11-21T00:30:00.125Z", 125000),
        ("2026-11-21 08:30:00,5", 500000),
        ("2026-11-21T00:30:00.123456789Z", 123456),
        (EPOCH * 1000 + 250, 250000),
        (f"{EPOCH}.5", 500000),
        ([2026, 11, 21, 8, 30, 0, 125000000], 125000),
        ("20261121083000125", 125000),
    ],
)
def test_fractions_count(written: Any, micro: int) -> None:
    assert read_instant(written, SHANGHAI) == HALF_PAST_EIGHT + timedelta(microseconds=micro)


def test_a_leap_second_is_the_last_of_its_minute() -> None:
    found = read_instant("2016-12-31T23:59:60Z", SHANGHAI)
    assert found == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


NONE: list[Any] = [
    None, True, False, "", " ", "never", "-", "N/A", {}, [], ["2026"], [2026, 11, 21], [2026, 13, 1, 0, 0],
    [2026, 11, 21, 8, True], [2026.0, 11, 21, 8, 30], "2026-11-21", "2026年11月21日", "20261121", 20261121,
    "2026-13-01 00:00:00", "2026-02-30 00:00", "2026-11-21 24:00", "2026-11-21 08:60", "2026-11-21 08:30:61",
    "2026-11-21T08:30:00+25:00", "2026-11-21T08:30:00+08:75", "2026-11-21/08:30", "21/11/2026 08:30",
    "0000-00-00 00:00:00", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", 0, 1, -1, -1795221000, 1e300, 3.5,
    float("nan"), float("inf"), "00000000000000", "99991231235959999999", "2026-11-21 08:30 CST",
    "2026-11-21 08:30:00" + "0" * 100, "9" * 5000, "Sat, 21 Foo 2026 08:30:00 GMT", "2026-11/21 08:30",
    "٢٠٢٦-١١-٢١ ٠٨:٣٠",
]  # fmt: skip


@pytest.mark.parametrize("written", NONE, ids=lambda value: repr(value)[:40])
def test_what_means_no_instant_is_none(written: Any) -> None:
    assert read_instant(written, SHANGHAI) is None


def test_without_a_zone_it_is_the_one_handed_in() -> None:
    assert read_instant("2026-07-01 08:30", ZoneInfo("Europe/Berlin")) == datetime(
        2026, 7, 1, 6, 30, tzinfo=UTC
    )
    assert read_instant("2026-07-01T08:30Z", ZoneInfo("Europe/Berlin")) == datetime(
        2026, 7, 1, 8, 30, tzinfo=UTC
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(JSON | st.text(alphabet="0123456789-/: .TZ+年月日时分秒", max_size=40))
def test_nothing_that_a_reply_can_hold_is_too_much(value: Any) -> None:
    found = read_instant(value, SHANGHAI)
    assert found is None or found.tzinfo is UTC


@given(st.datetimes(min_value=EARLIEST, max_value=EARLIEST.replace(year=2200)))
def test_what_is_written_is_what_is_read(instant: datetime) -> None:
    aware = instant.replace(tzinfo=SHANGHAI)
    assert read_instant(aware.isoformat(), UTC) == aware
    assert read_instant(f"{instant:%Y-%m-%d %H:%M:%S.%f}", SHANGHAI) == aware
    whole = aware.replace(microsecond=0)
    assert read_instant(int(whole.timestamp()), UTC) in (whole, None)
    assert read_instant(f"{instant:%Y%m%d%H%M%S}", SHANGHAI) == whole
