"""Kind `tcp`: resolve and connect."""

from __future__ import annotations

from monitor.core.classify import Knowledge, judge_connection
from monitor.model import Result, Seen, Target
from monitor.net import Request
from monitor.probes.kind import Kind, asking


def request(target: Target) -> Request:
    """Connect, nothing more."""
    return Request(host=target.host, port=target.port, resolver=target.resolver, proxies=target.proxies)


def judge(target: Target, seen: Seen, knowledge: Knowledge) -> Result:
    """Reached is ok."""
    return judge_connection(target, seen)


KIND = Kind(look=asking(request), judge=judge)
