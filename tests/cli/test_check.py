"""`check`: exit codes, summary, schema, and where the file is looked for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.check import command
from monitor.config.load import shipped_text

BAD = "version: 1\nprobes:\n  - {name: a, kind: tcp, intervall: 5m}\n"


def check(*arguments: str, **environ: str | None) -> Result:
    return CliRunner().invoke(command, arguments, env={"FAPIAO_CONFIG": None, **environ})


def test_a_sound_file_is_summed_up(tmp_path: Path):
    path = tmp_path / "probes.yaml"
    path.write_text(shipped_text(), encoding="utf-8")
    result = check("-c", str(path))
    assert result.exit_code == 0
    for said in (
        "no mistakes",
        "107: 69 tls, 36 captcha, 1 http, 1 tcp",
        "36 (all)",
        "xizang",
        "no receivers",
    ):
        assert said in result.stdout


def test_the_file_is_looked_for_in_the_environment_then_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert "probes.yaml:1:1: cannot be read" in check().stderr
    (tmp_path / "probes.yaml").write_text(BAD)
    (tmp_path / "other.yaml").write_text(shipped_text(), encoding="utf-8")
    assert check().exit_code == 2
    assert check(FAPIAO_CONFIG="other.yaml").exit_code == 0
    assert check("-c", "probes.yaml", FAPIAO_CONFIG="other.yaml").exit_code == 2


def test_the_schema_is_json():
    result = check("--schema")
    schema = json.loads(result.stdout)
    assert result.exit_code == 0
    assert {"version", "probes", "alerts", "reference", "maintenance"} <= set(schema["properties"])
    assert "calendar" not in schema["properties"]


def test_as_a_command_it_exits_2_without_a_traceback(tmp_path: Path):
    (tmp_path / "probes.yaml").write_text(BAD)
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "check", "-c", str(tmp_path / "probes.yaml")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert 'probes[0].intervall: unknown key; did you mean "interval"?' in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
