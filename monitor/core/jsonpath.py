"""Paths of plain steps into JSON: `$.a.b[0]`, `$['a b'][0]`. No wildcards, no filters: one path names one value."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_STEP = re.compile(r"""\.([^.\[\]'"\s]+)|\[(\d{1,9})\]|\['([^']*)'\]|\["([^"]*)"\]""", re.ASCII)


@dataclass(frozen=True, slots=True)
class Found:
    """A value that is there, null included."""

    value: Any


@lru_cache(maxsize=256)
def steps(path: str) -> tuple[str | int, ...]:
    """The steps of a path: names and places. Raises ValueError if it is none."""
    if not path.startswith("$"):
        raise ValueError(f"{path!r} is not a path: it starts with $, as in $.data[0].code")
    taken: list[str | int] = []
    at = 1
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            raise ValueError(f"{path!r} is not a path of plain steps as in $.data[0].code")
        place = step[2]
        taken.append(int(place) if place is not None else step[step.lastindex or 0])
        at = step.end()
    return tuple(taken)


def look_up(value: Any, path: str) -> Found | None:
    """What stands at `path` in a JSON value, None where nothing does. Raises ValueError if it is no path."""
    for step in steps(path):
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return None
            value = value[step]
        else:
            if not isinstance(value, dict) or step not in value:
                return None
            value = value[step]
    return Found(value)


def as_text(value: Any) -> str:
    """A JSON value as text to compare with: a string as it is, a list or object as its kind, else as JSON writes it."""
    if isinstance(value, list | dict):
        return "[…]" if isinstance(value, list) else "{…}"
    return value if isinstance(value, str) else json.dumps(value)
