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
