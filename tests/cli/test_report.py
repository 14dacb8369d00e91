"""`report`: what it asks, and the four forms of what it is answered."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli.report import command as report
from tests.cli.daemon import answering

NOBODY = "http://127.0.0.1:1"
SPREAD = {"count": 2, "p50": 15.0, "p95": 65.0, "longest": 65.0}


def service(authority: str, service: str = "verify", **more: Any) -> dict[str, Any]:
    """One service as the daemon answers it."""
    given = {
        "authority": authority,
        "service": service,
        "uptime": 1.0,
        "uptime_with_maintenance": 1.0,
        "coverage": 0.99,
        "up_seconds": 1000.0,
        "down_seconds": 0.0,
        "maintenance_up_seconds": 0.0,
        "maintenance_down_seconds": 0.0,
        "incidents": 0,
    }
    return {**given, **more}


OUTAGE = {
    "id": "shandong-verify-1",
    "scope": "authority",
    "authority": "shandong",
    "service": "verify",
    "severity": "critical",
    "cause": "response_timeout",
    "diagnosis": "provincial_outage",
    "first_failure_at": "2026-11-10T04:00:00Z",
    "resolved_at": "2026-11-10T05:30:00Z",
    "detected_after_seconds": 15.0,
    "told_after_seconds": 25.0,
    "recovered_after_seconds": 5400.0,
}
REPORT = {
    "since": "2026-10-31T16:00:00Z",
    "until": "2026-11-30T16:00:00Z",
    "uptime": 0.99949,
    "uptime_with_maintenance": 0.99,
    "services": [
        service("beijing"),
        service(
            "shandong", uptime=0.9979, down_seconds=5400.0, incidents=1, maintenance_down_seconds=7200.0
        ),
        service("gansu", "=cmd", uptime=None, uptime_with_maintenance=None, coverage=0.0),
    ],
    "outages": [OUTAGE, {**OUTAGE, "id": "b", "resolved_at": None, "recovered_after_seconds": None,
                         "told_after_seconds": None}],
    "incidents": 2,
    "open": 1,
    "national": 0,
    "local": 0,
    "detect": SPREAD,
    "tell": SPREAD,
    "recover": {"count": 0, "p50": None, "p95": None, "longest": None},
}  # fmt: skip
ANSWERS = {
    "GET /api/v1/report": (200, REPORT),
    "GET /api/v1/status": (200, {"vantage": "shanghai <office>", "timezone": "Asia/Shanghai"}),
}


def call(*words: str, url: str = NOBODY) -> Result:
    """The command as the program runs it."""
    environ = {"FAPIAO_CONFIG": None, "FAPIAO_TOKEN": None, "FAPIAO_URL": url, "LANG": "zh_CN.UTF-8"}
    return CliRunner().invoke(report, words, env=environ, standalone_mode=False)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration lies here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)


def test_dates_are_those_of_the_daemon_s_clock():
    with answering(ANSWERS) as peer:
        assert call("--from", "2026-11-01", "--to", "2026-12-01 08:00", url=peer.url).return_value == 0
    assert peer.asked[-1].path == "/api/v1/report?since=2026-10-31T16:00:00Z&until=2026-12-01T00:00:00Z"


def test_as_text_in_chinese():
    with answering(ANSWERS) as peer:
        lines = call(url=peer.url).stdout.splitlines()
    assert lines[:3] == [
        "2026-11-01 00:00 至 2026-12-01 00:00（北京时间）",
        "总可用率 99.94%，计入计划维护为 99.00%",
        "故障 2 起，1 起未恢复",
    ]
    table = [line.split() for line in lines]
    assert ["发现", "15", "秒", "1", "分", "5", "秒", "1", "分", "5", "秒", "2"] in table
    worst = lines.index(next(line for line in lines if line.startswith("服务"))) + 1
    assert lines[worst].startswith("山东 发票查验  99.79%"), "what was down longest comes first"
    assert not any(line.startswith("恢复") for line in lines), "nothing is over, so nothing is said of it"
    assert any("未恢复" in line and "未单独告知" in line for line in lines)


def test_what_is_open_since_before_is_said_and_that_there_is_no_data():
    empty = [service("gansu", uptime=None, uptime_with_maintenance=None, coverage=0.0)]
    before = {**OUTAGE, "resolved_at": None, "recovered_after_seconds": None}
    counts = {
        "services": empty,
        "outages": [],
        "incidents": 0,
        "open": 0,
        "open_before": 1,
        "before": [before],
    }
    with answering({**ANSWERS, "GET /api/v1/report": (200, {**REPORT, **counts})}) as peer:
        lines = call(url=peer.url).stdout.splitlines()
        page = call("--format", "html", url=peer.url).stdout
    said = [
        "这段时间没有数据：监测没有运行，或历史已不保留。",
        "此前发生、仍未恢复 1 起：山东 发票查验 (2026-11-10 12:00)",
    ]
    assert lines[3:5] == said
    assert all(f"<p>{one}</p>" in page for one in said)


def test_as_text_in_english():
    with answering(ANSWERS) as peer:
        said = call("--lang", "en", url=peer.url).stdout
    assert "availability of all services 99.94%, with planned maintenance counted 99.00%" in said
    assert "incidents: 2, 1 not over" in said
    assert "Shandong" in said


def test_csv_opens_in_excel_with_chinese_and_calculates_nothing():
    with answering(ANSWERS) as peer:
        data = call("--format", "csv", url=peer.url).stdout_bytes
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\r\n") == 4
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert [row["name"] for row in rows] == ["北京", "山东", "甘肃"]
    assert (rows[1]["uptime"], rows[1]["down_seconds"], rows[1]["incidents"]) == ("0.9979", "5400.0", "1")
    assert (rows[2]["service"], rows[2]["uptime"]) == ("'=cmd", "")


@pytest.mark.parametrize(("language", "word"), [("zh", "可用率报告"), ("en", "availability")])
def test_html_is_one_file_that_needs_nothing_else(language: str, word: str):
    with answering(ANSWERS) as peer:
        page = call("--format", "html", "--lang", language, url=peer.url).stdout_bytes.decode()
    assert page.startswith("<!doctype html>")
    assert word in page
    assert not any(other in page for other in ("http://", "https://", "src=", "<link", "<script"))
    assert "shanghai &lt;office&gt;" in page
    assert "@media print" in page


def test_json_is_what_the_daemon_answers():
    with answering(ANSWERS) as peer:
        assert json.loads(call("--format", "json", url=peer.url).stdout) == REPORT


def test_nothing_happened():
    quiet = {**REPORT, "services": [], "outages": [], "incidents": 0, "open": 0, "uptime": None}
    with answering({**ANSWERS, "GET /api/v1/report": (200, quiet)}) as peer:
        assert "总可用率 –" in call(url=peer.url).stdout
        page = call("--format", "html", url=peer.url).stdout_bytes.decode()
    assert "这段时间没有故障" in page


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        pytest.param({}, "nothing at", id="an older daemon"),
        pytest.param({"GET /api/v1/report": (200, {"since": 1})}, "fapiao-monitor", id="a stranger"),
        pytest.param(
            {"GET /api/v1/report": (503, {"error": "history does not answer: x"})}, "history", id="no history"
        ),
    ],
)
def test_what_cannot_be_answered_exits_3(answers: dict[str, Any], says: str):
    with answering(answers) as peer:
        done = call(url=peer.url)
    assert getattr(done.exception, "exit_code", None) == 3
    assert says in str(done.exception)


def test_no_daemon_exits_3():
    assert getattr(call().exception, "exit_code", None) == 3


@pytest.mark.parametrize(
    "words",
    [
        ("--from", "soon"),
        ("--from", "2026-12-01", "--to", "2026-11-01"),
        ("--from", "2199-01-01"),
        ("--format", "pdf"),
    ],
)
def test_a_wrong_word_is_a_usage_error(words: tuple[str, ...]):
    assert getattr(call(*words).exception, "exit_code", None) == 2
