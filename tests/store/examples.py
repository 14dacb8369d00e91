"""Targets and commits to keep."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.core.state import Commit, Group, Sweep
from monitor.model import Ban, Cause, Certificate, Confirmed, Flag, Phase, Result, TargetState
from tests.notify.examples import a_notification, an_incident

AT = datetime(2026, 11, 21, 8, 0, 0, 125_000, tzinfo=UTC)


def a_target(name: str = "captcha/shandong", **other: object) -> TargetState:
    """A target whose last run failed, with everything a result can hold."""
    last = Result(
        target=name,
        started_at=AT,
        duration=5.01,
        cause=Cause.RESPONSE_TIMEOUT,
        phase=Phase.PROCESSING,
        flags=frozenset({Flag.SLOW, Flag.TLS_UNVERIFIED}),
        phases={Phase.RESOLVE: 0.001, Phase.CONNECT: 0.02},
        addresses=("192.0.2.1", "2001:db8::1"),
        certificate=Certificate(
            subject="CN=fpcy.example",
            issuer="CN=CA",
            not_before=AT,
            not_after=AT + timedelta(days=90),
            names=("fpcy.example",),
            fingerprint="ab" * 32,
            chain_length=1,
            verified=False,
            verify_error="tls_incomplete_chain",
        ),
        detail="无应答",
    )
    known = TargetState(
        id=name, confirmed=Confirmed.DOWN, failures=3, first_failure_at=AT, since=AT, last=last
    )
    return replace(known, **other)  # type: ignore[arg-type]


def a_commit(*, durable: bool = True, **other: object) -> Commit:
    """An outage is decided and to be told to one receiver."""
    facts: dict[str, object] = {
        "targets": (a_target(),),
        "incidents": (an_incident(),),
        "notifications": (a_notification(),),
        "bans": (Ban(host_key="fpcy.example:443", until=AT),),
        "sweep": Sweep(started_at=AT, until=AT, awaiting=frozenset({"reach/hunan"})),
        "group": Group(incidents=("a", "b"), release_at=AT),
    }
    return Commit(at=AT, durable=durable, **(facts | other))  # type: ignore[arg-type]


def quiet(target: TargetState) -> Commit:
    """A newer last result and nothing else."""
    return Commit(at=AT, targets=(target,))
