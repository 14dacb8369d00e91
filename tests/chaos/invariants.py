"""What must hold whatever happens (contract §7), from what the receivers themselves wrote down. One named function each.

Every function takes what one receiver heard, in order, and answers with complaints: none of them means that it holds.
`heard` has every message that came in whole, also those that were refused or left unanswered; `accepted` those that were
answered well. Nothing here asks the daemon for its opinion, but for the keys it says it decided (`decided`).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

Message = dict[str, Any]
"""One message in the form `fapiao-notification/1`."""

OPENING = ("incident_opened", "maintenance_overrun", "daemon_degraded")
ENDING = ("incident_resolved", "daemon_restored", "flapping_stopped")
WIDE = ("national", "local")
OUTDATED = ("incident_changed", "incident_reminder")
"""What may be let go of before it is sent, once more waits (docs/notifications.md)."""


def once_each(heard: Sequence[Message]) -> list[Message]:
    """The messages as one sees them who keeps keys."""
    first: dict[str, Message] = {}
    for message in heard:
        first.setdefault(message["key"], message)
    return list(first.values())


def one_message_per_key(heard: Sequence[Message]) -> list[str]:
    """A key is never used for two different messages, however often it is sent."""
    first: dict[str, Message] = {}
    found = {message["key"] for message in heard if first.setdefault(message["key"], message) != message}
    return [f"two different messages under the key {key}" for key in sorted(found)]


def same_for_all(everyone: Iterable[Sequence[Message]]) -> list[str]:
    """A key means the same message for all receivers."""
    return one_message_per_key([message for heard in everyone for message in heard])


def nothing_lost(accepted: Sequence[Message], decided: Collection[str]) -> list[str]:
    """What was decided for a receiver reached it, or it says nothing beside a later word of the same that did."""
    keys = {message["key"] for message in accepted}
    return [f"lost: {key}" for key in sorted(set(decided) - keys) if not _is_outdated(key, keys)]


def _is_outdated(key: str, reached: Collection[str]) -> bool:
    """Whether it is a change or a reminder after which a word of the same incident came that was decided later."""
    about, number, event = key.rsplit("/", 2)
    later = (one.rsplit("/", 2) for one in reached)
    return event in OUTDATED and any(one[0] == about and int(one[1]) > int(number) for one in later)


def nothing_invented(heard: Sequence[Message], decided: Collection[str]) -> list[str]:
    """Nothing is told that was not decided: a crash between deciding and keeping tells nobody."""
    return [f"never decided: {key}" for key in sorted({message["key"] for message in heard} - set(decided))]


def in_turns(heard: Sequence[Message]) -> list[str]:
    """Opened and resolved take turns for each incident."""
    return _turns(heard)[0]


def all_mended(heard: Sequence[Message]) -> list[str]:
    """Who was told that it broke has been told that it mended, once all of it has."""
    found = [f"never resolved: {id_}" for id_, still in _turns(heard)[1].items() if still]
    return found + [f"flaps for ever: {about}" for about in _flapping(heard)[1]]


def steady_again(heard: Sequence[Message]) -> list[str]:
    """Coming and going begins and ends in turns for each service."""
    return _flapping(heard)[0]


def in_sequence(heard: Sequence[Message]) -> list[str]:
    """What is told of one incident comes in the order in which it was decided (the number in its key)."""
    latest: dict[str, int] = defaultdict(int)
    found = []
    for message in once_each(heard):
        about, number, _ = message["key"].rsplit("/", 2)
        if int(number) < latest[about]:
            found.append(f"too late: {message['key']} after {latest[about]}")
        latest[about] = max(latest[about], int(number))
    return found


def no_secret(said: Iterable[object], secrets: Collection[str]) -> list[str]:
    """No secret stands in anything that was said: messages, pages, metrics, the log."""
    texts = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in said]
    return [
        f"a secret was told ({secret[:3]}…)" for secret in secrets if any(secret in text for text in texts)
    ]


def nobody_blamed(heard: Sequence[Message]) -> list[str]:
    """Nothing is told but of the monitor itself: no authority, no nation, no network of ours."""
    return [f"blamed: {message['key']}" for message in heard if message["scope"] != "daemon"]


def told_at_all(heard: Sequence[Message], event: str) -> list[str]:
    """Something of this kind was told: else a run proves nothing."""
    return [] if any(message["event"] == event for message in heard) else [f"nobody was told {event}"]


def complaints(heard: Sequence[Message], accepted: Sequence[Message], decided: Collection[str]) -> list[str]:
    """All that must hold of one receiver at the end of a run in which everything has mended."""
    return [
        *one_message_per_key(heard),
        *nothing_lost(accepted, decided),
        *nothing_invented(heard, decided),
        *in_sequence(heard),
        *in_turns(heard),
        *steady_again(heard),
        *all_mended(heard),
    ]


def _turns(heard: Sequence[Message]) -> tuple[list[str], dict[str, bool]]:
    """Complaints, and which incidents count as open for the one who heard this.

    A national or local incident speaks for its members: they are only listed when it opens, and those still down when
    it ends count as told from then on. What comes and goes is told neither opened nor resolved meanwhile, and how it
    is when that ends.
    """
    found: list[str] = []
    is_open: dict[str, bool] = defaultdict(bool)
    for message in once_each(heard):
        event, ends = message["event"], message["event"] in ENDING
        for incident in message["incidents"]:
            id_, over = incident["id"], incident["resolved_at"] is not None
            if event == "flapping_started":
                continue
            if message["scope"] in WIDE and incident["parent"] is not None:
                is_open[id_] = not over if ends else is_open[id_]
                continue
            if event in ("incident_resolved", "daemon_restored") and over and not is_open[id_]:
                found.append(f"resolved but not open: {id_} in {message['key']}")
            if event in OPENING and is_open[id_]:
                found.append(f"opened twice: {id_} in {message['key']}")
            is_open[id_] = not over
    return found, is_open


def _flapping(heard: Sequence[Message]) -> tuple[list[str], list[tuple[str, str]]]:
    found: list[str] = []
    flaps: dict[tuple[str, str], bool] = defaultdict(bool)
    for message in once_each(heard):
        for incident in message["incidents"]:
            about = (incident["authority"], incident["service"])
            begins = message["event"] == "flapping_started"
            if begins or message["event"] == "flapping_stopped":
                if flaps[about] is begins:
                    found.append(f"twice {message['event']}: {message['key']}")
                flaps[about] = begins
    return found, [about for about, still in flaps.items() if still]
