"""The committed files are what the generator says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dashboards.generate.__main__ import files, main
from tests.dashboards.files import FOLDER, NAMES

ROOT = Path(__file__).parents[2]


def test_every_committed_dashboard_is_what_the_generator_writes() -> None:
    written = {file.name: text for file, text in files()}
    assert sorted(written) == sorted(f"{name}.json" for name in NAMES)
    assert sorted(file.name for file in FOLDER.glob("*.json")) == sorted(written), (
        "nothing else is a dashboard"
    )
    for name, text in written.items():
        assert (FOLDER / name).read_text("utf-8") == text, f"run python -m dashboards.generate again: {name}"


def test_the_check_of_the_generator_finds_a_stale_file(tmp_path, monkeypatch, capsys) -> None:
    stale = tmp_path / "overview.json"
    stale.write_text("{}")
    monkeypatch.setattr("dashboards.generate.__main__.files", lambda: iter([(stale, '{"uid": "x"}\n')]))
    assert main(["--check"]) == 1
    assert "overview.json" in capsys.readouterr().err
    assert stale.read_text() == "{}", "--check writes nothing"
    assert main([]) == 0
    assert main(["--check"]) == 0


def test_the_generator_runs_as_the_documentation_says() -> None:
    command = [sys.executable, "-m", "dashboards.generate", "--check"]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=30).returncode == 0
