"""Which series exist when, and what they say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from monitor.core.state import State
from monitor.knowledge import load_calendar
from monitor.metrics import Metrics
from monitor.model import (
    AuthorityState,
    Cause,
    Confirmed,
    Diagnosis,
    EventName,
    Flag,
    Incident,
    Phase,
    Reading,
    Receiver,
    Scope,
    Severity,
)
from tests.metrics.conftest import AT, make_plan, make_result, make_state, make_target
from tests.metrics.readout import SHANDONG, make_certificate, names, seen, value


def test_counters_histogram_interval_and_timeout_exist_from_the_start_and_gauges_of_a_run_do_not(plan):
    metrics = Metrics(plan)
    assert value(metrics, "fapiao_probe_runs_total", SHANDONG) == 0
    assert value(metrics, "fapiao_probe_failures_total", SHANDONG, outcome="error") == 0
    assert value(metrics, "fapiao_probe_failures_total", SHANDONG, outcome="timeout") == 0
    assert value(metrics, "fapiao_probe_duration_seconds_bucket", SHANDONG, le="+Inf") == 0
    assert value(metrics, "fapiao_probe_interval_seconds", SHANDONG) == 300
    assert value(metrics, "fapiao_probe_timeout_seconds", SHANDONG) == 5
    assert value(metrics, "fapiao_probe_runs_total", probe="internet", authority="local", service="") == 0
    described = {"fapiao_probe_success", "fapiao_probe_outcome", "fapiao_probe_confirmed_down"}
    assert not described & names(metrics)


def test_one_run_shows_its_outcome_as_a_complete_set(plan):
    metrics = Metrics(plan)
    seen(metrics, make_result(Cause.TLS_EXPIRED), Confirmed.DOWN)
    found = {
        outcome: value(metrics, "fapiao_probe_outcome", SHANDONG, outcome=outcome)
        for outcome in ("ok", "error", "timeout")
    }
    assert found == {"ok": 0, "error": 1, "timeout": 0}
    assert value(metrics, "fapiao_probe_success", SHANDONG) == 0
    assert value(metrics, "fapiao_probe_confirmed_down", SHANDONG) == 1
    assert (
        value(metrics, "fapiao_probe_failure_causes_total", SHANDONG, outcome="error", cause="tls_expired")
        == 1
    )
    assert value(metrics, "fapiao_probe_last_run_timestamp_seconds", SHANDONG) == AT.timestamp()
    assert value(metrics, "fapiao_probe_last_success_timestamp_seconds", SHANDONG) is None


def test_what_the_last_run_did_not_see_disappears_but_the_expiry_stays(plan):
    metrics = Metrics(plan)
    phases = {Phase.CONNECT: 0.1, Phase.TLS: 0.2, Phase.PROCESSING: 0.3}
    seen(metrics, make_result(phases=phases, status_code=200, certificate=make_certificate()))
    assert value(metrics, "fapiao_probe_phase_seconds", SHANDONG, phase="tls") == 0.2
    assert value(metrics, "fapiao_tls_verified", SHANDONG) == 1
    seen(metrics, make_result(Cause.CONNECTION_REFUSED, phases={Phase.CONNECT: 0.1}))
    assert value(metrics, "fapiao_probe_phase_seconds", SHANDONG, phase="connect") == 0.1
    assert value(metrics, "fapiao_probe_phase_seconds", SHANDONG, phase="tls") is None
    assert value(metrics, "fapiao_probe_http_status_code", SHANDONG) is None
    assert value(metrics, "fapiao_tls_verified", SHANDONG) is None
    expiry = (AT + timedelta(days=30)).timestamp()
    assert value(metrics, "fapiao_tls_certificate_expiry_timestamp_seconds", SHANDONG) == expiry
    assert value(metrics, "fapiao_probe_last_success_timestamp_seconds", SHANDONG) == AT.timestamp()


def test_a_certificate_nobody_asked_to_verify_is_neither_verified_nor_not(plan):
    metrics = Metrics(plan)
    seen(metrics, make_result(certificate=make_certificate(verified=None)))
    assert value(metrics, "fapiao_tls_verified", SHANDONG) is None


@pytest.mark.parametrize(
    ("seconds", "first"), [(0.0, "0.025"), (0.025, "0.025"), (0.0251, "0.05"), (30.0, "30.0"), (31.0, "+Inf")]
)
def test_a_duration_falls_into_the_first_bucket_that_holds_it(plan, seconds, first):
    metrics = Metrics(plan)
    seen(metrics, make_result(duration=seconds))
    bounds = ["0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.0", "3.0", "5.0", "10.0", "30.0", "+Inf"]
    counts = [value(metrics, "fapiao_probe_duration_seconds_bucket", SHANDONG, le=bound) for bound in bounds]
    place = bounds.index(first)
    assert counts == [0] * place + [1] * (len(bounds) - place)
    assert value(metrics, "fapiao_probe_duration_seconds_sum", SHANDONG) == seconds
    assert value(metrics, "fapiao_probe_duration_seconds_count", SHANDONG) == 1


def test_flags_are_counted_as_they_are_seen(plan):
    metrics = Metrics(plan)
    for flags in ({Flag.SLOW, Flag.TLS_UNVERIFIED}, {Flag.SLOW}):
        seen(metrics, make_result(flags=frozenset(flags)))
    assert value(metrics, "fapiao_probe_flags_total", SHANDONG, flag="slow") == 2
    assert value(metrics, "fapiao_probe_flags_total", SHANDONG, flag="tls_unverified") == 1
    assert value(metrics, "fapiao_probe_flags_total", SHANDONG, flag="opaque") is None


def test_a_restored_result_is_shown_but_not_counted(plan):
    metrics = Metrics(plan)
    kept = make_state(make_result(restored=True))
    metrics.restore(State(targets={kept.id: kept}))
    assert value(metrics, "fapiao_probe_success", SHANDONG) == 1
    assert value(metrics, "fapiao_probe_runs_total", SHANDONG) == 0


def test_authority_states_are_complete_sets_and_unknown_before_the_first_run(plan):
    metrics = Metrics(plan)
    states = {
        state: value(metrics, "fapiao_authority_state", authority="beijing", state=state)
        for state in AuthorityState
    }
    assert states == {state: float(state == "unknown") for state in AuthorityState}
    diagnoses = [
        value(metrics, "fapiao_authority_diagnosis", authority="beijing", diagnosis=one) for one in Diagnosis
    ]
    assert sum(one or 0 for one in diagnoses) == 1
    assert None not in diagnoses
    info = {"authority": "shandong", "code": "3700", "name": "山东", "name_en": "Shandong"}
    assert value(metrics, "fapiao_authority_info", info) == 1


def test_published_beliefs_name_who_is_down_and_which_incidents_are_open(plan):
    metrics = Metrics(plan)
    result = make_result(Cause.CONNECT_TIMEOUT, phase=Phase.CONNECT)
    failing = make_state(result, Confirmed.DOWN, failures=3, seen_up=True, first_failure_at=AT, since=AT)
    failing = replace(failing, cause=result.cause, phase=result.phase)
    incident = Incident(
        id="1",
        scope=Scope.AUTHORITY,
        authority="shandong",
        service="verify",
        severity=Severity.CRITICAL,
        cause=result.cause,
        phase=result.phase,
        diagnosis=Diagnosis.PROVINCIAL_OUTAGE,
        facts=(),
        first_failure_at=AT,
        opened_at=AT,
    )
    state = State(targets={failing.id: failing}, incidents={"1": incident})
    metrics.publish(plan, state, AT)
    assert value(metrics, "fapiao_authority_state", authority="shandong", state="down") == 1
    assert value(metrics, "fapiao_incidents_open", scope="authority", severity="critical") == 1
    assert value(metrics, "fapiao_incident_active", authority="shandong", service="verify") == 1
    assert value(metrics, "fapiao_incident_active", authority="beijing", service="verify") == 0
    state.incidents["1"] = replace(incident, resolved_at=AT)
    metrics.publish(plan, state, AT)
    assert value(metrics, "fapiao_incidents_open", scope="authority", severity="critical") == 0
    assert value(metrics, "fapiao_incident_active", authority="shandong", service="verify") == 0


def test_notifications_count_per_receiver_and_the_oldest_goes_when_nothing_waits(plan):
    metrics = Metrics(plan)
    receiver = {"receiver": "oncall[0]"}
    opened = {**receiver, "event": "incident_opened"}
    assert value(metrics, "fapiao_notifications_total", opened, result="dropped") == 0
    metrics.count_notification("oncall[0]", EventName.INCIDENT_OPENED, "sent")
    metrics.observe_notification_delay("oncall[0]", 0.3)
    metrics.set_pending("oncall[0]", 2, AT)
    assert value(metrics, "fapiao_notifications_total", opened, result="sent") == 1
    assert value(metrics, "fapiao_notification_delay_seconds_bucket", receiver, le="0.5") == 1
    assert value(metrics, "fapiao_notifications_pending", receiver) == 2
    assert value(metrics, "fapiao_notification_oldest_pending_timestamp_seconds", receiver) == AT.timestamp()
    metrics.set_pending("oncall[0]", 0, None)
    metrics.set_pending("oncall[0]", 0, None)
    assert value(metrics, "fapiao_notification_oldest_pending_timestamp_seconds", receiver) is None


def test_the_daemon_tells_about_itself(plan):
    metrics = Metrics(plan)
    metrics.count_skipped("late")
    metrics.count_coalesced()
    metrics.set_store_up("state", False)
    metrics.set_loop_lag(0.004)
    metrics.set_reload(True, AT)
    metrics.set_reload(False, AT + timedelta(hours=1))
    assert value(metrics, "fapiao_runs_skipped_total", reason="late") == 1
    assert value(metrics, "fapiao_runs_skipped_total", reason="banned") == 0
    assert value(metrics, "fapiao_results_coalesced_total") == 1
    assert value(metrics, "fapiao_store_up", store="state") == 0
    assert value(metrics, "fapiao_loop_lag_seconds") == 0.004
    assert value(metrics, "fapiao_config_last_reload_successful") == 0
    assert value(metrics, "fapiao_config_last_reload_success_timestamp_seconds") == AT.timestamp()


def test_a_new_plan_keeps_what_is_unchanged_and_drops_what_is_gone(plan):
    metrics = Metrics(plan)
    seen(metrics, make_result())
    seen(metrics, make_result(target="captcha/beijing"))
    metrics.count_notification("oncall[0]", EventName.TEST, "sent")
    elsewhere = Receiver(id="bus[0]", name="bus", kind="webhook", url="http://127.0.0.1:1/")
    new = make_plan(make_target(interval=60.0), receivers=(elsewhere,))
    metrics.replan(replace(new, authorities={"shandong": plan.authorities["shandong"]}))
    assert value(metrics, "fapiao_probe_runs_total", SHANDONG) == 1
    assert value(metrics, "fapiao_probe_interval_seconds", SHANDONG) == 60
    text = metrics.render()[0].decode()
    assert "beijing" not in text
    assert "oncall[0]" not in text
    assert 'receiver="bus[0]"' in text


def test_what_comes_late_for_something_gone_does_not_bring_it_back(plan):
    metrics = Metrics(plan)
    seen(metrics, make_result(target="captcha/atlantis"))
    metrics.count_notification("gone[0]", EventName.TEST, "sent")
    metrics.set_pending("gone[0]", 1, AT)
    metrics.observe_notification_delay("gone[0]", 1.0)
    text = metrics.render()[0].decode()
    assert "atlantis" not in text
    assert "gone[0]" not in text


def test_the_lag_of_a_sync_interface_is_that_of_the_last_run():
    metrics = Metrics(make_plan(make_target("erp-sync", "beijing", "sync", id="erp-sync", kind="sync")))
    labels = {"probe": "erp-sync", "authority": "beijing", "service": "sync"}
    assert value(metrics, "fapiao_sync_lag_seconds", labels) is None
    seen(metrics, make_result(Cause.SYNC_LAG, "erp-sync", lag=93600.5))
    assert value(metrics, "fapiao_sync_lag_seconds", labels) == 93600.5
    seen(metrics, make_result(Cause.CREDENTIAL, "erp-sync"))
    assert value(metrics, "fapiao_sync_lag_seconds", labels) is None


def test_the_filing_period_of_each_authority_and_whether_the_days_off_are_known():
    own = {("beijing", 2026, 12): date(2026, 12, 17)}
    known = load_calendar()
    plan = make_plan(calendar=replace(known, deadlines={**known.deadlines, **own}))
    metrics = Metrics(plan)
    for text, shandong, beijing, stale in (
        ("2026-10-26T15:59:59Z", 1, 1, 0),
        ("2026-10-26T16:00:00Z", 0, 0, 0),
        ("2026-12-17T15:59:59Z", 0, 1, 1),
    ):
        metrics.publish(plan, State(), datetime.fromisoformat(text))
        page = metrics.render()[0].decode()
        assert f'fapiao_filing_period{{authority="shandong"}} {shandong}\n' in page
        assert f'fapiao_filing_period{{authority="beijing"}} {beijing}\n' in page
        assert f"fapiao_calendar_stale {stale}\n" in page


def test_readings_are_shown_with_what_they_are_of_and_disappear_with_the_run():
    metrics = Metrics(make_plan())
    odd = '/mnt/a "b"\\c'
    seen(
        metrics,
        make_result(
            readings=(
                Reading(name="disk_free", of=odd, value=0.25),
                Reading(name="disk_free", of=odd, value=0.5),
                Reading(name="newest", text="dump.gz"),
                Reading(name="missing", value=3.0),
                Reading(name="extra", value=0.0),
            )
        ),
    )
    [line] = [
        one for one in metrics.render()[0].decode().splitlines() if one.startswith("fapiao_probe_reading{")
    ][:1]
    assert line.endswith(r',name="disk_free",of="/mnt/a \"b\"\\c"} 0.25')
    assert value(metrics, "fapiao_sync_difference", SHANDONG, side="missing") == 3
    assert value(metrics, "fapiao_sync_difference", SHANDONG, side="extra") == 0
    seen(metrics, make_result())
    assert not {"fapiao_probe_reading", "fapiao_sync_difference"} & names(metrics)
