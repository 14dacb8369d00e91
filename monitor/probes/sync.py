"""Kind `sync`: one request to a sync interface, and what is compared beside it: counts, a canary, two lists of records.

All requests of a run share its deadline and are counted by the limits of their hosts. What differs is remembered from run to run,
records by a short print of their number: nothing of a taxpayer is kept.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from typing import Any

from monitor.core import compared, page
from monitor.core.compared import COMPARISON, MismatchError
from monitor.core.jsonpath import Found
from monitor.core.sync import judge_sync
from monitor.model import (
    CanaryRules,
    Cause,
    CountRules,
    Exchange,
    ItemRules,
    ItemSource,
    Reading,
    Reply,
    Seen,
    SyncRules,
    Target,
)
from monitor.net import Admit, Net
from monitor.net.failures import FaultError
from monitor.probes import http
from monitor.probes.kind import Kind
from monitor.probes.machine import Here

MOST_FILE = 64 << 20
"""Bytes of a file of records."""
MOST_NOTE = 4 << 10
"""Bytes of a file that holds the time at which the canary was issued."""
MOST_REMEMBERED = 20_000
"""Records of which is remembered since when they are on one side alone, for each side."""
LEAST_LEFT = 0.001
"""Seconds for a request whose deadline has passed: it fails as one that had too little time."""


async def look(target: Target, net: Net, admit: Admit) -> Seen:
    """Ask the interface; where it answers, ask and compare the rest."""
    rules = target.sync or SyncRules()
    begun, at = net.time(), net.clock.now()
    if rules.asks:
        seen = await net.look(http.request(target), timeout=target.timeout, admit=admit)
    else:
        seen = Seen(started_at=at, duration=0.0, phases={})
    if seen.failure is not None or not (rules.exchanges() or rules.items):
        return seen
    further: dict[str, Seen] = {}
    for name, exchange in rules.exchanges().items():
        left = max(LEAST_LEFT, target.timeout - (net.time() - begun))
        further[name] = await net.look(http.request(_of(target, exchange)), timeout=left, admit=admit)
        if further[name].failure is not None:
            break
    left = max(LEAST_LEFT, target.timeout - (net.time() - begun))
    further[COMPARISON] = await _compare(target, rules, net, {"": seen, **further}, left)
    phases = seen.phases or next(iter(further.values())).phases
    return replace(seen, further=further, phases=phases, duration=net.time() - begun)


def _of(target: Target, exchange: Exchange) -> Target:
    """A target that is asked for this exchange, as the target itself is in all else."""
    return replace(
        target,
        host=exchange.host,
        port=exchange.port,
        url=exchange.url,
        method=exchange.method,
        headers=exchange.headers,
        body=exchange.body,
        server_name=None,
    )


async def _compare(
    target: Target, rules: SyncRules, net: Net, looks: Mapping[str, Seen], left: float
) -> Seen:
    """In a thread: lists may be long, and files may hang."""
    replies = {name: one.reply for name, one in looks.items() if one.failure is None}
    work = partial(_compared, target, rules, net, replies, net.clock.now().timestamp())

    async def steps(here: Here) -> None:
        await here.do("comparison", work)

    return await net.do(Here(replace(target, timeout=left), net, steps), timeout=left)


Replies = Mapping[str, Reply | None]
"""Name of the request → its reply, "" the first of all; those that failed are not there."""


def _compared(target: Target, rules: SyncRules, net: Net, replies: Replies, now: float) -> list[Reading]:
    """All readings. Blocks. Raises FaultError for what cannot be compared although it was answered."""
    memory = _Memory.of(net.kept.recall(target.id))
    readings: list[Reading] = []
    wrong: list[str] = []
    parts: list[Callable[[Replies, _Memory, float], list[Reading]]] = []
    if rules.counts is not None:
        parts.append(partial(_counts, rules.counts))
    if rules.canary is not None:
        parts.append(partial(_canary, rules.canary))
    if rules.items is not None:
        parts.append(partial(_items, rules.items))
    for part in parts:
        try:
            readings += part(replies, memory, now)
        except MismatchError as problem:
            wrong.append(str(problem))
    net.kept.keep(target.id, memory.kept())
    if wrong:
        raise FaultError(Cause.CONTENT_MISMATCH, wrong[0])
    return readings


@dataclass(slots=True, kw_only=True)
class _Memory:
    """Since when what differs, in epoch seconds."""

    counts_since: float | None = None
    canary: tuple[float, float] | None = None
    """When the canary was issued that was seen missing, and when it was there (0: not yet)."""
    missing: dict[str, float] = field(default_factory=dict)
    """Print of a record → when it was first on our side alone."""
    extra: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, known: Mapping[str, Any]) -> _Memory:
        """What was kept; nothing where it makes no sense."""
        try:
            since, canary = known["counts_since"], known["canary"]
            return cls(
                counts_since=None if since is None else float(since),
                canary=None if canary is None else (float(canary[0]), float(canary[1])),
                missing={str(key): float(at) for key, at in known["missing"].items()},
                extra={str(key): float(at) for key, at in known["extra"].items()},
            )
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            return cls()

    def kept(self) -> dict[str, Any]:
        """As plain JSON."""
        canary = None if self.canary is None else list(self.canary)
        return {
            "counts_since": self.counts_since,
            "canary": canary,
            "missing": self.missing,
            "extra": self.extra,
        }


# --- counts ----------------------------------------------------------------------------------------------------------


def _counts(rules: CountRules, replies: Replies, memory: _Memory, now: float) -> list[Reading]:
    if not {"counts.local", "counts.remote"} <= replies.keys():
        return []
    local = _named("counts.local", replies, rules.local_path)
    remote = _named("counts.remote", replies, rules.remote_path)
    readings = [
        Reading(name="local_count", value=float(local)),
        Reading(name="remote_count", value=float(remote)),
        Reading(name="missing", of="counts", value=float(max(0, local - remote))),
        Reading(name="extra", of="counts", value=float(max(0, remote - local))),
    ]
    if abs(local - remote) <= rules.tolerance:
        memory.counts_since = None
        return readings
    if memory.counts_since is None or memory.counts_since > now:
        memory.counts_since = now
    return [*readings, Reading(name="differs_for", value=now - memory.counts_since)]


def _named(name: str, replies: Replies, path: str) -> int:
    try:
        return compared.count_at(replies[name], path)
    except MismatchError as problem:
        raise MismatchError(f"{name}: {problem}") from None


# --- canary ----------------------------------------------------------------------------------------------------------


def _canary(rules: CanaryRules, replies: Replies, memory: _Memory, now: float) -> list[Reading]:
    if "canary" not in replies or (rules.issued_by is not None and "canary.issued_at" not in replies):
        return []
    if compared.is_visible(replies["canary"], rules):
        if memory.canary is not None and not memory.canary[1]:
            memory.canary = (memory.canary[0], now)
        took = None if memory.canary is None else memory.canary[1] - memory.canary[0]
        return [] if took is None else [Reading(name="canary_lag", value=max(0.0, took))]
    issued = compared.issued_at(*_written(rules, replies)).timestamp()
    if issued - now > compared.AHEAD:
        raise MismatchError("canary: it was issued ahead of our clock: wrong clock or wrong time zone")
    memory.canary = (issued, 0.0)
    waiting = max(0.0, now - issued)
    return [Reading(name="canary_lag", value=waiting), Reading(name="canary_waiting", value=waiting)]


def _written(rules: CanaryRules, replies: Replies) -> tuple[Found | None, CanaryRules, str]:
    """What says when it was issued, and where that stands."""
    if rules.issued_file is not None:
        try:
            text = _read(rules.issued_file, MOST_NOTE).strip()
        except FileNotFoundError:
            raise MismatchError(f"canary: there is no {rules.issued_file}") from None
        return Found(text.decode("utf-8", "replace").partition("\n")[0].strip()), rules, rules.issued_file
    assert rules.issued_path is not None
    asked = "canary.issued_at" if rules.issued_by is not None else "canary"
    found = compared.value_at(replies[asked], rules.issued_path)
    if found is None and rules.issued_by is None:
        found = compared.value_at(replies.get(""), rules.issued_path)
    return found, rules, rules.issued_path


# --- lists of records ------------------------------------------------------------------------------------------------


def _items(rules: ItemRules, replies: Replies, memory: _Memory, now: float) -> list[Reading]:
    wanted = [name for name, source in _sources(rules) if source.exchange is not None]
    if not set(wanted) <= replies.keys():
        return []
    local, remote = (_listed(name, source, replies) for name, source in _sources(rules))
    missing, extra = local - remote, remote - local
    memory.missing, late = _since(memory.missing, missing, now, rules.grace)
    memory.extra, too_many = _since(memory.extra, extra, now, rules.grace)
    return [
        Reading(name="missing", of="items", value=float(len(missing))),
        Reading(name="extra", of="items", value=float(len(extra))),
        Reading(name="overdue_missing", of="items", value=float(len(late)), text=compared.masked(late)),
        Reading(name="overdue_extra", of="items", value=float(len(too_many)), text=compared.masked(too_many)),
    ]


def _sources(rules: ItemRules) -> tuple[tuple[str, ItemSource], tuple[str, ItemSource]]:
    return ("items.local", rules.local), ("items.remote", rules.remote)


def _listed(name: str, source: ItemSource, replies: Replies) -> set[str]:
    if source.file is not None:
        try:
            body = _read(source.file, MOST_FILE)
        except FileNotFoundError:
            raise FaultError(Cause.PROBE_MISCONFIGURED, f"{source.file}: there is no such file") from None
        reply = Reply(status=200, headers=(), body=body, url="")
    else:
        answered = replies[name]
        assert answered is not None
        reply = answered
    try:
        return compared.numbers_of(page.text_of(reply), source)
    except MismatchError as problem:
        raise MismatchError(f"{name}: {problem}") from None


def _since(
    known: Mapping[str, float], found: set[str], now: float, grace: float
) -> tuple[dict[str, float], set[str]]:
    """Since when each record differs, by its print, and those that have for longer than their grace."""
    prints = {number: blake2b(number.encode(), digest_size=9).hexdigest() for number in found}
    since = {print_: min(known.get(print_, now), now) for print_ in prints.values()}
    late = {number for number, print_ in prints.items() if now - since[print_] >= grace}
    oldest = sorted(since.items(), key=lambda pair: pair[1])[:MOST_REMEMBERED]
    return dict(oldest), late


def _read(path: str, most: int) -> bytes:
    """A file, whole. Blocks. Raises OSError and FaultError."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise FaultError(Cause.PROBE_MISCONFIGURED, f"{path}: not a plain file")
        body = file.read(most + 1)
    if len(body) > most:
        raise FaultError(Cause.PROBE_MISCONFIGURED, f"{path}: larger than {most} bytes")
    return body


KIND = Kind(look=look, judge=judge_sync)
