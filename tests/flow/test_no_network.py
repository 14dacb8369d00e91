"""The shipped probes.yaml on a machine without a network: it is us, said once, and no province is blamed.

Runs in a network namespace of its own that holds nothing but loopback, so that no real address can be reached by accident.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict[str, Any]:
    """What a daemon alone in its namespace showed and told: {"status", "page", "messages", "stderr", "exit"}."""
    folder = tmp_path_factory.mktemp("alone")
    script = [sys.executable, str(HERE / "alone.py"), str(ROOT / "probes.yaml"), str(folder)]
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--net", *script], capture_output=True, text=True, timeout=50
    )
    assert done.returncode == 0, done.stderr
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


pytestmark = [pytest.mark.peer("unshare"), pytest.mark.xdist_group("alone")]


def test_one_local_incident_is_told_once_and_no_province_is_blamed(told):
    assert [(message["event"], message["scope"]) for message in told["messages"]] == [
        ("incident_opened", "local")
    ]
    assert [incident["scope"] for incident in told["incidents"]] == ["local"]


def test_every_authority_is_unknown_because_it_is_us(told):
    assert {row["state"] for row in told["status"]["authorities"]} == {"unknown"}
    assert told["status"]["local"]["diagnosis"] in ("local_dns", "local_network")


def test_the_page_says_that_it_is_us(told):
    assert "本机" in told["page"]


def test_nothing_crashes_and_it_stops_with_exit_0(told):
    assert told["exit"] == 0
    assert "Traceback" not in told["stderr"]
