"""`notice`: a maintenance notice at a terminal, and its entries for probes.yaml."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli import group
from monitor.config.load import load
from monitor.knowledge import load_registry

NOTICE = """国家税务总局山东省税务局关于系统停机的通告
电子税务局将于3月14日（周五）20:00至3月15日8:00停机维护，期间发票查验不受影响。
增值税发票综合服务平台自3月14日22:00起暂停服务，恢复时间另行通知。
"""
FILE = """
version: 1
probes:
  - {name: one, kind: tcp, authority: shandong, service: etax, host: h, port: 80}
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("FAPIAO_CONFIG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def notice(*words: str, said: str | bytes | None = None) -> Result:
    return CliRunner().invoke(group, ["notice", *words], input=said, standalone_mode=False)


def test_windows_are_shown_with_the_words_they_come_from() -> None:
    result = notice("-", "--published", "2025-03-12", said=NOTICE)
    assert result.return_value == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "国家税务总局山东省税务局关于系统停机的通告"
    assert "  published: 2025-03-12" in lines
    [first] = [line for line in lines if line.startswith("2025-03-14 20:00")]
    assert first.split()[2:6] == ["2025-03-15", "08:00", "shandong", "etax"]
    assert first.endswith("电子税务局将于3月14日（周五）20:00至3月15日8:00停机维护，期间发票查验不受影响")
    [second] = [line for line in lines if line.startswith("2025-03-14 22:00")]
    assert "open, taken as 2025-03-15 22:00" in second


def test_what_is_unclear_is_said_with_its_reason() -> None:
    result = notice("-", said=NOTICE)
    assert result.return_value == 1
    assert "no window was found" in result.stdout
    assert (
        "the year is not written, and the publish date is not known: “3月14日(周五)20:00" not in result.stdout
    )
    assert (
        "the year is not written, and the publish date is not known: “3月14日（周五）20:00" in result.stdout
    )


def test_it_speaks_the_language_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    result = notice("-", said=NOTICE)
    assert "没有读出停机时间" in result.stdout
    assert "没有写年份，也不知道发布日期" in result.stdout
    assert "发布机关：山东" in result.stdout


def test_entries_for_probes_yaml_are_taken_by_the_configuration(tmp_path: Path) -> None:
    result = notice("-", "--published", "2025-03-12", "--yaml", said=NOTICE)
    assert result.return_value == 0
    (tmp_path / "probes.yaml").write_text(FILE + result.stdout, encoding="utf-8")
    rules = load(tmp_path / "probes.yaml", environ={}, registry=load_registry()).plan.maintenance
    assert [(rule.authorities, rule.services, rule.start, rule.end) for rule in rules] == [
        (("shandong",), ("etax",), datetime(2025, 3, 14, 12, tzinfo=UTC), datetime(2025, 3, 15, tzinfo=UTC)),
        (
            ("shandong",),
            ("fpdk",),
            datetime(2025, 3, 14, 14, tzinfo=UTC),
            datetime(2025, 3, 15, 14, tzinfo=UTC),
        ),
    ]
    assert "# the notice leaves the end open" in result.stdout


def test_words_of_a_notice_cannot_leave_their_comment_or_their_name(tmp_path: Path) -> None:
    hostile = '关于"a: [b"\\停机的通告\n\x1b[31m山东省税务局：2025年3月14日20:00至22:00电子税务局\x85停机\u2028version: 2\r。'
    result = notice("-", "--yaml", said=hostile)
    assert result.return_value == 0
    (tmp_path / "probes.yaml").write_text(FILE + result.stdout, encoding="utf-8")
    [rule] = load(tmp_path / "probes.yaml", environ={}, registry=load_registry()).plan.maintenance
    assert rule.services == ("etax",)


def test_entries_without_an_authority_say_that_it_is_missing() -> None:
    result = notice("-", "--yaml", said="2025年3月14日20:00至22:00电子税务局停机。")
    assert "\n# which of the 36 authorities publishes it cannot be told\nmaintenance:\n" in result.stdout
    assert (
        "    # name the authorities, such as [shandong], or write all\n    authorities: []\n" in result.stdout
    )


def test_a_page_in_gb18030_and_a_text_in_utf_16_are_read(tmp_path: Path) -> None:
    page = f'<html><head><meta charset="gb2312"></head><body><p>{NOTICE}</p></body></html>'
    (tmp_path / "page.html").write_bytes(page.encode("gb18030"))
    (tmp_path / "note.txt").write_bytes(NOTICE.encode("utf-16"))
    for name in ("page.html", "note.txt"):
        result = notice(name, "--published", "2025-03-12")
        assert result.return_value == 0
        assert "2025-03-15 08:00" in result.stdout


@pytest.mark.parametrize("words", [("nowhere.txt",), (".",), ("-", "--published", "yesterday")])
def test_what_cannot_be_read_is_a_usage_error(words: tuple[str, ...]) -> None:
    result = notice(*words, said=NOTICE)
    assert getattr(result.exception, "exit_code", None) == 2
