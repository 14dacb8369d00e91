"""What is told of windows: each thing once, whenever it is asked and however often."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from monitor.core.planned import KEPT, announce, end_early, ended, forgettable
from monitor.core.state import WindowRecord
from monitor.core.windows import covering, current, next_edge
from monitor.model import MaintenanceRule, Plan
from tests.core.planned import UPGRADE, at, by_hand, planned

NIGHTLY = MaintenanceRule(name="nightly", schedule="0 23 * * *", duration=7200.0)


@dataclass
class Desk:
    """Asks `announce` as the decider does, keeps the records, and tells every start to `bus[0]`."""

    plan: Plan
    records: dict[str, WindowRecord] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    """Ids of windows whose targets became due at their end."""

    def covers(self, authority: str, service: str, when: str) -> bool:
        """Whether maintenance explains a failure of this service at that instant."""
        windows = current(self.plan, self.records, at(when))
        return covering(windows, authority, service, at(when)) is not None

    def ask(self, when: str) -> list[str]:
        """What is told at this instant: `started upgrade`."""
        changed, told = announce(self.plan, self.records, at(when))
        self.looked += [window.id for window in ended(self.records, changed)]
        self.records |= {record.window.id: record for record in changed}
        for event in told:
            if event.event == "maintenance_started":
                known = self.records[event.window.id]
                self.records[event.window.id] = replace(known, told=frozenset({"bus[0]"}))
        said = [f"{event.event.removeprefix('maintenance_')} {event.window.name}" for event in told]
        self.heard += said
        return said

    def ask_all(self, times: Iterable[str]) -> list[str]:
        """What is told at these instants, all together."""
        return [said for when in times for said in self.ask(when)]


LIVES = {
    "asked at every edge": (
        ["2026-11-30 10:00", "2026-12-01 10:00", "2026-12-02 00:00"],
        ["upcoming upgrade", "started upgrade", "ended upgrade"],
    ),
    "asked twice at every edge": (
        ["2026-11-30 10:00"] * 2 + ["2026-12-01 10:00"] * 2 + ["2026-12-02 00:00"] * 2,
        ["upcoming upgrade", "started upgrade", "ended upgrade"],
    ),
    "known long before: told at once, and again when it is near": (
        ["2026-11-01 00:00", "2026-11-15 00:00", "2026-11-30 09:59", "2026-11-30 10:00", "2026-12-01 10:00"],
        ["announced upgrade", "upcoming upgrade", "started upgrade"],
    ),
    "known late: one message, not two": (["2026-12-01 09:00"], ["upcoming upgrade"]),
    "begun before it could be announced": (["2026-12-01 10:30"], ["started upgrade"]),
    "the start is told late, not after the end": (["2026-12-01 23:59"], ["started upgrade"]),
    "passed while nobody asked": (["2026-12-02 00:00"], []),
    "announced, then passed while nobody asked": (
        ["2026-11-30 12:00", "2026-12-03 00:00"],
        ["upcoming upgrade"],
    ),
    "the end is told days late to who heard of the start": (
        ["2026-12-01 12:00", "2026-12-09 00:00"],
        ["started upgrade", "ended upgrade"],
    ),
}


@pytest.mark.parametrize(("times", "told"), LIVES.values(), ids=LIVES)
def test_what_is_told_of_a_window(times, told):
    assert Desk(planned(UPGRADE)).ask_all(times) == told


def test_the_end_goes_to_whom_the_start_went_and_to_nobody_else():
    desk = Desk(planned(UPGRADE))
    desk.ask("2026-12-01 10:00")
    _, told = announce(desk.plan, desk.records, at("2026-12-02 00:00"))
    assert [event.to for event in told] == [frozenset({"bus[0]"})]


def test_who_heard_of_no_start_hears_of_no_end():
    plan = planned(UPGRADE)
    changed, _ = announce(plan, {}, at("2026-12-01 10:00"))  # routed to nobody
    records = {record.window.id: record for record in changed}
    assert announce(plan, records, at("2026-12-02 00:00"))[1] == ()


def test_every_night_is_a_window_of_its_own():
    desk = Desk(planned(NIGHTLY))
    told = desk.ask_all(
        ["2026-12-01 14:59", "2026-12-01 15:00", "2026-12-01 17:00", "2026-12-02 15:00", "2026-12-02 17:00"]
    )
    night = ["started nightly", "upcoming nightly", "ended nightly"]
    assert told == ["upcoming nightly", *night, *night]


def test_a_window_that_is_not_to_be_announced_is_followed_in_silence():
    desk = Desk(planned(replace(NIGHTLY, announce=False)))
    assert desk.ask_all(["2026-12-01 14:59", "2026-12-01 15:00", "2026-12-01 17:00"]) == []
    assert desk.looked == ["nightly-20261201T150000Z"], "what it covered is looked at when it is over"


def test_the_end_is_seen_once():
    desk = Desk(planned(UPGRADE))
    desk.ask_all(["2026-12-01 10:00", "2026-12-02 00:00", "2026-12-02 00:00", "2026-12-02 00:05"])
    assert desk.looked == ["upgrade-20261201T100000Z"]


def test_nothing_ahead_is_asked_for():
    assert Desk(planned(UPGRADE, notify_before=0.0)).ask_all(["2026-11-01 00:00", "2026-12-01 09:59"]) == []


def test_the_windows_of_a_rule_that_repeats_are_told_when_they_are_near():
    monthly = MaintenanceRule(
        name="patch", rrule="FREQ=MONTHLY;BYDAY=2SA", start=at("2026-12-01 10:00"), duration=7200.0
    )
    desk = Desk(planned(monthly))
    assert desk.ask_all(["2026-12-01 10:00", "2026-12-11 09:59"]) == []
    assert desk.ask_all(["2026-12-11 10:00", "2026-12-12 10:00", "2026-12-12 12:00"]) == [
        "upcoming patch",
        "started patch",
        "ended patch",
    ]


def test_a_window_that_is_not_to_be_announced_is_not_when_it_becomes_known():
    assert Desk(planned(replace(UPGRADE, announce=False))).ask_all(["2026-11-01 00:00"]) == []


def test_what_was_told_when_it_became_known_is_not_told_again_when_less_notice_is_asked_for():
    desk = Desk(planned(UPGRADE))
    assert desk.ask_all(["2026-11-30 12:00"]) == ["upcoming upgrade"]
    desk.plan = planned(UPGRADE, notify_before=3600.0)
    assert desk.ask_all(["2026-11-30 13:00", "2026-12-01 09:30"]) == []


def test_a_window_whose_time_is_changed_is_another_one():
    desk = Desk(planned(UPGRADE))
    desk.ask("2026-11-01 00:00")
    desk.plan = planned(replace(UPGRADE, start=at("2026-12-01 11:00")))
    assert desk.ask("2026-11-02 00:00") == ["announced upgrade"]


def test_a_dense_schedule_does_not_announce_a_whole_day_at_once():
    desk = Desk(planned(replace(NIGHTLY, schedule="*/10 * * * *", duration=60.0)))
    assert len(desk.ask("2026-12-01 09:59")) == 8


def test_many_rules_are_all_announced():
    rules = [replace(UPGRADE, name=f"upgrade-{n}") for n in range(40)]
    assert len(Desk(planned(*rules)).ask("2026-12-01 09:00")) == 40


def test_nothing_is_remembered_of_windows_that_nothing_is_told_of():
    desk = Desk(planned(replace(NIGHTLY, announce=False)))
    desk.ask("2026-12-01 14:00")
    assert desk.records == {}


def test_a_window_by_hand_is_announced_like_one_of_a_rule():
    desk = Desk(planned(), by_hand("2036-12-01 10:00", "2036-12-01 12:00"))
    assert desk.ask_all(["2026-12-01 10:00", "2036-11-30 09:59"]) == ["announced hand"]
    assert next_edge(desk.plan, desk.records, at("2026-12-01 10:00")) == at("2036-11-30 10:00")
    assert desk.ask_all(["2036-11-30 10:00", "2036-11-30 10:01"]) == ["upcoming hand"]


def test_a_window_by_hand_that_has_begun_is_told_at_once():
    desk = Desk(planned(), by_hand("2026-12-01 10:00", "2026-12-01 12:00"))
    assert desk.ask_all(["2026-12-01 10:30", "2026-12-01 12:00"]) == ["started hand", "ended hand"]


# --- ended early, no longer configured -------------------------------------------------------------------------------


def end(desk: Desk, id_: str, when: str) -> bool:
    """End a window as the command does; whether that was possible."""
    record = end_early(desk.plan, desk.records, id_, at(when))
    if record is not None:
        desk.records[id_] = record
    return record is not None


def test_a_window_that_is_ended_early_ends_for_all():
    desk = Desk(planned(UPGRADE))
    desk.ask("2026-12-01 10:00")
    assert end(desk, "upgrade-20261201T100000Z", "2026-12-01 13:00")
    assert not desk.covers("shandong", "verify", "2026-12-01 13:00")
    assert desk.ask_all(["2026-12-01 13:00", "2026-12-02 00:00"]) == ["ended upgrade"]


def test_a_window_that_is_ended_before_it_begins_never_does():
    desk = Desk(planned(UPGRADE))
    assert end(desk, "upgrade-20261201T100000Z", "2026-12-01 09:00")
    assert desk.ask_all(["2026-12-01 09:30", "2026-12-01 10:00", "2026-12-02 00:00"]) == []
    assert not desk.covers("shandong", "verify", "2026-12-01 12:00")


def test_what_cannot_be_ended():
    desk = Desk(planned(UPGRADE))
    assert not end(desk, "unknown", "2026-12-01 13:00")
    assert not end(desk, "upgrade-20261201T100000Z", "2026-12-02 00:00")
    assert end(desk, "upgrade-20261201T100000Z", "2026-12-01 13:00")
    assert not end(desk, "upgrade-20261201T100000Z", "2026-12-01 14:00"), "it is over already"


def test_a_window_that_leaves_the_configuration_ends():
    desk = Desk(planned(UPGRADE))
    desk.ask("2026-12-01 10:00")
    desk.plan = planned()
    assert desk.ask_all(["2026-12-01 13:00", "2026-12-01 13:01"]) == ["ended upgrade"]


def test_one_that_was_only_announced_leaves_without_a_word():
    desk = Desk(planned(UPGRADE))
    desk.ask("2026-12-01 09:00")
    desk.plan = planned()
    assert desk.ask_all(["2026-12-01 10:00", "2026-12-02 00:00"]) == []


# --- forgetting ------------------------------------------------------------------------------------------------------


def later(when: str, more: timedelta) -> datetime:
    return at(when) + more


def test_old_records_are_dropped_and_open_ones_kept():
    desk = Desk(planned(UPGRADE, NIGHTLY))
    desk.ask_all(["2026-12-01 15:00", "2026-12-01 17:00", "2026-12-02 00:00"])
    assert forgettable(desk.records, later("2026-12-01 17:00", KEPT)) == []
    dropped = forgettable(desk.records, later("2026-12-01 17:00", KEPT + timedelta(hours=1)))
    assert dropped == ["nightly-20261201T150000Z"]


def test_a_record_whose_end_is_not_told_yet_is_kept():
    desk = Desk(planned(UPGRADE))
    desk.ask("2026-12-01 10:00")
    assert forgettable(desk.records, at("2027-12-01 10:00")) == []


def test_one_that_was_ended_early_is_kept_until_its_plan_is_over():
    """Dropped before, its rule would bring it back."""
    long = replace(UPGRADE, end=at("2027-02-01 00:00"))
    desk = Desk(planned(long))
    desk.ask("2026-12-01 10:00")
    end(desk, "upgrade-20261201T100000Z", "2026-12-01 13:00")
    desk.ask("2026-12-01 13:00")
    assert forgettable(desk.records, at("2027-01-31 00:00")) == []
    assert forgettable(desk.records, later("2027-02-01 00:01", KEPT)) == ["upgrade-20261201T100000Z"]


def test_no_more_than_five_hundred_records_are_kept():
    records = {
        str(n): WindowRecord(
            window=replace(by_hand("2026-12-01 10:00", "2026-12-01 11:00")["hand"].window, id=str(n)),
            started_told=True,
            ended_told=True,
        )
        for n in range(510)
    }
    assert len(forgettable(records, at("2026-12-01 11:01"))) == 10
