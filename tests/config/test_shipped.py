"""The shipped probes.yaml, the reference of its keys, and the JSON Schema agree with each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from monitor.cli.check import json_schema
from monitor.config.load import read, shipped_text
from monitor.knowledge import load_registry

ROOT = Path(__file__).parents[2]


def test_the_file_at_the_root_is_the_one_that_ships():
    """`cp monitor/config/probes.yaml probes.yaml` after a change."""
    assert (ROOT / "probes.yaml").read_text(encoding="utf-8") == shipped_text()


def test_what_is_commented_out_works_when_it_is_not():
    lines = shipped_text().splitlines()
    sections = (
        "vantage",
        "server",
        "storage",
        "authorities",
        "reference",
        "publish",
        "maintenance",
        "alerts",
    )
    examples = tuple(f"{key}:" for key in sections)
    shown = [
        line[2:] if line.startswith(("#  ", *(f"# {key}" for key in examples))) else line for line in lines
    ]
    environ = {"FAPIAO_TOKEN": "t", "ONCALL_URL": "json://127.0.0.1/", "HOOK_TOKEN": "t", "HQ_TOKEN": "t"}
    text = "\n".join(
        line for line in shown if "fapiao-monitor check" not in line and "fapiao-monitor run" not in line
    )
    plan = read(text, file="probes.yaml", directory=ROOT, environ=environ, registry=load_registry()).plan
    assert plan.vantage == "shanghai-office"
    assert list(plan.authorities) == ["beijing", "shandong"]
    assert [receiver.id for receiver in plan.receivers] == ["oncall[0]", "bus[0]"]
    assert [source.name for source in plan.references] == ["hq"]
    assert [rule.name for rule in plan.maintenance] == ["upgrade", "nightly"]
    assert [feed.name for feed in plan.notices] == ["notices"]
    assert [len(route.when.event) for route in plan.routes] == [3, 0, 0]


def test_any_yaml_reader_reads_it():
    assert yaml.safe_load(shipped_text())["version"] == 1


def keys(schema: dict[str, Any]) -> Iterator[str]:
    """All keys that the schema knows, wherever they stand."""
    for part in (schema, *schema.get("$defs", {}).values()):
        yield from part.get("properties", {})


def test_every_key_stands_in_the_reference():
    reference = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert not [key for key in set(keys(json_schema())) if f"`{key}`" not in reference]


def test_the_schema_knows_every_default_and_refuses_unknown_keys():
    schema = json_schema()
    assert schema["additionalProperties"] is False
    defaults: Any = schema["$defs"]
    assert defaults["Defaults"]["properties"]["interval"]["default"] == "5m"
    assert defaults["Limits"]["properties"]["per_host"]["default"] == "12/m"
