"""Kind `icmp`: pings a host; where this system does not allow that, a TCP connection takes its place."""

from __future__ import annotations

from monitor.core.classify import Knowledge
from monitor.core.ping import judge_ping
from monitor.model import Result, Seen, Target
from monitor.net import Admit, Net, PingRequest
from monitor.probes.kind import Kind


async def look(target: Target, net: Net, admit: Admit) -> Seen:
    """One run of a few packets."""
    request = PingRequest(
        host=target.host,
        port=target.port,
        packets=target.packets,
        resolver=target.resolver,
        every_address=target.every_address,
    )
    return await net.ping(request, timeout=target.timeout, admit=admit)


def judge(target: Target, seen: Seen, knowledge: Knowledge) -> Result:
    """Any answer is ok."""
    return judge_ping(target, seen)


KIND = Kind(look=look, judge=judge)
