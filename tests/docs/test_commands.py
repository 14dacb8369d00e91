"""Every command of the documents runs: each document is followed from its first shell block to its last."""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from monitor.simulator import Simulator
from tests.docs import quick
from tests.docs.markdown import ROOT, Block, all_blocks, blocks, documents
from tests.docs.sessions import PATIENCE, Session, Stage
from tests.flow.harness import Hook, daemon, hook_server, until

TOKEN = "docs-t0ken"
RUNBOOK = (Path("docs/causes.md"), Path("docs/causes.zh.md"))
"""Have their own test, for their commands show faults."""
CHINESE = Path("README.zh.md")
"""Has the commands of the English one."""
FEW = ("beijing", "shandong", "henan", "shanghai")
"""Authorities that stand in for all: a busy machine is asked for little."""

pytestmark = [pytest.mark.timeout(120), pytest.mark.peer("curl"), pytest.mark.peer("openssl")]


def runs(path: Path) -> bool:
    """Whether a document has a command that can run here."""
    return any(block.language == "sh" and not block.not_run for block in blocks(path))


FOLLOWED = [path for path in documents() if path not in (*RUNBOOK, CHINESE) and runs(path)]


def commands(path: Path) -> list[str]:
    """Its commands without what is said about them."""
    return [re.sub(r" *#.*", "", block.text) for block in blocks(path) if block.language == "sh"]


@contextlib.asynccontextmanager
async def quick_commands(folder: Path) -> AsyncIterator[Path]:
    """A directory that holds `fapiao-monitor`, quick to start."""
    programs, path = folder / "bin", str(folder / "quick")
    programs.mkdir()
    quick.client(programs, path)
    server = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.docs.quick", path, cwd=ROOT)
    try:
        await until(lambda: Path(path).exists(), PATIENCE)
        yield programs
    finally:
        server.kill()
        await server.wait()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A simulator, a daemon that watches it, and a receiver."""
    folder = tmp_path_factory.mktemp("stage")
    async with (
        Simulator(ca_file=folder / "ca.pem", only=FEW, names=True) as sim,
        hook_server(Hook()) as hook,
    ):
        receivers = {"oncall": {"webhook": hook.url}, "bus": {"webhook": hook.url}}
        probes = ("reach", "captcha", "dppt", "national-page", "internet", "gateway", "erp-sync")
        config = sim.config(
            receivers=receivers, probes=probes, interval="60s", timeout="10s", state_dir=str(folder / "state")
        ).replace("server:\n", f"server:\n  token: {TOKEN}\n")
        async with daemon(config, folder) as running, quick_commands(folder) as programs:

            async def ready() -> bool:
                async with running.session.get(f"{running.base}/-/ready") as answer:
                    return answer.status == 200

            def mend() -> None:
                sim.clear_fault()
                sim.sync.set(token="", code=None, lag=60)

            await until(ready, PATIENCE)
            yield Stage(
                url=running.base,
                control=sim.control_url,
                config=config,
                shandong=sim.port("shandong"),
                token=TOKEN,
                state=folder / "state",
                programs=programs,
                mend=mend,
            )


@pytest.mark.parametrize("path", FOLLOWED, ids=str)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_document_can_be_followed(path: Path, stage: Stage, tmp_path: Path, free_port: int):
    session = Session(folder=tmp_path, stage=stage, port=free_port)
    session.prepare(checkout=any("./monitor.sh" in block.text for block in blocks(path)))
    try:
        for block in blocks(path):
            await session.follow(block)
    finally:
        await session.close()


def test_both_readmes_have_the_same_commands():
    assert commands(CHINESE) == commands(Path("README.md"))


@pytest.mark.parametrize(
    "block", [block for block in all_blocks("sh") if block.not_run], ids=lambda block: block.place
)
def test_what_is_not_run_here_says_why_and_is_sound_shell(block: Block):
    assert len(block.remark.removeprefix("not run: ")) > 10
    assert subprocess.run(["sh", "-n"], input=block.text.encode(), capture_output=True).stderr == b""
