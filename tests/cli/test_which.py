"""`which`: the authority of an invoice, with what a daemon says where one answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli.which import command
from tests.cli.daemon import answering
from tests.cli.peer import serving

NOBODY = "http://127.0.0.1:1"
ROUTE = {
    "invoice": "24372000000000000000",
    "authority": "shandong",
    "code": "3700",
    "name": "山东",
    "kind": "digital",
    "service": "dppt",
    "endpoint": "https://dppt.shandong.chinatax.gov.cn",
    "state": "up",
    "watched": ["dppt/shandong"],
    "advice": "山东的数电票",
}
STATUS = {
    "authorities": [{"authority": "shandong", "state": "down"}],
    "national": {"authority": "national", "state": "up"},
}
DAEMON = {"/api/v1/route": ROUTE, "/api/v1/status": STATUS}


def which(*words: str, url: str = NOBODY) -> Result:
    return CliRunner().invoke(command, [*words, "--url", url], standalone_mode=False)


def answer(*words: str, url: str = NOBODY) -> Any:
    result = which(*words, "--json", url=url)
    return json.loads(result.stdout)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("FAPIAO_CONFIG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def problem(result: Result) -> str:
    """What went wrong before anything was asked."""
    assert result.exception is not None
    return str(getattr(result.exception, "message", result.exception))


def test_an_invoice_leads_to_its_authority_without_a_daemon() -> None:
    result = which("0110-0990-0111")
    assert result.return_value == 0
    assert "北京 Beijing (beijing, 1100)" in result.stdout
    assert "https://fpcy.beijing.chinatax.gov.cn:443/NWebQuery" in result.stdout
    assert "unknown: no daemon at http://127.0.0.1:1" in result.stdout


def test_a_daemon_that_answers_says_all_of_it() -> None:
    with serving(DAEMON) as url:
        told = answer("2437-2000-0000-0000-0000", url=url)
        shown = which("24372000000000000000", url=url).stdout
    assert told == ROUTE
    assert "山东 Shandong (shandong, 3700)" in shown
    assert "state     up; the national page is up" in shown
    assert "watched   dppt/shandong" in shown
    assert "advice    山东的数电票" in shown


def test_without_a_daemon_the_answer_has_the_same_keys() -> None:
    told = answer("3700990130")
    assert list(told) == list(ROUTE)
    assert (told["service"], told["state"], told["watched"]) == ("verify", None, [])


def test_what_a_daemon_does_not_know_is_looked_up_here() -> None:
    with serving({}) as url:
        assert answer("3700990130", url=url)["authority"] == "shandong"


def test_it_speaks_the_language_of_the_terminal_or_of_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "national page only passes on" in which("3700990130").stdout
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    lines = which("24372000000000000000").stdout.splitlines()
    assert lines[0] == "山东（shandong，3700）"
    assert "  业务      电子发票服务平台（dppt）" in lines
    assert (
        "  状态      未知：http://127.0.0.1:1 没有监测程序在运行（连接被拒绝），可用 fapiao-monitor run 启动"
        in lines
    )
    assert lines[-1].endswith("发票由全国查验平台查验")
    assert "应为 10 位或 12 位发票代码" in which("12").stderr
    assert problem(which("1100990130", url="ftp://x")).startswith("--url：请写成")
    (tmp_path / "probes.yaml").write_text(
        "version: 1\nlanguage: en\n"
        "probes:\n  - {name: reach, kind: tcp, each: authority, host: '{verify_host}', port: '{verify_port}'}\n"
    )
    assert "national page only passes on" in which("3700990130").stdout


def test_a_daemon_that_refuses_is_not_said_to_be_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    said = {"error": "a token or a name and password is needed"}
    with answering({"GET /api/v1/route": (401, said)}) as peer:
        shown = which("24372000000000000000", url=peer.url).stdout
    assert "的监测程序拒绝了 /api/v1/route" in shown
    assert "需要令牌" in shown
    assert "没有给出" in shown
    assert "未运行" not in shown
    assert "needed" not in shown


@pytest.mark.parametrize("invoice", ["24372000000000000000", "037001900111", "9900990130", "12"])
def test_json_is_the_same_in_every_language(invoice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    english = answer(invoice)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert answer(invoice) == english


def test_a_daemon_is_asked_for_its_advice_in_the_language_of_the_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The states of its answer are words of the API; here they are said in those of the user."""
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    asked: list[str] = []
    with serving(DAEMON, asked=asked) as url:
        shown = which("24372000000000000000", url=url).stdout
        which("24372000000000000000", "--json", url=url)
    assert "  状态      正常；全国查验平台：正常" in shown
    assert [one for one in asked if "route" in one] == [
        f"/api/v1/route?invoice=24372000000000000000&lang={language}" for language in ("zh", "en")
    ]


def test_the_first_twelve_digits_of_twenty_are_doubted_at_once() -> None:
    lines = which("241120000000").stdout.splitlines()
    assert "Henan" in lines[0]
    assert "Beijing" in lines[-1]
    assert "20-digit" in lines[-1]


@pytest.mark.parametrize("words", ["2411", "abc", "9900990130", "24922000000000000000"])
def test_what_leads_nowhere_exits_1_and_says_why(words: str) -> None:
    result = which(words)
    assert (result.return_value, result.stdout) == (1, "")
    assert result.stderr.strip()
    assert answer(words)["error"] == result.stderr.strip()


@pytest.mark.parametrize(
    "said",
    [
        b"<html>",
        [],
        {},
        ROUTE | {"state": 7},
        ROUTE | {"watched": "dppt"},
        ROUTE | {"kind": "code13"},
        ROUTE | {"name": None},
    ],
)
def test_what_is_no_daemon_does_not_matter(said: Any) -> None:
    with serving({"/api/v1/route": said}) as url:
        told = answer("3700990130", url=url)
    assert (told["authority"], told["state"]) == ("shandong", None)


def test_what_a_daemon_says_cannot_play_with_the_terminal() -> None:
    with serving({"/api/v1/route": ROUTE | {"advice": "\x1b[2Jgone", "endpoint": "a\nb"}}) as url:
        shown = which("24372000000000000000", url=url).stdout
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 7


def test_an_override_of_the_configuration_is_used(tmp_path: Path) -> None:
    file = tmp_path / "probes.yaml"
    file.write_text(
        "version: 1\n"
        "authorities: {override: {qingdao: {digital_invoice_prefix: '92', dppt_url: 'https://dppt.example:8443'}}}\n"
        "probes:\n  - {name: reach, kind: tcp, each: authority, host: '{verify_host}', port: '{verify_port}'}\n"
    )
    told = answer("24922000000000000000")
    assert (told["authority"], told["endpoint"]) == ("qingdao", "https://dppt.example:8443")


def test_a_broken_configuration_is_left_aside_unless_it_was_named(tmp_path: Path) -> None:
    file = tmp_path / "probes.yaml"
    file.write_text("language: en\nprobez: []\n")
    result = which("1100990100")
    assert result.return_value == 0
    assert "probes.yaml has mistakes" in result.stderr
    named = which("1100990100", "-c", str(file))
    assert "probez" in str(named.exception)
