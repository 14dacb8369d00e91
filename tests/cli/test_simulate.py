"""`simulate` as a process: it says how to use it, can be broken by hand, and ends with 0 when asked to."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import pytest
import yaml
from click.testing import CliRunner

from monitor.cli.simulate import command
from monitor.cli.steering import Wish, unseen
from monitor.config.load import load
from monitor.knowledge import load_registry


@asynccontextmanager
async def simulate(*arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Process and its first words, up to the line that says how to end it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor", "simulate", *arguments, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        words = await process.stdout.readuntil(b"Ctrl-C")
        words += await process.stdout.readline()
        yield process, words.decode()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


def control_of(words: str) -> str:
    return next(
        line.split()[1] for line in words.splitlines() if line.startswith(("  control", "  控制地址"))
    )


async def test_it_writes_a_configuration_can_be_broken_by_hand_and_ends_with_0(tmp_path: Path):
    file = tmp_path / "sim.yaml"
    wanted = ["--half-hanging", "--fault", "shandong/dppt=003"]
    async with simulate("--config-out", str(file), *wanted) as (process, words):
        assert f"fapiao-monitor run -c {file}" in words
        async with aiohttp.ClientSession(control_of(words)) as http:
            async with http.put("authorities/xinjiang/fault", data='{"fault": "refuse"}') as answer:
                assert answer.status == 200
            async with http.get("") as answer:
                rows = (await answer.json())["stand_ins"]
        faults = {(row["authority"], row["service"]): row["fault"] for row in rows if row["fault"]}
        assert list(faults.values()).count("hang_accept") == 2 * 18
        assert faults["shandong", "dppt"] == "003"
        assert faults["xinjiang", "verify"] == "refuse"
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
    written = yaml.safe_load(file.read_text("utf-8"))
    assert len(written["authorities"]["override"]) == 36
    assert Path(written["defaults"]["tls"]["ca"]).read_text().startswith("-----BEGIN CERTIFICATE-----")


def test_a_port_that_is_taken_is_said_plainly():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = CliRunner().invoke(command, ["--port-base", str(taken.getsockname()[1])])
    assert result.exit_code == 1
    assert "cannot start" in result.output
    assert "address already in use" in result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--scenario", "x.yaml"], "--scenario x.yaml: No such file"),
        (["--scenario", "monthend"], "there are certificate-day"),
        (["--no-names", "--scenario", "dns-hijack"], "is not asked of a name server"),
        (["--break", "shandong"], "SLUG=FAULT"),
        (["--mend", "shandong=hang"], "SLUG/SERVICE"),
        (["--fault", "shandong"], "SLUG=FAULT"),
        (["--fault", "shandon=hang"], "did you mean shandong"),
        (["--fault", "shandong=hangg"], "did you mean 'hang'"),
        (["--fault", "yunnan/verify=expired"], "plain HTTP"),
        (["--host", "0.0.0.0"], "not a loopback address"),
        (["--host", "somewhere"], "somewhere"),
        (["--port-base", "80"], "from 1024"),
    ],
)
def test_mistakes_are_said_and_exit_2(arguments: list[str], says: str):
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert says in result.output


def test_what_is_wrong_in_a_scenario_is_said_with_its_place(tmp_path: Path):
    file = tmp_path / "mine.yaml"
    file.write_text("steps:\n  - {at: 1s, authorities: [shandnog], fault: hang}\n")
    result = CliRunner().invoke(command, ["--scenario", str(file)])
    assert result.exit_code == 2
    assert (
        "line 2, column 28: steps[0].authorities[0]: found 'shandnog'; did you mean shandong?"
        in result.output
    )


def test_the_scenarios_that_come_along_are_listed():
    result = CliRunner().invoke(command, ["--list", "--language", "en"])
    assert result.exit_code == 0
    assert "own-network      our own network is down" in result.output


def test_where_no_simulator_answers_steering_exits_3(free_port: int):
    for wish in (["--break", "shandong=hang"], ["--mend", "shandong"]):
        result = CliRunner().invoke(command, [*wish, "--control", f"http://127.0.0.1:{free_port}"])
        assert result.exit_code == 3
        assert "no simulator at" in result.output


async def test_a_running_one_is_steered_and_says_its_alerts(tmp_path: Path):
    file = tmp_path / "sim.yaml"
    async with simulate("--config-out", str(file), "--language", "en") as (process, words):
        control = control_of(words)
        assert process.stdout is not None

        async def steer(*wishes: str) -> tuple[int, str]:
            result = await asyncio.to_thread(CliRunner().invoke, command, [*wishes, "--control", control])
            return result.exit_code, result.output

        assert await steer("--break", "shandong=hang") == (0, "shandong: verify hang, dppt hang\n")
        assert await steer("--mend", "shandong/dppt") == (0, "shandong: verify hang, dppt healthy\n")
        assert await steer("--break", "local=refuse") == (0, "local: 2 of 2 services broken\n")
        assert await steer("--break", "resolver=nxdomain") == (0, "resolver: nxdomain\n")
        assert await steer("--mend", "everything") == (0, "everything: 0 of 75 services broken\n")
        assert (await steer("--break", "shandong=hnag"))[0] == 1
        written = yaml.safe_load(file.read_text("utf-8"))
        receiver = written["alerts"]["receivers"]["terminal"]["webhook"]
        message = {"event": "incident_opened", "title": "Shandong \x1b[2J is down", "text": "Since: now"}
        async with aiohttp.ClientSession() as http, http.post(receiver, json=message) as answer:
            assert answer.status == 200
        said = (await process.stdout.readuntil(b"Since: now\n")).decode()
        assert "✉ Shandong  [2J is down" in said


async def test_it_says_what_to_type_as_it_was_called_and_speaks_as_the_terminal_does(
    tmp_path: Path, monkeypatch
):
    monkeypatch.setenv("FAPIAO_COMMAND", "../monitor.sh")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setenv("LANG", "C.UTF-8")
    file = tmp_path / "sim.yaml"
    async with simulate("--config-out", str(file)) as (_, words):
        assert f"  ../monitor.sh run -c {file}\n" in words
        assert "  ../monitor.sh simulate --break shandong=hang" in words
        assert "fapiao-monitor" not in words
    assert yaml.safe_load(file.read_text("utf-8"))["language"] == "zh"


async def test_a_scenario_is_played_and_its_planned_work_is_in_the_configuration(tmp_path: Path):
    file = tmp_path / "sim.yaml"
    arguments = ["--scenario", "demo", "--speed", "100", "--language", "zh", "--config-out", str(file)]
    async with simulate(*arguments) as (process, _):
        assert process.stdout is not None
        told = (await process.stdout.readuntil("故事结束".encode())).decode()
        assert told.index("▶ 山东接受连接") < told.index("▶ 河南的证书过期了") < told.index("▶ 网络恢复")
    (work,) = yaml.safe_load(file.read_text("utf-8"))["maintenance"]
    assert (work["name"], work["authorities"]) == ("系统升级", ["tianjin"])


@pytest.mark.parametrize("scenario", ["demo", "dns-hijack"])
async def test_what_it_writes_is_a_configuration_without_mistakes(tmp_path: Path, scenario: str):
    file = tmp_path / "sim.yaml"
    async with simulate("--scenario", scenario, "--config-out", str(file)):
        plan = load(file, environ={}, registry=load_registry()).plan
    assert len(plan.references) == 1
    assert plan.targets["captcha/shandong"].resolver[0].startswith("127.0.0.1:")


def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path):
    file = tmp_path / "probes.yaml"
    file.write_text("version: 1\n")
    result = CliRunner().invoke(command, ["--config-out", str(file)])
    assert result.exit_code == 2
    assert "left alone" in result.output
    assert file.read_text() == "version: 1\n"


async def test_a_file_that_was_changed_since_it_was_written_is_left_alone(tmp_path: Path):
    file = tmp_path / "sim.yaml"
    async with simulate("--config-out", str(file)):
        pass
    async with simulate("--config-out", str(file)):  # untouched: written anew
        written = file.read_text("utf-8")
    changed = written.replace("group_wait: 1s", "group_wait: 9s")
    file.write_text(changed, "utf-8")
    result = CliRunner().invoke(command, ["--config-out", str(file)])
    assert result.exit_code == 2
    assert "was changed since simulate wrote it" in result.output
    assert "remove the file" in result.output
    assert file.read_text("utf-8") == changed


async def test_it_speaks_the_language_of_the_terminal_and_by_the_clock_of_its_configuration(tmp_path: Path):
    file = tmp_path / "sim.yaml"
    arguments = ["--language", "zh", "--config-out", str(file), "--fault", "beijing/dppt=003"]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "monitor",
        "simulate",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env={"TZ": "UTC"},
    )
    assert process.stdout is not None
    words = (await process.stdout.readuntil("按 Ctrl-C 退出。\n".encode())).decode()
    assert "（故障：beijing/dppt=003）" in words
    hint = (await process.stdout.readline()).decode()
    assert "看不到 003" in hint
    shown = datetime.strptime(hint[:8], "%H:%M:%S")  # noqa: DTZ007 - a time of day
    off = (datetime.now(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None) - shown).seconds
    assert off < 600, "it is the clock of Shanghai, not of this machine"
    process.terminate()
    await process.communicate()


@pytest.mark.parametrize(
    ("wish", "looks"),
    [
        (Wish(slug="shandong", service="dppt", fault="status_503"), "kind: tls"),
        (Wish(slug="shandong", service="dppt", fault="hang"), "kind: tls"),
        (Wish(slug="gateway", service=None, fault="expired"), "kind: tcp"),
        (Wish(slug="shandong", service="dppt", fault="expired"), ""),
        (Wish(slug="shandong", service="dppt", fault="refuse"), ""),
        (Wish(slug="shandong", service="verify", fault="status_503"), ""),
        (Wish(slug="shandong", service=None, fault="hang"), ""),
        (Wish(slug="gateway", service=None, fault="refuse"), ""),
        (Wish(slug="shandong", service="dppt", fault="no-such-fault"), ""),
        (Wish(slug="shandong", service="dppt"), ""),
    ],
)
def test_a_fault_that_nothing_watched_can_see_is_hinted_at(wish: Wish, looks: str):
    for language in ("zh", "en"):
        hint = unseen(wish, language)
        assert (looks in hint) if looks else hint == ""
