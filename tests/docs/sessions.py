"""Runs the shell blocks of a document in order, in a directory of its own, against stand-ins on loopback.

What a reader would type stays as it is, but for this (`isolated`): the daemon's port 8036 and the simulator's 8037 are
free ones here, the tax office whose certificate is looked at by hand is a stand-in, and `check` reads the YAML block
that stands before it. Without `-c`, commands find a configuration that watches the stand-ins only.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.examples import completed, is_ours, lay_out, top_level
from tests.docs.markdown import ROOT, Block

EXITS = re.compile(r"# exits (\d)$", re.MULTILINE)
"""How a block says that its last command does not exit 0."""
PATIENCE = 40.0
"""Seconds for one block, or for something to be waited for: the machine may be busy."""
FOREIGN = re.compile(r"\b(?:https?|tls|tcp)://(?!(?:127\.0\.0\.1|localhost|[\w-]+\.localhost)\b|\$)")
"""An address that is not this machine's."""
CHANGING = re.compile(r"(?<![\w.])/(?:etc|usr|var|srv)/|\b(?:sudo|systemctl|apt-get|apt|pip|useradd)\b")
"""What a test must not touch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What runs already when a document begins."""

    url: str
    """Of a daemon."""
    control: str
    """Of the simulator it watches."""
    config: str
    """Text of a probes.yaml that watches the same stand-ins."""
    state: Path
    """Where that daemon keeps its files."""
    shandong: int
    """Port of a stand-in."""
    token: str
    programs: Path
    """Directory of `fapiao-monitor`."""
    mend: Callable[[], None]
    """Makes all stand-ins well again."""


@dataclass
class Left:
    """A program that a block left running, and what it has said so far."""

    process: asyncio.subprocess.Process
    said: str = ""

    async def listen(self) -> None:
        """Take what it says, until it ends."""
        assert self.process.stdout
        while chunk := await self.process.stdout.read(65536):
            self.said += chunk.decode("utf-8", "replace")


@dataclass
class Session:
    """One document being followed."""

    folder: Path
    stage: Stage
    port: int
    """For a daemon of its own."""
    url: str = ""
    control: str = ""
    left: list[Left] = field(default_factory=list)
    shown: Block | None = None
    """The YAML block seen last."""

    def prepare(self, *, checkout: bool) -> None:
        """Put a configuration into the directory, and what a checkout has: `monitor.sh`, `probes.yaml`."""
        self.url, self.control = self.stage.url, self.stage.control
        self.stage.mend()
        if checkout:
            script = self.folder / "monitor.sh"
            script.write_text('#!/bin/sh\nexec fapiao-monitor "$@"\n')
            script.chmod(0o755)
            shutil.copy(ROOT / "probes.yaml", self.folder)
        own = re.sub(r"^  dir: .*$", f'  dir: "{self.folder}/own"', self.stage.config, flags=re.MULTILINE)
        (self.folder / "shipped.yaml").write_text(own, encoding="utf-8")
        (self.folder / "state").symlink_to(self.stage.state)
        (self.folder / ".exported").touch()

    def environment(self) -> dict[str, str]:
        """What every block starts with; what it exports stays."""
        return {
            "PATH": f"{self.stage.programs}:{os.environ['PATH']}", "HOME": str(self.folder),
            "LANG": "C.UTF-8", "NO_PROXY": "*", "FAPIAO_URL": self.url, "FAPIAO_SIMULATOR": self.control,
            "FAPIAO_TOKEN": self.stage.token, "FAPIAO_CONFIG": str(self.folder / "shipped.yaml"),
        }  # fmt: skip

    def isolated(self, text: str) -> str:
        """The block as it can run here. Fails where it would still leave this machine."""
        text = text.replace(
            "fpcy.shandong.chinatax.gov.cn port=443", f"shandong.localhost port={self.stage.shandong}"
        )
        text = text.replace("http://127.0.0.1:8036", self.url).replace("http://127.0.0.1:8037", self.control)
        text = re.sub(
            r"^(\S+ run\b[^#\n]*?)( *#.*)?$", rf"\1 --listen 127.0.0.1:{self.port}", text, flags=re.MULTILINE
        )
        if self.shown is not None:
            text = re.sub(r"^(\S+ check)$", r"env -u FAPIAO_CONFIG \1", text, flags=re.MULTILINE)
        assert not FOREIGN.search(text), f"this would leave the machine: {text}"
        assert not CHANGING.search(text), f"this would change the machine: {text}"
        return text

    async def follow(self, block: Block) -> None:
        """Do what a reader does with a block. Fails where it does not end as it says."""
        if block.language == "yaml" and is_ours(block.text):
            self._write_down(block)
        elif block.language == "sh" and not block.not_run:
            waited = block.remark.removeprefix("wait for: ")
            if waited != block.remark:
                await self._until(waited)
            await (self._leave(block) if block.remark == "leave running" else self._run(block))

    def _write_down(self, block: Block) -> None:
        """Put a configuration where the commands that follow look for it."""
        is_table = "tables" in top_level(block.text)
        name, text = ("codes.local.yaml", block.text) if is_table else ("probes.yaml", completed(block.text))
        (self.folder / name).write_text(lay_out(text, self.folder), encoding="utf-8")
        if not is_table:
            self.shown = block

    async def close(self) -> None:
        """Stop what is left running, as ctrl-C does."""
        for one in self.left:
            if one.process.returncode is None:
                one.process.send_signal(signal.SIGINT)
            async with asyncio.timeout(PATIENCE):
                await one.process.wait()

    async def _run(self, block: Block) -> None:
        process = await self._start(f"{self.isolated(block.text)}\nexport -p > .exported\n")
        try:
            async with asyncio.timeout(PATIENCE):
                said, _ = await process.communicate()
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
        expected = EXITS.search(block.text)
        assert process.returncode == int(expected[1] if expected else 0), (
            f"{block.place} exits {process.returncode}:\n{block.text}\n{said.decode('utf-8', 'replace')}"
        )

    async def _leave(self, block: Block) -> None:
        text = self.isolated(block.text).strip()
        one = Left(process=await self._start(f"exec {text}"))
        one.process.listening = asyncio.ensure_future(one.listen())  # type: ignore[attr-defined]
        self.left.append(one)
        if " simulate " in text:
            await self._until("Ctrl-C ends it")
            found = re.search(r"control +(http://[\d.:]+)/", one.said)
            assert found
            self.control = found[1]
        else:
            await self._until("daemon.listens")
            self.url = f"http://127.0.0.1:{self.port}"

    async def _start(self, script: str) -> asyncio.subprocess.Process:
        where = f"export FAPIAO_URL={self.url} FAPIAO_SIMULATOR={self.control}"
        return await asyncio.create_subprocess_exec(
            "sh", "-ec", f". ./.exported\n{where}\n{script}", cwd=self.folder, env=self.environment(),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip

    async def _until(self, text: str) -> None:
        """Wait until something that is left running has said this; fails when it ends before."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not any(text in one.said for one in self.left):
                    ended = [one.said for one in self.left if one.process.returncode is not None]
                    assert not ended, ended
                    await asyncio.sleep(0.05)
        except TimeoutError:
            said = "\n---\n".join(one.said[-3000:] for one in self.left)
            raise AssertionError(f"nobody said {text!r}:\n{said}") from None
