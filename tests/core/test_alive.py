"""Whether the daemon still does its work, from when its parts moved last."""

from __future__ import annotations

import pytest

from monitor.core.alive import LEAST, Part, Pulse, standing_still

NOW = 1000.0


def pulse(ago: float, due: float | None = LEAST) -> Pulse:
    """A part that moved `ago` seconds before NOW."""
    return Pulse(moved_at=NOW - ago, due=due)


@pytest.mark.parametrize(
    ("found", "stands"),
    [
        pytest.param(pulse(0), False, id="has just moved"),
        pytest.param(pulse(19.9), False, id="one step of twice the patience is no standstill"),
        pytest.param(pulse(20.1), True, id="one step takes longer than that"),
        pytest.param(pulse(3600, due=3600), False, id="nothing is due for an hour"),
        pytest.param(pulse(7201, due=3600), True, id="and nothing has happened after two"),
        pytest.param(pulse(10**6, due=None), False, id="nothing to do at all"),
        pytest.param(pulse(5, due=0.1), False, id="a short due time makes nobody hurry"),
        pytest.param(pulse(61, due=30), True, id="a run of 30 s that does not end"),
        pytest.param(pulse(-5), False, id="moved while we looked"),
    ],
)
def test_a_part_stands_still_after_twice_its_due_time(found, stands):
    assert standing_still({Part.PIPELINE: found}, NOW) == ((Part.PIPELINE,) if stands else ())


def test_those_that_stand_still_are_named():
    pulses = {
        Part.SCHEDULE: pulse(1),
        Part.RUNS: pulse(99),
        Part.PIPELINE: pulse(2),
        Part.STATE_WRITER: pulse(99),
    }
    assert standing_still(pulses, NOW) == (Part.RUNS, Part.STATE_WRITER)
