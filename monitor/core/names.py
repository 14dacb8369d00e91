"""What name servers said, held against each other: forged answers, missing ones, and mere differences (kind `dns`).

A content network answers otherwise in Beijing than in Shenzhen, and otherwise a minute later: that addresses of the internet
differ is worth a flag (`answers_differ`) and no failure. A lie is told from it by where the answer leads, and no content network
says that the name does not exist (contract §2 `dns_hijacked`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from monitor.core.addresses import is_habitable, is_nobodys
from monitor.core.classify import Finding, result_of
from monitor.model import Answer, Cause, Flag, NameRules, Phase, Result, Seen, Target

MOST_SHOWN = 16
"""Addresses, values or aliases of one answer that a result keeps."""
MOST_NAMED = 3
"""Name servers that a remark names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """What the answers mean. `forged`: those that lie; `differing`: those of which it cannot be told which do."""

    finding: Finding
    forged: Sequence[Answer] = ()
    differing: Sequence[Answer] = ()


def judge_names(target: Target, seen: Seen) -> Result:
    """For kind `dns`: honest answers from at least half of the name servers."""
    rules = target.names or NameRules()
    verdict = _judge(rules, seen.answers)
    result = result_of(target, seen, verdict.finding)
    kept = tuple(_bounded(answer, verdict) for answer in seen.answers)
    return replace(result, phase=None if result.is_ok else Phase.RESOLVE, answers=kept)


def _bounded(answer: Answer, verdict: _Verdict) -> Answer:
    return replace(
        answer,
        addresses=answer.addresses[:MOST_SHOWN],
        values=answer.values[:MOST_SHOWN],
        aliases=answer.aliases[:MOST_SHOWN],
        forged=answer in verdict.forged,
        differs=answer in verdict.differing,
    )


def _judge(rules: NameRules, answers: Sequence[Answer]) -> _Verdict:
    """A lie stands before silence."""
    networks = rules.expect_networks
    honest = [answer for answer in answers if not answer.decoy]
    if outside := [answer for answer in honest if _outside(answer, networks)]:
        first = outside[0]
        return _hijacked(
            f"{first.resolver} says {_outside(first, networks)}, outside the expected networks", outside
        )
    if nowhere := [answer for answer in honest if _nowhere(answer, networks)]:
        first = nowhere[0]
        return _hijacked(f"{first.resolver} says {_nowhere(first, networks)}, where no host can be", nowhere)
    if invented := [answer for answer in answers if answer.decoy and _is_invented(answer, networks)]:
        first = invented[0]
        return _hijacked(
            f"{first.resolver} finds {first.addresses[0]} for a name that should not exist", invented
        )
    if odd := [answer for answer in honest if _lonely(answer, honest, networks)]:
        return _contradiction(odd, honest, networks)
    found, denied = [one for one in honest if one.addresses], [one for one in honest if _denies(one)]
    if found and denied:
        detail = f"{denied[0].resolver} says that there is no such name, {found[0].resolver} says {found[0].addresses[0]}"
        return _Verdict(finding=Finding(cause=Cause.DNS_HIJACKED, detail=detail), differing=[*found, *denied])
    return _by_majority(honest, networks)


def _hijacked(detail: str, forged: Sequence[Answer]) -> _Verdict:
    return _Verdict(finding=Finding(cause=Cause.DNS_HIJACKED, detail=detail), forged=forged)


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
            if is_nobodys(address)
            and not _is_expected(address, networks)
            and any(address not in other for other in others)
        ),
        None,
    )


def _contradiction(odd: Sequence[Answer], honest: Sequence[Answer], networks: tuple[str, ...]) -> _Verdict:
    """Who lies: those that lead where nobody's site is, where others do not; where all do, those with the fewest beside them."""
    first = odd[0]
    mine = _lonely(first, honest, networks)
    other = next(one for one in honest if one.addresses and mine not in one.addresses)
    verdict = _hijacked(f"{first.resolver} says {mine}, {other.resolver} says {other.addresses[0]}", odd)
    if any(one.addresses and one not in odd for one in honest):
        return verdict
    votes = Counter(frozenset(one.addresses) for one in odd)
    most = max(votes.values())
    fewest = [one for one in odd if votes[frozenset(one.addresses)] < most]
    return replace(verdict, forged=fewest, differing=() if fewest else odd)


def _nowhere(answer: Answer, networks: tuple[str, ...]) -> str | None:
    """An address that nobody can have, to which filters and parents' locks lead."""
    return next(
        (one for one in answer.addresses if not is_habitable(one) and not _is_expected(one, networks)), None
    )


def _denies(answer: Answer) -> bool:
    return answer.cause is Cause.DNS_NXDOMAIN


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


def _by_majority(answers: Sequence[Answer], networks: tuple[str, ...]) -> _Verdict:
    """Ok where at least half of the name servers answer: who cannot be asked is then named, and no failure of the name."""
    failed = [answer for answer in answers if answer.cause is not Cause.NONE]
    apart = () if networks else _apart(answers)
    flag = Flag.ANSWERS_DIFFER if apart else None
    if not failed:
        detail = "the name servers say different things" if _differ(answers) else ""
        return _Verdict(finding=Finding(flag=flag, detail=detail), differing=apart)
    detail = _named(failed, len(answers))
    if 2 * len(failed) <= len(answers):
        return _Verdict(finding=Finding(flag=flag, detail=detail), differing=apart)
    [(cause, count)] = Counter(answer.cause for answer in failed).most_common(1)
    if count == len(answers):
        detail = next((one.detail for one in failed if one.detail), "")
    return _Verdict(finding=Finding(cause=cause, detail=detail))


def _apart(answers: Sequence[Answer]) -> Sequence[Answer]:
    """Those that have no address in common with another one."""
    found = [one for one in answers if one.addresses]
    return [
        one
        for one in found
        if any(not set(one.addresses) & set(other.addresses) for other in found if other is not one)
    ]


def _named(failed: Sequence[Answer], asked: int) -> str:
    who = ", ".join(f"{answer.resolver} {answer.cause}" for answer in failed[:MOST_NAMED])
    more = "…" if len(failed) > MOST_NAMED else ""
    return f"{len(failed)} of {asked} name servers failed: {who}{more}"


def _differ(answers: Iterable[Answer]) -> bool:
    return len({frozenset(answer.addresses + answer.values) for answer in answers}) > 1
