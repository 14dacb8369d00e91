"""A document of a reference made into rows: our own format, or any JSON by a map. Nothing in it is trusted.

What cannot be believed as a whole is an `UnreadableError`; a row that cannot be is left out and counted. Only the text
of the document decides here: whether a row is too old is judged later, by its `checked_at`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from monitor.core.instants import read_instant
from monitor.core.jsonpath import as_text, look_up
from monitor.core.reference import FORMAT
from monitor.model import Cause, Outcome, ReferenceMap, ReferenceReading, ReferenceRow, ReferenceSource
from monitor.reference.fetched import Fetched, UnreadableError
from monitor.reference.names import plain

MOST_ROWS = 1000
KEY = "$key"
"""In place of a path: the row's key in the object of rows."""
OWN_FORMAT = ReferenceMap(
    rows="$.authorities", authority=KEY, outcome="$.outcome", at="$.checked_at", values={}
)
"""`/api/v1/reference` (contract §6) as a map; `cause` and `since` are read beside it."""
OUTCOMES = {str(cause): cause.outcome for cause in Cause}
"""What our causes stand for; a reference may have others."""
LONGEST_CAUSE = 40
ELSEWHERE = "not watched here"
"""Why a row is left out that is not wrong."""


class RowError(Exception):
    """One row cannot be used; the text says why in a few words of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a document is read with."""

    names: Mapping[str, str]
    """Plain name → slug, of the authorities watched (monitor.reference.names)."""
    zone: tzinfo
    """Of times without an offset."""
    now: datetime


def read(source: ReferenceSource, fetched: Fetched, context: Context) -> ReferenceReading:
    """The reading that a fetched document is. Raises UnreadableError."""
    document = parse(fetched.body)
    if source.map is None and _is_local_fault(document):
        return ReferenceReading(
            source=source.name, read_at=context.now, up=True, local_fault=True, detail="its own network fails"
        )
    rows, left_out = _rows(document, source.map, fetched.changed_at or context.now, context)
    wrong = left_out.total() - left_out[ELSEWHERE]
    if wrong and not rows:
        raise UnreadableError(f"none of its rows can be read: {_counted(left_out)}")
    detail = f"{len(rows)} rows" + (f", left out {_counted(left_out)}" if left_out else "")
    return ReferenceReading(source=source.name, read_at=context.now, up=True, rows=rows, detail=detail)


def _counted(left_out: Counter[str]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in left_out.most_common())


# --- the document ----------------------------------------------------------------------------------------------------


def parse(body: bytes) -> Any:
    """The JSON value that `body` is. Raises UnreadableError, also for a key that stands twice in one object."""
    try:
        return json.loads(
            body.removeprefix(b"\xef\xbb\xbf"), object_pairs_hook=_object, parse_constant=_constant
        )
    except RecursionError:
        raise UnreadableError("nested too deeply") from None
    except ValueError:  # JSON and UTF-8 mistakes, and numbers of more than 4,300 digits
        raise UnreadableError("not JSON" if body.strip() else "empty") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise UnreadableError("a key stands twice in one object")
    return found


def _constant(name: str) -> Any:
    raise ValueError(name)


def _is_local_fault(document: Any) -> bool:
    """Whether a document of our own format says that its own network fails. Raises UnreadableError if it is none."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UnreadableError(f"not of the format {FORMAT}; another format needs a map")
    fault = document.get("local_fault", False)
    if not isinstance(fault, bool):
        raise UnreadableError("local_fault is neither true nor false")
    return fault


# --- rows ------------------------------------------------------------------------------------------------------------


def _rows(
    document: Any, given: ReferenceMap | None, changed_at: datetime, context: Context
) -> tuple[tuple[ReferenceRow, ...], Counter[str]]:
    """The rows that can be used, one per authority, and how many were left out for which reason."""
    how = given or OWN_FORMAT
    found: dict[str, list[ReferenceRow]] = {}
    left_out: Counter[str] = Counter()
    for key, value in places(document, how.rows):
        try:
            row = _row(key, value, how, changed_at, context)
            row = row if given is not None else _with_cause(row, value, context)
            found.setdefault(row.authority, []).append(row)
        except RowError as problem:
            left_out[str(problem)] += 1
    agreed = [newest for rows in found.values() if (newest := _newest(rows)) is not None]
    if len(agreed) < len(found):
        left_out["contradicting each other"] += len(found) - len(agreed)
    return tuple(agreed), left_out


def places(document: Any, path: str) -> Sequence[tuple[str, Any]]:
    """What stands at a path of rows, with its key (empty in a list): `$.list[*]`, `$.groups[*].members[*]`, `$.byName`.

    Where no `[*]` stands the path names the list or object whose members are the rows. Raises UnreadableError.
    """
    head, *inner = path.split("[*]") if "[*]" in path else (path, "")
    found: list[tuple[str, Any]] = [("", document)]
    for step in [head, *inner[:-1]]:
        found = [child for _, value in found for child in _members(_at(value, step))]
        if len(found) > MOST_ROWS:
            raise UnreadableError(f"more than {MOST_ROWS} rows")
    return [(key, _at(value, inner[-1])) for key, value in found] if inner[-1] else found


def _at(value: Any, step: str) -> Any:
    try:
        found = look_up(value, step if step.startswith("$") else f"${step}")
    except ValueError:
        raise UnreadableError("the map's path of rows is none") from None
    if found is None:
        raise UnreadableError("there are no rows where they should be")
    return found.value


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        return iter(value.items())
    if isinstance(value, list):
        return (("", item) for item in value)
    raise UnreadableError("there are no rows where they should be")


def _row(key: str, value: Any, how: ReferenceMap, changed_at: datetime, context: Context) -> ReferenceRow:
    return ReferenceRow(
        authority=_authority(key, value, how, context.names),
        outcome=_outcome(value, how),
        checked_at=changed_at if how.at is None else _checked_at(value, how.at, context.zone),
    )


def _authority(key: str, value: Any, how: ReferenceMap, names: Mapping[str, str]) -> str:
    name = key if how.authority == KEY else _text(value, how.authority)
    if name is None:
        raise RowError("without an authority")
    if (slug := names.get(plain(name))) is None:
        raise RowError(ELSEWHERE)
    return slug


def _outcome(value: Any, how: ReferenceMap) -> Outcome:
    """The outcome by the map's words; where it has none, by ours."""
    word = _text(value, how.outcome)
    if word is None:
        raise RowError("without an outcome")
    try:
        return how.values[word] if how.values else Outcome(word)
    except (KeyError, ValueError):
        raise RowError("with an outcome nobody explained") from None


def _checked_at(value: Any, path: str, zone: tzinfo) -> datetime:
    if (checked_at := _instant(value, path, zone)) is None:
        raise RowError("without a readable time")
    return checked_at


def _instant(value: Any, path: str, zone: tzinfo) -> datetime | None:
    found = look_up(value, path)
    return None if found is None else read_instant(found.value, zone)


def _text(value: Any, path: str) -> str | None:
    found = look_up(value, path)
    return None if found is None or found.value is None else as_text(found.value).strip()


def _with_cause(row: ReferenceRow, value: Any, context: Context) -> ReferenceRow:
    """The row of our own format with what else it says. RowError: its cause belongs to another outcome."""
    cause = _text(value, "$.cause")
    if OUTCOMES.get(cause or "", row.outcome) is not row.outcome:
        raise RowError("contradicting themselves")
    since = _instant(value, "$.since", context.zone)
    return ReferenceRow(
        authority=row.authority,
        outcome=row.outcome,
        cause=cause if cause and len(cause) <= LONGEST_CAUSE and cause.isprintable() else None,
        since=since if since is not None and since <= row.checked_at else None,
        checked_at=row.checked_at,
    )


def _newest(rows: Sequence[ReferenceRow]) -> ReferenceRow | None:
    """What holds of several rows of one authority: the newest; None where two equally new ones disagree."""
    newest = max(rows, key=lambda row: row.checked_at)
    equals = [row for row in rows if row.checked_at == newest.checked_at]
    return newest if len({row.outcome for row in equals}) == 1 else None
