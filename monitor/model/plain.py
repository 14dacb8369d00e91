"""Values as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


def as_json(value: Any) -> Any:
    """Plain JSON values: dataclasses as objects, enums as text, instants as RFC 3339 in UTC, tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: as_json(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(as_json(item) for item in value)
    if isinstance(value, tuple | list):
        return [as_json(item) for item in value]
    return value


def rfc3339(instant: datetime) -> str:
    """`2026-11-21T08:00:00.125Z`: UTC, milliseconds only where there are any."""
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds" if instant.microsecond else "seconds")
    return text.replace("+00:00", "Z")
