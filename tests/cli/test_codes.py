"""`codes`: what an operator finds in the catalogue, and the exit code when it has nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli.codes import command
from monitor.knowledge import load_tables

HEAD = "probes:\n  - {name: a, kind: tcp, authority: beijing, host: h, port: 1}\n"
OWN = 'tables: {mine: {title: 我们的, codes: {"97": {cause: credential, message: 到期}}}, nuonuo: {codes: {E0000: api_error}}}'


def codes(*words: str) -> Result:
    return CliRunner().invoke(command, words, env={"FAPIAO_CONFIG": None}, standalone_mode=False)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No probes.yaml of the checkout."""
    monkeypatch.chdir(tmp_path)


def parsed(*words: str) -> Any:
    return json.loads(codes(*words, "--json").stdout)


def test_without_a_word_the_tables() -> None:
    result = codes()
    assert result.return_value == 0
    assert all(
        table.name in result.stdout and table.title in result.stdout for table in load_tables().values()
    )
    assert [row["table"] for row in parsed()] == list(load_tables())


def test_a_table_with_its_source_path_and_rows() -> None:
    result = codes("jumei")
    assert result.return_value == 0
    for said in ("聚美智数", "[S16]", "$.code", "606", "ok, throttled", "请求过于频繁", "error: credential"):
        assert said in result.stdout
    table = parsed("kaipiao")
    assert table["code_path"] == {"outer": "$.code", "inner": "$.data.code"}
    assert {row["endpoint"] for row in table["codes"]} == {"outer", "inner"}


@pytest.mark.parametrize(
    ("code", "cause", "transaction"),
    [
        ("E001", "api_error", "timeout"), ("E004", "credential", "error"), ("E005", "probe_misconfigured", "error"),
        ("E007", "none", "error"), ("e009", "none", "error"), ("101", "none", "error"),
    ],
)  # fmt: skip
def test_a_seed_means_one_thing_for_the_service_and_another_for_the_invoice(
    code: str, cause: str, transaction: str
) -> None:
    [row] = [row for row in parsed(code) if row["table"] == "seeds"]
    assert (row["cause"], row["transaction"]) == (cause, transaction)
    assert row["message"]
    assert row["source"]
    assert row["message"] in codes(code).stdout


def test_a_code_in_all_its_tables() -> None:
    assert {row["table"] for row in parsed("500")} == {"seeds", "jumei", "shudian"}
    assert {row["table"] for row in parsed("020")} == {"platform"}


@pytest.mark.parametrize("word", ["nuonou", "E0099", "no such thing"])
def test_nothing_found_exits_1(word: str) -> None:
    result = codes(word)
    assert result.return_value == 1
    assert word in result.stderr
    assert parsed(word) == []
    assert codes(word, "--json").return_value == 1


def test_a_configuration_lays_its_own_over(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN, encoding="utf-8")
    (tmp_path / "other.yaml").write_text("catalogue: [own.yaml]\n" + HEAD)
    assert [row["cause"] for row in parsed("E0000", "-c", "other.yaml")] == ["api_error"]
    assert "我们的" in codes("mine", "-c", "other.yaml").stdout
    assert codes("mine").return_value == 1
    (tmp_path / "other.yaml").rename(tmp_path / "probes.yaml")
    assert codes("mine").return_value == 0


def test_a_broken_configuration_is_told_and_only_stops_who_named_it(tmp_path: Path) -> None:
    (tmp_path / "probes.yaml").write_text("catalogue: [gone.yaml]\n" + HEAD)
    result = codes("nuonuo")
    assert result.return_value == 0
    assert "left aside" in result.stderr
    named = codes("nuonuo", "-c", "probes.yaml")
    assert named.exit_code != 0
    assert "gone.yaml" not in result.stdout
