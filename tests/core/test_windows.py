"""When maintenance is planned: examples. The whole calendar is checked in tests/property/test_windows.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core.state import WindowRecord
from monitor.core.windows import covering, current, find, near, next_edge, overran, upcoming, window_id
from monitor.model import Plan, Window
from tests.core.planned import NIGHTLY, UPGRADE, at, by_hand, planned


def is_covered(plan: Plan, records: dict[str, WindowRecord], authority: str, service: str, when: str) -> bool:
    """Whether maintenance explains a failure of this service at that instant."""
    return covering(current(plan, records, at(when)), authority, service, at(when)) is not None


COVERS = {
    "the very start belongs to it": ("shandong", "verify", "2026-12-01 10:00", True),
    "a moment before does not": ("shandong", "verify", "2026-12-01 09:59:59", False),
    "the last second does": ("shandong", "verify", "2026-12-01 23:59:59", True),
    "the end does not": ("shandong", "verify", "2026-12-02 00:00", False),
    "another authority is not covered": ("hebei", "verify", "2026-12-01 12:00", False),
    "another service is not covered": ("shandong", "dppt", "2026-12-01 12:00", False),
    "every night, all of them": ("hebei", "dppt", "2026-12-03 15:00", True),
    "across midnight": ("hebei", "dppt", "2026-12-03 16:30", True),
    "until two hours later": ("hebei", "dppt", "2026-12-03 17:00", False),
    "the national page too": ("national", "", "2026-12-03 16:30", True),
    "never our own network": ("local", "", "2026-12-03 16:30", False),
}


@pytest.mark.parametrize(("authority", "service", "when", "expected"), COVERS.values(), ids=COVERS)
def test_what_is_covered(authority, service, when, expected):
    assert is_covered(planned(UPGRADE, NIGHTLY), {}, authority, service, when) is expected


def test_of_several_windows_the_one_that_ends_last_explains():
    plan = planned(replace(UPGRADE, authorities=None), NIGHTLY)
    now = at("2026-12-01 15:30")
    windows = current(plan, {}, now)
    assert [window.name for window in windows] == ["upgrade", "nightly"]
    found = covering(windows, "shandong", "verify", now)
    assert found is not None
    assert found.name == "upgrade"


def test_a_window_of_two_hours_lasts_two_hours_on_the_day_the_clock_is_set():
    """In New York 01:30 to 03:30 by the wall is one hour on 8 March 2026, and three on 1 November."""
    rule = replace(NIGHTLY, schedule="30 1 * * *", timezone="America/New_York")
    for day, start in (("2026-03-08", "06:30"), ("2026-11-01", "05:30")):
        (window,) = current(planned(rule), {}, at(f"{day} {start}"))
        assert window.start == at(f"{day} {start}")
        assert window.end - window.start == timedelta(hours=2)


def test_a_wall_time_that_is_skipped_begins_with_the_first_that_exists():
    rule = replace(NIGHTLY, schedule="30 2 * * *", timezone="Europe/Berlin")
    (window,) = current(planned(rule), {}, at("2026-03-29 01:10"))
    assert window.start == at("2026-03-29 01:00"), "02:30 does not exist that night; 03:00 does"


def test_a_wall_time_that_comes_twice_begins_the_first_time_only():
    rule = replace(NIGHTLY, schedule="30 2 * * *", duration=1800.0, timezone="Europe/Berlin")
    plan = planned(rule)
    assert current(plan, {}, at("2026-10-25 00:30"))
    assert not current(plan, {}, at("2026-10-25 01:30"))


def test_windows_longer_than_their_period_overlap():
    plan = planned(replace(NIGHTLY, duration=30 * 3600.0))
    windows = current(plan, {}, at("2026-12-03 16:00"))
    assert [window.id for window in windows] == ["nightly-20261202T150000Z", "nightly-20261203T150000Z"]


def test_a_window_by_hand_stands_beside_those_of_rules():
    records = by_hand("2026-12-03 15:30", "2026-12-03 18:00", authorities=("hebei",))
    assert len(current(planned(NIGHTLY), records, at("2026-12-03 16:00"))) == 2
    assert is_covered(planned(), records, "hebei", "verify", "2026-12-03 17:59")
    assert not is_covered(planned(), records, "hebei", "verify", "2026-12-03 18:00")


def ended_early(id_: str, start: str, end: str, planned_end: str) -> dict[str, WindowRecord]:
    """The record of a window of a rule that somebody ended early."""
    window = Window(id=id_, name="nightly", authorities=None, services=None, start=at(start), end=at(end))
    return {id_: WindowRecord(window=window, planned_end=at(planned_end))}


EARLY = ended_early("nightly-20261201T150000Z", "2026-12-01 15:00", "2026-12-01 15:20", "2026-12-01 17:00")


def test_a_window_that_was_ended_early_covers_nothing_more():
    plan = planned(NIGHTLY)
    assert is_covered(plan, EARLY, "hebei", "verify", "2026-12-01 15:19")
    assert not is_covered(plan, EARLY, "hebei", "verify", "2026-12-01 15:20")
    assert is_covered(plan, EARLY, "hebei", "verify", "2026-12-02 15:20"), "the next night is another window"
    assert next_edge(plan, EARLY, at("2026-12-01 15:21")) == at("2026-12-01 15:25")


def test_a_rule_whose_end_was_moved_by_a_reload_is_followed():
    """A record that was not ended early remembers what was told, not when it ends."""
    known = WindowRecord(window=current(planned(UPGRADE), {}, at("2026-12-01 11:00"))[0], started_told=True)
    longer = planned(replace(UPGRADE, end=at("2026-12-02 06:00")))
    assert is_covered(longer, {known.window.id: known}, "shandong", "verify", "2026-12-02 03:00")


EDGES = {
    "long before: nothing but the announcement": ("2026-11-20 00:00", "2026-11-30 10:00"),
    "announced: its start": ("2026-11-30 10:00", "2026-12-01 10:00"),
    "begun: its end": ("2026-12-01 10:00", "2026-12-02 00:00"),
    "over: the end of the grace": ("2026-12-02 00:00", "2026-12-02 00:05"),
    "overrun: nothing more": ("2026-12-02 00:05", None),
}


@pytest.mark.parametrize(("now", "edge"), EDGES.values(), ids=EDGES)
def test_the_next_edge(now, edge):
    assert next_edge(planned(UPGRADE), {}, at(now)) == (at(edge) if edge else None)


def test_without_maintenance_there_is_no_edge():
    assert next_edge(planned(), {}, at("2026-12-01 10:00")) is None


def test_a_window_that_is_not_announced_has_no_edge_ahead_of_its_start():
    assert next_edge(planned(NIGHTLY), {}, at("2026-12-01 17:05")) == at("2026-12-02 15:00")


def test_what_is_long_over_is_no_longer_looked_at():
    plan = planned(UPGRADE, overrun_grace=600.0)
    records = by_hand("2026-12-01 12:00", "2026-12-02 00:00")
    assert len([*near(plan, records, at("2026-12-02 00:10"))]) == 2
    assert not [*near(plan, records, at("2026-12-02 01:10"))]


def test_the_preview_shows_what_is_open_and_what_begins():
    records = by_hand("2026-12-02 01:00", "2026-12-02 02:00")
    shown = upcoming(planned(UPGRADE, NIGHTLY), records, at("2026-12-01 16:00"), at("2026-12-03 00:00"))
    assert [window.id for window in shown] == [
        "upgrade-20261201T100000Z", "nightly-20261201T150000Z", "hand", "nightly-20261202T150000Z",
    ]  # fmt: skip


def test_a_preview_is_bounded():
    plan = planned(replace(NIGHTLY, schedule="* * * * *", duration=30.0))
    assert len(upcoming(plan, {}, at("2026-12-01 00:00"), at("2036-12-01 00:00"))) == 1000


def test_what_a_failure_began_in_is_found_after_its_end():
    plan, since = planned(UPGRADE), at("2026-12-01 20:00")
    windows = current(plan, {}, since)
    assert overran(windows, "shandong", "verify", since, at("2026-12-01 23:00")) is None, "not over yet"
    found = overran(windows, "shandong", "verify", since, at("2026-12-05 00:00"))
    assert found is not None
    assert found.id == "upgrade-20261201T100000Z"
    assert overran(windows, "shandong", "verify", at("2026-12-01 09:00"), at("2026-12-05 00:00")) is None


def test_a_window_is_found_by_its_id():
    plan, records = planned(UPGRADE, NIGHTLY), by_hand("2026-12-02 01:00", "2026-12-02 02:00")
    for id_ in ("hand", "upgrade-20261201T100000Z", "nightly-20310704T150000Z"):
        window = find(plan, records, id_)
        assert window is not None
        assert window.id == id_
    for id_ in (
        "",
        "nightly",
        "nightly-20310704T160000Z",
        "nightly-99999999T999999Z",
        "other-20261201T150000Z",
    ):
        assert find(plan, records, id_) is None


def test_ids_are_safe_in_an_address_and_differ_for_different_names():
    assert window_id("nightly", at("2026-12-01 15:00")) == "nightly-20261201T150000Z"
    names = ("夜间", "升级", "Nightly", "night ly", "night-ly")
    ids = {window_id(name, at("2026-12-01 15:00")) for name in names}
    assert len(ids) == len(names)
    assert all(id_.replace("-", "").isalnum() and id_.isascii() for id_ in ids)
