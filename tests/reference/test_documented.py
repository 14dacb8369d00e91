"""The examples of docs/references.md work as they stand there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from monitor.config.load import load
from monitor.knowledge import load_registry
from monitor.model import Plan
from tests.reference.examples import reading, said

TEXT = Path("docs/references.md").read_text(encoding="utf-8")
MONITOR = """
version: 1
probes: [{name: reach, kind: tcp, each: authority, service: verify, host: "{verify_host}", port: "{verify_port}"}]
"""


def blocks(language: str) -> list[str]:
    """The examples in a language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def planned(example: str, folder: Path) -> Plan:
    """The plan of a small configuration with this example in it."""
    file = folder / "probes.yaml"
    file.write_text(MONITOR + example)
    return load(file, environ={"HQ_TOKEN": "t0p"}, registry=load_registry()).plan


def test_every_configuration_is_accepted(tmp_path):
    names = [[source.name for source in planned(block, tmp_path).references] for block in blocks("yaml")]
    assert names == [["hq"], ["hq"], ["board"]]


def test_the_map_reads_the_status_file_beside_it(tmp_path):
    (source,) = planned(blocks("yaml")[2], tmp_path).references
    assert said(reading(json.loads(blocks("json")[0]), source)) == {"shandong": "ok", "dalian": "timeout"}


def test_the_own_document_is_one():
    assert said(reading(json.loads(blocks("json")[1]))) == {"shandong": "timeout", "beijing": "ok"}


def test_values_may_be_numbers_and_truths(tmp_path):
    example = yaml.safe_load(blocks("yaml")[2])
    cases: list[tuple[str, list[Any]]] = [
        ("{1: ok, 0: error}", [1, 0]),
        ("{true: ok, false: error}", [True, False]),
    ]
    for words, states in cases:
        example["reference"][0]["map"]["values"] = None
        text = yaml.safe_dump(example, allow_unicode=True).replace("values: null", f"values: {words}")
        (source,) = planned(text, tmp_path).references
        rows = [
            {"name": name, "state": state, "time": "2026-11-21 16:00"}
            for name, state in zip(["山东", "北京"], states, strict=True)
        ]
        assert said(reading({"list": rows}, source)) == {"shandong": "ok", "beijing": "error"}
