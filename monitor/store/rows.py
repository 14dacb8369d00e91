"""Between the model's frozen values and rows of text: JSON by pydantic, one row per value.

What kinds of rows there are follows from the fields of `State`: a field that is a dict has one row per key, any other
field has one row with the id ''. A field added to `State` is kept without a change here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter

from monitor.core.state import State
from monitor.model import Notification

SINGLE = ""
"""Id of the one row of a kind that is not a dict."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one field of `State` is kept."""

    name: str
    is_mapping: bool
    adapter: TypeAdapter[Any]


@cache
def kinds() -> dict[str, Kind]:
    """The kinds of rows, by name of the field of `State`."""
    hints = get_type_hints(State)
    return {field.name: _kind(field.name, hints[field.name]) for field in fields(State)}


def _kind(name: str, hint: Any) -> Kind:
    if get_origin(hint) is dict:
        return Kind(name, True, TypeAdapter(get_args(hint)[1]))
    return Kind(name, False, TypeAdapter(hint))


@cache
def notification_adapter() -> TypeAdapter[Notification]:
    """Reads and writes the body of a notification."""
    return TypeAdapter(Notification)
