"""Ids, changes and the forgetting of incidents; who shares a notification."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from monitor.core.incidents import (
    LOCAL_KEY,
    MOST_KEPT,
    NATIONAL_KEY,
    Key,
    Outage,
    by_key,
    changed,
    forgettable,
    key_of,
    opened,
    resolved,
)
from monitor.core.telling import Word, notify, words
from monitor.model import Cause, Diagnosis, EventName, Incident, Phase, Scope, Severity
from tests.core.notation import START, six

OUTAGE = Outage(
    cause=Cause.RESPONSE_TIMEOUT,
    phase=Phase.PROCESSING,
    severity=Severity.CRITICAL,
    never_up=False,
    targets=("captcha/shandong",),
    first_failure_at=START,
    diagnosis=Diagnosis.PROVINCIAL_OUTAGE,
    facts=("targets_failing=1/1",),
)
SHANDONG = Key(Scope.AUTHORITY, "shandong", "verify")
OPEN = opened(SHANDONG, OUTAGE, START + timedelta(seconds=10), ())


def test_the_id_says_who_what_and_when_and_is_free():
    assert OPEN.id == "shandong-verify-20261121T080000Z"
    assert opened(LOCAL_KEY, OUTAGE, START, ()).id == "local-20261121T080000Z"
    again = opened(SHANDONG, OUTAGE, START, {OPEN.id, f"{OPEN.id}-2"})
    assert again.id == f"{OPEN.id}-3"


def test_a_service_named_by_the_user_still_makes_an_id_for_urls():
    strange = Key(Scope.AUTHORITY, "shandong", "发票 a/b")
    assert opened(strange, OUTAGE, START, ()).id == "shandong-_a_b-20261121T080000Z"


def test_the_nationwide_outage_and_that_of_the_national_page_are_two_things():
    page = opened(Key(Scope.AUTHORITY, "national", ""), OUTAGE, START, ())
    nationwide = opened(NATIONAL_KEY, OUTAGE, START, ())
    assert (page.scope, page.id) == (Scope.AUTHORITY, "national-20261121T080000Z")
    assert (nationwide.scope, nationwide.id) == (Scope.NATIONAL, "nationwide-20261121T080000Z")
    assert by_key([page, nationwide]) == {key_of(page): page, key_of(nationwide): nationwide}


def test_nothing_changed_is_the_very_same_value():
    assert changed(OPEN, OUTAGE, START) is OPEN
    assert changed(OPEN, replace(OUTAGE, cause=Cause.UNREACHABLE), START).cause is Cause.UNREACHABLE


def test_a_change_keeps_id_beginning_and_who_was_told():
    told = replace(OPEN, told=frozenset({"bus[0]"}), sequence=1)
    later = changed(told, replace(OUTAGE, first_failure_at=START + timedelta(hours=1)), START)
    assert later is told


def ended(days: float, place: int = 0) -> Incident:
    """An incident that ended so many days ago."""
    return resolved(replace(OPEN, id=f"old-{place}"), START - timedelta(days=days))


def test_a_month_is_kept_and_open_ones_for_ever():
    ancient = replace(OPEN, id="ancient", opened_at=START - timedelta(days=400))
    assert forgettable([ended(29, 1), ended(31, 2), ancient], START) == ["old-2"]


def test_no_more_than_the_newest_are_kept():
    many = [ended(place / 1000, place) for place in range(MOST_KEPT + 3)]
    assert sorted(forgettable(many, START)) == [f"old-{MOST_KEPT + more}" for more in range(3)]


# --- who shares a notification ---------------------------------------------------------------------------------------

OTHER = replace(OPEN, id="gansu-verify-20261121T080001Z", authority="gansu")


def test_everyone_is_told_of_an_opening_once():
    plan = six()
    (word,) = words(plan, OPEN, START)
    assert (word.event, word.to) == (EventName.INCIDENT_OPENED, frozenset({"oncall[0]", "bus[0]"}))
    (_,), after = notify([word], START)
    assert words(plan, after[OPEN.id], START) == []


def test_whom_a_rising_severity_newly_reaches_hears_of_an_opening_the_others_of_a_change():
    told = replace(OPEN, told=frozenset({"bus[0]"}), told_severity=Severity.WARNING)
    assert {(word.event, word.to) for word in words(six(), told, START)} == {
        (EventName.INCIDENT_CHANGED, frozenset({"bus[0]"})),
        (EventName.INCIDENT_OPENED, frozenset({"oncall[0]"})),
    }


def test_a_receiver_that_was_added_later_is_not_told_of_what_is_old():
    told = replace(OPEN, told=frozenset({"bus[0]"}), told_severity=Severity.CRITICAL)
    assert words(six(), told, START) == []


def test_receivers_that_hear_the_same_share_one_notification_and_keys_differ():
    said = [
        Word(event=EventName.INCIDENT_OPENED, incident=OPEN, to=frozenset({"a", "b", "c"})),
        Word(event=EventName.INCIDENT_OPENED, incident=OTHER, to=frozenset({"b", "c"})),
    ]
    notes, after = notify(said, START)
    heard = {note.to: [one.id for one in note.incidents] for note in notes}
    assert heard == {("a",): [OPEN.id], ("b", "c"): [OPEN.id, OTHER.id]}
    assert len({note.key for note in notes}) == 2
    assert after[OPEN.id].told == {"a", "b", "c"}
    assert after[OPEN.id].sequence == 2


def test_what_ended_is_told_before_what_began():
    over = replace(resolved(OTHER, START), told=frozenset({"a"}))
    said = [
        Word(event=EventName.INCIDENT_OPENED, incident=OPEN, to=frozenset({"a"})),
        Word(event=EventName.INCIDENT_RESOLVED, incident=over, to=frozenset({"a"})),
    ]
    notes, _ = notify(said, START)
    assert [note.event for note in notes] == [EventName.INCIDENT_RESOLVED, EventName.INCIDENT_OPENED]
