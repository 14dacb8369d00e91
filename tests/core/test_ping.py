"""What is said of a ping."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.core.ping import judge_ping
from monitor.model import Reading
from tests.core.replies import NOW, TARGET, seen


@pytest.mark.parametrize(
    ("way", "lost", "detail"),
    [
        ("icmp", 0, ""),
        ("icmp", 1, "1 of 3 packets lost"),
        ("tcp 443", 0, "ping is not allowed here; asked by tcp 443"),
        ("tcp 443 refused", 0, "ping is not allowed here; the host lives, for it refuses tcp 443"),
    ],
)
def test_the_remark_says_how_the_host_answered(way: str, lost: int, detail: str) -> None:
    readings = (
        Reading(name="way", text=way),
        Reading(name="packets", value=3),
        Reading(name="lost", value=lost),
    )
    found = judge_ping(replace(TARGET, kind="icmp"), replace(seen(), started_at=NOW, readings=readings))
    assert found.is_ok
    assert found.detail == detail
