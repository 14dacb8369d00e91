"""A small plan and results to feed it with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.model import Authority, Cause, Confirmed, Plan, Receiver, Repeat, Result, Target, TargetState

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def make_target(
    probe: str = "captcha", authority: str = "shandong", service: str = "verify", **more: Any
) -> Target:
    """A target as config would expand it; controls carry the name of their probe."""
    repeat = Repeat(attempts=3, spacing=5.0)
    given = {
        "id": probe if authority == "local" else f"{probe}/{authority}",
        "kind": "captcha",
        "interval": 300.0,
        "timeout": 5.0,
        "while_down": 60.0,
        "confirm": repeat,
        "recover": repeat,
        "host": "fpcy.example",
        "port": 443,
    }
    return Target(**{"probe": probe, "authority": authority, "service": service, **given, **more})


def make_plan(*targets: Target, **more: Any) -> Plan:
    """A plan of these targets (by default: two captchas and a control) with one receiver."""
    targets = targets or (
        make_target(),
        make_target(authority="beijing"),
        make_target("internet", "local", "", kind="http", interval=60.0),
    )
    authorities = {
        "shandong": Authority(
            slug="shandong", code="3700", name="山东", name_en="Shandong", full_name="…山东省税务局"
        ),
        "beijing": Authority(
            slug="beijing", code="1100", name="北京", name_en="Beijing", full_name="…北京市税务局"
        ),
    }
    given: dict[str, Any] = {
        "vantage": "test",
        "language": "zh",
        "timezone": "Asia/Shanghai",
        "targets": {target.id: target for target in targets},
        "authorities": authorities,
        "receivers": (
            Receiver(id="oncall[0]", name="oncall", kind="webhook", url="http://127.0.0.1:1/"),
            Receiver(id="am[0]", name="am", kind="alertmanager", url="http://127.0.0.1:1/"),
        ),
    }
    return Plan(**{**given, **more})


def make_result(cause: Cause = Cause.NONE, target: str = "captcha/shandong", **more: Any) -> Result:
    """One run."""
    return Result(**{"target": target, "started_at": AT, "duration": 0.2, "cause": cause, **more})


def make_state(result: Result, confirmed: Confirmed = Confirmed.UP, **more: Any) -> TargetState:
    """The state of a target after that run."""
    return TargetState(id=result.target, confirmed=confirmed, last=result, **more)


@pytest.fixture
def plan() -> Plan:
    """Two captchas and a control."""
    return make_plan()
