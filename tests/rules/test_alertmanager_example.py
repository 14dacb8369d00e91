"""The example of an Alertmanager is sound, and passes on our alerts as its comments say."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from monitor.notify.alerts import EVENT_NAMES, NAMES
from tests.rules.test_rules import ALERTS

EXAMPLE = Path(__file__).parents[2] / "dashboards" / "alertmanager.yaml"


def amtool(*arguments: str) -> str:
    """What amtool says; it must succeed."""
    done = subprocess.run(["amtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.peer("amtool")
def test_amtool_takes_it():
    assert "SUCCESS" in amtool("check-config", str(EXAMPLE))


@pytest.mark.peer("amtool")
@pytest.mark.parametrize(
    ("severity", "receivers"), [("critical", "oncall,group"), ("warning", "group"), ("info", "group")]
)
def test_who_is_told_by_severity(severity, receivers):
    labels = ("alertname=FapiaoServiceFailing", "authority=shandong", f"severity={severity}")
    said = amtool("config", "routes", "test", f"--config.file={EXAMPLE}", *labels)
    assert said.strip() == receivers


def test_every_alert_it_names_exists():
    known = {*NAMES.values(), *EVENT_NAMES.values(), *(alert.name for alert in ALERTS)}
    content = yaml.safe_load(EXAMPLE.read_text())
    for rule in content["inhibit_rules"]:
        named = re.findall(r"Fapiao\w+", " ".join(rule["source_matchers"] + rule["target_matchers"]))
        assert named
        assert set(named) <= known


OF_RULES = {
    "alertname": "FapiaoErrorBudgetBurn",
    "authority": "shandong",
    "service": "verify",
    "instance": "m",
}
OURS = {"scope": "authority", "authority": "shandong", "service": "verify", "vantage": "here"}
SHANDONG = {"alertname": "FapiaoServiceFailing", **OURS}
NATIONAL = {
    "alertname": "FapiaoNationalOutage",
    "scope": "national",
    "authority": "national",
    "vantage": "here",
}


@pytest.mark.parametrize(
    ("loud", "quiet", "kept"),
    [
        (SHANDONG, OF_RULES, True),
        (SHANDONG, OF_RULES | {"service": "dppt"}, False),
        (SHANDONG, OF_RULES | {"authority": "hubei"}, False),
        (NATIONAL, OF_RULES, True),
        (NATIONAL, {"alertname": "FapiaoAuthorityDown", "authority": "shandong", "instance": "m"}, True),
        (NATIONAL, {"alertname": "FapiaoNationalOutage", "instance": "m"}, True),
        (NATIONAL, NATIONAL, False),
    ],
)
def test_what_the_monitor_says_itself_keeps_its_second_path_quiet(loud, quiet, kept):
    rules = yaml.safe_load(EXAMPLE.read_text())["inhibit_rules"]
    assert any(inhibits(rule, loud, quiet) for rule in rules) == kept


def inhibits(rule, loud, quiet):
    """Whether a rule of Alertmanager mutes `quiet` while `loud` fires."""
    return (
        all(matches(one, loud) for one in rule["source_matchers"])
        and all(matches(one, quiet) for one in rule["target_matchers"])
        and all(loud.get(name, "") == quiet.get(name, "") for name in rule.get("equal", ()))
    )


def matches(matcher, labels):
    """Whether `name="value"` or `name=~"pattern"` holds for these labels."""
    parts = re.fullmatch(r'(\w+)(=~?)"(.*)"', matcher)
    assert parts is not None
    name, operator, value = parts.groups()
    found = labels.get(name, "")
    return re.fullmatch(value, found) is not None if operator == "=~" else found == value
