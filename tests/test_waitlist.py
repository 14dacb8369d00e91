"""What waits for one receiver: what is due, and what is held back by what comes before it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from monitor.model import EventName, Notification, Window
from monitor.store.state import Pending
from monitor.waitlist import REFUSALS, Waitlist
from tests.notify.examples import AT, a_notification

HOUR = timedelta(hours=1)


def of_window(event: EventName, id_: str = "w") -> Notification:
    """One event of a window."""
    window = Window(id=id_, name=id_, authorities=("hubei",), services=None, start=AT, end=AT + HOUR)
    return replace(a_notification(key=f"{id_}/{event}", event=event), incidents=(), window=window)


def keys(due: list[Pending]) -> list[str]:
    """What may be told."""
    return [pending.notification.key for pending in due]


def test_the_end_of_a_window_waits_behind_its_start_and_no_other():
    waiting = Waitlist(300.0)
    started = of_window(EventName.MAINTENANCE_STARTED)
    waiting.put(Pending(notification=started, attempts=3, next_try=AT + HOUR / 60))
    waiting.put(Pending(notification=of_window(EventName.MAINTENANCE_ENDED)))
    waiting.put(Pending(notification=of_window(EventName.MAINTENANCE_ENDED, "other")))
    assert keys(waiting.due(AT)) == ["other/maintenance_ended"]
    waiting.hasten()
    assert keys(waiting.due(AT)) == [
        "w/maintenance_started",
        "w/maintenance_ended",
        "other/maintenance_ended",
    ]


def test_what_is_refused_for_long_holds_up_nothing_new_and_is_not_told_after_its_end():
    waiting = Waitlist(300.0)
    opened = a_notification(key="opened")
    for key in ("opened", "changed"):
        waiting.put(Pending(notification=replace(opened, key=key), next_try=AT + HOUR / 60))
        for _ in range(REFUSALS):
            waiting.refused(key)
    waiting.put(Pending(notification=replace(opened, key="resolved", event=EventName.INCIDENT_RESOLVED)))
    assert keys(waiting.due(AT)) == ["resolved"]
    resolved = waiting.due(AT)[0].notification
    assert [note.key for note in waiting.told_better(resolved)] == ["opened", "changed"]
    assert waiting.told_better(opened) == []
    waiting.put(Pending(notification=replace(opened, key="changed")))
    assert keys(waiting.due(AT)) == ["resolved"]  # of what is refused the first goes first


def test_what_may_have_been_taken_is_repeated_by_itself_and_due_when_the_receiver_is_back():
    waiting = Waitlist(300.0)
    opened = a_notification(key="opened")
    waiting.put(Pending(notification=opened, next_try=AT + HOUR / 60))
    waiting.put(Pending(notification=of_window(EventName.MAINTENANCE_STARTED)))
    assert [waiting.doubted("opened"), waiting.doubted("opened")] == [1, 2]
    waiting.hasten()
    assert keys(waiting.due(AT)) == ["opened", "w/maintenance_started"]
    assert [note.key for note in waiting.together(waiting.due(AT))] == ["w/maintenance_started"]
    waiting.forget("opened")
    waiting.put(Pending(notification=opened))
    assert len(waiting.together(waiting.due(AT))) == 2
