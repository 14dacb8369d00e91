"""What Grafana expects of the files beyond the linter, as far as that can be said without a Grafana."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any

import promql_parser as promql
import pytest
import yaml

from monitor.metrics.series import FAMILIES
from tests.dashboards.files import FILES, FOLDER, NAMES, panels, selectors, targets, variables, walk

every_dashboard = pytest.mark.parametrize("name", NAMES)

OF_PROMETHEUS = {"up", "scrape_duration_seconds"}
"""What Prometheus itself writes for every target."""
OF_PROCESS = {
    "process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds",
    "process_open_fds", "process_max_fds",
}  # fmt: skip
KNOWN = {family.name: set(family.labels) for family in FAMILIES if family.kind != "histogram"} | {
    f"{family.name}{end}": {*family.labels, "le"}
    for family in FAMILIES
    if family.kind == "histogram"
    for end in ("_bucket", "_sum", "_count")
}
LABELS: dict[str, set[str]] = {name: set() for name in OF_PROMETHEUS | OF_PROCESS} | KNOWN
"""Name of a series → its labels beside job and instance."""


@every_dashboard
def test_every_metric_and_label_exists_on_metrics(name: str) -> None:
    for target in targets(name):
        for selector, _ in selectors(target.tree):
            asked = {each.name for each in selector.matchers.matchers} - {"job", "instance"}
            assert asked <= LABELS[selector.name], f"{target}: {selector}"


@every_dashboard
def test_a_dashboard_has_a_stable_uid_and_no_id(name: str) -> None:
    found = FILES[name]
    assert found["uid"] == f"fapiao-{name}"
    assert "id" not in found
    assert found["schemaVersion"] >= 39
    assert found["tags"] == ["fapiao-monitor"]
    assert isinstance(found["version"], int)


def test_titles_and_uids_are_different() -> None:
    assert (
        len({found["uid"] for found in FILES.values()})
        == len({found["title"] for found in FILES.values()})
        == 4
    )


@every_dashboard
def test_panels_have_an_id_and_a_place_of_their_own(name: str) -> None:
    everything = FILES[name]["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    places = [panel["gridPos"] for panel in everything]
    for place in places:
        assert all(type(value) is int for value in place.values())
        assert place["x"] >= 0
        assert place["x"] + place["w"] <= 24
    for one, other in combinations(places, 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)


@every_dashboard
def test_every_line_of_panels_is_filled(name: str) -> None:
    lines: dict[int, int] = {}
    for panel in FILES[name]["panels"]:
        place = panel["gridPos"]
        lines[place["y"]] = lines.get(place["y"], 0) + place["w"]
    assert set(lines.values()) == {24}


@every_dashboard
def test_queries_of_a_panel_have_letters_of_their_own(name: str) -> None:
    for panel in panels(name):
        letters = [query["refId"] for query in panel["targets"]]
        assert len(set(letters)) == len(letters)
        assert all(query["instant"] is not query["range"] for query in panel["targets"])


@every_dashboard
def test_what_is_looked_at_step_by_step_has_a_bounded_number_of_steps(name: str) -> None:
    for target in targets(name):
        if "$__interval]" in target.expression:
            assert target.panel["interval"] == "1m", target
            assert target.panel["maxDataPoints"] <= 7 * 24 * 60, target


@every_dashboard
def test_nothing_reads_zero_where_nothing_is_scraped(name: str) -> None:
    for target in targets(name):
        assert not any(is_made_up(node) for node, _ in walk(target.tree)), target


def is_made_up(node: Any) -> bool:
    """Whether this is a vector without a series: `vector(0)`, `absent(…)`."""
    return isinstance(node, promql.Call) and str(node.func.name) in ("vector", "absent", "absent_over_time")


@every_dashboard
def test_variables_that_are_used_are_defined_and_those_defined_are_used(name: str) -> None:
    text = json.dumps(FILES[name])
    used = set(re.findall(r"\$\{?([A-Za-z]\w*)", text))
    defined = set(variables(name))
    assert used <= defined
    assert defined - used == set()


@every_dashboard
def test_links_lead_to_a_dashboard_and_to_variables_that_it_has(name: str) -> None:
    by_uid = {found["uid"]: other for other, found in FILES.items()}
    links = [link["url"] for link in FILES[name]["links"]]
    links += re.findall(r'"(/d/[^"]*)"', json.dumps(FILES[name]))
    assert {link["url"] for link in FILES[name]["links"]} == {f"/d/{uid}" for uid in by_uid} - {
        f"/d/fapiao-{name}"
    }
    for link in links:
        uid, _, query = link.removeprefix("/d/").partition("?")
        passed = re.findall(r"var-(\w+)=|\$\{([a-z]\w*):queryparam\}", query)
        assert {one or other for one, other in passed} <= set(variables(by_uid[uid]))


@every_dashboard
def test_no_colour_stands_alone(name: str) -> None:
    for panel in panels(name):
        for mapping in _mappings(panel):
            for option in mapping["options"].values():
                assert re.search(r"[a-z]{2}", option["text"]), panel["title"]
                assert re.fullmatch(r"#[0-9a-f]{6}", option["color"])
        if panel["type"] == "stat":
            assert panel["options"]["textMode"] in ("auto", "name", "value_and_name")


@every_dashboard
def test_white_text_can_be_read_on_every_background(name: str) -> None:
    for panel in panels(name):
        for mapping in _mappings(panel):
            for option in mapping["options"].values():
                assert contrast_to_white(option["color"]) >= 4.5, option


@every_dashboard
def test_thresholds_rise_from_everything(name: str) -> None:
    for panel in panels(name):
        steps = [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
        assert steps[0] is None
        assert steps[1:] == sorted(steps[1:])


@every_dashboard
def test_durations_are_written_in_two_units(name: str) -> None:
    for panel in panels(name):
        config = panel["fieldConfig"]
        shown = [{"unit": config["defaults"]["unit"], "decimals": config["defaults"].get("decimals")}]
        shown += [{each["id"]: each["value"] for each in one["properties"]} for one in config["overrides"]]
        for each in shown:
            if each.get("unit") == "dtdurations":
                assert each["decimals"] == 1, f"{panel['title']}: ten days would be written as one week"


@every_dashboard
def test_columns_of_tables_come_from_their_queries(name: str) -> None:
    for panel in panels(name):
        if panel["type"] == "table":
            [kept] = [each for each in panel["transformations"] if each["id"] == "filterFieldsByName"]
            letters = {f"Value #{query['refId']}" for query in panel["targets"]}
            wanted = {each for each in kept["options"]["include"]["names"] if each.startswith("Value")}
            assert wanted <= letters
            [named] = [each for each in panel["transformations"] if each["id"] == "organize"]
            titles = set(named["options"]["renameByName"].values())
            assert {each["matcher"]["options"] for each in panel["fieldConfig"]["overrides"]} == titles
            assert {each["displayName"] for each in panel["options"]["sortBy"]} <= titles


@every_dashboard
def test_panel_titles_are_english_and_names_come_from_the_metric(name: str) -> None:
    assert FILES[name]["title"].isascii()
    assert all(panel["title"].isascii() for panel in FILES[name]["panels"])


def test_provisioning_files_say_what_grafana_reads() -> None:
    [source] = yaml.safe_load((FOLDER / "provisioning/datasources/fapiao.yaml").read_text())["datasources"]
    assert (source["type"], source["access"]) == ("prometheus", "proxy")
    [provider] = yaml.safe_load((FOLDER / "provisioning/dashboards/fapiao.yaml").read_text())["providers"]
    assert (provider["type"], provider["allowUiUpdates"]) == ("file", False)
    assert provider["options"]["path"].startswith("/")


def _mappings(panel: dict[str, Any]) -> list[dict[str, Any]]:
    """The value mappings of a panel and of its columns."""
    config = panel["fieldConfig"]
    own: list[dict[str, Any]] = list(config["defaults"]["mappings"])
    for override in config["overrides"]:
        for each in override["properties"]:
            own += each["value"] if each["id"] == "mappings" else []
    return own


def contrast_to_white(colour: str) -> float:
    """Contrast by WCAG 2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
