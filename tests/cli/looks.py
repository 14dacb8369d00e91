"""What one look for `--explain` saw, without a network."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from monitor import model
from monitor.cli.explain_look import Looked
from monitor.cli.explain_others import Told
from monitor.config.load import without_file
from monitor.knowledge import load_registry
from monitor.model import Cause, Evidence, Hop, Phase, Seen
from monitor.probes import Observation

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


def observed(
    target: model.Target, cause: Cause = Cause.NONE, phase: Phase | None = None, **more: Any
) -> Observation:
    """One run of it, without a network."""
    result = model.Result(
        target=target.id, started_at=NOW, duration=1.0, cause=cause, phase=phase,
        phases={one: 0.02 for one in Phase if phase is None or list(Phase).index(one) <= list(Phase).index(phase)},
        addresses=("203.0.113.9",), address="203.0.113.9",
    )  # fmt: skip
    return Observation(
        target=target, seen=Seen(started_at=NOW, duration=1.0, phases={}), result=replace(result, **more)
    )


def looked(*hops: Hop, told: Told | None = None, cause: Cause = Cause.CONNECT_TIMEOUT) -> Looked:
    """Shandong cannot be connected to; two controls and three others can."""
    plan = without_file(load_registry())
    lead = observed(plan.targets["reach/shandong"], cause, Phase.CONNECT)
    evidence = Evidence(incident="", target=lead.target.id, taken_at=NOW, duration=1.0, hops=hops)
    return Looked(
        plan=plan, targets=(lead.target,), observed=(lead,), lead=lead,
        controls=tuple(observed(plan.targets[name]) for name in ("control-address", "control-name")),
        others=tuple(observed(plan.targets[f"reach/{slug}"]) for slug in ("beijing", "yunnan", "jilin")),
        evidence=evidence, told=told, now=NOW,
    )  # fmt: skip
