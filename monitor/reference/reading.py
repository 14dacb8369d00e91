"""A document of a reference made into rows: our own format, or any JSON by a map. Nothing in it is trusted.

What cannot be believed as a whole is an `UnreadableError`; a row that cannot be is left out and counted. Only the text
of the document decides here: whether a row is too old is judged later, by its `checked_at`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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


Place = tuple[str, Any]
"""A row with the key that it stands under; empty in a list."""


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
        return json.loads(_decoded(body), object_pairs_hook=_object, parse_constant=_constant)
    except RecursionError:
        raise UnreadableError("nested too deeply") from None
    except ValueError:  # mistakes of JSON and of its text, and numbers of more than 4,300 digits
        raise UnreadableError("not JSON" if body.strip() else "empty") from None


def _decoded(body: bytes) -> str:
    """The text by UTF-8, else by GB18030, as Windows programs in China write it."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("gb18030")


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
    for place in places(document, how.rows):
        try:
            row = _row(place, how, changed_at, context)
            row = row if given is not None else _with_cause(row, place, context)
            found.setdefault(row.authority, []).append(row)
        except RowError as problem:
            left_out[str(problem)] += 1
    agreed = [newest for rows in found.values() if (newest := _newest(rows)) is not None]
    if len(agreed) < len(found):
        left_out["contradicting each other"] += len(found) - len(agreed)
    return tuple(agreed), left_out


def places(document: Any, path: str) -> Iterator[Place]:
    """The members of the list (`$.list[*]`) or the object (`$.byName`) at `path`, with their keys; empty in a list.

    Raises UnreadableError where neither stands there, or more than MOST_ROWS in it.
    """
    found = look_up(document, path.removesuffix("[*]"))
    rows = None if found is None else found.value
    if not isinstance(rows, dict | list):
        raise UnreadableError("there are no rows where they should be")
    if len(rows) > MOST_ROWS:
        raise UnreadableError(f"more than {MOST_ROWS} rows")
    return iter(rows.items()) if isinstance(rows, dict) else (("", row) for row in rows)


def _row(place: Place, how: ReferenceMap, changed_at: datetime, context: Context) -> ReferenceRow:
    return ReferenceRow(
        authority=_authority(_text(place, how.authority), context.names),
        outcome=_outcome(_text(place, how.outcome), how.values),
        checked_at=changed_at if how.at is None else _checked_at(place, how.at, context.zone),
    )


def _authority(name: str | None, names: Mapping[str, str]) -> str:
    if name is None:
        raise RowError("without an authority")
    if (slug := names.get(plain(name))) is None:
        raise RowError(ELSEWHERE)
    return slug


def _outcome(word: str | None, values: Mapping[str, Outcome]) -> Outcome:
    """The outcome by the map's words; where it has none, by ours."""
    if word is None:
        raise RowError("without an outcome")
    try:
        return values[word] if values else Outcome(word)
    except (KeyError, ValueError):
        raise RowError("with an outcome nobody explained") from None


def _checked_at(place: Place, path: str, zone: tzinfo) -> datetime:
    if (checked_at := read_instant(_value(place, path), zone)) is None:
        raise RowError("without a readable time")
    return checked_at


def _value(place: Place, path: str) -> Any:
    """What stands at a path within a row, None where nothing does."""
    key, row = place
    if path == KEY:
        return key
    found = look_up(row, path)
    return None if found is None else found.value


def _text(place: Place, path: str) -> str | None:
    value = _value(place, path)
    return None if value is None else as_text(value).strip()


def _with_cause(row: ReferenceRow, place: Place, context: Context) -> ReferenceRow:
    """The row of our own format with what else it says. A cause of another outcome says nothing: the outcome counts."""
    cause = _text(place, "$.cause")
    if OUTCOMES.get(cause or "", row.outcome) is not row.outcome:
        cause = None
    since = read_instant(_value(place, "$.since"), context.zone)
    return replace(
        row,
        cause=cause if cause and len(cause) <= LONGEST_CAUSE and cause.isprintable() else None,
        since=since if since is not None and since <= row.checked_at else None,
    )


def _newest(rows: Sequence[ReferenceRow]) -> ReferenceRow | None:
    """What holds of several rows of one authority: the newest; None where two equally new ones disagree."""
    newest = max(rows, key=lambda row: row.checked_at)
    equals = [row for row in rows if row.checked_at == newest.checked_at]
    return newest if len({row.outcome for row in equals}) == 1 else None
