"""In which language `probe` and `which` speak, and that both languages say the same."""

from __future__ import annotations

from pathlib import Path
from string import Formatter

import pytest

from monitor.cli.texts import TEXTS, language_of


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({"LANG": "zh_CN", "LC_ALL": ""}, "zh"),
    ],
)
def test_without_a_file_the_terminal_says_which_language(
    environment: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language_of(None) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("language: en\n", "en"),
        ("language: zh\n", "zh"),
        ("version: 1\n", "zh"),
        ("language: en\nprobez: []\n", "en"),
        ("language: fr\n", "zh"),
        ("language: [en\n", "en"),
    ],
    ids=["en", "zh", "as the page: zh", "with mistakes", "none of ours", "no YAML: the terminal's"],
)
def test_a_configuration_says_which_language(tmp_path: Path, text: str, language: str) -> None:
    (tmp_path / "probes.yaml").write_text(text)
    assert language_of(None) == language
    assert language_of(tmp_path / "none.yaml") == "en"


def test_every_text_stands_in_both_languages_with_the_same_gaps() -> None:
    def gaps(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    assert TEXTS["zh"].keys() == TEXTS["en"].keys()
    exempt = {"phase", "place"}  # English shows the code of a phase, and names in both scripts
    for name in TEXTS["zh"].keys() - exempt:
        assert gaps(TEXTS["zh"][name]) == gaps(TEXTS["en"][name]), name
