"""Files that are not read, or not to their end: too large, not text, not there, expanding without end."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config.load import ConfigError, load
from monitor.knowledge import load_registry
from tests.config.conftest import ONE


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, environ={}, registry=load_registry())
    return str(caught.value)


def test_a_missing_file_says_how_to_get_one(tmp_path: Path):
    assert "No such file" in refusal(tmp_path / "probes.yaml")
    assert "fapiao-monitor init" in refusal(tmp_path / "probes.yaml")


def test_a_directory_is_refused(tmp_path: Path):
    assert "cannot be read" in refusal(tmp_path)


def test_a_file_over_4_mib_is_refused(tmp_path: Path):
    path = tmp_path / "probes.yaml"
    path.write_text(f"probes:\n{ONE}" + "# comment\n" * 430_000)
    assert "larger than 4 MiB" in refusal(path)


def test_a_file_that_is_not_utf_8_is_refused_with_the_line(tmp_path: Path):
    path = tmp_path / "probes.yaml"
    path.write_bytes("version: 1\nvantage: 上海\n".encode("gb18030"))
    assert f"{path}:2:10: not UTF-8" in refusal(path)
    path.write_bytes(b"\xef\xbb\xbfversion: 1\n" + "名: 上".encode() + b"\xff")
    assert f"{path}:2:5: not UTF-8" in refusal(path), "a byte beside whole characters"


def test_anchors_that_expand_beyond_4_mib_are_refused_without_expanding_them(tmp_path: Path):
    rows = [f"a0: &a0 [{', '.join(['x' * 100] * 10)}]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    path = tmp_path / "probes.yaml"
    path.write_text("\n".join(rows))
    assert "expand beyond 4 MiB" in refusal(path)


def test_aliases_that_nest_without_end_are_refused(tmp_path: Path):
    path = tmp_path / "probes.yaml"
    path.write_text("a0: &a0 x\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 5000)))
    assert "anchors" in refusal(path)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path):
    path = tmp_path / "probes.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + f"version: 1\nprobes:\n{ONE}".replace("\n", "\r\n").encode())
    assert list(load(path, environ={}, registry=load_registry()).plan.targets) == ["one"]
