"""References, publishing, maintenance and routes: from the file to the plan."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.config.load import ConfigError
from monitor.config.times import in_zone, moment
from monitor.model import (
    MaintenanceRule,
    Outcome,
    ReferenceMap,
    ReferenceSource,
    Route,
    Severity,
    When,
)
from tests.config.conftest import HEAD, ONE, ReadText

WHOLE = """\
timezone: Asia/Shanghai
storage: {keep: {results: 2d, hourly: 30d, incidents: forever}}
judgement: {reopen: 0s, overrun_grace: 1m, severity: {certificate: info, daemon: warning, maintenance: warning}}
reference:
  - {name: hq, url: "https://hq.example/api/v1/reference", token: {env: HQ_TOKEN}}
  - {name: board, file: status.json, interval: 5m, stale_after: 30m,
     map: {rows: "$.list[*]", authority: "$['name cn']", outcome: $.state, at: $.time, values: {正常: ok, 0: error}}}
publish: {file: /srv/reference.json}
maintenance:
  - {name: upgrade, authorities: [shandong], services: [verify], start: 2026-12-01 18:00, end: 2026-12-02 08:00:30}
  - {name: nightly, authorities: all, schedule: "0 23 * * *", duration: 2h, announce: false}
alerts:
  repeat: 0s
  notify_before: 12h
  receivers: {oncall: {webhook: "http://127.0.0.1:9/"}, bus: {webhook: "http://127.0.0.1:9/"}}
  routes:
    - {when: {severity: critical, hours: 22:00-06:00, weekdays: [sat, sun]}, to: [oncall], continue: true}
    - {when: {event: [maintenance_started, maintenance_ended], scope: authority, authority: [shandong, national],
              service: verify, diagnosis: [maintenance], cause: [none, tls_expired]}, to: [bus]}
    - {to: [oncall]}
"""
"""All that this step added, once."""


def test_all_of_it_is_in_the_plan(read_text: ReadText, tmp_path: Path):
    plan = read_text(HEAD + ONE + WHOLE, {"HQ_TOKEN": "sesame"}).plan
    assert plan.references == (
        ReferenceSource(name="hq", url="https://hq.example/api/v1/reference", token="sesame"),
        ReferenceSource(
            name="board",
            file=str(tmp_path / "status.json"),
            interval=300,
            stale_after=1800,
            map=ReferenceMap(
                rows="$.list[*]",
                authority="$['name cn']",
                outcome="$.state",
                at="$.time",
                values={"正常": Outcome.OK, "0": Outcome.ERROR},
            ),
        ),
    )
    assert plan.publish_file == "/srv/reference.json"
    assert plan.maintenance == (
        MaintenanceRule(
            name="upgrade",
            authorities=("shandong",),
            services=("verify",),
            start=datetime(2026, 12, 1, 10, 0, tzinfo=UTC),
            end=datetime(2026, 12, 2, 0, 0, 30, tzinfo=UTC),
        ),
        MaintenanceRule(name="nightly", schedule="0 23 * * *", duration=7200, announce=False),
    )
    assert plan.routes == (
        Route(
            to=("oncall",),
            when=When(severity=("critical",), hours=("22:00", "06:00"), weekdays=(6, 7)),
            goes_on=True,
        ),
        Route(
            to=("bus",),
            when=When(
                event=("maintenance_started", "maintenance_ended"),
                scope=("authority",),
                authority=("shandong", "national"),
                service=("verify",),
                diagnosis=("maintenance",),
                cause=("none", "tls_expired"),
            ),
        ),
        Route(to=("oncall",)),
    )
    assert (plan.reopen, plan.overrun_grace, plan.repeat, plan.notify_before) == (0, 60, 0, 43200)
    assert (plan.keep_results, plan.keep_hourly) == (2 * 86400, 30 * 86400)
    judgement = plan.judgement
    assert judgement.severity_certificate is Severity.INFO
    assert judgement.severity_daemon is judgement.severity_maintenance is Severity.WARNING


def test_what_is_not_said_has_the_defaults_of_the_model(read_text: ReadText):
    plan = read_text(HEAD + ONE).plan
    assert (plan.references, plan.maintenance, plan.publish_file) == ((), (), None)
    assert (plan.reopen, plan.overrun_grace, plan.repeat, plan.notify_before) == (900, 300, 14400, 86400)
    assert (plan.keep_results, plan.keep_hourly) == (14 * 86400, 400 * 86400)


def test_sections_with_everything_commented_out_are_absent(read_text: ReadText):
    blank = "reference:\npublish:\nmaintenance:\nstorage: {keep: }\nalerts: {routes: }\n"
    assert read_text(HEAD + ONE + blank).plan.references == ()


def test_secrets_of_a_reference_are_known_as_such(read_text: ReadText):
    text = 'reference: [{name: a, url: "https://wang:geheim@hq/r?key=0123456789abcdef0123", token: sesameopen}]\n'
    loaded = read_text(HEAD + ONE + text)
    assert {"geheim", "0123456789abcdef0123", "sesameopen"} <= loaded.secrets
    assert "geheim" not in repr(loaded)
    assert "sesameopen" not in repr(loaded.plan)


def test_a_secret_in_an_unusable_address_is_not_shown(read_text: ReadText):
    with pytest.raises(ConfigError) as caught:
        read_text(HEAD + ONE + 'reference: [{name: a, url: "htp://wang:geheim@hq/"}]\n')
    assert "reference[0].url" in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_the_other_sections_are_checked_where_one_entry_is_broken(read_text: ReadText):
    text = 'maintenance: [{nam: a}, {name: b, authorities: [shandon], schedule: "0 0 * * *", duration: 1h}]\n'
    with pytest.raises(ConfigError) as caught:
        read_text(HEAD + ONE + text)
    assert {mistake.path for mistake in caught.value.mistakes} == {
        "maintenance[0].nam",
        "maintenance[0].name",
        "maintenance[1].authorities[0]",
    }


# --- moments ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        pytest.param("2026-12-01 18:00", "Asia/Shanghai", "2026-12-01T10:00:00+00:00", id="wall clock"),
        pytest.param("2026-12-01T18:00:30", "Asia/Shanghai", "2026-12-01T10:00:30+00:00", id="with seconds"),
        pytest.param("2026-12-01 18:00Z", "Asia/Shanghai", "2026-12-01T18:00:00+00:00", id="UTC"),
        pytest.param("2026-12-01 18:00 +09:00", "Asia/Shanghai", "2026-12-01T09:00:00+00:00", id="offset"),
        pytest.param("2026-03-29 03:00", "Europe/Berlin", "2026-03-29T01:00:00+00:00", id="after the gap"),
        pytest.param("2026-10-25T02:30+02:00", "Europe/Berlin", "2026-10-25T00:30:00+00:00", id="the first"),
        pytest.param("2026-10-25T02:30+01:00", "Europe/Berlin", "2026-10-25T01:30:00+00:00", id="the second"),
        pytest.param(
            "1991-04-14 03:30", "Asia/Shanghai", "1991-04-13T18:30:00+00:00", id="summer in Shanghai"
        ),
    ],
)
def test_a_moment_is_read_by_the_wall_clock_of_its_zone(text: str, zone: str, instant: str):
    assert in_zone(moment(text), zone).isoformat() == instant


# --- said, not refused -----------------------------------------------------------------------------------------------


def notes(read_text: ReadText, text: str) -> str:
    return "\n".join(read_text(HEAD + ONE + text).notes)


def routes(*written: str) -> str:
    """An `alerts` section with the receivers a and b and these routes."""
    receivers = "receivers: {a: {webhook: 'http://h/'}, b: {webhook: 'http://h/'}}"
    return f"alerts: {{{receivers}, routes: [{', '.join(written)}]}}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            routes("{to: [a]}", "{to: [b]}"), "routes[1]: never matches: routes[0] takes", id="behind all"
        ),
        pytest.param(
            routes("{to: [a]}", "{to: [b]}"), "receiver b: only routes that never match", id="its receiver"
        ),
        pytest.param(
            routes(
                "{when: {severity: [critical, warning]}, to: [a]}", "{when: {severity: warning}, to: [b]}"
            ),
            "routes[1]: never matches: routes[0] takes",
            id="behind a wider one",
        ),
        pytest.param(
            routes("{to: [a, b], escalate: [{after: 30m, to: [b]}]}"),
            "routes[0].escalate[0]: tells nobody new, b heard of it before",
            id="escalation to the same",
        ),
        pytest.param(
            routes("{to: [a], escalate: [{after: 30m, to: [b]}, {after: 1h, to: [a, b]}]}"),
            "routes[0].escalate[1]: tells nobody new",
            id="escalation to those of the step before",
        ),
        pytest.param(
            routes("{when: {drill: true}, to: [a], escalate: [{after: 30m, to: [b]}]}", "{to: [a, b]}"),
            "routes[0].escalate: the route is for drills",
            id="escalation of drills",
        ),
        pytest.param(
            routes("{when: {service: fpdk}, to: [a, b]}"), "no probe watches fpdk", id="a service of nobody"
        ),
        pytest.param(
            routes("{when: {severity: info}, to: [a, b]}")
            + "judgement: {severity: {maintenance: warning}}\n",
            "nothing has the severity info",
            id="a severity of nothing",
        ),
        pytest.param(routes("{when: {cause: blocked}, to: [a, b]}"), "told to nobody", id="no last route"),
        pytest.param(
            "maintenance: [{name: w, authorities: all, schedule: '* * * * *', duration: 2h}]\n",
            "maintenance w: a window starts before the one before it is over",
            id="windows without end",
        ),
        pytest.param(
            "publish: {file: /nowhere/at/all}\n", "no directory /nowhere/at", id="nowhere to publish"
        ),
        pytest.param(
            "defaults: {timeout: 10s, while_down: 5s}\n",
            "one: while down looked at every 10s (its timeout), not every 5s",
            id="while_down below the timeout",
        ),
    ],
)
def test_what_an_operator_should_know_is_said(read_text: ReadText, text: str, said: str):
    assert said in notes(read_text, text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(routes("{to: [a], continue: true}", "{to: [b]}"), id="continue"),
        pytest.param(
            routes(
                "{when: {hours: 08:00-22:00}, to: [a]}", "{when: {hours: 07:00-09:00}, to: [b]}", "{to: [a]}"
            ),
            id="hours that differ",
        ),
        pytest.param(
            routes(
                "{when: {severity: critical, cause: blocked}, to: [a]}",
                "{when: {severity: critical}, to: [b]}",
                "{to: [b]}",
            ),
            id="a narrower one first",
        ),
        pytest.param(
            "maintenance: [{name: w, authorities: all, schedule: '0 8,20 * * *', duration: 12h}]\nalerts: {}\n",
            id="windows that touch",
        ),
    ],
)
def test_and_nothing_is_said_of_what_is_fine(read_text: ReadText, text: str):
    said = notes(read_text, text)
    assert "never" not in said
    assert "nothing" not in said
    assert "before" not in said


def test_while_down_is_never_shorter_than_the_timeout(read_text: ReadText):
    target = read_text(HEAD + ONE + "defaults: {timeout: 10s, while_down: 5s}\n").plan.targets["one"]
    assert (target.timeout, target.while_down) == (10, 10)


def test_a_mistake_in_defaults_is_told_once(read_text: ReadText):
    probes = "".join(ONE.replace("one", name) for name in ("a", "b", "c"))
    with pytest.raises(ConfigError) as caught:
        read_text(f"{HEAD}{probes}defaults: {{interval: 1m, timeout: 2m}}\n")
    assert [mistake.path for mistake in caught.value.mistakes] == ["defaults.timeout"]


def test_a_mistake_behind_an_anchor_is_told_once(read_text: ReadText):
    text = """\
probes:
  - {name: a, kind: tcp, authority: beijing, host: h, port: 80, <<: &slow {interval: 1m, timeout: 2m}}
  - {name: b, kind: tcp, authority: beijing, host: g, port: 80, <<: *slow}
"""
    with pytest.raises(ConfigError) as caught:
        read_text(text)
    assert [mistake.path for mistake in caught.value.mistakes] == ["probes[0].timeout"]
