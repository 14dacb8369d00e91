"""Kind `file`: the newest file that a pattern of paths matches: its age, its size, its checksum. Made for backups.

A checksum is made once for each file as it is. That may take longer than a run: it goes on by itself meanwhile, the run says that it
is under way, and fails only where it stands still.
"""

from __future__ import annotations

import asyncio
import glob
import hashlib
import os
import re
import stat
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from weakref import WeakKeyDictionary

from monitor.core.classify import Knowledge
from monitor.core.machine import judge_file
from monitor.model import Cause, FileRules, Reading, Result, Seen, Target
from monitor.net import Admit, Net
from monitor.net.failures import FaultError
from monitor.probes.kind import Kind
from monitor.probes.machine import Here
from monitor.threads import in_daemon_thread

MOST_MATCHES = 100_000
"""Paths that are compared; a pattern that matches more is too wide."""
BLOCK = 1 << 20
MOST_SUMS = 4 << 20
"""Bytes of a file of checksums."""
PART = 0.8
"""Of what is left of the deadline, how much a checksum is waited for."""

_SUM = re.compile(r"\\?([0-9A-Fa-f]{64})(?![0-9A-Fa-f])")
"""How a line of sha256sum begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The file that is looked at, and its version."""

    path: str
    written_at: float
    size: int
    version: tuple[int, int, int]
    """Its number, size and time: another version has another checksum."""


@dataclass(slots=True)
class Checksum:
    """A checksum in the making. `done`: bytes that were read."""

    newest: Newest
    done: int = 0
    abandoned: bool = False
    seen_done: int = -1
    """`done` when a run looked last."""
    future: Future[str] = field(default_factory=Future)


_checksums: WeakKeyDictionary[Net, dict[str, Checksum]] = WeakKeyDictionary()
"""Client → target → its last checksum."""


async def look(target: Target, net: Net, admit: Admit) -> Seen:
    """Find the newest, then compare its checksum where one is asked for."""
    rules = target.file
    assert rules is not None
    now = net.clock.now().timestamp()

    async def steps(here: Here) -> None:
        found: list[Newest] = []
        await here.do(rules.glob, partial(_find, rules.glob, now, found))
        if found and rules.sha256_from is not None:
            await _compare(here, rules, found[0])

    return await net.do(Here(target, net, steps), timeout=target.timeout)


def judge(target: Target, seen: Seen, knowledge: Knowledge) -> Result:
    """There is one, new enough, large enough, and whole."""
    return judge_file(target, seen)


# --- the newest ------------------------------------------------------------------------------------------------------


def _find(pattern: str, now: float, found: list[Newest]) -> list[Reading]:
    """Blocks. Puts the newest file into `found`, if there is any."""
    matches, newest = 0, None
    for path in glob.iglob(pattern, recursive=True):  # noqa: PTH207  patterns with a beginning of their own
        matches += 1
        if matches > MOST_MATCHES:
            detail = f"{pattern} matches more than {MOST_MATCHES} paths"
            raise FaultError(Cause.PROBE_MISCONFIGURED, detail)
        one = _stated(path)
        if one is None:
            matches -= 1
        elif newest is None or one.version[2] > newest.version[2]:
            newest = one
    readings = [Reading(name="matches", value=float(matches))]
    if newest is None:
        _refuse_unreadable(pattern)
        return readings
    found.append(newest)
    return [
        *readings,
        Reading(name="newest", text=Path(newest.path).name),
        Reading(name="age", value=round(now - newest.written_at, 3)),
        Reading(name="size", value=float(newest.size)),
    ]


def _refuse_unreadable(pattern: str) -> None:
    """Raises OSError where nothing was found because the folder may not be looked into."""
    fixed = Path(pattern)
    while glob.has_magic(str(fixed)):
        fixed = fixed.parent
    folder = fixed.parent if fixed == Path(pattern) else fixed
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder):
        pass


def _stated(path: str) -> Newest | None:
    """A plain file; None for anything else, and for what is gone meanwhile."""
    try:
        known = Path(path).stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(known.st_mode):
        return None
    version = (known.st_ino, known.st_size, known.st_mtime_ns)
    return Newest(path=path, written_at=known.st_mtime, size=known.st_size, version=version)


# --- its checksum ----------------------------------------------------------------------------------------------------


async def _compare(here: Here, rules: FileRules, newest: Newest) -> None:
    expected: list[str] = []
    await here.do("checksum", partial(_expected, rules, newest, expected))
    if not expected:
        return
    made = _begun(here, newest)
    try:
        async with asyncio.timeout(here.left() * PART):
            actual = await asyncio.shield(asyncio.wrap_future(made.future))
    except TimeoutError:
        _under_way(here, made)
    except OSError as problem:
        del _checksums[here.net][here.target.id]
        here.note(
            "checksum", Cause.PROBE_MISCONFIGURED, f"{newest.path}: it cannot be read: {problem.strerror}"
        )
    else:
        same = actual == expected[0]
        text = "" if same else "its checksum is another than it should be"
        here.keep("checksum", [Reading(name="checksum", value=float(same), text=text)])


def _under_way(here: Here, made: Checksum) -> None:
    """It takes longer than a run. Where nothing more was read since the last one, the disk does not answer."""
    if made.done == made.seen_done:
        detail = f"{made.newest.path} cannot be read on: does its disk answer?"
        here.note("checksum", Cause.RESPONSE_TIMEOUT, detail)
    else:
        share = made.done / made.newest.size if made.newest.size else 0.0
        here.keep("checksum", [Reading(name="checksum", text=f"under way, {share:.0%}")])
    made.seen_done = made.done


def _begun(here: Here, newest: Newest) -> Checksum:
    """The checksum of this version: the one that is made or being made, else a new one."""
    mine = _checksums.setdefault(here.net, {})
    known = mine.get(here.target.id)
    if known is not None:
        if (known.newest.path, known.newest.version) == (newest.path, newest.version):
            return known
        known.abandoned = True
    made = mine[here.target.id] = Checksum(newest)
    made.future = in_daemon_thread(partial(_sum, made), name=f"checksum {here.target.id}")
    return made


def _sum(made: Checksum) -> str:
    """Blocks."""
    digest = hashlib.sha256()
    with os.fdopen(os.open(made.newest.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        while not made.abandoned and (block := file.read(BLOCK)):
            digest.update(block)
            made.done += len(block)
    return digest.hexdigest()


def _expected(rules: FileRules, newest: Newest, expected: list[str]) -> Sequence[Reading]:
    """Puts the checksum that is written down into `expected`; a reading that says why where there is none. Blocks."""
    assert rules.sha256_from is not None
    name = Path(newest.path).name
    place = Path(newest.path).parent / rules.sha256_from.replace("{name}", name)
    try:
        with os.fdopen(os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise FaultError(Cause.PROBE_MISCONFIGURED, f"{place}: not a plain file")
            text = file.read(MOST_SUMS).decode("utf-8", "replace")
    except FileNotFoundError:
        return [Reading(name="checksum", value=0.0, text=f"there is no {place.name} to compare it with")]
    found = written_sum(text, name)
    if found is None:
        return [Reading(name="checksum", value=0.0, text=f"{place.name} has no checksum of it")]
    expected.append(found)
    return ()


def written_sum(text: str, name: str) -> str | None:
    """The SHA-256 that `text` gives for the file `name`: on its line, or alone where it names no file at all."""
    alone: list[str] = []
    for line in map(str.strip, text.splitlines()):
        of, checksum = _line(line)
        if checksum and not of:
            alone.append(checksum)
        elif checksum and of.replace("\\", "/").rpartition("/")[2] == name:
            return checksum
    return alone[0] if len(alone) == 1 else None


def _line(line: str) -> tuple[str, str]:
    """(name, checksum) of a line in either form of sha256sum, "" for what it has not."""
    if line.startswith("SHA256 (") and ") = " in line:
        of, _, line = line.removeprefix("SHA256 (").rpartition(") = ")
        match = _SUM.fullmatch(line)
        return (of, match[1].lower()) if match else ("", "")
    match = _SUM.match(line)
    return (line[match.end() :].strip().removeprefix("*"), match[1].lower()) if match else ("", "")


KIND = Kind(look=look, judge=judge)
