"""The addresses of one host, each by itself: which answered and which did not, and what that makes of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monitor.core.judge import is_ban
from monitor.model import AddressLook, Cause, Certificate, Flag, Phase, Result, Seen

MOST_NAMED = 3
"""Addresses that a remark names."""


def combine(seen: Seen, results: Sequence[Result]) -> Result:
    """One result of those of `seen.each`, in its order (at least one).

    Ok where any address is, with a flag where another is not; else what the first one failed with. A ban stands before all.
    """
    good = [result for result in results if result.is_ok]
    bad = [result for result in results if not result.is_ok]
    ban = next((result for result in bad if is_ban(result)), None)
    leading = ban or (good[0] if good else results[0])
    flags, detail = leading.flags, leading.detail
    if leading.is_ok:
        flags = frozenset[Flag]().union(*(result.flags for result in results))
        if bad:
            flags, detail = flags | {Flag.ADDRESS_FAILED}, _named(bad, len(results))
    return replace(
        leading,
        duration=seen.duration,
        addresses=seen.addresses,
        flags=flags,
        detail=detail,
        certificate=_most_worrying(results),
        nodes=_nodes(seen, results),
    )


def _named(bad: Sequence[Result], count: int) -> str:
    who = ", ".join(f"{result.address} {result.cause}" for result in bad[:MOST_NAMED])
    more = "…" if len(bad) > MOST_NAMED else ""
    return f"{len(bad)} of {count} addresses failed: {who}{more}"


def _most_worrying(results: Sequence[Result]) -> Certificate | None:
    """Of the certificates that were presented: one that fails verification, else the one that expires first."""
    shown = [result.certificate for result in results if result.certificate is not None]
    return min(shown, key=lambda one: (one.verified is not False, one.not_after), default=None)


def _nodes(seen: Seen, results: Sequence[Result]) -> tuple[AddressLook, ...]:
    place = {address: number for number, address in enumerate(seen.addresses)}
    found = [*map(node_of, results), *seen.left_out]
    return tuple(sorted(found, key=lambda node: place.get(node.address, len(place))))


def node_of(result: Result) -> AddressLook:
    """What one address answered, of a run that went to it alone."""
    done = {phase: took for phase, took in result.phases.items() if phase is not result.phase}
    shown = result.certificate
    return AddressLook(
        address=result.address or "",
        cause=result.cause,
        phase=result.phase,
        connect=done.get(Phase.CONNECT),
        tls=done.get(Phase.TLS),
        detail=result.detail,
        status_code=result.status_code,
        fingerprint=None if shown is None else shown.fingerprint,
        expires=None if shown is None else shown.not_after,
    )


def beside(seen: Seen, result: Result) -> tuple[AddressLook, ...]:
    """The addresses that failed before another was tried, and that other; nothing where there was only one."""
    if not seen.attempts:
        return ()
    failed = tuple(
        AddressLook(
            address=one.address, cause=one.failure.cause, phase=one.failure.phase, detail=one.failure.detail
        )
        for one in seen.attempts
    )
    is_last = seen.address is not None and all(one.address != seen.address for one in seen.attempts)
    return (*failed, node_of(result)) if is_last else failed


def failed(result: Result) -> tuple[str, ...]:
    """The addresses that did not answer, of those of which something was learnt."""
    return tuple(node.address for node in result.nodes if node.counts and node.cause is not Cause.NONE)


def broken_family(result: Result) -> str | None:
    """`IPv6` where all its addresses failed and those of the other did not, or `IPv4`; None: it is no matter of families."""
    good = {_family(node) for node in result.nodes if node.counts and node.cause is Cause.NONE}
    bad = {_family(node) for node in result.nodes if node.counts and node.cause is not Cause.NONE}
    return next(iter(bad)) if len(good) == len(bad) == 1 and good != bad else None


def _family(node: AddressLook) -> str:
    return "IPv6" if ":" in node.address else "IPv4"
