"""Availability with and without maintenance, by the expression of the dashboards, against a history counted by hand."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboards.generate.promql import availability
from monitor.clock import SystemClock
from tests.dashboards.files import expand
from tests.dashboards.prometheus import prometheus

MINUTES = 600
"""Ten hours, one sample a minute."""


def between(*stretches: tuple[int, int]) -> Callable[[int], int]:
    """1 in these minutes, from (inside) to (outside), else 0."""
    return lambda minute: int(any(start <= minute < end for start, end in stretches))


def target(probe: str, authority: str, service: str) -> str:
    """Its labels."""
    return f'probe="{probe}",authority="{authority}",service="{service}"'


DOWN = "fapiao_probe_confirmed_down"
STATE = "fapiao_service_state"
ANSWERED = "fapiao_probe_last_success_timestamp_seconds"

HISTORY: dict[str, dict[str, Callable[[int], int]]] = {
    DOWN: {
        # An hour inside the window; an hour outside it, in which two probes take turns; the rest is our own fault.
        target("captcha", "shandong", "verify"): between((150, 210), (310, 360), (420, 480), (550, 560)),
        target("reach", "shandong", "verify"): between((300, 330), (420, 480)),
        target("dppt", "shandong", "dppt"): between((520, 580)),
        target("unborn", "shandong", "verify"): between((0, MINUTES)),
        target("captcha", "beijing", "verify"): between(),
    },
    ANSWERED: {
        target("captcha", "shandong", "verify"): lambda _: 1,
        target("reach", "shandong", "verify"): lambda _: 1,
        target("dppt", "shandong", "dppt"): lambda _: 1,
        target("captcha", "beijing", "verify"): lambda _: 1,
    },
    "fapiao_maintenance_active": {
        'authority="shandong",service="verify"': between((120, 240)),
        'authority="shandong",service="dppt"': between((500, MINUTES)),
        'authority="beijing",service="verify"': between((0, 60)),
    },
    # From 400 to 500 our own network fails, or a credential of ours is refused; at 550 only the shape of a reply changed.
    STATE: {
        'authority="shandong",service="verify",state="unknown"': between((400, 500)),
        'authority="shandong",service="verify",state="down"': between(
            (150, 210), (300, 360), (520, 530), (580, MINUTES)
        ),
        'authority="shandong",service="verify",state="degraded"': between((550, 560)),
        'authority="shandong",service="verify",state="up"': between(
            (0, 150), (210, 300), (360, 400), (500, 520), (530, 550), (560, 580)
        ),
        'authority="shandong",service="dppt",state="down"': between((520, 580)),
        'authority="beijing",service="verify",state="unknown"': between((400, 500)),
        'authority="beijing",service="verify",state="up"': between((0, 400), (500, MINUTES)),
    },
}

# Shandong is known for 600 - 100 minutes, and was down for 60 inside and 60 outside of a window of 120.
BY_HAND = {
    True: {"shandong": (500 - 120) / 500, "beijing": 1.0},
    False: {"shandong": (500 - 120 - 60) / (500 - 120), "beijing": 1.0},
}


def openmetrics(start: float) -> Iterator[str]:
    """The history in OpenMetrics, as promtool reads it."""
    for name, series in HISTORY.items():
        yield f"# TYPE {name} gauge"
        for labels, value in series.items():
            for minute in range(MINUTES):
                where = f'job="fapiao-monitor",instance="here:8036",{labels}'
                yield f"{name}{{{where}}} {value(minute)} {start + 60 * minute}"
    yield "# EOF\n"


@pytest.mark.peer("prometheus")
async def test_availability_is_what_counting_by_hand_says(tmp_path: Path, free_port: int) -> None:
    start = SystemClock().now().timestamp() // 60 * 60 - 86_400
    written = tmp_path / "history.txt"
    written.write_text("\n".join(openmetrics(start)))
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(written), str(tmp_path / "data")]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    end = start + 60 * (MINUTES - 1)
    chosen = {"job": ".+", "instance": ".+", "service": "verify"}
    chosen |= {"__range": f"{60 * (MINUTES - 1)}s", "__interval": "1m"}
    async with prometheus(tmp_path, free_port) as asked:
        for maintenance, expected in BY_HAND.items():
            series = await asked.at(expand(availability(maintenance=maintenance), chosen), end)
            found = {each["metric"]["authority"]: float(each["values"][0][1]) for each in series}
            assert found == pytest.approx(expected, abs=1e-9), f"maintenance counted: {maintenance}"
