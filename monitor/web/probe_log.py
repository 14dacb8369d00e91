"""What `/probe?debug=true` says: the way of one run line by line, its metrics, and how the target is looked at.

No secret of the target gets in: neither a header, nor a body, nor the path or the query of an address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import accumulate

from monitor.log import REDACTION, Redaction
from monitor.metrics.blackbox import announced_length
from monitor.model import Phase, Seen, Target, rfc3339
from monitor.probes import Observation

_PLAIN = re.compile(r"[^\s\"=\x00-\x1f\x7f]+")

FAILED = "Probe failed"
ADDRESS_FAILED = "Address failed"
MOST_ADDRESSES = 16
LONGEST = 500
"""Characters of one value."""

Line = tuple[Phase | None, str, Mapping[str, object]]
"""The phase at whose end it was known (None: the beginning), what happened, and the facts of it."""


def report(observation: Observation, metrics: str) -> str:
    """Three parts, in blackbox_exporter's order and words: logs, metrics, configuration."""
    own, ends = Redaction(_secrets(observation.target)), _ends(observation.seen)
    lines = "".join(_logfmt(ends[phase], text, facts, own) for phase, text, facts in _story(observation))
    about = "".join(f"{name}: {_shown(value, own)}\n" for name, value in _about(observation.target).items())
    return (
        f"Logs for the probe:\n{lines}\n\n\n"
        f"Metrics that would have been returned:\n{metrics}\n\n\n"
        f"Target configuration:\n{about}"
    )


def _secrets(target: Target) -> Iterator[str]:
    """What a reply could echo and nobody is to read."""
    yield from target.secrets
    yield from (value for _, value in target.headers)


def _story(observation: Observation) -> Iterator[Line]:
    """What happened, in order."""
    target, seen, result = observation.target, observation.seen, observation.result
    yield None, "Beginning probe", {"kind": target.kind, "timeout_seconds": target.timeout}
    yield from _connection(seen)
    yield from _security(seen)
    yield from _exchange(seen)
    facts: dict[str, object] = {"outcome": result.outcome, "cause": result.cause}
    told = {
        "phase": result.phase,
        "flags": ",".join(sorted(result.flags)),
        "code": result.code,
        "detail": result.detail,
    }
    facts |= {name: value for name, value in told.items() if value}
    text = "Probe succeeded" if result.is_ok else FAILED
    yield Phase.TRANSFER, text, {**facts, "duration_seconds": round(seen.duration, 6)}


def _connection(seen: Seen) -> Iterator[Line]:
    if seen.addresses:
        addresses = ",".join(seen.addresses[:MOST_ADDRESSES])
        yield (
            Phase.RESOLVE,
            "Resolved target address",
            {"addresses": addresses, **_spent(seen, Phase.RESOLVE)},
        )
    for attempt in seen.attempts:
        failure = attempt.failure
        facts = {"address": attempt.address, "cause": failure.cause, "detail": failure.detail}
        yield Phase.CONNECT, ADDRESS_FAILED, facts
    if seen.address is not None:
        yield Phase.CONNECT, "Went to address", {"address": seen.address, **_spent(seen, Phase.CONNECT)}


def _security(seen: Seen) -> Iterator[Line]:
    if seen.tls_version is not None:
        spoken = {"version": seen.tls_version, "cipher": seen.tls_cipher or ""}
        yield Phase.TLS, "TLS handshake", {**spoken, **_spent(seen, Phase.TLS)}
    if seen.certificate is None:
        return
    shown = seen.certificate
    facts: dict[str, object] = {
        "subject": shown.subject,
        "issuer": shown.issuer,
        "not_after": rfc3339(shown.not_after),
        "chain_length": shown.chain_length,
        "verified": "not asked" if shown.verified is None else str(shown.verified).lower(),
    }
    if shown.verify_error is not None:
        facts["verify_error"] = shown.verify_error
    yield Phase.TLS, "Certificate presented", facts


def _exchange(seen: Seen) -> Iterator[Line]:
    for place in seen.redirects:
        yield Phase.PROCESSING, "Followed redirect", {"to": _origin(place)}
    for phase in (Phase.PROCESSING, Phase.TRANSFER):
        if phase in seen.phases:
            yield phase, f"Phase {phase}", _spent(seen, phase)
    if seen.reply is not None:
        facts = {
            "status_code": seen.reply.status,
            "version": seen.reply.version,
            "content_length": announced_length(seen.reply),
            "body_bytes": len(seen.reply.body),
        }
        yield Phase.TRANSFER, "Received HTTP response", facts


def _spent(seen: Seen, phase: Phase) -> dict[str, object]:
    return {"seconds": round(seen.phases[phase], 6)} if phase in seen.phases else {}


def _origin(url: str) -> str:
    """Scheme, name and port: a path may hold what is nobody's business."""
    return "/".join(url.split("/")[:3])


def _ends(seen: Seen) -> dict[Phase | None, datetime]:
    """When each phase was over; phases are sums over redirects, so these are the times of a way without any."""
    ends: dict[Phase | None, datetime] = {None: seen.started_at}
    for phase, passed in zip(Phase, accumulate(seen.phases.get(one, 0.0) for one in Phase), strict=True):
        ends[phase] = seen.started_at + timedelta(seconds=passed)
    return ends


def _about(target: Target) -> dict[str, object]:
    """How it is looked at. Names of headers, never their values."""
    about: dict[str, object] = {
        "id": target.id,
        "kind": target.kind,
        "authority": target.authority,
        "service": target.service,
        "host": target.host,
        "port": target.port,
        "timeout_seconds": target.timeout,
        "resolver": ",".join(target.resolver) or "system",
        "tls_verify": target.tls.verify,
        "tls_profile": target.tls.profile,
    }
    if target.url is not None:
        follow = target.follow_redirects
        about |= {
            "method": target.method,
            "headers": ",".join(name for name, _ in target.headers),
            "expect_status": ",".join(map(str, target.expect.status)),
            "follow_redirects": follow if isinstance(follow, str) else ",".join(follow),
            "max_body": target.max_body,
        }
    return about


def _logfmt(at: datetime, text: str, facts: Mapping[str, object], own: Redaction) -> str:
    level = "error" if text in (FAILED, ADDRESS_FAILED) else "info"
    pairs = {"ts": rfc3339(at), "level": level, "msg": text, **facts}
    return " ".join(f"{name}={_quoted(_shown(value, own))}" for name, value in pairs.items()) + "\n"


def _shown(value: object, own: Redaction) -> str:
    """On one line, without secrets."""
    return " ".join(own.hide(REDACTION.hide(str(value))).split())[:LONGEST]


def _quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
