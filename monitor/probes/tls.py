"""Kind `tls`: resolve, connect and shake hands; the certificate is read on the way."""

from __future__ import annotations

from monitor.core.classify import Knowledge, judge_connection
from monitor.model import Result, Seen, Target
from monitor.net import Request
from monitor.probes.kind import Kind, asking


def request(target: Target) -> Request:
    """Connect and shake hands, send nothing."""
    return Request(
        host=target.host,
        port=target.port,
        tls=target.tls,
        server_name=target.server_name,
        resolver=target.resolver,
        proxies=target.proxies,
    )


def judge(target: Target, seen: Seen, knowledge: Knowledge) -> Result:
    """A finished handshake is ok; what `target.tls.verify` makes of the certificate is already in `seen`."""
    return judge_connection(target, seen)


KIND = Kind(look=asking(request), judge=judge)
