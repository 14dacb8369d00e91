"""`check`: exit codes, summary, schema, and where the file is looked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.check import command, summary
from monitor.config.load import load, shipped_text
from monitor.knowledge import load_registry

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
    assert {"version", "probes", "alerts", "reference", "maintenance", "calendar"} <= set(
        schema["properties"]
    )


def test_a_year_whose_days_off_nobody_knows_is_noted_sixty_days_ahead(tmp_path: Path):
    path = tmp_path / "probes.yaml"
    path.write_text(shipped_text(), encoding="utf-8")
    loaded = load(path, environ={}, registry=load_registry())
    assert "the days off of 2027 are not known" in summary(path, loaded, datetime(2026, 11, 22, tzinfo=UTC))
    assert "days off" not in summary(path, loaded, datetime(2026, 10, 22, tzinfo=UTC))


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


PLANNED = """\
version: 1
timezone: Asia/Shanghai
probes:
  - {name: one, kind: tcp, authority: shandong, service: verify, host: 127.0.0.1, port: 80}
reference: [{name: hq, url: "https://hq.example/r"}, {name: board, file: x.json}]
maintenance:
  - {name: nightly, authorities: all, schedule: "0 23 * * *", duration: 2h}
  - {name: upgrade, authorities: [shandong], services: [verify], start: 2026-12-03 18:00, end: 2026-12-04 08:00}
  - {name: past, authorities: all, start: 2020-01-01 00:00, end: 2020-01-02 00:00}
"""


def test_the_summary_names_references_and_the_next_three_windows(tmp_path: Path):
    path = tmp_path / "probes.yaml"
    path.write_text(PLANNED, encoding="utf-8")
    loaded = load(path, environ={}, registry=load_registry())
    said = summary(path, loaded, datetime(2026, 12, 1, 16, 30, tzinfo=UTC))
    assert (
        """\
  references   hq, board
  windows      Tue 2026-12-01 23:00 to Wed 01:00  nightly (all: all)
               Wed 2026-12-02 23:00 to Thu 01:00  nightly (all: all)
               Thu 2026-12-03 18:00 to Fri 08:00  upgrade (shandong: verify)
               and more: `fapiao-monitor windows`
"""
        in said
    )


def test_it_says_when_nothing_is_coming(tmp_path: Path):
    path = tmp_path / "probes.yaml"
    path.write_text(
        "\n".join(line for line in PLANNED.splitlines() if "nightly" not in line), encoding="utf-8"
    )
    loaded = load(path, environ={}, registry=load_registry())
    assert "windows      none within 60 days" in summary(path, loaded, datetime(2027, 1, 1, tzinfo=UTC))


def test_it_starts_without_what_it_does_not_need(tmp_path: Path) -> None:
    """Each of these costs a tenth of a second or more on a busy machine."""
    (tmp_path / "probes.yaml").write_text(shipped_text(), encoding="utf-8")
    asked = "import sys; sys.argv = ['x', 'check']; from monitor.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    told = "print(*sorted({'aiohttp', 'asyncio', 'cryptography', 'rich', 'structlog'} & set(sys.modules)), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", asked + told],
        cwd=tmp_path,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ("no mistakes" in done.stdout, done.stderr) == (True, "\n")
