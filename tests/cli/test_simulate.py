"""`simulate` as a process: it says how to use it, can be broken by hand, and ends with 0 when asked to."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import yaml
from click.testing import CliRunner

from monitor.cli.simulate import command


@asynccontextmanager
async def simulate(*arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Process and its first words, up to the line that says how to end it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor", "simulate", *arguments, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        words = await process.stdout.readuntil(b"Ctrl-C ends it.\n")
        yield process, words.decode()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


def control_of(words: str) -> str:
    return next(line.split()[1] for line in words.splitlines() if line.strip().startswith("control"))


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
        (["--scenario", "x.yaml"], "not yet"),
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
