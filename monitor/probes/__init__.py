"""The kinds of probes: what each asks for, and how what was seen is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import structlog

from monitor.core.classify import Knowledge
from monitor.core.nodes import combine
from monitor.log import REDACTION
from monitor.model import Cause, Result, Seen, Target
from monitor.net import Admit, Net
from monitor.probes import captcha, dns, file, host, http, icmp, sync, tcp, tls
from monitor.probes import log as logfile
from monitor.probes.kind import Kind, Observation

log = structlog.get_logger()

KINDS: Mapping[str, Kind] = {
    "tls": tls.KIND,
    "tcp": tcp.KIND,
    "captcha": captcha.KIND,
    "http": http.KIND,
    "sync": sync.KIND,
    "dns": dns.KIND,
    "icmp": icmp.KIND,
    "log": logfile.KIND,
    "host": host.KIND,
    "file": file.KIND,
}


async def run(
    target: Target, net: Net, knowledge: Knowledge, *, admit: Admit, scheduled: bool = True
) -> Result:
    """Look at `target` once and say what it means. As `observe`, without what was seen."""
    return (await observe(target, net, knowledge, admit=admit, scheduled=scheduled)).result


async def observe(
    target: Target, net: Net, knowledge: Knowledge, *, admit: Admit, scheduled: bool = True
) -> Observation:
    """Look at `target` once: what was seen, and what it means.

    Raises `monitor.net.LimitReached` when the look may not be made now. Our own mistake while judging is a result
    too, with cause `internal`: it must neither end the daemon nor be told as the authority's failure.
    """
    kind = KINDS[target.kind]
    seen = await kind.look(target, net, admit)
    try:
        result = _judge(kind, target, seen, knowledge)
    except Exception as problem:
        log.exception("probe.judging_failed", target=target.id)
        result = _our_mistake(target, seen, problem)
    # A server may echo what it was sent, and an expectation may itself be a secret: both end in the result.
    code = None if result.code is None else REDACTION.hide(result.code)
    result = replace(result, scheduled=scheduled, detail=REDACTION.hide(result.detail), code=code)
    return Observation(target=target, seen=seen, result=result)


def _judge(kind: Kind, target: Target, seen: Seen, knowledge: Knowledge) -> Result:
    """What was seen, or what each address showed where every one was looked at."""
    if not seen.each:
        return kind.judge(target, seen, knowledge)
    return combine(seen, [kind.judge(target, one, knowledge) for one in seen.each])


def _our_mistake(target: Target, seen: Seen, problem: Exception) -> Result:
    return Result(
        target=target.id,
        started_at=seen.started_at,
        duration=seen.duration,
        cause=Cause.INTERNAL,
        phases=seen.phases,
        addresses=seen.addresses,
        address=seen.address,
        detail=f"{type(problem).__name__} while judging the reply",
    )


__all__ = ["KINDS", "Kind", "Observation", "observe", "run"]
