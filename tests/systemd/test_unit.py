"""The unit file, judged by systemd's own tools."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.systemd.confined import settings

UNIT = Path(__file__).parents[2] / "systemd" / "fapiao-monitor.service"
INSTALLED = "/opt/fapiao-monitor/.venv/bin/fapiao-monitor"


@pytest.mark.peer("systemd-analyze")
def test_its_exposure_is_at_most_1_5():
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", str(UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


@pytest.mark.peer("systemd-analyze")
@pytest.mark.parametrize("change", ["", "WatchdogSecs=1"], ids=["as it is", "with a word nobody knows"])
def test_systemd_finds_nothing_to_complain_of(tmp_path, change):
    """`verify` wants the program to be there: this Python stands in for it."""
    unit = tmp_path / UNIT.name
    text = UNIT.read_text().replace(INSTALLED, sys.executable)
    unit.write_text(text.replace("Type=notify\n", f"Type=notify\n{change}\n"))
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode == 0 and not done.stderr) is not bool(change), done.stderr


def test_it_starts_the_command_of_the_package_and_writes_nowhere_but_in_its_state_directory():
    assert settings(UNIT, "ExecStart")[0] == INSTALLED
    assert settings(UNIT, "StateDirectory") == ["fapiao-monitor"]
    assert settings(UNIT, "ReadWritePaths") == []
