"""The YAML and JSON blocks of the documents are what they claim to be."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from monitor.config.load import load
from monitor.knowledge import load_registry
from tests.docs.examples import completed, is_ours, lay_out, top_level, variables
from tests.docs.markdown import Block, all_blocks

YAML = all_blocks("yaml")
OURS = [block for block in YAML if is_ours(block.text)]
PROMETHEUS = [block for block in YAML if "scrape_configs" in top_level(block.text)]


def by_place(blocks: list[Block]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("block", blocks, ids=lambda block: block.place)


@by_place([block for block in OURS if "tables" not in top_level(block.text)])
def test_a_configuration_is_taken_by_check(block: Block, tmp_path: Path):
    file = tmp_path / "probes.yaml"
    text = lay_out(completed(block.text), tmp_path)
    for other in (block.text for block in YAML if "tables" in top_level(block.text)):
        (tmp_path / "codes.local.yaml").write_text(other, encoding="utf-8")
    (tmp_path / "2027.json").write_text('{"year": 2027, "days": []}')
    file.write_text(text, encoding="utf-8")
    assert load(file, environ=variables(text), registry=load_registry()).plan.targets


@by_place([block for block in OURS if "tables" in top_level(block.text)])
def test_a_table_of_codes_is_taken_by_check(block: Block, tmp_path: Path):
    (tmp_path / "codes.yaml").write_text(block.text, encoding="utf-8")
    file = tmp_path / "probes.yaml"
    file.write_text(completed("catalogue: [codes.yaml]\n"), encoding="utf-8")
    assert set(top_level(block.text)["tables"]) <= set(
        load(file, environ={}, registry=load_registry()).tables
    )


@by_place([block for block in YAML if block not in OURS])
def test_a_file_of_another_program_is_yaml(block: Block):
    assert yaml.safe_load(block.text)


@pytest.mark.peer("promtool")
@by_place([block for block in PROMETHEUS if "rule_files" not in block.text])
def test_a_configuration_of_prometheus_is_taken_by_promtool(block: Block, tmp_path: Path):
    file = tmp_path / "prometheus.yml"
    file.write_text(block.text, encoding="utf-8")
    ran = subprocess.run(
        ["promtool", "check", "config", "--syntax-only", file], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr


@by_place(all_blocks("json"))
def test_json_is_json(block: Block):
    decoder, rest = json.JSONDecoder(), block.text.strip()
    while rest:
        _, end = decoder.raw_decode(rest)
        rest = rest[end:].lstrip()
