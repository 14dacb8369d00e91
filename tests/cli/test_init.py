"""`init`: a file to start from, never one that overwrites."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.init import command
from monitor.config.load import load, shipped_text
from monitor.knowledge import load_registry


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def init(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def test_it_writes_the_shipped_file():
    assert init().exit_code == 0
    assert Path("probes.yaml").read_text(encoding="utf-8") == shipped_text()


def test_it_says_what_to_type_as_it_was_called(monkeypatch: pytest.MonkeyPatch):
    assert "`fapiao-monitor check`" in init().output
    Path("probes.yaml").unlink()
    monkeypatch.setenv("FAPIAO_COMMAND", "../monitor.sh")
    assert "`../monitor.sh check` shows what it expands to, `../monitor.sh run` runs it" in init().output


def test_it_never_overwrites():
    Path("probes.yaml").write_text("mine")
    result = init()
    assert result.exit_code == 2
    assert "left as it is" in result.stderr
    assert Path("probes.yaml").read_text() == "mine"


def test_it_narrows_to_some_authorities():
    assert init("--authorities", "beijing, shandong").exit_code == 0
    plan = load(Path("probes.yaml"), environ={}, registry=load_registry()).plan
    assert list(plan.authorities) == ["beijing", "shandong"]


def test_it_takes_chinese_names_and_codes():
    assert init("--authorities", "北京，3700、河南省").exit_code == 0
    plan = load(Path("probes.yaml"), environ={}, registry=load_registry()).plan
    assert list(plan.authorities) == ["beijing", "shandong", "henan"]


def test_an_unknown_authority_is_named_and_nothing_is_written():
    result = init("--authorities", "beijing,shandon")
    assert result.exit_code == 2
    assert 'did you mean "shandong"?' in result.stderr
    assert not Path("probes.yaml").exists()
