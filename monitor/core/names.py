"""What name servers said, held against each other: forged answers, missing ones, and mere differences (kind `dns`).

A content network answers otherwise in Beijing than in Shenzhen, and otherwise a minute later: that addresses differ is
worth knowing and no failure. A lie is told from it by where the answer leads (contract §2 `dns_hijacked`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from monitor.core.classify import Finding, result_of
from monitor.model import Answer, Cause, NameRules, Phase, Result, Seen, Target

MOST_SHOWN = 16
"""Addresses, values or aliases of one answer that a result keeps."""
MOST_NAMED = 3
"""Name servers that a remark names."""


def judge_names(target: Target, seen: Seen) -> Result:
    """For kind `dns`: honest answers from at least half of the name servers."""
    rules = target.names or NameRules()
    forged, finding = _judge(rules, seen.answers)
    result = result_of(target, seen, finding)
    kept = tuple(_bounded(answer, forged=answer in forged) for answer in seen.answers)
    return replace(result, phase=None if result.is_ok else Phase.RESOLVE, answers=kept)


def _bounded(answer: Answer, *, forged: bool) -> Answer:
    return replace(
        answer,
        addresses=answer.addresses[:MOST_SHOWN],
        values=answer.values[:MOST_SHOWN],
        aliases=answer.aliases[:MOST_SHOWN],
        forged=forged,
    )


def _judge(rules: NameRules, answers: Sequence[Answer]) -> tuple[Sequence[Answer], Finding]:
    """The forged answers, and what all of them mean. A lie stands before silence."""
    networks = rules.expect_networks
    honest = [answer for answer in answers if not answer.decoy]
    if outside := [answer for answer in honest if _outside(answer, networks)]:
        first = outside[0]
        detail = f"{first.resolver} says {_outside(first, networks)}, outside the expected networks"
        return outside, Finding(cause=Cause.DNS_HIJACKED, detail=detail)
    if invented := [answer for answer in answers if answer.decoy and _is_invented(answer, networks)]:
        first = invented[0]
        detail = f"{first.resolver} finds {first.addresses[0]} for a name that should not exist"
        return invented, Finding(cause=Cause.DNS_HIJACKED, detail=detail)
    if odd := [answer for answer in honest if _lonely(answer, honest, networks)]:
        detail = _contradiction(odd[0], honest, networks)
        return odd, Finding(cause=Cause.DNS_HIJACKED, detail=detail)
    return (), _by_majority(honest)


# --- lies ------------------------------------------------------------------------------------------------------------


def _outside(answer: Answer, networks: tuple[str, ...]) -> str | None:
    """The first address that lies in none of the expected networks."""
    if not networks:
        return None
    return next((one for one in answer.addresses if not _is_expected(one, networks)), None)


def _is_invented(answer: Answer, networks: tuple[str, ...]) -> bool:
    """Whether a name server finds what should not exist. What lies in the expected networks is a wildcard of the zone."""
    return bool(answer.addresses) and not all(_is_expected(one, networks) for one in answer.addresses)


def _lonely(answer: Answer, answers: Iterable[Answer], networks: tuple[str, ...]) -> str | None:
    """An address that is nobody's on the internet and that not all name: where walls and portals lead to."""
    others = [frozenset(one.addresses) for one in answers if one.cause is Cause.NONE and one is not answer]
    return next(
        (
            address
            for address in answer.addresses
            if _is_nobodys(address)
            and not _is_expected(address, networks)
            and any(address not in other for other in others)
        ),
        None,
    )


def _contradiction(odd: Answer, answers: Iterable[Answer], networks: tuple[str, ...]) -> str:
    mine = _lonely(odd, answers, networks)
    other = next(one for one in answers if one.addresses and mine not in one.addresses)
    return f"{odd.resolver} says {mine}, {other.resolver} says {other.addresses[0]}"


@lru_cache(maxsize=4096)
def _is_nobodys(address: str) -> bool:
    """Whether it is private, reserved or of this machine: no site of the internet lives there."""
    try:
        return not ip_address(address).is_global
    except ValueError:
        return True


@lru_cache(maxsize=256)
def _parsed(networks: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(one) for one in networks)


@lru_cache(maxsize=4096)
def _is_expected(address: str, networks: tuple[str, ...]) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in _parsed(networks))


# --- silence, refusals, differences ----------------------------------------------------------------------------------


def _by_majority(answers: Sequence[Answer]) -> Finding:
    """Ok where at least half of the name servers answer: who cannot be asked is then named, and no failure of the name."""
    failed = [answer for answer in answers if answer.cause is not Cause.NONE]
    if not failed:
        return Finding(detail="the name servers say different things" if _differ(answers) else "")
    detail = _named(failed, len(answers))
    if 2 * len(failed) <= len(answers):
        return Finding(detail=detail)
    [(cause, count)] = Counter(answer.cause for answer in failed).most_common(1)
    if count == len(answers):
        detail = next((one.detail for one in failed if one.detail), "")
    return Finding(cause=cause, detail=detail)


def _named(failed: Sequence[Answer], asked: int) -> str:
    who = ", ".join(f"{answer.resolver} {answer.cause}" for answer in failed[:MOST_NAMED])
    more = "…" if len(failed) > MOST_NAMED else ""
    return f"{len(failed)} of {asked} name servers failed: {who}{more}"


def _differ(answers: Iterable[Answer]) -> bool:
    return len({frozenset(answer.addresses + answer.values) for answer in answers}) > 1
