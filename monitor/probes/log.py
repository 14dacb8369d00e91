"""Kind `log`: follows a growing file and counts the lines that match patterns, and the codes of a table of the catalogue.

What counts is how many came within a span of time, so a run beside the schedule takes nothing away from the next one. How far the
file was read, and what was counted when, is remembered over a restart. The first look ever begins at the end of the file.
No line is shown or kept: logs of issuing software are full of taxpayers' data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from math import ceil
from typing import Any

from monitor.core.classify import Knowledge
from monitor.core.machine import judge_log
from monitor.model import LogRules, Reading, Result, Seen, Target
from monitor.net import Admit, Net
from monitor.probes.follow import Mark, News, begin, read_new
from monitor.probes.kind import Kind
from monitor.probes.machine import Here
from monitor.probes.pattern import matches

GRAINS = 200
"""Into so many parts a span is cut for counting."""
COUNTING = 0.5
"""Share of the timeout in which lines are read and counted; the next look goes on from there."""

Counts = dict[str, list[list[float]]]
"""What is counted → (when, how many), the oldest first."""


async def look(target: Target, net: Net, admit: Admit) -> Seen:
    """Read what is new."""
    rules = target.log
    assert rules is not None
    now, begun = net.clock.now().timestamp(), net.clock.monotonic()

    async def steps(here: Here) -> None:
        await here.do(rules.path, partial(_follow, target, rules, net, now, begun))

    return await net.do(Here(target, net, steps), timeout=target.timeout)


def judge(target: Target, seen: Seen, knowledge: Knowledge) -> Result:
    """Nothing that is counted came too often."""
    return judge_log(target, seen)


def _follow(target: Target, rules: LogRules, net: Net, now: float, begun: float) -> list[Reading]:
    """Read on, count, remember. Blocks, of its own will for no more than a part of the timeout: a flood is no disk that hangs."""
    memory = _Memory.of(net.kept.recall(target.id), rules.path)
    spans = _spans(target, rules)
    found = dict.fromkeys(spans, 0)
    try:
        enough = begun + COUNTING * target.timeout
        news = read_new(
            rules.path,
            memory.mark,
            _counter(rules, found),
            in_time=lambda: net.clock.monotonic() < enough,
        )
    except FileNotFoundError:
        if memory.mark is None:  # it is not there yet, so all of it will be new
            net.kept.keep(target.id, _Memory(mark=begin(), looked_at=now).kept(rules.path))
        raise
    gap = 0.0 if memory.looked_at is None else now - memory.looked_at
    counts = {
        name: _added(memory.counts.get(name, []), _likely(found[name], gap, span), now, span)
        for name, span in spans.items()
    }
    net.kept.keep(target.id, _Memory(mark=news.mark, looked_at=now, counts=counts).kept(rules.path))
    return [*_readings(rules, counts), *_extent(news)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Memory:
    """What is remembered of a log. Without a mark it was never looked at."""

    mark: Mark | None = None
    looked_at: float | None = None
    counts: Counts = field(default_factory=dict)

    @classmethod
    def of(cls, known: Mapping[str, Any], path: str) -> _Memory:
        """What was kept; nothing where it speaks of another path or makes no sense."""
        try:
            if known["path"] != path:
                return cls()
            mark = Mark(
                inode=int(known["inode"]),
                offset=int(known["offset"]),
                head=str(known["head"]),
                length=int(known["length"]),
                tail=str(known.get("tail", "")),
            )
            counts = {
                str(name): [[float(at), float(number)] for at, number in parts]
                for name, parts in known["counts"].items()
            }
            return cls(mark=mark, looked_at=float(known["looked_at"]), counts=counts)
        except (KeyError, TypeError, ValueError, AttributeError):
            return cls()

    def kept(self, path: str) -> dict[str, Any]:
        """As plain JSON."""
        assert self.mark is not None
        counts = {name: parts for name, parts in self.counts.items() if parts}
        return {"path": path, **asdict(self.mark), "looked_at": self.looked_at, "counts": counts}


# --- counting --------------------------------------------------------------------------------------------------------


def _spans(target: Target, rules: LogRules) -> dict[str, float]:
    """What is counted → within how many seconds. Codes stand behind a colon: no name of a pattern holds one."""
    spans = {one.name: one.within for one in rules.patterns}
    if rules.codes is not None:
        spans |= {f":{one.code}": rules.codes.within for one in target.codes}
    return spans


def _counter(rules: LogRules, found: dict[str, int]) -> Callable[[bytes], None]:
    """Counts one line into `found`."""
    codes = [name[1:] for name in found if name.startswith(":")]
    any_code = _any_of(codes)

    def count(raw: bytes) -> None:
        line = _decoded(raw)
        for pattern in rules.patterns:
            found[pattern.name] += matches(pattern.regex, line)
        for code in set(any_code.findall(line)) if any_code else ():
            found[f":{code}"] += 1

    return count


def _any_of(codes: list[str]) -> re.Pattern[str] | None:
    """Finds codes that stand by themselves: E001, but not the E001 of E0012. Alternatives of plain text, so linear."""
    if not codes:
        return None
    longest_first = sorted(map(re.escape, codes), key=len, reverse=True)
    return re.compile(f"(?<![0-9A-Za-z])(?:{'|'.join(longest_first)})(?![0-9A-Za-z])")


def _decoded(raw: bytes) -> str:
    """A line in UTF-8, else in GB18030, which is what Chinese Windows software writes."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


def _likely(count: int, gap: float, span: float) -> int:
    """How many of them came within `span`. After a long stop it is not known when each came: as if they came evenly."""
    return count if gap <= span else ceil(count * span / gap)


def _added(parts: list[list[float]], count: int, now: float, span: float) -> list[list[float]]:
    """What came within `span` before now, with `count` more. A clock that was set back makes nothing stay for ever."""
    grain = span / GRAINS
    parts = [[at, number] for at, number in parts if now - span < at <= now + span]
    if not count:
        return parts
    if parts and 0 <= now - parts[-1][0] < grain:
        return [*parts[:-1], [parts[-1][0], parts[-1][1] + count]]
    return [*parts, [now, count]]


def _readings(rules: LogRules, counts: Mapping[str, list[list[float]]]) -> list[Reading]:
    sums = {name: sum(number for _, number in parts) for name, parts in counts.items()}
    readings = [Reading(name="matches", of=one.name, value=sums[one.name]) for one in rules.patterns]
    return readings + [
        Reading(name="codes", of=name[1:], value=number)
        for name, number in sums.items()
        if name.startswith(":") and number
    ]


def _extent(news: News) -> list[Reading]:
    """How much was read, and what was not."""
    readings = [Reading(name="lines", value=float(news.lines))]
    left = {"skipped_bytes": news.skipped, "behind_bytes": news.behind}
    return readings + [Reading(name=name, value=float(size)) for name, size in left.items() if size]


KIND = Kind(look=look, judge=judge)
