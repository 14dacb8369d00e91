"""`notify --test`: the real deliverers without a daemon, each URL's answer, and exit codes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import structlog
from click.testing import CliRunner

from monitor.cli import group
from tests.notify.hooks import hook

SECRET = "S3cr3t-T0ken-0123456789"
CONFIGURATION = """
version: 1
vantage: test-bench
language: zh
probes:
  - {{name: self, kind: tcp, role: control, host: 127.0.0.1, port: 9, interval: 1m}}
alerts:
  receivers:
    oncall: {{apprise: ["json://{well}/{secret}", "json://{ill}/{secret}"]}}
    bus: {{webhook: "http://{well}/{secret}", token: "{secret}"}}
  routes:
    - {{to: [oncall, bus]}}
"""


@pytest.fixture(autouse=True)
def same_logs() -> Iterator[None]:
    """The command sets up logging for its process; this one's stays as it is."""
    root = logging.getLogger()
    handlers, level, configuration = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configuration)


async def notify(
    tmp_path: Path, *words: str, well: str = "127.0.0.1:9", ill: str = "127.0.0.1:9"
) -> tuple[int, str]:
    """Exit code and everything printed."""
    file = tmp_path / "probes.yaml"
    file.write_text(CONFIGURATION.format(well=well, ill=ill, secret=SECRET), encoding="utf-8")
    arguments = ["notify", *words, "-c", str(file)]
    run = await asyncio.to_thread(CliRunner().invoke, group, arguments, standalone_mode=False)
    if isinstance(run.exception, click.UsageError):
        return 2, run.exception.format_message()
    assert run.exception is None
    return run.return_value, run.output


async def test_each_url_of_a_receiver_says_what_it_answered(tmp_path):
    async with hook() as well, hook(503) as ill:
        code, printed = await notify(tmp_path, "--test", "oncall", well=well.address, ill=ill.address)

    first, second = printed.splitlines()
    assert code == 1
    assert first.startswith("oncall[0]  ok      200")
    assert second.startswith("oncall[1]  FAILED  answered 503")
    assert well.bodies[0]["title"].startswith("【测试】")
    assert SECRET not in printed


async def test_one_url_can_be_tested_alone_and_what_it_takes_is_marked_as_a_test(tmp_path):
    async with hook() as well:
        code, printed = await notify(tmp_path, "--test", "bus[0]", well=well.address)

    (body,) = well.bodies
    assert code == 0
    assert printed.startswith("bus[0]  ok      200")
    assert (body["event"], body["scope"], body["incidents"]) == ("test", "daemon", [])
    assert body["key"].endswith("/1/test")
    assert SECRET not in printed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--test", "onkall"], 'did you mean "oncall"?'),
        (["--test", "nobody-we-know"], "configured: bus, oncall"),
        ([], "--test"),
    ],
)
async def test_what_cannot_be_meant_exits_2_with_a_hint(tmp_path, words, said):
    code, printed = await notify(tmp_path, *words)

    assert code == 2
    assert said in printed
