"""Reads the feeds of maintenance notices: files that are new or changed are understood and handed to the decider.

A feed can do no more harm than a notice that comes late: what blocks runs aside, one feed after the other, within a
deadline each; number and size of the files are bounded. What follows from a notice is decided in core/feeds.py.
"""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from glob import iglob
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from monitor.clock import Clock
from monitor.core.feeds import posted
from monitor.core.notices import Doubt, Notice, Unclear, decode, read
from monitor.core.state import Commit
from monitor.model import Authority, Command, NoticeFeed, Plan, PostedNotice, TakeNotice
from monitor.reference import file
from monitor.reference.fetched import UnreadableError
from monitor.threads import Aside, StillHangs

log = structlog.get_logger()

EVERY = 60.0
"""Seconds between two looks at a feed."""
DEADLINE = 20.0
"""Seconds for one look; the next one waits for it in any case."""
MOST_LISTED = 5000
"""Files that a feed may hold; of more it is not known which are new."""
MOST_FILES = 500
"""The newest so many files are looked at."""
MOST_BYTES = 256 << 10
"""Of one notice, which are a few kilobytes."""
MOST_NAMED = 5
"""Files that one line of the log names."""
SETTLES = 5.0
"""Seconds for which a file must lie still: it may be in the middle of being written."""
CHINA = ZoneInfo("Asia/Shanghai")
"""Notices are dated by China's calendar, wherever they are read."""

Stamp = tuple[int, int, int]
"""What changes when a file does: when it was written, its size and number."""


class Meter(Protocol):
    """What the loop tells about its own work."""

    def set_feed_up(self, feed: str, up: bool) -> None:
        """Whether the files of `feed` could be looked at."""

    def count_internal_error(self, part: str) -> None:
        """A bug of ours was caught in `part`."""


class UnreadableFeedError(Exception):
    """Why a feed cannot be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one look at a feed brought."""

    stamps: Mapping[str, Stamp]
    """Path → the stamp by which it is known from now on."""
    notices: tuple[tuple[str, PostedNotice], ...]
    """(path, what was read from it), the oldest file first."""
    unreadable: tuple[tuple[str, str], ...]
    """(name of a file, why)."""
    unsettled: bool
    """Some were written just now: look again soon."""
    broken: int = 0
    """Bugs of ours that files met."""


@dataclass(slots=True, kw_only=True)
class Memory:
    """What is remembered of one feed between two looks."""

    aside: Aside
    stamps: dict[str, Stamp] = field(default_factory=dict)
    was_up: bool | None = None
    told: set[str] = field(default_factory=set)
    """Ids of notices of which it was logged that they cannot be kept."""


class Notices:
    """One loop over all feeds of the plan."""

    def __init__(
        self,
        plan: Plan,
        registry: Mapping[str, Authority],
        clock: Clock,
        meter: Meter,
        ask: Callable[[Command], Awaitable[Commit]],
    ) -> None:
        """`registry`: all authorities, also those not watched: a notice may be about them."""
        self._plan = plan
        self._registry = registry
        self._clock = clock
        self._meter = meter
        self._ask = ask
        self._memories: dict[NoticeFeed, Memory] = {}
        self._changed = asyncio.Event()

    def replan(self, plan: Plan) -> None:
        """Take over a new plan: new and changed feeds are looked at at once."""
        self._plan = plan
        self._changed.set()

    async def run(self) -> None:
        """Look, until cancelled."""
        while True:
            self._changed.clear()
            feeds = self._plan.notices
            self._memories = {
                feed: self._memories.get(feed) or Memory(aside=Aside(f"notices {feed.name}"))
                for feed in feeds
            }
            unsettled = [await self._look(feed, self._memories[feed]) for feed in feeds]
            wait = (SETTLES if any(unsettled) else EVERY) if feeds else None
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._changed.wait()

    async def _look(self, feed: NoticeFeed, memory: Memory) -> bool:
        """One look; no file and no bug of ours ends the loop. Whether the next one is wanted soon."""
        look = partial(look_at, feed, dict(memory.stamps), self._registry, self._clock.now())
        try:
            async with asyncio.timeout(DEADLINE):
                found = await memory.aside.do(look)
            await self._hand_on(feed, found, memory)
        except (UnreadableFeedError, StillHangs, TimeoutError) as problem:
            self._report(feed, memory, str(problem) or "the disk does not answer")
        except Exception:
            log.exception("notices.broke", feed=feed.name)
            self._meter.count_internal_error("notices")
        else:
            self._report(feed, memory, "")
            return found.unsettled
        return False

    async def _hand_on(self, feed: NoticeFeed, found: Found, memory: Memory) -> None:
        for name, reason in found.unreadable:
            log.warning("notices.file_unreadable", feed=feed.name, file=name, reason=reason)
        for _ in range(found.broken):
            self._meter.count_internal_error("notices")
        memory.stamps = dict(found.stamps)
        nothing: list[str] = []
        for left, (path, notice) in zip(reversed(range(len(found.notices))), found.notices, strict=True):
            command = TakeNotice(notice=notice, approve=feed.approve == "auto", more=left > 0)
            commit = await self._ask(command)
            if commit.refused:
                del memory.stamps[path]  # tried again with the next look
                if notice.id not in memory.told:
                    log.warning("notices.refused", feed=feed.name, file=notice.file, reason=commit.refused)
                    memory.told.add(notice.id)
            elif commit.notices:
                log.info("notices.read", feed=feed.name, file=notice.file, notice=notice.id)
            elif not (notice.windows or notice.unclear):
                nothing.append(notice.file)
        if nothing:
            log.info("notices.no_maintenance", feed=feed.name, files=nothing[:MOST_NAMED], count=len(nothing))

    def _report(self, feed: NoticeFeed, memory: Memory, problem: str) -> None:
        """One line when a feed begins to fail or can be read again; the routine is silent."""
        up = not problem
        self._meter.set_feed_up(feed.name, up)
        if up is memory.was_up:
            return
        if problem:
            log.warning("notices.feed_down", feed=feed.name, reason=problem)
        elif memory.was_up is False:
            log.info("notices.feed_up", feed=feed.name)
        memory.was_up = up


# --- aside: what blocks ----------------------------------------------------------------------------------------------


def look_at(
    feed: NoticeFeed, known: Mapping[str, Stamp], registry: Mapping[str, Authority], now: datetime
) -> Found:
    """The notices of files that are new or changed since `known`. Blocks as long as the disk does.

    Raises UnreadableFeedError where there is no such directory, or it holds too many files.
    """
    stamps, notices, unreadable, broken = dict[str, Stamp](), [], [], 0
    newest = _newest(feed)
    settled = [(path, stamp) for path, stamp in newest if not _is_fresh(stamp, now)]
    for path, stamp in settled:
        stamps[path] = stamp
        if known.get(path) == stamp:
            continue
        try:
            notices.append((path, _notice(feed, path, registry, now)))
        except UnreadableError as problem:
            unreadable.append((Path(path).name, str(problem)))
        except Exception:  # a bug of ours costs the notice it is found by, not the feed
            log.exception("notices.broke_on", feed=feed.name, file=Path(path).name)
            broken += 1
            unreadable.append((Path(path).name, "a bug of the monitor; read it by hand"))
    return Found(
        stamps=stamps,
        notices=tuple(notices),
        unreadable=tuple(unreadable),
        unsettled=len(settled) < len(newest),
        broken=broken,
    )


def _is_fresh(stamp: Stamp, now: datetime) -> bool:
    """Whether the file was written a moment ago, by our clock."""
    return 0 <= now.timestamp() - stamp[0] / 1e9 < SETTLES


def _newest(feed: NoticeFeed) -> list[tuple[str, Stamp]]:
    """The newest files of a feed, the oldest of them first."""
    paths = list(islice(iglob(feed.feed), MOST_LISTED + 1))  # noqa: PTH207 - it leaves out hidden files, which are halves
    if len(paths) > MOST_LISTED:
        raise UnreadableFeedError(f"more than {MOST_LISTED} files; move the old ones away")
    if not paths and not Path(feed.directory).is_dir():
        raise UnreadableFeedError(f"there is no directory {feed.directory}")
    found = sorted(_stamped(paths), key=lambda pair: (pair[1][0], pair[0]))
    return found[-MOST_FILES:]


def _stamped(paths: list[str]) -> Iterator[tuple[str, Stamp]]:
    """Plain files with their stamps; what is gone by now is left out."""
    for path in paths:
        with suppress(OSError, ValueError):
            known = Path(path).stat()
            if stat.S_ISREG(known.st_mode):
                yield path, (known.st_mtime_ns, known.st_size, known.st_ino)


def _notice(feed: NoticeFeed, path: str, registry: Mapping[str, Authority], now: datetime) -> PostedNotice:
    """What one file says. Raises UnreadableError."""
    fetched = file.fetch(path)
    if len(fetched.body) > MOST_BYTES:
        raise UnreadableError(f"larger than {MOST_BYTES} bytes")
    text = decode(fetched.body)
    changed = fetched.changed_at or now
    notice = _read(text, changed.astimezone(CHINA).date(), registry, feed.open_end)
    id_ = sha256(" ".join(text.split()).encode(errors="replace")).hexdigest()[:12]
    return posted(notice, id_=id_, feed=feed.name, file=Path(path).name, now=now)


def _read(text: str, written: date, registry: Mapping[str, Authority], open_end: float) -> Notice:
    """The notice; where it does not say its year, by the day its file was written, and not with certainty."""
    notice = read(text, None, registry, open_end)
    if not any(one.kind is Doubt.NO_YEAR for one in notice.unclear):
        return notice
    guessed = read(text, written, registry, open_end)
    return replace(guessed, unclear=(*guessed.unclear, Unclear(kind=Doubt.NO_YEAR, text=str(written))))
