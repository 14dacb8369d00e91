"""The keys of kinds `log`, `host` and `file`: what is looked for on this machine, and its limits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from monitor.config.reading import OneOrMore, Read
from monitor.config.scalars import duration, percent, whole
from monitor.config.section import Section, written
from monitor.config.values import Line, Name, Pattern, Span, Word
from monitor.model import Room

_UNITS = {
    "": 1, "B": 1, "kB": 10**3, "KiB": 1 << 10, "MB": 10**6, "MiB": 1 << 20,
    "GB": 10**9, "GiB": 1 << 30, "TB": 10**12, "TiB": 1 << 40,
}  # fmt: skip
_AMOUNT = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,3}))? ?(B|kB|KiB|MB|MiB|GB|GiB|TB|TiB|)")
_MOST = 1 << 60


def amount(text: str) -> int:
    """`5GiB`, `1.5TB`, `200` → bytes."""
    match = _AMOUNT.fullmatch(text)
    if not match:
        raise ValueError
    number = int(float(f"{match[1]}.{match[2] or 0}") * _UNITS[match[3]])
    if not 1 <= number <= _MOST:
        raise ValueError
    return number


def room(text: str) -> Room:
    """`10%` or `5GiB`."""
    return Room(share=percent(text) / 100) if text.endswith("%") else Room(size=amount(text))


def _part(text: str) -> float:
    """`80%` → 0.8."""
    return percent(text) / 100


def _load(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", text) or not float(text):
        raise ValueError
    return float(text)


_TEXT = {"type": "string"}
_NUMBER = {"type": ["number", "string"]}
Amount = Annotated[int, Read(amount, "a size is meant: 20MB, 5GiB, 1.5TiB", {"type": ["string", "integer"]})]
Free = Annotated[Room, Read(room, "a part or a size is meant: 10% or 5GiB", _TEXT)]
Part = Annotated[float, Read(_part, "a part is meant: 80%", _TEXT)]
Load = Annotated[float, Read(_load, "a load per CPU is meant: 4 or 1.5", _NUMBER)]
Often = Annotated[int, Read(whole(1, 1_000_000), "a whole number from 1 to 1000000 is meant", _NUMBER)]


@dataclass(frozen=True, slots=True, eq=False)
class Short:
    """A section that may be written as its one main key alone: `memory: 10%` for `memory: {min_free: 10%}`."""

    key: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take part in pydantic: a single value is read as a section that holds it."""
        return core_schema.no_info_before_validator_function(self._as_section, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The section, or the value."""
        return {"anyOf": [handler(schema), {"type": ["string", "number"]}]}

    def _as_section(self, value: object) -> object:
        elsewhere = isinstance(value, dict) and value.keys() in ({"env"}, {"file"})
        return value if isinstance(value, dict) and not elsewhere else {self.key: value}


class PatternIs(Section):
    """Lines that are counted, and how many within how long are too many."""

    name: Name
    regex: Pattern
    at_least: Often = 5
    within: Span = written(duration("10m"), "10m")


class CodesAre(Section):
    """A table of the catalogue whose codes are counted in the same way, each by itself."""

    table: Word
    at_least: Often = 5
    within: Span = written(duration("10m"), "10m")


class DiskIs(Section):
    """A path, and how much of the file system that holds it must be free."""

    path: Line
    min_free: Free = written(room("10%"), "10%")


class MemoryIs(Section):
    """How much memory must be left."""

    min_free: Free


class LoadIs(Section):
    """Most processes that run or wait per CPU, over five minutes."""

    max: Load


class FilesAre(Section):
    """Largest part of the files that may be open."""

    max: Part


class OffsetIs(Section):
    """By how much our clock may differ from those of the servers."""

    max: Span


Patterns = Annotated[tuple[PatternIs, ...], OneOrMore("a pattern or a list of patterns is meant")]
Codes = Annotated[CodesAre, Short("table")]
Disks = Annotated[
    tuple[Annotated[DiskIs, Short("path")], ...], OneOrMore("a path or a list of paths is meant")
]
Memory = Annotated[MemoryIs, Short("min_free")]
MostLoad = Annotated[LoadIs, Short("max")]
MostFiles = Annotated[FilesAre, Short("max")]
MostOffset = Annotated[OffsetIs, Short("max")]
