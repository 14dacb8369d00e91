"""Follows a growing file: hands out its new lines and nothing twice, over renaming, copying away and cutting short.

Where it stands is a `Mark`: the file's number, how far it was read, and a print of its first bytes, because a number is given
again as soon as a file is gone and a file that was cut short may have grown past the old place. What was written to the old file
after the last look is read from wherever rotation has put it, as long as that lies in the same folder and is not compressed.

Blocks as long as the disk does. Raises OSError, and FaultError for what is no plain file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from monitor.model import Cause
from monitor.net.failures import FaultError

MOST_BYTES = 8 << 20
"""Of one file in one look. Of a longer rest the end is read, and what lies before it is counted as skipped."""
LONGEST_LINE = 16 << 10
"""Bytes of a line that are looked at."""
HEAD = 512
"""First bytes by which a file is known again."""
LEAST_HEAD = 16
"""Fewer bytes than this are alike by chance."""
BLOCK = 256 << 10
MOST_LISTED = 5000
MOST_COMPARED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a file was read."""

    inode: int
    offset: int
    head: str
    """Print of its first `length` bytes."""
    length: int


@dataclass(slots=True, kw_only=True)
class News:
    """What one look found. `mark`: where the next one begins."""

    mark: Mark
    lines: int = 0
    skipped: int = 0
    """Bytes that were too many to be read."""


def read_new(path: str, mark: Mark | None, take: Callable[[bytes], None]) -> News:
    """Hand each new line (without its end, cut to `LONGEST_LINE`) to `take`. Without a mark: begin behind the last line."""
    with _opened(path) as file:
        known = os.fstat(file)
        news = News(mark=Mark(inode=known.st_ino, offset=0, head="", length=0))
        if mark is None:
            offset = _last_line_end(file, known.st_size)
        elif _is_of(file, known, mark):
            offset = _read(file, mark.offset, known.st_size, take, news, to_the_end=False)
        else:
            _read_rest(path, mark, known.st_ino, take, news)
            offset = _read(file, 0, known.st_size, take, news, to_the_end=False)
        head = os.pread(file, HEAD, 0)
        news.mark = Mark(inode=known.st_ino, offset=offset, head=_print(head), length=len(head))
    return news


def begin() -> Mark:
    """The mark of a file that is not there yet: all of it will be new."""
    return Mark(inode=0, offset=0, head=_print(b""), length=0)


# --- which file is it ------------------------------------------------------------------------------------------------


@contextmanager
def _opened(path: str | Path) -> Iterator[int]:
    """The number of the open file. A pipe or a device is refused before it is read: it might never end."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise FaultError(Cause.PROBE_MISCONFIGURED, f"{path}: not a plain file")
        yield file
    finally:
        os.close(file)


def _print(head: bytes) -> str:
    return blake2b(head, digest_size=12).hexdigest()


def _is_of(file: int, known: os.stat_result, mark: Mark) -> bool:
    return known.st_ino == mark.inode and _is_alike(file, known, mark)


def _is_alike(file: int, known: os.stat_result, mark: Mark) -> bool:
    """Whether it begins as the marked one did, and is at least as long."""
    return known.st_size >= mark.offset and _print(os.pread(file, mark.length, 0)) == mark.head


def _read_rest(path: str, mark: Mark, present: int, take: Callable[[bytes], None], news: News) -> None:
    """What was added to the old file after the last look, from where it was moved or copied to."""
    if not mark.inode:
        return
    for candidate in _moved(Path(path), present):
        try:
            with _opened(candidate) as file:
                known = os.fstat(file)
                same = known.st_ino == mark.inode or mark.length >= LEAST_HEAD
                if same and _is_alike(file, known, mark):
                    _read(file, mark.offset, known.st_size, take, news, to_the_end=True)
                    return
        except (OSError, FaultError):  # gone meanwhile, or compressed under our hands
            continue


def _moved(path: Path, present: int) -> list[Path]:
    """What rotation may have made of a file, the newest first: app.log.1, app.log-20261122, app-1.log, app.2026-11-22.log."""
    stem = path.name.partition(".")[0] or path.name
    found: list[tuple[int, str]] = []
    with os.scandir(path.parent) as entries:
        for count, entry in enumerate(entries):
            if count >= MOST_LISTED:
                break
            if (
                entry.name != path.name
                and entry.name.startswith(stem)
                and entry.is_file(follow_symlinks=False)
            ):
                known = entry.stat(follow_symlinks=False)
                found += [(known.st_mtime_ns, entry.path)] * (known.st_ino != present)
    return [Path(one) for _, one in sorted(found, reverse=True)[:MOST_COMPARED]]


# --- its lines -------------------------------------------------------------------------------------------------------


def _last_line_end(file: int, size: int) -> int:
    """Where the last line that has an end ends: what is being written there counts when it is whole."""
    start = max(0, size - LONGEST_LINE)
    end = os.pread(file, size - start, start).rfind(b"\n")
    return size if end < 0 and start else start + end + 1


def _read(
    file: int, offset: int, size: int, take: Callable[[bytes], None], news: News, *, to_the_end: bool
) -> int:
    """Read on from `offset`; returns behind the last line that has an end. `to_the_end`: nothing will be added to it any more."""
    if size - offset > MOST_BYTES:
        news.skipped += size - MOST_BYTES - offset
        offset = size - MOST_BYTES
        cut = True
    else:
        cut = False
    lines = _Lines(take, news, skip_first=cut)
    at = offset
    while at < size and (block := os.pread(file, min(BLOCK, size - at), at)):
        lines.add(block)
        at += len(block)
    if to_the_end:
        lines.end()
    return at - lines.waiting


class _Lines:
    """Cuts blocks into lines."""

    __slots__ = ("_long", "_news", "_rest", "_skip", "_take")

    def __init__(self, take: Callable[[bytes], None], news: News, *, skip_first: bool) -> None:
        self._take = take
        self._news = news
        self._rest = b""
        self._long = False
        """The line under way is longer than is looked at: it was taken already."""
        self._skip = skip_first

    @property
    def waiting(self) -> int:
        """Bytes of a line whose end is still to come."""
        return len(self._rest)

    def add(self, block: bytes) -> None:
        """Hand out what is whole with this block."""
        *whole, rest = (self._rest + block).split(b"\n")
        for line in whole:
            self._line(line)
        if len(rest) > LONGEST_LINE:
            if not self._long:
                self._line(rest)
            self._long, rest = True, b""
        self._rest = rest

    def end(self) -> None:
        """Nothing follows."""
        if self._rest:
            self._line(self._rest)
            self._rest = b""

    def _line(self, line: bytes) -> None:
        if self._skip or self._long:
            self._skip = self._long = False
            return
        self._news.lines += 1
        self._take(line[:LONGEST_LINE].removesuffix(b"\r"))
