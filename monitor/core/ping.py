"""What a ping means (kind `icmp`): the host lives when anything came back."""

from __future__ import annotations

from dataclasses import replace

from monitor.core.classify import Finding, result_of
from monitor.model import Result, Seen, Target

REFUSED = " refused"
"""Ends the reading `way` where the host refused the connection in place of a ping."""


def judge_ping(target: Target, seen: Seen) -> Result:
    """Ok when at least one answer came; the remark says how many did not, and when no ping was allowed."""
    result = result_of(target, seen, Finding(detail=_remark(seen)))
    return replace(result, readings=seen.readings)


def _remark(seen: Seen) -> str:
    values = {reading.name: reading for reading in seen.readings}
    way, lost, packets = values.get("way"), values.get("lost"), values.get("packets")
    if way is not None and way.text != "icmp":
        if way.text.endswith(REFUSED):
            return (
                f"ping is not allowed here; the host lives, for it refuses {way.text.removesuffix(REFUSED)}"
            )
        return f"ping is not allowed here; asked by {way.text}"
    if lost is not None and packets is not None and lost.value:
        return f"{lost.value:.0f} of {packets.value:.0f} packets lost"
    return ""
