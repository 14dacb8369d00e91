"""Several notifications as one: what it holds, what it lists, and what may be let go of without losing anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from monitor.core import digest, pace
from monitor.core.digest import joined, may_join, spent, superseded, told_by
from monitor.core.pace import Pace, Room
from monitor.model import EventName, Incident, Notification, Scope, Severity, Window
from tests.notify.examples import AT, a_notification, an_incident

MINUTE = timedelta(minutes=1)


def note(event: str, *incidents: Incident, sequence: int = 1, **more: object) -> Notification:
    """One event of these incidents, `sequence` minutes after `AT`."""
    key = f"{incidents[0].id if incidents else 'w'}/{sequence}/{event}"
    facts = {"key": key, "at": AT + MINUTE * sequence, "event": EventName(event), **more}
    return replace(a_notification(*(incidents or (an_incident(),))), **facts)  # type: ignore[arg-type]


def over(incident: Incident) -> Incident:
    """The same, ended."""
    return replace(incident, resolved_at=AT + MINUTE * 30)


SHANDONG, HUNAN = an_incident("shandong"), an_incident("hunan")


def test_every_incident_is_in_it_once_whole_and_as_it_was_told_last():
    notes = [
        note("incident_opened", SHANDONG),
        note("incident_opened", HUNAN, sequence=2, severity=Severity.WARNING),
        note("incident_resolved", over(SHANDONG), sequence=3),
    ]
    one = joined(notes, "oncall[0]")
    assert one.incidents == (HUNAN, over(SHANDONG))
    assert [entry.key for entry in one.digest] == [each.key for each in notes]
    assert (one.event, one.severity, one.at) == (
        EventName.INCIDENT_OPENED,
        Severity.CRITICAL,
        AT + MINUTE * 3,
    )
    assert one.to == ("oncall[0]",)


def test_its_key_follows_from_what_it_stands_for_and_not_from_who_is_told():
    notes = [note("incident_opened", SHANDONG), note("incident_opened", HUNAN)]
    assert joined(notes, "a[0]").key == joined(notes, "b[0]").key
    assert joined(notes, "a[0]").key != joined(notes[:1], "a[0]").key
    assert joined(notes, "a[0]").key.endswith("/2/incident_opened")


def test_a_digest_of_digests_is_as_one_of_all():
    notes = [
        note("incident_opened", SHANDONG),
        note("incident_opened", HUNAN, sequence=2),
        note("incident_resolved", over(SHANDONG), sequence=3),
        note("incident_resolved", over(HUNAN), sequence=4),
    ]
    for cut in (1, 2, 3):
        assert joined([joined(notes[:cut], "a[0]"), *notes[cut:]], "a[0]") == joined(notes, "a[0]")


def test_it_says_that_all_is_over_where_nothing_is_open():
    notes = [note("incident_opened", SHANDONG), note("incident_resolved", over(SHANDONG), sequence=2)]
    assert joined(notes, "a[0]").event is EventName.INCIDENT_RESOLVED


def test_what_has_no_line_of_its_own_is_known():
    notes = [note("incident_opened", SHANDONG), note("incident_changed", SHANDONG, sequence=2)]
    assert told_by(joined(notes, "a[0]")) == [
        (EventName.INCIDENT_OPENED, True),
        (EventName.INCIDENT_CHANGED, False),
    ]
    assert told_by(notes[1]) == [(EventName.INCIDENT_CHANGED, True)]


def test_it_is_bounded_what_is_open_is_never_left_out_and_what_is_left_out_is_counted(monkeypatch):
    monkeypatch.setattr(digest, "MOST_LISTED", 3)
    ended = [over(replace(an_incident(), id=f"i{n}")) for n in range(5)]
    notes = [note("incident_resolved", one, sequence=n) for n, one in enumerate(ended)]
    notes.insert(0, note("incident_opened", HUNAN))
    one = joined(notes, "a[0]")
    assert {incident.id for incident in one.incidents} == {HUNAN.id, "i3", "i4"}
    assert (one.unlisted, len(one.digest)) == (3, 3)
    again = joined([one, note("incident_resolved", over(HUNAN), sequence=9)], "a[0]")
    assert again.unlisted == 3


def test_drills_and_what_somebody_asked_for_stay_alone():
    assert not may_join(note("incident_opened", SHANDONG, drill=True))
    assert not may_join(note("report"))
    assert may_join(note("incident_opened", SHANDONG))


def test_reminders_and_changes_before_another_one_say_nothing_new():
    notes = [
        note("incident_opened", SHANDONG),
        note("incident_changed", SHANDONG, sequence=2),
        note("incident_reminder", SHANDONG, sequence=3),
        note("incident_changed", SHANDONG, sequence=4),
    ]
    assert superseded(notes) == [notes[1], notes[2]]


def test_that_it_is_down_again_is_not_let_go_of_for_a_change_after_the_next_end():
    notes = [
        note("incident_changed", SHANDONG, sequence=1),
        note("incident_resolved", over(SHANDONG), sequence=2),
        note("incident_changed", SHANDONG, sequence=3),
    ]
    assert superseded(notes) == []


def test_a_change_of_two_is_needed_while_nothing_newer_says_how_the_other_stands():
    both = note("incident_changed", SHANDONG, HUNAN)
    one = note("incident_changed", SHANDONG, sequence=2)
    assert superseded([both, one]) == []
    assert superseded([both, one, note("incident_changed", HUNAN, sequence=3)]) == [both]


def test_of_a_window_the_last_word_is_enough():
    window = Window(id="w", name="w", authorities=None, services=None, start=AT, end=AT + MINUTE)
    notes = [
        replace(note(event), incidents=(), window=window)
        for event in ("maintenance_upcoming", "maintenance_started", "maintenance_ended")
    ]
    assert superseded(notes) == notes[:2]


def test_no_opening_and_no_end_is_ever_let_go_of():
    events = ("incident_opened", "incident_changed", "incident_reminder", "incident_resolved")
    for course in permutations(events):
        gone = superseded([note(event, SHANDONG, sequence=n) for n, event in enumerate(course)])
        assert not {one.event for one in gone} & {EventName.INCIDENT_OPENED, EventName.INCIDENT_RESOLVED}


def test_after_a_while_away_only_the_last_reminder_is_worth_a_message():
    notes = [
        note("incident_opened", SHANDONG),
        *(note("incident_reminder", SHANDONG, sequence=n) for n in (2, 3, 4)),
        note("incident_reminder", HUNAN, sequence=5),
    ]
    assert spent(notes, AT) == notes[1:3]
    ended = note("incident_resolved", over(SHANDONG), sequence=6)
    assert spent([*notes, ended], AT) == notes[1:4]


def test_a_reminder_of_two_is_worth_it_while_nothing_newer_is_told_of_one():
    both = note("incident_reminder", SHANDONG, HUNAN)
    assert spent([both, note("incident_resolved", over(HUNAN), sequence=2)], AT) == []


def test_a_change_before_the_end_is_worth_nothing_unless_it_says_that_it_is_down_again():
    end = note("incident_resolved", over(SHANDONG), sequence=3)
    change = note("incident_changed", SHANDONG, sequence=2)
    again = note("incident_changed", replace(SHANDONG, reopened=1), sequence=2)
    assert spent([note("incident_opened", SHANDONG), change, end], AT) == [change]
    assert spent([note("incident_resolved", over(SHANDONG)), again, end], AT) == []
    assert spent([change], AT) == []


@pytest.mark.parametrize("event", ["maintenance_announced", "maintenance_upcoming"])
def test_a_window_is_not_announced_when_it_is_over_or_more_is_told_of_it(event):
    window = Window(id="w", name="w", authorities=None, services=None, start=AT, end=AT + MINUTE)
    told, begun = (replace(note(one), incidents=(), window=window) for one in (event, "maintenance_started"))
    assert spent([told], AT) == []
    assert spent([told], AT + MINUTE) == [told]
    assert spent([told, begun], AT) == [told]
    assert spent([begun], AT + MINUTE) == []


def test_time_takes_no_drill_no_opening_and_no_end():
    events = ("incident_opened", "incident_changed", "incident_reminder", "incident_resolved")
    for course in permutations(events):
        notes = [note(event, SHANDONG, sequence=n) for n, event in enumerate(course)]
        lost = {one.event for one in spent(notes, AT)}
        assert not lost & {EventName.INCIDENT_OPENED, EventName.INCIDENT_RESOLVED}
        assert spent([replace(one, drill=True) for one in notes], AT) == []


# --- how much one receiver is sent -----------------------------------------------------------------------------------


def test_a_cap_counts_any_span_of_its_length():
    it = Pace((2, 60.0), gathers=False)
    it.count(0.0)
    it.count(30.0)
    assert it.room(31.0) == Room(count=0, wait=29.0)
    assert it.room(60.0).count == 1
    it.count(60.0)
    assert it.room(61.0) == Room(count=0, wait=29.0)


def test_without_a_cap_a_machine_is_sent_all():
    it = Pace(None, gathers=False)
    for second in range(1000):
        it.count(float(second))
    assert (it.room(1000.0).count, it.span) == (None, 0.0)


def test_people_are_sent_a_message_a_minute_after_ten_within_five():
    it = Pace(None, gathers=True)
    for second in range(pace.BURST[0]):
        it.count(float(second))
    assert it.room(10.0) == Room(count=0, wait=59.0)
    assert it.room(69.0).count == 1
    it.count(69.0)
    assert it.room(70.0).count == 0
    it.count(130.0)
    assert it.room(400.0).count == pace.BURST[0] - 1, "it was calm for two minutes"


def test_a_storm_that_goes_on_is_told_once_a_minute_until_it_is_calm():
    it, sent = Pace(None, gathers=True), []
    for second in range(0, 3600, 12):
        if it.room(float(second)).count:
            it.count(float(second))
            sent.append(second)
    assert len(sent) == pace.BURST[0] + 58


def test_the_tighter_of_both_counts():
    it = Pace((1, 3600.0), gathers=True)
    it.count(0.0)
    assert it.room(100.0) == Room(count=0, wait=3500.0)


@pytest.mark.parametrize("sent", [(0.0, 1.0), (1.0, 0.0)])
def test_what_was_sent_before_a_restart_counts(sent):
    it = Pace((2, 60.0), gathers=False)
    it.restore(sent)
    assert it.room(2.0).count == 0


NATION = an_incident("national", id="n", scope=Scope.NATIONAL, service="")
MEMBER, ALSO = replace(SHANDONG, parent="n"), replace(HUNAN, parent="n")


def of_all(event: str, *incidents: Incident, sequence: int = 1) -> Notification:
    """One event of a nationwide outage and of whom it names."""
    return note(event, *incidents, sequence=sequence, scope=Scope.NATIONAL)


def test_whom_the_end_of_a_nationwide_outage_does_not_name_is_not_down():
    began = of_all("incident_opened", NATION, MEMBER, ALSO)
    one = joined([began, of_all("incident_resolved", over(NATION), ALSO, sequence=2)], "oncall[0]")
    assert [(incident.authority, incident.is_open) for incident in one.incidents] == [
        ("national", False),
        ("hunan", True),
    ]
    assert one.event is EventName.INCIDENT_OPENED
    assert [entry.incidents for entry in one.digest] == [("n", HUNAN.id), ("n", HUNAN.id)]

    first = joined([began, note("maintenance_started", HUNAN, sequence=2)], "oncall[0]")
    whole = joined([first, of_all("incident_resolved", over(NATION), sequence=3)], "oncall[0]")
    assert SHANDONG.id not in {incident.id for incident in whole.incidents}


def test_a_member_that_was_told_by_itself_is_over_with_the_nationwide_outage():
    notes = [
        note("incident_opened", SHANDONG),
        of_all("incident_opened", NATION, MEMBER, sequence=2),
        of_all("incident_resolved", over(NATION), sequence=3),
    ]
    one = joined(notes, "oncall[0]")
    assert {incident.id: incident.resolved_at for incident in one.incidents} == {
        SHANDONG.id: over(NATION).resolved_at,
        "n": over(NATION).resolved_at,
    }
    assert one.event is EventName.INCIDENT_RESOLVED


def test_it_says_that_something_is_down_also_after_flapping_and_at_the_end_of_a_parent():
    ended = note("incident_resolved", over(HUNAN), sequence=2)
    assert joined([note("flapping_stopped", SHANDONG), ended], "a[0]").event is EventName.INCIDENT_OPENED
    steady = note("flapping_stopped", over(SHANDONG))
    assert joined([steady, ended], "a[0]").event is EventName.INCIDENT_RESOLVED
    named = of_all("incident_resolved", over(NATION), MEMBER)
    assert joined([named, ended], "a[0]").event is EventName.INCIDENT_OPENED
