"""The invariants turn red: each on a story that breaks it, none on one that is sound."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos import invariants
from tests.chaos.invariants import Message

T = "2026-11-21T08:00:00Z"


def incident(id_: str = "a", *, over: bool = False, parent: str | None = None) -> dict[str, Any]:
    """One incident as receivers are given it."""
    return {
        "id": id_, "parent": parent, "authority": id_, "service": "verify",
        "resolved_at": T if over else None,
    }  # fmt: skip


def told(
    event: str, number: int, *about: dict[str, Any], scope: str = "authority", key: str = "", **more: Any
) -> Message:
    """One message."""
    listed = list(about) or [incident(over=event in invariants.ENDING)]
    return {
        "key": key or f"{listed[0]['id']}/{number}/{event}",
        "event": event, "scope": scope, "incidents": listed, "text": "", **more,
    }  # fmt: skip


OPENED, RESOLVED = told("incident_opened", 1), told("incident_resolved", 2)
CHANGED = told("incident_changed", 3)
FLAPS, STEADY = told("flapping_started", 1), told("flapping_stopped", 2)
NATION = told("incident_opened", 1, incident("n"), incident("m", parent="n"), scope="national")
NATION_ENDS = told(
    "incident_resolved", 2, incident("n", over=True), incident("m", parent="n"), scope="national"
)
MEMBER_ENDS = told("incident_resolved", 4, incident("m", over=True))

SOUND = {
    "opened and resolved": [OPENED, RESOLVED],
    "a retry": [OPENED, OPENED, RESOLVED, OPENED],
    "down again": [OPENED, RESOLVED, CHANGED, told("incident_resolved", 4)],
    "a nation that ends with one still down": [NATION, NATION_ENDS, MEMBER_ENDS],
    "opened, flaps, steady and up": [told("incident_opened", 1, key="x/1/incident_opened"), FLAPS, STEADY],
    "the monitor itself": [
        told("daemon_degraded", 1, scope="daemon"), told("daemon_restored", 2, scope="daemon"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("story", SOUND)
def test_a_sound_story_has_no_complaints(story: str) -> None:
    heard = SOUND[story]
    assert invariants.complaints(heard, heard, {message["key"] for message in heard}) == []
    assert invariants.same_for_all([heard, heard[:1]]) == []


BROKEN = {
    "one_message_per_key": [OPENED, {**OPENED, "text": "other"}],
    "in_turns": [OPENED, told("incident_opened", 2), told("incident_resolved", 3)],
    "in_sequence": [told("incident_opened", 2), told("incident_changed", 1), told("incident_resolved", 3)],
    "all_mended": [OPENED],
    "steady_again": [FLAPS, told("flapping_started", 3), told("flapping_stopped", 4)],
    "nobody_blamed": [OPENED],
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_invariant_turns_red_on_what_breaks_it(name: str) -> None:
    assert getattr(invariants, name)(BROKEN[name]) != []


@pytest.mark.parametrize(
    "heard",
    [
        [RESOLVED],
        [OPENED, RESOLVED, told("incident_resolved", 3)],
        [NATION, told("incident_resolved", 2, incident("n", over=True), scope="national"), MEMBER_ENDS],
        [OPENED, FLAPS, STEADY, told("incident_resolved", 5)],
    ],
    ids=["of what was never opened", "twice", "of a member that was never told", "once more after flapping"],
)
def test_an_end_that_is_told_to_one_who_knows_of_nothing_open_is_a_complaint(heard: list[Message]) -> None:
    assert invariants.in_turns(heard) != []


def test_what_is_still_down_when_a_nation_ends_must_end_too() -> None:
    assert invariants.all_mended([NATION, NATION_ENDS]) == ["never resolved: m"]


def test_what_never_stops_flapping_is_a_complaint() -> None:
    assert invariants.all_mended([FLAPS]) != []


def test_what_was_decided_and_not_accepted_is_lost_and_what_was_told_and_not_decided_is_invented() -> None:
    keys = {OPENED["key"], RESOLVED["key"]}
    assert invariants.nothing_lost([OPENED], keys) == [f"lost: {RESOLVED['key']}"]
    assert invariants.nothing_invented([OPENED, RESOLVED], {OPENED["key"]}) == [
        f"never decided: {RESOLVED['key']}"
    ]
    assert len(invariants.complaints([OPENED], [], {OPENED["key"]})) == 2


def test_a_change_may_be_let_go_of_only_for_a_later_word_of_the_same_incident() -> None:
    about, number, _ = RESOLVED["key"].rsplit("/", 2)
    before, after = (
        f"{about}/{int(number) - 1}/incident_changed",
        f"{about}/{int(number) + 1}/incident_changed",
    )
    assert invariants.nothing_lost([RESOLVED], {before}) == []
    assert invariants.nothing_lost([RESOLVED], {after}) == [f"lost: {after}"]
    assert invariants.nothing_lost([RESOLVED], {f"other/0/{before.rsplit('/', 1)[1]}"}) != []
    assert invariants.nothing_lost([RESOLVED], {before.replace("changed", "opened")}) != []


def test_two_receivers_that_hear_different_things_under_one_key_is_a_complaint() -> None:
    assert invariants.same_for_all([[OPENED], [{**OPENED, "text": "other"}]]) != []


def test_a_secret_in_a_page_or_deep_in_a_message_is_a_complaint() -> None:
    assert invariants.no_secret(["<p>hunter2</p>"], ["hunter2"]) != []
    assert invariants.no_secret([{**OPENED, "incidents": [{"facts": ["key=hunter2"]}]}], ["hunter2"]) != []
    assert invariants.no_secret([OPENED, "all well"], ["hunter2"]) == []


def test_a_run_in_which_nothing_was_told_proves_nothing() -> None:
    assert invariants.told_at_all([RESOLVED], "incident_opened") != []
    assert invariants.told_at_all([OPENED], "incident_opened") == []
