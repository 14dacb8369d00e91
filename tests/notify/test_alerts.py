"""Which alerts an Alertmanager should know of, and how they read: plain values, no server."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor.core.state import Drill, Flap, State
from monitor.model import Cause, Diagnosis, EventName, Incident, Scope, Severity
from monitor.notify.alerts import (
    Alert,
    Scene,
    concerned,
    of_flap,
    of_flaps_end,
    of_incident,
    of_test,
    standing,
)
from monitor.notify.payload import payload
from tests.notify.examples import AT, a_notification, a_plan, an_incident

LATER = AT + timedelta(minutes=5)


def told(authority: str = "shandong", **other: Any) -> Incident:
    """An outage that `am[0]` was told of as critical."""
    facts: dict[str, Any] = {"told": frozenset({"am[0]"}), "told_severity": Severity.CRITICAL}
    return an_incident(authority, **(facts | other))


def scene(*incidents: Incident, now: datetime = LATER) -> Scene:
    """These incidents, five minutes later."""
    return Scene(plan=a_plan(), state=State(incidents={one.id: one for one in incidents}), now=now)


def alerts(*incidents: Incident, now: datetime = LATER) -> list[Alert]:
    """All that `am[0]` should know of now."""
    here = scene(*incidents, now=now)
    return [alert for one in standing("am[0]", here) for alert in of_incident("am[0]", one, here)]


def fires(alert: Alert, now: datetime = LATER) -> bool:
    """Whether Alertmanager takes it for firing at `now`."""
    return datetime.fromisoformat(alert["endsAt"]) > now


def test_what_fires_ends_four_minutes_ahead_and_began_with_the_outage():
    (alert,) = alerts(told())

    assert alert["startsAt"] == "2026-11-21T08:00:05Z"
    assert alert["endsAt"] == "2026-11-21T08:09:20Z"
    assert alert["annotations"] == {
        "summary": "【故障】山东 发票查验不可用：连上后无应答",
        "description": alert["annotations"]["description"],
        "cause": "response_timeout",
        "diagnosis": "provincial_outage",
        "verdict": "no_reference",
        "link": "https://monitor.example.cn/incidents/shandong-verify-20261121T080005Z",
    }
    assert "已持续 5 分 15 秒" in alert["annotations"]["description"]


@pytest.mark.parametrize(
    "other",
    [
        {"cause": Cause.HTTP_STATUS},
        {"diagnosis": Diagnosis.PATH_FROM_HERE},
        {"facts": ("status=503",)},
        {"acknowledged_at": AT},
        {"severity": Severity.WARNING},
        {"parent": "nationwide-1"},
        {"muted_by": "s1"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_what_changes_about_an_incident_does_not_make_another_alert(other):
    (before,), (after,) = alerts(told()), alerts(told(**other))

    assert after["labels"] == before["labels"]
    assert fires(after)


def test_nobody_is_told_again_what_he_was_not_told():
    assert alerts(told(told=frozenset({"bus[0]"}))) == []


def test_what_ended_lately_is_sent_as_ended_and_then_no_more():
    ended = told(resolved_at=AT + timedelta(minutes=1))

    (alert,) = alerts(ended)
    assert alert["endsAt"] == "2026-11-21T08:01:20Z"
    assert alert["annotations"]["summary"].startswith("【恢复】")
    assert alerts(ended, now=AT + timedelta(minutes=17)) == []


def test_a_told_change_of_severity_ends_the_alert_with_the_former_one():
    changed = told(
        severity=Severity.CRITICAL,
        timeline=((AT, "opened"), (AT + timedelta(minutes=1), "severity=critical")),
    )

    found = {alert["labels"]["severity"]: fires(alert) for alert in alerts(changed)}
    assert found == {"critical": True, "warning": False, "info": False}


def test_what_is_down_again_and_nobody_knows_yet_stays_ended():
    again = told(
        told=frozenset(), heard=frozenset({"am[0]"}), timeline=((AT, "resolved"), (LATER, "reopened"))
    )

    (alert,) = alerts(again)
    assert not fires(alert)
    assert alert["endsAt"] == "2026-11-21T08:00:20Z"


def test_members_of_a_nationwide_outage_are_named_in_it_and_do_not_fire():
    whole = told(
        "national", id="nationwide-1", scope=Scope.NATIONAL, service="", diagnosis=Diagnosis.NATIONAL_OUTAGE
    )
    members = [an_incident(slug, parent=whole.id, told=frozenset()) for slug in ("hubei", "hunan")]
    here = scene(whole, *members)
    word = payload(a_notification(whole, *members, scope=Scope.NATIONAL), here.plan)

    found = [alert for one in concerned(word, here) for alert in of_incident("am[0]", one, here)]
    assert [alert["labels"]["alertname"] for alert in found] == ["FapiaoNationalOutage"]
    assert "service" not in found[0]["labels"], "an empty label is none"
    assert "湖北" in found[0]["annotations"]["description"]


def test_a_store_of_the_monitor_is_an_alert_too():
    (alert,) = alerts(told("local", scope=Scope.DAEMON, service="history", facts=("disk full",)))

    assert (alert["labels"]["alertname"], alert["labels"]["service"]) == ("FapiaoMonitorDegraded", "history")


def test_a_clock_set_back_makes_no_alert_that_ends_before_it_starts():
    before = AT - timedelta(hours=1)
    for incident in (told(), told(resolved_at=AT)):
        for alert in alerts(incident, now=before):
            assert alert["startsAt"] <= alert["endsAt"]


def test_a_test_fires_for_minutes():
    (test,) = of_test(payload(a_notification(event=EventName.TEST), a_plan()), None)
    assert (test["labels"]["alertname"], test["endsAt"]) == ("FapiaoTest", "2026-11-21T08:04:20Z")


def test_an_outage_is_no_test_alert_and_a_forgotten_one_is_none():
    word = payload(a_notification(told()), a_plan())

    assert of_test(word, LATER) == []
    assert concerned(word, scene()) == []


def flapping(**other: Any) -> Flap:
    """The coming and going of Shandong's verification, told to `am[0]`."""
    facts: dict[str, Any] = {
        "id": "shandong-verify-flapping-20261121T080000Z",
        "authority": "shandong",
        "service": "verify",
        "targets": ("captcha/shandong",),
        "began_at": AT,
        "fact": "flapping=9/20",
        "cause": Cause.RESPONSE_TIMEOUT,
        "told": frozenset({"am[0]"}),
    }
    return Flap(**(facts | other))


def test_an_outage_that_is_over_fires_on_while_its_service_comes_and_goes():
    over = told(resolved_at=AT + timedelta(minutes=1))
    here = scene(over)
    here.state.flaps["shandong/verify"] = flapping(owed=over.id)
    [still] = concerned({"incidents": [{"id": over.id}]}, here)
    (alert,) = of_incident("am[0]", still, here)
    assert fires(alert)
    assert standing("am[0]", here) == [still]
    del here.state.flaps["shandong/verify"]
    assert not any(fires(one) for one in alerts(over))


def test_an_outage_whose_end_must_stand_first_fires_on_until_that_is_told():
    over = told(resolved_at=AT + timedelta(minutes=1), end_from=AT + timedelta(minutes=6))
    assert standing("am[0]", scene(over)) == [replace(over, resolved_at=None)]
    assert any(fires(one) for one in alerts(replace(over, resolved_at=None)))
    assert not any(fires(one) for one in alerts(replace(over, end_from=None)))


def test_a_service_that_comes_and_goes_has_an_alert_that_ends_when_it_is_steady():
    here = scene()
    begun = of_flap(flapping(), here)
    assert fires(begun)
    assert begun["labels"] == {
        "alertname": "FapiaoServiceFlapping", "scope": "authority", "authority": "shandong", "service": "verify",
        "severity": "warning", "vantage": here.plan.vantage, "incident": "shandong-verify-flapping-20261121T080000Z",
    }  # fmt: skip
    stopped = a_notification(
        event=EventName.FLAPPING_STOPPED,
        severity=Severity.WARNING,
        key="shandong-verify-flapping-20261121T080000Z/2/flapping_stopped",
        incidents=(told(),),
    )
    (ended,) = of_flaps_end(payload(stopped, a_plan()))
    assert ended["labels"] == begun["labels"]
    assert not fires(ended)


def test_a_drill_fires_with_a_label_of_its_own_and_ends():
    began = told(id="drill-shandong-verify-1", drill=True)
    here = scene()
    drill = Drill(id="d", authorities=("shandong",), started_at=AT, until=LATER, incidents=(began,))
    here.state.drills["d"] = drill
    [standing_one] = standing("am[0]", here)
    [fired] = of_incident("am[0]", standing_one, here)
    assert fired["labels"]["drill"] == "true"
    assert fired["annotations"]["summary"].startswith("【演练】")
    assert fires(fired)
    here.state.drills["d"] = replace(drill, incidents=(replace(began, resolved_at=LATER),), ended_at=LATER)
    [over] = concerned({"incidents": [{"id": began.id}]}, here)
    [ended] = of_incident("am[0]", over, here)
    assert ended["labels"] == fired["labels"]
    assert not fires(ended)


def test_what_is_real_has_no_label_of_drills():
    assert "drill" not in alerts(told())[0]["labels"]
