"""Whether it is us: what the controls, and all authorities together, say of this machine and its network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.core.judge import has_run
from monitor.core.services import WAY, on_the_way
from monitor.model import Cause, Confirmed, Plan, TargetState

MOST_ALONE = 3
"""Fewer authorities than this can all fail by chance."""
ROUNDING = 1e-9

NAME_CAUSES = frozenset({
    Cause.RESOLVE_TIMEOUT, Cause.DNS_NXDOMAIN, Cause.DNS_SERVFAIL, Cause.DNS_NO_ADDRESS, Cause.DNS_HIJACKED,
})  # fmt: skip
TRUST_CAUSES = frozenset({
    Cause.TLS_EXPIRED, Cause.TLS_NOT_YET_VALID, Cause.TLS_NAME_MISMATCH, Cause.TLS_UNTRUSTED,
    Cause.TLS_INCOMPLETE_CHAIN,
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalView:
    """What the controls, and all authorities together, say about this machine and its network."""

    configured: int
    ran: int
    controls_down: tuple[TargetState, ...]
    """The controls confirmed down, the earliest on the way first."""
    controls_failing: int
    """How many failed when they last ran, or are confirmed down."""
    suspected: bool
    """Every control that has run failed when it last ran, and not all of that is confirmed yet."""
    together: tuple[TargetState, ...] = ()
    """One failing target of each authority when so many fail together that it must be us; else empty."""
    among: int = 0
    """Of how many authorities those are."""

    @property
    def by_controls(self) -> bool:
        """Whether every control that has run is confirmed down."""
        return self.ran > 0 and len(self.controls_down) == self.ran

    @property
    def holds(self) -> bool:
        """Whether there is a local fault."""
        return self.by_controls or bool(self.together)

    @property
    def failing(self) -> tuple[TargetState, ...]:
        """What the fault rests on: the controls, or else what fails together. The first is to blame."""
        return self.controls_down if self.by_controls or not self.together else self.together


def judge_local(plan: Plan, states: Mapping[str, TargetState]) -> LocalView:
    """What the controls say. Those that never answered count too: without a network none ever did."""
    controls = plan.controls
    ran = [(target, state) for target in controls if has_run(state := states.get(target.id)) and state]
    pairs = [
        (target, state) for target, state in ran if state.cause is not Cause.INTERNAL
    ]  # that is a bug of ours
    down = [pair for pair in pairs if pair[1].confirmed is Confirmed.DOWN]
    return LocalView(
        configured=len(controls),
        ran=len(pairs),
        controls_down=tuple(state for _, state in sorted(down, key=on_the_way)),
        controls_failing=sum(state.failures > 0 or state.confirmed is Confirmed.DOWN for _, state in pairs),
        suspected=bool(pairs) and len(down) < len(pairs) and all(state.failures for _, state in pairs),
    )


def fail_together(local: LocalView, plan: Plan, failing: Sequence[TargetState], among: int) -> LocalView:
    """The other half of the local rule: a share of the authorities fails while others say that they work.

    `failing`: one target of each authority that is down outside windows; `among`: how many are watched outside windows.
    The caller knows that references say ok.
    """
    if among < MOST_ALONE or len(failing) < plan.judgement.local_share * among - ROUNDING:
        return local
    return replace(local, together=by_the_way(failing), among=among)


def by_the_way(failing: Iterable[TargetState]) -> tuple[TargetState, ...]:
    """What fails, the earliest on the way first."""
    return tuple(sorted(failing, key=lambda state: (WAY[state.phase], state.id)))
