"""What /metrics says of the services of an authority."""

from __future__ import annotations

import pytest

from monitor.core.state import State
from monitor.metrics import Metrics
from monitor.model import Cause, Confirmed, ServiceState
from tests.metrics.conftest import AT, make_plan, make_result, make_state, make_target
from tests.metrics.readout import value


def service(metrics: Metrics, authority: str) -> str:
    """The state of its verification; the set must be complete."""
    found = {
        state: value(metrics, "fapiao_service_state", authority=authority, service="verify", state=state)
        for state in ServiceState
    }
    assert sorted(number or 0 for number in found.values()) == [0, 0, 0, 1]
    assert None not in found.values()
    return next(state for state, number in found.items() if number)


@pytest.mark.parametrize(
    ("cause", "believed"),
    [
        (Cause.HTTP_STATUS, "down"),
        (Cause.CREDENTIAL, "unknown"),
        (Cause.FORMAT_DRIFT, "degraded"),
    ],
)
def test_a_service_whose_target_is_confirmed_down_is_down_only_if_the_cause_is_theirs(plan, cause, believed):
    metrics = Metrics(plan)
    assert service(metrics, "shandong") == "unknown"
    failing = make_state(make_result(cause), Confirmed.DOWN, cause=cause, seen_up=True, first_failure_at=AT)
    metrics.publish(plan, State(targets={failing.id: failing}), AT)
    assert service(metrics, "shandong") == believed
    assert service(metrics, "beijing") == "unknown"


def test_nothing_is_believed_of_a_service_while_our_own_network_fails(plan):
    metrics = Metrics(plan)
    states = [
        make_state(result, Confirmed.DOWN, cause=result.cause, failures=3, seen_up=True, first_failure_at=AT)
        for result in (make_result(Cause.HTTP_STATUS), make_result(Cause.CONNECT_TIMEOUT, "internet"))
    ]
    metrics.publish(plan, State(targets={one.id: one for one in states}), AT)
    assert value(metrics, "fapiao_authority_state", authority="local", state="down") == 1
    assert service(metrics, "shandong") == "unknown"


def test_the_main_service_of_an_authority_can_be_told_from_the_others():
    plan = make_plan(make_target(), make_target("erp", service="erp"))
    found = {
        name: value(Metrics(plan), "fapiao_service_main", authority="shandong", service=name)
        for name in ("verify", "erp")
    }
    assert found == {"verify": 1, "erp": 0}
