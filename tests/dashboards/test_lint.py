"""The rules of grafana/dashboard-linter 0.2.0, one test for each by its name. There are no exclusions."""

from __future__ import annotations

import re

import promql_parser as promql
import pytest

from tests.dashboards.files import (
    FILES,
    NAMES,
    RATE_INTERVAL,
    panels,
    selectors,
    targets,
    variables,
    walk,
)

UNITS = {
    "none", "short", "percentunit", "bytes", "s", "ops", "dtdurations", "dateTimeAsIso", "dateTimeFromNow",
}  # fmt: skip
"""Those we use of Grafana's valueFormats/categories.ts."""
COUNTS = ("_total", "_bucket", "_count", "_sum")

every_dashboard = pytest.mark.parametrize("name", NAMES)


@every_dashboard
def test_template_datasource(name: str) -> None:
    [found] = [each for each in FILES[name]["templating"]["list"] if each["type"] == "datasource"]
    assert (found["name"], found["label"], found["query"]) == ("datasource", "Data source", "prometheus")


@every_dashboard
@pytest.mark.parametrize(("wanted", "label"), [("job", "Job"), ("instance", "Instance")])
def test_template_job_and_template_instance(name: str, wanted: str, label: str) -> None:
    found = variables(name)[wanted]
    assert found["datasource"]["uid"] == "${datasource}"
    assert (found["type"], found["label"], found["multi"]) == ("query", label, True)
    assert (found["includeAll"], found["allValue"]) == (True, ".+")


@every_dashboard
def test_template_label_promql(name: str) -> None:
    for each in variables(name).values():
        if each["type"] == "query":
            function, inside = re.fullmatch(r"([a-z_]+)\((.+)\)", each["query"], re.ASCII).groups()  # type: ignore[union-attr]
            assert function in ("label_values", "query_result")
            promql.parse(inside.rpartition(",")[0] if function == "label_values" else inside)


@every_dashboard
def test_template_on_time_change_reload(name: str) -> None:
    for each in variables(name).values():
        assert each["type"] == "datasource" or each["refresh"] == 2


@every_dashboard
def test_panel_datasource(name: str) -> None:
    for panel in panels(name):
        for holder in (panel, *panel["targets"]):
            assert holder["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]


@every_dashboard
def test_panel_title_description(name: str) -> None:
    for panel in panels(name):
        assert panel["title"]
        assert panel["description"].endswith((".", "…")), f"{panel['title']} is not described in a sentence"


@every_dashboard
def test_panel_units(name: str) -> None:
    for panel in panels(name):
        config = panel["fieldConfig"]
        given = [config["defaults"]["unit"]]
        given += [
            each["value"]
            for override in config["overrides"]
            for each in override["properties"]
            if each["id"] == "unit"
        ]
        assert set(given) <= UNITS, panel["title"]


@every_dashboard
def test_panel_no_targets(name: str) -> None:
    assert all(panel["targets"] for panel in panels(name))


@every_dashboard
def test_target_promql(name: str) -> None:
    for target in targets(name):
        assert target.tree is not None, target


def test_target_logql_and_target_logql_auto() -> None:
    assert {target.query["datasource"]["type"] for target in targets()} == {"prometheus"}, "Loki is not asked"


@every_dashboard
def test_target_rate_interval(name: str) -> None:
    for target in targets(name):
        for node, above in walk(target.tree):
            if isinstance(node, promql.MatrixSelector):
                call = above[-1]
                assert isinstance(call, promql.Call), target
                if call.func.name in ("rate", "irate"):
                    assert node.range == RATE_INTERVAL, target


@every_dashboard
@pytest.mark.parametrize("label", ["job", "instance"])
def test_target_job_and_target_instance(name: str, label: str) -> None:
    for target in targets(name):
        for selector, _ in selectors(target.tree):
            bound = [(each.op, each.value) for each in selector.matchers.matchers if each.name == label]
            assert bound == [(promql.MatchOp.Re, f"${label}")], f"{target}: {selector}"


@every_dashboard
def test_target_counter_agg(name: str) -> None:
    for target in targets(name):
        for selector, above in selectors(target.tree):
            if selector.name.endswith(COUNTS):
                assert isinstance(above[-1], promql.MatrixSelector), f"{target}: {selector}"
                assert above[-2].func.name in ("rate", "irate", "increase"), f"{target}: {selector}"


@every_dashboard
def test_uneditable_dashboard(name: str) -> None:
    assert FILES[name]["editable"] is False
