"""Webhooks of those who waited: never too many at once, each in its turn, and nobody twice."""

from __future__ import annotations

from monitor.guests import GuestBook


class Resting:
    """A worker that waits for its next try."""

    rests = True

    def __init__(self) -> None:
        self.stopped = 0

    def stop(self) -> None:
        self.stopped += 1


def test_who_rests_makes_room_and_comes_again_after_the_others(monkeypatch):
    monkeypatch.setattr("monitor.guests.MOST_GUESTS", 2)
    book = GuestBook[Resting]()
    first, second, third = Resting(), Resting(), Resting()
    book.welcome("a", first)
    book.welcome("b", second)
    assert not book.admits("c")
    resting = book.resting()
    assert book.make_room(resting)
    assert (first.stopped, second.stopped, book.is_crowded) == (1, 0, True)
    assert book.turns({"a", "b", "c"}) == ["c"]  # never a second worker beside one that is leaving
    book.welcome("c", third)
    book.left("a")
    assert book.turns({"a", "b", "c", "d"}) == ["d", "a"]
    book.left("c")
    assert book.turns({"a", "c", "d"}) == ["d", "a"]
    assert not book.admits("c")


def test_where_nobody_rests_the_others_wait_in_the_outbox(monkeypatch):
    monkeypatch.setattr("monitor.guests.MOST_GUESTS", 1)
    book, busy = GuestBook[Resting](), Resting()
    busy.rests = False
    book.welcome("a", busy)
    assert not book.make_room(book.resting())
    assert (busy.stopped, book.is_crowded) == (0, True)
