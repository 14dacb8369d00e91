"""What runs make of a target.

Every function is a rule of the contract (§1 and §2) over values: no state is kept here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b

from monitor.model import (
    Cause,
    Confirmed,
    Flag,
    Phase,
    Repeat,
    Result,
    Target,
    TargetState,
)

BANNED_CODE = "020"
"""The platform's word for "you are shut out": confirmed by one run (contract §2)."""
BAN = timedelta(hours=24)
OUTDATED = timedelta(hours=1)
MOST_PACE = 8.0
"""While throttled the interval grows to at most this many times itself."""
HTTP_KINDS = frozenset({"captcha", "http", "sync"})
"""Kinds that a ban holds back; a handshake is not a request."""
NOT_ACCEPTED = frozenset({Flag.UNSIGNED_REFUSED, Flag.THROTTLED})
"""Flags of an ok run in which the platform did not let us in."""


def advance(target: Target, before: TargetState, result: Result, now: datetime) -> TargetState:
    """The target's state after this result. `now`: the instant of the decision, for `since`.

    A bug of ours (`internal`) says nothing of the authority: it counts in a row of its own (`bugs`).
    """
    if result.cause is Cause.INTERNAL:
        return _after_bug(target, before, result, now)
    if result.is_ok:
        return _after_ok(target, before, result, now)
    return _after_failure(target, before, result, now)


def _after_ok(target: Target, before: TargetState, result: Result, now: datetime) -> TargetState:
    flags = result.flags
    pace = min(before.pace * 2, MOST_PACE) if Flag.THROTTLED in flags else 1.0
    slows, briskly, slow = _slowness(target, before, slow=Flag.SLOW in flags)
    oks = before.oks + 1
    up = before.confirmed is Confirmed.UP or oks >= target.recover.attempts
    still_down = before.confirmed is Confirmed.DOWN and not up
    return replace(
        before,
        confirmed=Confirmed.UP if up else before.confirmed,
        failures=0,
        oks=oks,
        slows=slows,
        briskly=briskly,
        slow=slow,
        seen_up=True,
        first_failure_at=before.first_failure_at if still_down else None,
        cause=before.cause if still_down else Cause.NONE,
        phase=before.phase if still_down else None,
        turned=0,
        bugs=0,
        unverified=Flag.TLS_UNVERIFIED in flags,
        late=Flag.LAG_WARNING in flags,
        accepted=before.accepted or not flags & NOT_ACCEPTED,
        refused=_is_refused(before, flags),
        since=now if up and before.confirmed is not Confirmed.UP else before.since,
        last=result,
        last_success_at=result.started_at,
        pace=pace,
    )


def _after_bug(target: Target, before: TargetState, result: Result, now: datetime) -> TargetState:
    """A row of them is confirmed like any other, and speaks of us. What was known to be down stays so."""
    after = replace(before, bugs=before.bugs + 1, last=result)
    if after.bugs < target.confirm.attempts or before.confirmed is Confirmed.DOWN:
        return after
    return replace(
        after,
        confirmed=Confirmed.DOWN,
        failures=max(before.failures, 1),
        oks=0,
        slows=0,
        briskly=0,
        first_failure_at=before.first_failure_at or result.started_at,
        cause=Cause.INTERNAL,
        phase=None,
        turned=0,
        since=now,
    )


def _is_refused(before: TargetState, flags: frozenset[Flag]) -> bool:
    """Whether it is refused as unsigned though it once was not. Being throttled says nothing of that."""
    return before.refused if Flag.THROTTLED in flags else before.accepted and Flag.UNSIGNED_REFUSED in flags


def _slowness(target: Target, before: TargetState, *, slow: bool) -> tuple[int, int, bool]:
    """Counts of slow and of brisk runs in a row, and whether slowness is confirmed."""
    if slow:
        slows = before.slows + 1
        return slows, 0, before.slow or slows >= target.confirm.attempts
    if not before.slow:
        return 0, 0, False
    briskly = before.briskly + 1
    return (0, 0, False) if briskly >= target.recover.attempts else (0, briskly, True)


def _after_failure(target: Target, before: TargetState, result: Result, now: datetime) -> TargetState:
    banned = is_ban(result)
    failures = before.failures + 1
    down = before.confirmed is Confirmed.DOWN or banned or failures >= target.confirm.attempts
    cause, phase, turned = _put_down_to(target, before, result)
    return replace(
        before,
        confirmed=Confirmed.DOWN if down else before.confirmed,
        failures=failures,
        oks=0,
        slows=0,
        briskly=0,
        first_failure_at=before.first_failure_at or result.started_at,
        cause=cause,
        phase=phase,
        turned=turned,
        bugs=0,
        since=now if down and before.confirmed is not Confirmed.DOWN else before.since,
        last=result,
    )


def _put_down_to(target: Target, before: TargetState, result: Result) -> tuple[Cause, Phase | None, int]:
    """What the row is put down to. One failing run that blames another party does not turn the blame."""
    same = before.cause is Cause.NONE or before.cause.speaks_of is result.cause.speaks_of
    turned = 0 if same else before.turned + 1
    if same or is_ban(result) or turned >= target.confirm.attempts:
        return result.cause, result.phase, 0
    return before.cause, before.phase, turned


def is_ban(result: Result) -> bool:
    """Whether the platform has shut us out (code 020)."""
    return result.cause is Cause.BLOCKED and result.code == BANNED_CODE


def wants_rerun(target: Target, state: TargetState) -> Repeat | None:
    """How the row goes on while it is unconfirmed, None once nothing is open."""
    if state.last is None or state.last.cause is Cause.INTERNAL or is_ban(state.last):
        return None
    if state.failures:
        settled = state.confirmed is Confirmed.DOWN and not state.turned
        return None if settled else target.confirm
    settled = (
        state.confirmed is Confirmed.UP or state.pace > 1
    )  # a throttled host is not asked again in seconds
    return None if settled else target.recover


def interval_of(target: Target, state: TargetState) -> float:
    """Seconds between scheduled runs: shorter while confirmed down, longer while throttled."""
    if state.confirmed is Confirmed.DOWN:
        return min(target.interval, target.while_down)
    return target.interval * state.pace


def ended(result: Result) -> datetime:
    """When a run was over."""
    return result.started_at + timedelta(seconds=result.duration)


def is_recovering(state: TargetState) -> bool:
    """Whether it is confirmed down but answered when it last ran."""
    return state.confirmed is Confirmed.DOWN and state.oks > 0


def is_outdated(target: Target, state: TargetState, now: datetime) -> bool:
    """Whether its last run is too long ago, after a long stop, to open an incident on: a fresh one must say so again."""
    limit = timedelta(seconds=3 * target.interval) + OUTDATED
    return state.last is not None and now - state.last.started_at > limit


def is_gap(target: Target, state: TargetState, result: Result) -> bool:
    """Whether this run comes so long after the one before that what was seen then says nothing of now."""
    limit = timedelta(seconds=3 * target.interval) + OUTDATED
    return state.last is not None and result.started_at - state.last.started_at > limit


@lru_cache(maxsize=1 << 17)
def _print_of(kind: str, host: str, port: int, place: str | None) -> str:
    return blake2b(f"{kind} {host}:{port} {place}".encode(), digest_size=8).hexdigest()


def address_of(target: Target) -> str:
    """A short print of what is looked at, without its secrets: another one under the same id starts anew."""
    return _print_of(target.kind, target.host, target.port, target.place)


def is_of(target: Target, state: TargetState) -> bool:
    """Whether this is what is remembered of that very address."""
    return state.address in ("", address_of(target))


def is_held(target: Target, bans: Mapping[str, datetime], now: datetime) -> bool:
    """Whether a ban keeps this target from running."""
    until = bans.get(target.host_key)
    return until is not None and now < until and target.kind in HTTP_KINDS


def believes_otherwise(before: TargetState, after: TargetState) -> bool:
    """Whether what we believe of the target changed, not only its counters and its last result."""
    return (
        after.confirmed is not before.confirmed
        or after.seen_up is not before.seen_up
        or after.slow is not before.slow
        or after.pace != before.pace
        or after.unverified is not before.unverified
        or after.late is not before.late
        or after.refused is not before.refused
        or after.flapping is not before.flapping
        or (after.confirmed is Confirmed.DOWN and after.cause is not before.cause)
        or (after.confirmed is Confirmed.DOWN and after.phase is not before.phase)
    )


def has_run(state: TargetState | None) -> bool:
    """Whether a run has ever said something about this target (a bug of ours does not)."""
    return state is not None and (state.failures > 0 or state.oks > 0)
