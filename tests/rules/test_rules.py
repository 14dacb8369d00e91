"""The rules of dashboards/rules as pint would check them, and as promtool does."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml

from monitor.metrics.family import Family
from monitor.metrics.own_series import NOTIFICATION_RESULTS, RESEND_RESULTS, SKIP_REASONS, STORES
from monitor.metrics.series import FAMILIES
from monitor.model import PSEUDO_AUTHORITIES, AuthorityState, ServiceState, Verdict
from tests.rules.promql import SCRAPED, bare, compares, ranges, selectors, surviving

ROOT = Path(__file__).parents[2]
DASHBOARDS = ROOT / "dashboards"
RULES = DASHBOARDS / "rules"
FILES = ("recording", "slo", "authorities", "monitor")
CASES = ("slo", "slo_days", "authorities", "monitor")
BASE = "https://git.example.cn/fapiao-monitor/blob/main/"
"""Where the links lead; docs/prometheus.md says how to put your own there."""
SCRAPE = timedelta(seconds=30)
VALUES: dict[str, set[str]] = {
    "state": {*AuthorityState, *ServiceState},
    "verdict": set(Verdict),
    "result": {*NOTIFICATION_RESULTS, *RESEND_RESULTS},
    "reason": set(SKIP_REASONS),
    "store": set(STORES),
    "authority": {*PSEUDO_AUTHORITIES},
}
"""What the values of a label are among; rules name no single authority."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a file, as it stands there."""

    file: str
    text: dict[str, Any]

    @property
    def name(self) -> str:
        """Its alert or the series it records."""
        return str(self.text.get("alert") or self.text["record"])

    @property
    def expression(self) -> str:
        """Its PromQL."""
        return str(self.text["expr"])


def _read(file: str) -> Iterator[Rule]:
    content = yaml.safe_load((RULES / f"{file}.yaml").read_text())
    for group in content["groups"]:
        yield from (Rule(file=file, text=rule) for rule in group["rules"])


ALL = [rule for file in FILES for rule in _read(file)]
ALERTS = [rule for rule in ALL if "alert" in rule.text]
RECORDS = [rule for rule in ALL if "record" in rule.text]
every_rule = pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
every_alert = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)


def labels_of(family: Family) -> dict[str, frozenset[str]]:
    """The names under which Prometheus keeps a family, with their labels."""
    labels = SCRAPED | frozenset(family.labels)
    if family.kind != "histogram":
        return {family.name: labels}
    return {
        family.name + "_bucket": labels | {"le"},
        family.name + "_sum": labels,
        family.name + "_count": labels,
    }


def known_labels() -> dict[str, frozenset[str]]:
    """The labels of everything that is scraped or recorded."""
    found = {"up": SCRAPED, "process_start_time_seconds": SCRAPED}
    for family in FAMILIES:
        found |= labels_of(family)
    for rule in RECORDS:
        found[rule.name] = surviving(promql.parse(rule.expression), found)
    return found


KNOWN = known_labels()


@every_rule
def test_every_metric_exists(rule):
    assert [str(one.name) for one in selectors(rule.expression) if str(one.name) not in KNOWN] == []


@every_rule
def test_every_matcher_asks_for_a_label_and_a_value_that_can_be(rule):
    for one in selectors(rule.expression):
        for matcher in one.matchers.matchers:
            assert matcher.name in KNOWN[str(one.name)], f"{one.name} has no label {matcher.name}"
            words = VALUES.get(str(matcher.name))
            assert words is None or set(matcher.value.split("|")) <= words


@every_rule
def test_every_range_holds_two_scrapes_and_stands_around_the_right_kind(rule):
    kinds = {name: family.kind for family in FAMILIES for name in labels_of(family)}
    for _, span in ranges(rule.expression):
        assert span >= 2 * SCRAPE
    for function, name in re.findall(r"\b(rate|increase|\w+_over_time)\((\w+)", rule.expression):
        counts = kinds.get(name) in ("counter", "histogram")
        assert counts == (function in ("rate", "increase")), f"{function} of {name}"


@every_rule
def test_every_rule_parses(rule):
    promql.parse(rule.expression)


@pytest.mark.parametrize("rule", RECORDS, ids=lambda rule: rule.name)
def test_a_recorded_series_is_called_level_metric_operations(rule):
    level, metric, operations = rule.name.split(":")
    assert "fapiao" in (level, metric.partition("_")[0])
    if level != "fapiao":
        assert frozenset(level.split("_")) | {"job"} == KNOWN[rule.name], (
            "the level lists the labels that are left"
        )
    windows = [span for _, span in ranges(rule.expression)]
    if windows and (said := re.search(r"\d+[mhd]$", operations)):
        assert set(windows) == {promql.parse_duration(said[0])}


# --- alerts ----------------------------------------------------------------------------------------------------------


@every_alert
def test_every_alert_has_a_condition(alert):
    assert compares(alert.expression)


@every_alert
def test_every_alert_has_a_name_a_severity_and_the_words_for_people(alert):
    assert re.fullmatch(r"Fapiao([A-Z][a-z]+)+", alert.name)
    assert alert.text["labels"]["severity"] in ("critical", "warning", "info")
    assert set(alert.text["annotations"]) == {"summary", "description", "runbook_url"}
    assert alert.text["annotations"]["description"].endswith(".")


@every_alert
def test_templates_use_only_labels_that_survive(alert):
    used = set(re.findall(r"\$labels\.(\w+)", str(alert.text["annotations"])))
    assert used <= surviving(promql.parse(alert.expression), KNOWN) | alert.text["labels"].keys()


@every_alert
def test_every_alert_stands_for_two_intervals_of_what_it_rests_on(alert):
    """Two scrapes; of what probes find two runs, which are five minutes apart at most in the file that is shipped."""
    probed = alert.file == "authorities"
    assert promql.parse_duration(alert.text["for"]) >= (timedelta(minutes=10) if probed else 2 * SCRAPE)


@every_alert
def test_a_lost_scrape_is_no_false_negative(alert):
    """A gauge of ours is asked for over a range, so that one scrape without it ends nothing."""
    gauges = {family.name for family in FAMILIES if family.kind == "gauge"}
    assert not gauges & set(bare(alert.expression))


@every_alert
def test_the_link_leads_to_a_section_that_exists(alert):
    url = alert.text["annotations"]["runbook_url"]
    assert url.startswith(BASE)
    file, _, anchor = url.removeprefix(BASE).partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / file).read_text(), re.MULTILINE)
    assert anchor in [heading.lower().replace(" ", "-") for heading in headings]
    assert anchor == alert.name.lower() or file == "docs/causes.md"


def test_the_runbook_has_no_section_of_an_alert_that_is_gone():
    headings = re.findall(r"^## (.+)$", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE)
    assert set(headings) <= {alert.name for alert in ALERTS}


# --- promtool --------------------------------------------------------------------------------------------------------


def promtool(*arguments: str) -> str:
    """What promtool says, run beside the rules; it must succeed."""
    done = subprocess.run(["promtool", *arguments], cwd=RULES, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.peer("promtool")
def test_promtool_finds_nothing_to_say_about_the_rules_and_the_example():
    said = promtool("check", "rules", "--lint-fatal", *(f"{file}.yaml" for file in FILES))
    said += promtool("check", "config", "../prometheus.yaml")
    assert not re.search("warn|error|fail", said, re.IGNORECASE)


@pytest.mark.peer("promtool")
@pytest.mark.parametrize("file", CASES)
def test_every_case_comes_out_as_written(file):
    promtool("test", "rules", f"{file}_test.yaml")


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not():
    cases = [
        (case["alertname"], bool(case["exp_alerts"]))
        for file in CASES
        for group in yaml.safe_load((RULES / f"{file}_test.yaml").read_text())["tests"]
        for case in group.get("alert_rule_test", ())
    ]
    for alert in ALERTS:
        assert {(alert.name, True), (alert.name, False)} <= set(cases), alert.name


def test_the_example_takes_in_every_rule_file():
    config = yaml.safe_load((DASHBOARDS / "prometheus.yaml").read_text())
    assert config["rule_files"] == [f"rules/{file}.yaml" for file in FILES]
    assert {path.name for path in RULES.iterdir()} == {f"{file}.yaml" for file in FILES} | {
        f"{file}_test.yaml" for file in CASES
    }
