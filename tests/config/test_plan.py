"""What of the plan is not a target: receivers, routes, rules, where things are kept."""

from __future__ import annotations

import logging
import socket

import pytest

from monitor.config.load import ConfigError, without_file
from monitor.knowledge import load_registry
from monitor.model import Route, Severity
from tests.config.conftest import HEAD, ONE, ReadText

ALERTS = """\
alerts:
  group_wait: 500ms
  receivers:
    oncall: {apprise: ["json://127.0.0.1:9/a", "json://127.0.0.1:9/b"]}
    bus: {webhook: "http://127.0.0.1:9/hook", token: abc}
    am: {alertmanager: ["http://127.0.0.1:9093", "https://user:pw@127.0.0.1:9094/am/"]}
"""


def test_the_unit_of_delivery_is_one_address(read_text: ReadText):
    plan = read_text(HEAD + ONE + ALERTS).plan
    assert [(receiver.id, receiver.name, receiver.kind) for receiver in plan.receivers] == [
        ("oncall[0]", "oncall", "apprise"),
        ("oncall[1]", "oncall", "apprise"),
        ("bus[0]", "bus", "webhook"),
        ("am[0]", "am", "alertmanager"),
        ("am[1]", "am", "alertmanager"),
    ]
    assert plan.receivers[2].token == "abc"
    assert plan.group_wait == 0.5


def test_without_routes_all_receivers_are_told(read_text: ReadText):
    assert read_text(HEAD + ONE + ALERTS).plan.routes == (Route(to=("oncall", "bus", "am")),)


def test_a_receiver_that_no_route_names_is_said(read_text: ReadText):
    loaded = read_text(f"{HEAD}{ONE}{ALERTS}  routes: [{{to: [bus]}}]\n")
    assert loaded.plan.routes == (Route(to=("bus",)),)
    assert any("receiver oncall: no route names it" in note for note in loaded.notes)


def test_no_receivers_is_said(read_text: ReadText):
    assert any("no receivers" in note for note in read_text(HEAD + ONE).notes)


def test_an_unusable_address_is_logged_nowhere(read_text: ReadText, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG), pytest.raises(ConfigError, match=r"oncall\.apprise\[0\]"):
        read_text(f"{HEAD}{ONE}{ALERTS}".replace("json://127.0.0.1:9/a", "dingtalk://"))
    assert "dingtalk" not in caplog.text


def test_the_defaults(read_text: ReadText):
    plan = read_text(HEAD + ONE).plan
    assert plan.vantage == socket.gethostname()
    assert (plan.language, plan.timezone, plan.listen) == ("zh", "Asia/Shanghai", ("127.0.0.1", 8036))
    assert (plan.per_host, plan.per_host_window, plan.concurrency, plan.group_wait) == (12, 60, 64, 10)
    assert plan.state_dir == "state"
    assert plan.judgement.severity_main is Severity.CRITICAL


def test_the_state_directory_of_systemd_is_used(read_text: ReadText):
    assert read_text(HEAD + ONE, {"STATE_DIRECTORY": "/var/lib/a:/var/lib/b"}).plan.state_dir == "/var/lib/a"
    text = f"{HEAD}{ONE}storage: {{dir: /elsewhere}}\n"
    assert read_text(text, {"STATE_DIRECTORY": "/var/lib/a"}).plan.state_dir == "/elsewhere"


def test_judgement_is_passed_on(read_text: ReadText):
    rules = "judgement: {main_service: dppt, local: {share: 0.5}, severity: {main: warning, ours: info}}\n"
    judgement = read_text(HEAD + ONE + rules).plan.judgement
    assert (judgement.main_service, judgement.local_share) == ("dppt", 0.5)
    assert (judgement.severity_main, judgement.severity_ours) == (Severity.WARNING, Severity.INFO)


def test_a_plan_without_a_file_holds_the_shipped_ladder():
    plan = without_file(load_registry())
    probes = {target.probe for target in plan.targets.values()}
    assert probes == {"reach", "captcha", "dppt", "national-page", "control-address", "control-name"}
    assert len(plan.authorities) == 36
    assert sum(target.is_control for target in plan.targets.values()) == 2
    assert plan.receivers == ()
