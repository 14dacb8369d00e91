"""What those that fail have in common, where that says more than each failure alone: their trust, their ports, their network.

The certificates of a dozen provinces do not break in one minute, and no two provinces share a firewall: what is common to
all that fail, and to nothing that works, is likelier on our side, or with whoever runs what they share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network

from monitor.core.local import TRUST_CAUSES
from monitor.core.own_clock import OF_TIME, is_wrong
from monitor.model import Cause, Certificate, Confirmed, Phase, Plan, TargetState

LEAST = 3
"""Fewer authorities than this can have something in common by chance."""
USUAL_PORTS = frozenset({80, 443})
"""Ports that every firewall lets out; ten of the 36 verification services listen elsewhere (authorities.yaml)."""
UNREACHED = frozenset(
    {Cause.CONNECT_TIMEOUT, Cause.CONNECTION_REFUSED, Cause.UNREACHABLE, Cause.CONNECTION_RESET}
)
"""How a firewall refuses: by silence, by a reset, or by saying so."""
PREFIX = {4: 24, 6: 48}
"""Length of the prefix by which addresses count as one network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """What is common to the authorities that are down, and to none that works."""

    trust: bool = False
    """All that is down is down because its certificate is not trusted, and most of that our trust store or our clock may explain."""
    odd_ports: frozenset[str] = frozenset()
    """Authorities: all whose service listens on an unusual port, where none of those can be connected to, and the others can."""
    networks: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Authority → the network it shares with others that are down, and how many are."""


def compare_down(
    down: Mapping[str, TargetState], plan: Plan, states: Mapping[str, TargetState], clock: float | None = None
) -> Alike:
    """What `down` (authority → the state of the target that makes its main service down) has in common.

    `clock`: seconds by which the others' clocks are ahead of ours; None: not known.
    """
    if len(down) < LEAST:
        return Alike()
    return Alike(
        trust=_is_trust(list(down.values()), plan, states, clock),
        odd_ports=_odd_ports(down, plan, states),
        networks=_networks(down, plan, states),
    )


def _is_trust(
    down: Sequence[TargetState], plan: Plan, states: Mapping[str, TargetState], clock: float | None
) -> bool:
    if not all(state.cause in TRUST_CAUSES for state in down):
        return False
    verified = [
        shown
        for target in plan.targets.values()
        if (shown := _certificate(states.get(target.id))) is not None and shown.verified is True
    ]
    issuers = {shown.issuer for shown in verified}
    theirs = sum(_is_theirs(state, issuers, clock) for state in down)
    return theirs * 2 <= len(down)


def _is_theirs(state: TargetState, verified: Collection[str], clock: float | None) -> bool:
    """Whether what is verified here (issuers), or our clock, refutes that its certificate fails because of us.

    A trust store cannot make a certificate expire: only a wrong clock of ours can. What one unknown root signed fails
    wherever that root is missing, so there only the same issuer's word counts.
    """
    if state.cause in OF_TIME:
        return bool(verified) if clock is None else not is_wrong(clock)
    shown = _certificate(state)
    return shown is not None and shown.issuer in verified


def _certificate(state: TargetState | None) -> Certificate | None:
    return state.last.certificate if state is not None and state.last is not None else None


def _odd_ports(
    down: Mapping[str, TargetState], plan: Plan, states: Mapping[str, TargetState]
) -> frozenset[str]:
    odd: set[str] = set()
    works_as_usual = 0
    for slug, port in _main_ports(plan, states):
        state = down.get(slug)
        is_shut = state is not None and state.cause in UNREACHED and state.phase is Phase.CONNECT
        if port in USUAL_PORTS:
            if is_shut:
                return frozenset()
            works_as_usual += state is None
        elif is_shut:
            odd.add(slug)
        else:
            return frozenset()
    return frozenset(odd) if len(odd) >= LEAST and works_as_usual >= LEAST else frozenset()


def _main_ports(plan: Plan, states: Mapping[str, TargetState]) -> Iterable[tuple[str, int]]:
    """The port of each main service that ever answered."""
    for slug, main in plan.main_services.items():
        targets = [one for one in plan.by_service[slug].get(main or "", ()) if one.port]
        if any((state := states.get(target.id)) is not None and state.seen_up for target in targets):
            yield slug, targets[0].port


def _networks(
    down: Mapping[str, TargetState], plan: Plan, states: Mapping[str, TargetState]
) -> Mapping[str, tuple[str, int]]:
    mine = {slug: found for slug, state in down.items() if (found := _network_of(state))}
    shared = {network for network, count in Counter(mine.values()).items() if count >= LEAST}
    if not shared:
        return {}
    for target in plan.targets.values():
        state = states.get(target.id)
        if state is not None and state.confirmed is Confirmed.UP and target.authority not in down:
            shared.discard(_network_of(state) or "")
    count = Counter(mine.values())
    return {slug: (network, count[network]) for slug, network in mine.items() if network in shared}


def _network_of(state: TargetState) -> str | None:
    """The network of the address that was talked to last; None: none was, or it is this machine's."""
    return network_of(state.last.address) if state.last is not None and state.last.address else None


@lru_cache(maxsize=1024)
def network_of(address: str) -> str | None:
    """`203.0.113.0/24` of `203.0.113.9`; None for an address of this machine, and for what is none."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if ip.is_loopback:
        return None
    prefix = PREFIX[4 if isinstance(ip, IPv4Address) else 6]
    return str(ip_network((ip, prefix), strict=False))
