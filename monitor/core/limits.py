"""Which of its readings a run is judged by, what each must be, and which of them is not: for who tells of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from monitor.model import Cause, FileRules, HostRules, LogRules, Reading, Room, SyncRules, Target

Key = tuple[str, str]
"""Name of a reading, and of what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a reading must be: `sign` is ≤, ≥ or <, `value` in the reading's own unit; `within`: counted over so many seconds."""

    sign: str
    value: float
    within: float | None = None

    def holds(self, value: float) -> bool:
        """Whether a value is as it must be."""
        if self.sign == "≥":
            return value >= self.value
        return value < self.value if self.sign == "<" else value <= self.value


def limits(target: Target) -> dict[Key, Limit]:
    """The limits of a target by reading; a reading that is only told has none."""
    found: dict[Key, Limit] = {}
    if target.log is not None:
        found |= _of_log(target.log, target)
    if target.machine is not None:
        found |= _of_host(target.machine)
    if target.file is not None:
        found |= _of_file(target.file)
    if target.sync is not None:
        found |= _of_sync(target.sync)
    return found


def passed(target: Target, readings: Iterable[Reading]) -> Iterator[Reading]:
    """Those readings that are beyond their limit."""
    known = limits(target)
    for reading in readings:
        limit = known.get((reading.name, reading.of))
        if limit is not None and reading.value is not None and not limit.holds(_judged(reading)):
            yield reading


def called(target: Target, reading: Reading) -> str:
    """What is told of it where it is beyond its limit: `disk_free:/var`; of a log its pattern or code; "" for no file at all."""
    if target.log is not None:
        return reading.of
    if target.file is not None and reading.name == "matches":
        return ""
    return f"{reading.name.removesuffix('_bytes')}:{reading.of}".removesuffix(":")


def _judged(reading: Reading) -> float:
    """What of it is judged: a clock may differ either way."""
    value = reading.value or 0.0
    return abs(value) if reading.name == "clock_offset" else value


def _of_log(rules: LogRules, target: Target) -> dict[Key, Limit]:
    found: dict[Key, Limit] = {
        ("matches", one.name): Limit(sign="<", value=one.at_least, within=one.within)
        for one in rules.patterns
    }
    if rules.codes is not None:
        least = Limit(sign="<", value=rules.codes.at_least, within=rules.codes.within)
        found |= {("codes", one.code): least for one in target.codes if one.cause is not Cause.NONE}
    return found


def _of_host(rules: HostRules) -> dict[Key, Limit]:
    found: dict[Key, Limit] = {}
    for disk in rules.disks:
        found |= _room(disk.free, "disk_free", disk.path)
        if disk.free.share is not None:
            found["inodes_free", disk.path] = Limit(sign="≥", value=disk.free.share)
    if rules.memory is not None:
        found |= _room(rules.memory, "memory_free", "")
    if rules.load is not None:
        found["load_per_cpu", ""] = Limit(sign="≤", value=rules.load)
    if rules.files is not None:
        found |= {("files_used", of): Limit(sign="≤", value=rules.files) for of in ("monitor", "machine")}
    if rules.clock_offset is not None:
        found["clock_offset", ""] = Limit(sign="≤", value=rules.clock_offset)
    return found


def _room(room: Room, name: str, of: str) -> dict[Key, Limit]:
    if room.share is not None:
        return {(name, of): Limit(sign="≥", value=room.share)}
    return {} if room.size is None else {(f"{name}_bytes", of): Limit(sign="≥", value=room.size)}


def _of_file(rules: FileRules) -> dict[Key, Limit]:
    found: dict[Key, Limit] = {("matches", ""): Limit(sign="≥", value=1)}
    if rules.max_age is not None:
        found["age", ""] = Limit(sign="≤", value=rules.max_age)
    if rules.min_size is not None:
        found["size", ""] = Limit(sign="≥", value=rules.min_size)
    if rules.sha256_from is not None:
        found["checksum", ""] = Limit(sign="≥", value=1)
    return found


def _of_sync(rules: SyncRules) -> dict[Key, Limit]:
    found: dict[Key, Limit] = {}
    if rules.counts is not None:
        found["differs_for", ""] = Limit(sign="<", value=rules.counts.grace)
    if rules.items is not None:
        most = Limit(sign="≤", value=rules.items.tolerance)
        found |= {("overdue_missing", "items"): most, ("overdue_extra", "items"): most}
    if rules.canary is not None:
        found["canary_waiting", ""] = Limit(sign="≤", value=rules.canary.fail)
    return found
