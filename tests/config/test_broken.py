"""Each broken configuration is refused, with file, line, column, path and meaning."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli.check import command
from monitor.config.load import ConfigError, load
from monitor.knowledge import load_registry
from tests.config.broken import BROKEN, Broken


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_check_exits_2_and_tells_place_and_meaning(broken: Broken, tmp_path: Path):
    path = tmp_path / "probes.yaml"
    path.write_text(broken.text, encoding="utf-8")
    result = CliRunner().invoke(command, ["-c", str(path)], env={"NOT_SET": None})
    lines = [line for line in result.stderr.splitlines() if line.startswith(f"{path}:{broken.place}: ")]
    assert result.exit_code == 2
    assert any(all(word in line for word in broken.says) for line in lines), result.stderr
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("broken", BROKEN[::9], ids=lambda broken: broken.name)
def test_loading_raises_what_check_shows(broken: Broken, tmp_path: Path):
    path = tmp_path / "probes.yaml"
    path.write_text(broken.text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, environ={}, registry=load_registry())
    assert all(mistake.file == str(path) for mistake in caught.value.mistakes)
    assert f"{path}:{broken.place}: " in str(caught.value)


def test_there_are_more_than_a_hundred():
    assert len({broken.name for broken in BROKEN}) == len(BROKEN) > 100
