"""`which`: the authority of an invoice, with what a daemon says where one answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli.which import command
from tests.cli.peer import serving

NOBODY = "http://127.0.0.1:1"
STATUS = {
    "authorities": [
        {
            "authority": "shandong",
            "state": "down",
            "services": {"verify": {"state": "down"}, "dppt": {"state": "up"}},
            "targets": ["captcha/shandong"],
        }
    ],
    "national": {"authority": "national", "state": "up"},
}


def which(*words: str, url: str = NOBODY) -> Result:
    return CliRunner().invoke(command, [*words, "--url", url], standalone_mode=False)


def answer(*words: str, url: str = NOBODY) -> Any:
    result = which(*words, "--json", url=url)
    return json.loads(result.stdout)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FAPIAO_CONFIG", raising=False)


def test_an_invoice_leads_to_its_authority_without_a_daemon() -> None:
    result = which("0110-0990-0111")
    assert result.return_value == 0
    assert "北京 Beijing (beijing, 1100)" in result.stdout
    assert "https://fpcy.beijing.chinatax.gov.cn:443/NWebQuery" in result.stdout
    assert "unknown: no daemon at http://127.0.0.1:1" in result.stdout


def test_a_daemon_says_the_state_and_what_is_watched() -> None:
    with serving({"/api/v1/status": STATUS}) as url:
        told = answer("3700990130", url=url)
        shown = which("3700990130", url=url).stdout
    assert (told["authority"], told["code"], told["kind"]) == ("shandong", "3700", "code10")
    assert (told["state"], told["watched"]) == ("down", ["verify", "dppt"])
    assert "state     down" in shown
    assert "verify (down), dppt (up)" in shown


def test_a_digital_invoice_is_told_of_the_platform_and_of_the_national_page() -> None:
    with serving({"/api/v1/status": STATUS}) as url:
        told = answer("24372000000000000000", url=url)
        shown = which("24372000000000000000", url=url).stdout
    assert (told["authority"], told["kind"]) == ("shandong", "digital")
    assert told["endpoint"] == "https://dppt.shandong.chinatax.gov.cn"
    assert "only reachability" in told["advice"]
    assert "the national page is up" in shown


def test_the_first_twelve_digits_of_twenty_are_doubted_at_once() -> None:
    lines = which("241120000000").stdout.splitlines()
    assert "Henan" in lines[0]
    assert "Beijing" in lines[1]
    assert "20-digit" in lines[1]


@pytest.mark.parametrize("words", ["2411", "abc", "9900990130", "24922000000000000000"])
def test_what_leads_nowhere_exits_1_and_says_why(words: str) -> None:
    result = which(words)
    assert (result.return_value, result.stdout) == (1, "")
    assert result.stderr.strip()
    assert answer(words)["error"] == result.stderr.strip()


@pytest.mark.parametrize(
    "status",
    [
        b"<html>",
        [],
        {},
        {"authorities": [7, {"authority": "shandong", "state": 7, "services": 7}], "national": 7},
    ],
)
def test_what_is_no_daemon_does_not_matter(status: Any) -> None:
    with serving({"/api/v1/status": status}) as url:
        assert (answer("3700990130", url=url)["authority"], answer("3700990130", url=url)["state"]) == (
            "shandong",
            None,
        )


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
    file.write_text("probez: []\n")
    result = which("1100990100")
    assert result.return_value == 0
    assert "probes.yaml has mistakes" in result.stderr
    named = which("1100990100", "-c", str(file))
    assert "probez" in str(named.exception)
