"""Follows a growing file: hands out its new lines and nothing twice, over renaming, copying away and cutting short.

Where it stands is a `Mark`: the file's number, how far it was read, and prints of its first bytes and of those before that place,
because a number is given again as soon as a file is gone and a file that was cut short may have grown past the old place. What was
written to the old file after the last look is read from wherever rotation has put it, as long as that lies in the same folder and is
not compressed, and after it what rotation has put there since.

Blocks as long as the disk does. Raises OSError, and FaultError for what is no plain file.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
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
BLOCK = 64 << 10
MOST_LISTED = 5000
MOST_COMPARED = 50
MOST_BETWEEN = 10
"""Files that came and went between two looks, of which the newest are read."""

InTime = Callable[[], bool]
"""Whether there is time to read on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a file was read."""

    inode: int
    offset: int
    head: str
    """Print of its first `length` bytes."""
    length: int
    tail: str = ""
    """Print of the last `HEAD` bytes before `offset`; empty: not known."""


@dataclass(slots=True, kw_only=True)
class News:
    """What one look found. `mark`: where the next one begins."""

    mark: Mark
    lines: int = 0
    skipped: int = 0
    """Bytes that were too many to be read."""
    behind: int = 0
    """Bytes that are left for the next look, because the time was over."""


def read_new(
    path: str, mark: Mark | None, take: Callable[[bytes], None], in_time: InTime = lambda: True
) -> News:
    """Hand each new line (without its end, cut to `LONGEST_LINE`) to `take`. Without a mark: begin behind the last line.

    At least one block is read; where `in_time` says no after that, the next look goes on from there.
    """
    with _opened(path) as file:
        known = os.fstat(file)
        news = News(mark=Mark(inode=known.st_ino, offset=0, head="", length=0))
        if mark is None:
            news.mark = _marked(file, known.st_ino, _last_line_end(file, known.st_size))
            return news
        reading, start = _Reading(take, news, in_time), mark.offset
        if not _is_of(file, known, mark):
            start = 0
            if (stopped := _read_between(path, mark, known.st_ino, reading)) is not None:
                news.mark, news.behind = stopped, news.behind + known.st_size
                return news
        offset, _ = reading.read(file, start, known.st_size, to_the_end=False)
        news.mark = _marked(file, known.st_ino, offset)
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
    """Whether it begins as the marked one did, is at least as long, and is the same before the place that was read to."""
    return (
        known.st_size >= mark.offset
        and _print(os.pread(file, mark.length, 0)) == mark.head
        and mark.tail in ("", _tail(file, mark.offset))
    )


def _tail(file: int, offset: int) -> str:
    begin = max(0, offset - HEAD)
    return _print(os.pread(file, offset - begin, begin))


def _marked(file: int, number: int, offset: int) -> Mark:
    head = os.pread(file, HEAD, 0)
    return Mark(inode=number, offset=offset, head=_print(head), length=len(head), tail=_tail(file, offset))


def _read_between(path: str, mark: Mark, present: int, reading: _Reading) -> Mark | None:
    """What was added to the old file after the last look, from where it was moved or copied to, and the files that came after it.

    A mark where the time was over before all was read.
    """
    if not mark.inode:
        return None
    stopped: Mark | None = None
    for file, offset, known in _since(Path(path), mark, present, reading.news):
        if stopped is not None:
            reading.news.behind += known.st_size
            continue
        end, is_done = reading.read(file, offset, known.st_size, to_the_end=True)
        stopped = None if is_done else _marked(file, known.st_ino, end)
    return stopped


def _since(path: Path, mark: Mark, present: int, news: News) -> Iterator[tuple[int, int, os.stat_result]]:
    """Files that rotation has put away, oldest first: the marked one, from its mark, and what is newer; opened one by one."""
    moved = _moved(path, present)
    place = _place_of(mark, moved)
    if place is None:
        return
    newer = [one for one in reversed(moved[:place]) if _is_rotated(one.path.name, path)]
    for one in newer[:-MOST_BETWEEN]:
        news.skipped += one.size
    for one, offset in [(moved[place], mark.offset), *((one, 0) for one in newer[-MOST_BETWEEN:])]:
        try:
            with _opened(one.path) as file:
                known = os.fstat(file)
                if known.st_ino == one.inode:
                    yield file, offset, known
        except (OSError, FaultError):  # gone meanwhile, or compressed under our hands
            continue


def _place_of(mark: Mark, moved: Sequence[_Moved]) -> int | None:
    """Which of these is the marked file: the one of its number, else one that begins as it did, the newest first."""
    by_number = [place for place, one in enumerate(moved) if one.inode == mark.inode]
    others: Sequence[int] = range(len(moved)) if mark.length >= LEAST_HEAD else ()
    for place in (*by_number, *others):
        try:
            with _opened(moved[place].path) as file:
                if _is_alike(file, os.fstat(file), mark):
                    return place
        except (OSError, FaultError):
            continue
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moved:
    path: Path
    inode: int
    size: int


def _moved(path: Path, present: int) -> list[_Moved]:
    """What rotation may have made of a file, the newest first: app.log.1, app.log-20261122, app-1.log, app.2026-11-22.log."""
    stem = path.name.partition(".")[0] or path.name
    found: list[tuple[int, str, _Moved]] = []
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
                one = _Moved(path=Path(entry.path), inode=known.st_ino, size=known.st_size)
                found += [(known.st_mtime_ns, entry.name, one)] * (known.st_ino != present)
    newest_first = sorted(found, key=lambda one: one[:2], reverse=True)
    return [one for _, _, one in newest_first[:MOST_COMPARED]]


def _is_rotated(name: str, path: Path) -> bool:
    """Whether a name is that of the log with numbers, a date or `old` added: app-error.log is another log."""
    stem, dot, rest = path.name.partition(".")
    added = r"(?:[-._:T\d]|old|bak)*"
    return re.fullmatch(f"{re.escape(stem)}{added}{re.escape(dot + rest)}{added}", name) is not None


# --- its lines -------------------------------------------------------------------------------------------------------


def _last_line_end(file: int, size: int) -> int:
    """Where the last line that has an end ends: what is being written there counts when it is whole."""
    start = max(0, size - LONGEST_LINE)
    end = os.pread(file, size - start, start).rfind(b"\n")
    return size if end < 0 and start else start + end + 1


class _Reading:
    """Reads on in one file after the other, as long as there is time."""

    __slots__ = ("_in_time", "_take", "news")

    def __init__(self, take: Callable[[bytes], None], news: News, in_time: InTime) -> None:
        self._take = take
        self._in_time = in_time
        self.news = news

    def read(self, file: int, offset: int, size: int, *, to_the_end: bool) -> tuple[int, bool]:
        """Read on from `offset`; returns behind the last line that has an end, and whether that is all.

        `to_the_end`: nothing will be added to it any more.
        """
        cut = size - offset > MOST_BYTES
        if cut:
            self.news.skipped += size - MOST_BYTES - offset
            offset = size - MOST_BYTES
        lines = _Lines(self._take, self.news, skip_first=cut)
        at = offset
        while at < size and (block := os.pread(file, min(BLOCK, size - at), at)):
            lines.add(block)
            at += len(block)
            if at < size and not self._in_time():
                self.news.behind += size - at
                return at - lines.waiting, False
        if to_the_end:
            lines.end()
        return at - lines.waiting, True


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
