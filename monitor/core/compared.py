"""What is compared beside the one reply of a sync interface: counts, a canary, lists of records. Pure.

Each further request is judged by itself first: one that fails, or that answers with an error, tells nothing of what differs. Of our own
side (`….local`, `canary.issued_at`) a failure speaks of us. What differs is a fault only once it has lasted its grace.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from monitor.core import page
from monitor.core.classify import Finding
from monitor.core.instants import read_instant
from monitor.core.jsonpath import Found, as_text, look_up
from monitor.core.spans import span
from monitor.model import CanaryRules, Cause, Flag, ItemSource, Reading, Reply, Seen, SyncRules

COMPARISON = "comparison"
"""Name under which stands what was made of all of them."""
OURS = frozenset({"counts.local", "canary.issued_at", "items.local"})
"""Further requests that go to our own side."""
AHEAD = 60.0
"""Seconds by which a time may lie in the future: clocks differ."""
MOST_ITEMS = 200_000
"""Records of one list."""
LONGEST_NUMBER = 200
MOST_SHOWN = 20
"""Numbers that are shown, masked."""
_COUNT = re.compile(r"[0-9]{1,15}", re.ASCII)

Explain = Callable[[str, Seen], Finding | None]
"""Name of the request, and its look → why a reply is not the answer, by status, codes and words; None: it is."""


class MismatchError(Exception):
    """What was compared is not there, or cannot be read; the text says what."""


# --- reading ---------------------------------------------------------------------------------------------------------


def value_at(reply: Reply | None, path: str) -> Found | None:
    """What stands at `path` in a JSON reply."""
    value = None if reply is None else page.json_of(page.text_of(reply))
    return None if value is None else look_up(value, path)


def count_at(reply: Reply | None, path: str) -> int:
    """A number of records, written as a number or as text. Raises MismatchError."""
    found = value_at(reply, path)
    if found is None:
        raise MismatchError(f"the body has no {path}")
    value = found.value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = as_text(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not _COUNT.fullmatch(text):
        raise MismatchError(f"{path} is no number of records")
    return int(text)


def is_visible(reply: Reply | None, rules: CanaryRules) -> bool:
    """Whether the other side shows the record."""
    found = value_at(reply, rules.path)
    return found is not None and as_text(found.value).strip() == rules.equals.strip()


def issued_at(found: Found | None, rules: CanaryRules, where: str) -> datetime:
    """When it was issued. Raises MismatchError."""
    instant = None if found is None else read_instant(found.value, ZoneInfo(rules.timezone))
    if instant is None:
        raise MismatchError(f"canary: {where} holds no time that can be read")
    return instant


def numbers_of(text: str, source: ItemSource) -> set[str]:
    """The records of a list by their numbers. Raises MismatchError."""
    rows = _of_csv(text, source) if source.rows is None else _of_json(text, source, source.rows)
    found: set[str] = set()
    for parts in rows:
        number = "".join("".join(unicodedata.normalize("NFKC", part).split()) for part in parts)
        if number:
            found.add(number[:LONGEST_NUMBER])
        if len(found) > MOST_ITEMS:
            raise MismatchError(f"more than {MOST_ITEMS} records")
    return found


def _of_csv(text: str, source: ItemSource) -> Iterator[list[str]]:
    text = text.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    sign = max(",;\t", key=head.count)
    rows = csv.reader(io.StringIO(text), delimiter=sign)
    try:
        names = [name.strip() for name in next(rows, [])]
        missing = [name for name in source.number if name not in names]
        if missing:
            raise MismatchError(f"no column {missing[0]}")
        places = [names.index(name) for name in source.number]
        for row in rows:
            yield [row[place] for place in places if place < len(row)]
    except csv.Error as problem:
        raise MismatchError(f"no CSV: {problem}") from None


def _of_json(text: str, source: ItemSource, rows: str) -> Iterator[list[str]]:
    value = page.json_of(text)
    if not isinstance(value, dict | list):
        raise MismatchError("no JSON")
    path = rows.removesuffix("[*]")
    found = look_up(value, path)
    if found is None or not isinstance(found.value, list):
        raise MismatchError(f"{path} is no list")
    for row in found.value:
        yield list(_parts(row, source.number))


def _parts(row: Any, names: Iterable[str]) -> Iterator[str]:
    """The values of some keys of a row; of a row that is a number itself, that."""
    if isinstance(row, str | int):
        yield as_text(row)
        return
    for name in names:
        found = look_up(row, name if name.startswith("$") else f"$['{name}']")
        if found is None or isinstance(found.value, dict | list) or found.value is None:
            raise MismatchError(f"a row without {name}")
        yield as_text(found.value)


def masked(numbers: Iterable[str]) -> str:
    """A few of them, the last four characters of each: enough to find them, too little to be a taxpayer's data."""
    few = sorted(numbers)[:MOST_SHOWN]
    return ", ".join(f"…{one[-4:]}" if len(one) > 8 else "…" for one in few)


# --- judging ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What the comparisons mean. `lag`: how long the canary takes or took; None: not known."""

    finding: Finding
    seen: Seen | None = None
    """The further request that failed, for its phase."""
    lag: float | None = None


def judge_compared(rules: SyncRules, seen: Seen, explain: Explain) -> Compared:
    """The first that is wrong, in the order in which they were asked."""
    for name, one in seen.further.items():
        if name != COMPARISON and (wrong := _wrong(name, one, explain)) is not None:
            return Compared(finding=wrong, seen=one)
    made = seen.further.get(COMPARISON)
    if made is None:
        return Compared(finding=Finding())
    if made.failure is not None:
        return Compared(finding=Finding(cause=made.failure.cause, detail=made.failure.detail), seen=made)
    known = {one.name: one for one in made.readings}
    lag = _value(known, "canary_lag")
    finding = _counted(rules, known) or _listed(rules, known) or _canary(rules, known)
    return Compared(finding=finding or Finding(), lag=lag)


def _wrong(name: str, one: Seen, explain: Explain) -> Finding | None:
    """Why a further request is no answer. A canary that is answered with 404 is not there yet."""
    if one.failure is not None:
        finding: Finding | None = Finding(cause=one.failure.cause, detail=one.failure.detail)
    elif name == "canary" and one.reply is not None and one.reply.status == 404:
        return None
    else:
        finding = explain(name, one)
    if finding is None or (finding.cause is Cause.NONE and finding.flag is not Flag.THROTTLED):
        return None
    said = f"{name}: {finding.detail}"
    if name in OURS and finding.cause is not Cause.CREDENTIAL:
        return Finding(cause=Cause.PROBE_MISCONFIGURED, code=finding.code, detail=said)
    if name == "canary" and finding.cause is Cause.RECORD_MISSING:
        return None
    return Finding(cause=finding.cause, flag=finding.flag, code=finding.code, detail=said)


def _value(known: dict[str, Reading], name: str) -> float | None:
    return known[name].value if name in known else None


def _counted(rules: SyncRules, known: dict[str, Reading]) -> Finding | None:
    """Two numbers that have differed for longer than their grace."""
    counts, lasting = rules.counts, _value(known, "differs_for")
    if counts is None or lasting is None or lasting < counts.grace:
        return None
    local, remote = _value(known, "local_count") or 0, _value(known, "remote_count") or 0
    said = f"{local:.0f} here, {remote:.0f} there, for {span(lasting)}"
    return Finding(cause=Cause.COUNT_MISMATCH, detail=said)


def _listed(rules: SyncRules, known: dict[str, Reading]) -> Finding | None:
    """Records that have been on one side alone for longer than their grace."""
    if rules.items is None:
        return None
    missing, extra = known.get("overdue_missing"), known.get("overdue_extra")
    late = ((missing and missing.value) or 0) + ((extra and extra.value) or 0)
    if late <= rules.items.tolerance:
        return None
    parts = [
        f"{one.value:.0f} {word} there ({one.text})"
        for one, word in ((missing, "missing"), (extra, "extra"))
        if one is not None and one.value
    ]
    return Finding(cause=Cause.COUNT_MISMATCH, detail=", ".join(parts))


def _canary(rules: SyncRules, known: dict[str, Reading]) -> Finding | None:
    """A record that is not there yet, and for how long."""
    age = _value(known, "canary_waiting")
    if rules.canary is None or age is None:
        return None
    said = f"the canary is not there {span(age)} after it was issued"
    if age > rules.canary.fail:
        return Finding(cause=Cause.RECORD_MISSING, detail=said)
    return Finding(flag=Flag.LAG_WARNING, detail=said) if age > rules.canary.warn else Finding(detail=said)
