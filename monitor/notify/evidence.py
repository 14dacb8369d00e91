"""Evidence as plain JSON values: what the API answers and structured receivers are given. docs/api.md describes every key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.model import AddressLook, Evidence, Hop, as_json


def evidence_json(found: Evidence) -> dict[str, Any]:
    """One bundle."""
    told: Mapping[str, Any] = {
        "incident": found.incident,
        "target": found.target,
        "taken_at": found.taken_at,
        "duration_seconds": round(found.duration, 3),
        "cause": found.cause,
        "phase": found.phase,
        "detail": found.detail,
        "status_code": found.status_code,
        "headers": dict(found.headers),
        "first_bytes": found.first_bytes,
        "answers": [
            {
                "resolver": answer.resolver,
                "name": answer.name,
                "record": answer.record,
                "addresses": answer.addresses,
                "cause": answer.cause,
                "duration_seconds": round(answer.duration, 4),
            }
            for answer in found.answers
        ],
        "addresses": [_address(one) for one in found.addresses],
        "certificate": found.certificate
        and {
            "subject": found.certificate.subject,
            "issuer": found.certificate.issuer,
            "not_before": found.certificate.not_before,
            "not_after": found.certificate.not_after,
            "chain_length": found.certificate.chain_length,
            "verified": found.certificate.verified,
            "verify_error": found.certificate.verify_error,
            "above": found.certificate.above
            and {
                "subject": found.certificate.above.subject,
                "not_before": found.certificate.above.not_before,
                "not_after": found.certificate.above.not_after,
            },
        },
        "hops": [_hop(hop) for hop in found.hops],
        "controls": [{"target": one.target, "cause": one.cause, "at": one.at} for one in found.controls],
        "lateness_seconds": found.lateness,
        "loop_lag_seconds": found.loop_lag,
        "left_out": found.left_out,
    }
    plain: dict[str, Any] = as_json(told)
    return plain


def _address(one: AddressLook) -> dict[str, Any]:
    return {
        "address": one.address,
        "cause": one.cause,
        "phase": one.phase,
        "connect_seconds": one.connect,
        "tls_seconds": one.tls,
        "detail": one.detail,
    }


def _hop(hop: Hop) -> dict[str, Any]:
    return {"ttl": hop.ttl, "address": hop.address, "seconds": hop.seconds, "reached": hop.reached}
