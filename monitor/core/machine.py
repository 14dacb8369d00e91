"""What was found on this machine means: kinds `log`, `host` and `file`. Pure.

A cause speaks of whom the target speaks of, so a full disk of `local` is this machine's affair. A limit that is passed and a file
that is not what it should be are `content_mismatch`, a file that is not there is `record_missing`; lines that come too often are
`api_error` with the pattern's name, and a code of the catalogue is what its table says of it. What cannot be read at all is
`probe_misconfigured` and was said by the run itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from monitor.core.classify import Finding, result_of
from monitor.core.spans import span
from monitor.model import (
    Cause,
    Code,
    FileRules,
    HostRules,
    LogRules,
    Reading,
    Result,
    Room,
    Seen,
    Target,
)

AHEAD = 3600.0
"""Seconds by which a file may be newer than now: clocks of file servers differ. More hides how old it is."""
_TELLING = re.compile("[A-Za-z\u4e00-\u9fff]")
"""What a code must hold to be looked for in a log: 200 and 0000 stand in any line."""
_SHORTEST_CODE = 3
MOST_TOLD = 4
"""Patterns and codes of one log that are told of one run."""
_UNITS = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def judge_log(target: Target, seen: Seen) -> Result:
    """For kind `log`: nothing that is counted came too often."""
    rules = target.log
    if rules is None:
        raise ValueError("a target of kind log has no rules")
    finding = Finding() if seen.failure else _log(rules, target.codes, seen.readings)
    return _result(target, seen, finding)


def judge_host(target: Target, seen: Seen) -> Result:
    """For kind `host`: enough of everything is left."""
    rules = target.machine
    if rules is None:
        raise ValueError("a target of kind host has no rules")
    wrong = [] if seen.failure else list(_passed(rules, seen.readings))
    finding = Finding() if not wrong else _mismatch(wrong[0][0], "; ".join(said for _, said in wrong))
    return _result(target, seen, finding)


def judge_file(target: Target, seen: Seen) -> Result:
    """For kind `file`: there is one, new enough, large enough, and what its checksum says."""
    rules = target.file
    if rules is None:
        raise ValueError("a target of kind file has no rules")
    return _result(target, seen, Finding() if seen.failure else _file(rules, seen.readings))


def countable(codes: Iterable[Code]) -> tuple[Code, ...]:
    """Those rows of a table that can be found in a log, each code once."""
    known = {one.code: one for one in codes if len(one.code) >= _SHORTEST_CODE and _TELLING.search(one.code)}
    return tuple(known.values())


def _result(target: Target, seen: Seen, finding: Finding) -> Result:
    return replace(result_of(target, seen, finding), readings=seen.readings)


def _mismatch(code: str | None, detail: str) -> Finding:
    return Finding(cause=Cause.CONTENT_MISMATCH, code=code, detail=detail)


def _value(readings: Iterable[Reading], name: str, of: str = "") -> float | None:
    return next((one.value for one in readings if one.name == name and one.of == of), None)


# --- log -------------------------------------------------------------------------------------------------------------


def _log(rules: LogRules, codes: Iterable[Code], readings: tuple[Reading, ...]) -> Finding:
    """What came too often: by the first such pattern, else by the code that came most often; told of all of them."""
    counts = [(one, _value(readings, "matches", one.name) or 0) for one in rules.patterns]
    found = [
        Finding(cause=Cause.API_ERROR, code=one.name, detail=_often(one.name, count, one.within))
        for one, count in counts
        if count >= one.at_least
    ]
    found += _codes(rules, codes, readings)
    if not found:
        return Finding()
    return replace(found[0], detail="; ".join(one.detail for one in found[:MOST_TOLD]))


def _codes(rules: LogRules, codes: Iterable[Code], readings: tuple[Reading, ...]) -> list[Finding]:
    """Each code that fails and came too often, that which came most often first."""
    if rules.codes is None:
        return []
    counted = [(_value(readings, "codes", one.code) or 0, one) for one in codes]
    often = [pair for pair in counted if pair[0] >= rules.codes.at_least and pair[1].cause is not Cause.NONE]
    often.sort(key=lambda pair: -pair[0])
    within = rules.codes.within
    return [
        Finding(cause=one.cause, code=one.code, detail=_often(f"{one.code} {one.message}", count, within))
        for count, one in often
    ]


def _often(what: str, count: float, within: float) -> str:
    lines = "line" if count == 1 else "lines"
    return f"{what}: {count:.0f} {lines} within {span(within)}"


# --- host ------------------------------------------------------------------------------------------------------------


def _passed(rules: HostRules, readings: tuple[Reading, ...]) -> Iterator[tuple[str, str]]:
    """(what, in words) of every limit that is passed."""
    for disk in rules.disks:
        if said := _short(disk.free, readings, "disk_free", disk.path):
            yield f"disk_free:{disk.path}", f"{disk.path} has {said}"
        inodes = _value(readings, "inodes_free", disk.path)
        if inodes is not None and disk.free.share is not None and inodes < disk.free.share:
            yield (
                f"inodes_free:{disk.path}",
                f"{disk.path} has {_percent(inodes)} of its inodes free, {_percent(disk.free.share)} are meant",
            )
    if rules.memory is not None and (said := _short(rules.memory, readings, "memory_free", "")):
        yield "memory_free", f"memory: {said}"
    load = _value(readings, "load_per_cpu")
    if rules.load is not None and load is not None and load > rules.load:
        yield "load_per_cpu", f"load per CPU is {load:.1f}, {rules.load:g} is the most"
    yield from _other_limits(rules, readings)


def _other_limits(rules: HostRules, readings: tuple[Reading, ...]) -> Iterator[tuple[str, str]]:
    for of in ("monitor", "machine"):
        used = _value(readings, "files_used", of)
        if rules.files is not None and used is not None and used > rules.files:
            yield (
                f"files_used:{of}",
                f"open files of the {of}: {_percent(used)} of the limit, {_percent(rules.files)} are the most",
            )
    offset = _value(readings, "clock_offset")
    if rules.clock_offset is not None and offset is not None and abs(offset) > rules.clock_offset:
        how = "behind" if offset > 0 else "ahead of"
        yield "clock_offset", f"our clock is {span(abs(offset))} {how} those of the servers"


def _short(room: Room, readings: tuple[Reading, ...], name: str, of: str) -> str:
    """What is left, in words, where that is less than is meant; "" where it is enough or not known."""
    share, size = _value(readings, name, of), _value(readings, f"{name}_bytes", of)
    if room.share is not None and share is not None and share < room.share:
        return f"{_percent(share)} free, {_percent(room.share)} are meant"
    if room.size is not None and size is not None and size < room.size:
        return f"{bytes_in_words(size)} free, {bytes_in_words(room.size)} are meant"
    return ""


def _percent(share: float) -> str:
    return f"{share * 100:.1f}".removesuffix(".0") + " %"


def bytes_in_words(size: float) -> str:
    """`1.5 GiB`, `512 B`."""
    for unit, name in _UNITS:
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size:.0f} B"


# --- file ------------------------------------------------------------------------------------------------------------


def _file(rules: FileRules, readings: tuple[Reading, ...]) -> Finding:
    if not _value(readings, "matches"):
        return Finding(cause=Cause.RECORD_MISSING, detail=f"no file matches {rules.glob}")
    name = next((one.text for one in readings if one.name == "newest"), "")
    age, size = _value(readings, "age") or 0.0, _value(readings, "size") or 0.0
    if age < -AHEAD:
        return _mismatch("age", f"{name} was written {span(-age)} ahead of our clock")
    if rules.max_age is not None and age > rules.max_age:
        return _mismatch("age", f"{name} is {span(age)} old, more than {span(rules.max_age)}")
    if rules.min_size is not None and size < rules.min_size:
        least = bytes_in_words(rules.min_size)
        return _mismatch("size", f"{name} has {bytes_in_words(size)}, less than {least}")
    checksum = next((one for one in readings if one.name == "checksum"), None)
    if checksum is not None and checksum.value == 0.0:
        return _mismatch("checksum", f"{name}: {checksum.text}")
    return Finding()
