"""The real daemon as a process of its own, and the end of $NOTIFY_SOCKET where systemd would listen."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path


class Manager:
    """Takes datagrams as systemd does, and remembers them with the time they came."""

    def __init__(self, address: str) -> None:
        """`address` as in NOTIFY_SOCKET: a path, or `@name`."""
        self.address = address
        self.heard: list[tuple[float, dict[str, str]]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._socket.setblocking(False)

    def listen(self) -> None:
        """Begin, on the running loop."""
        asyncio.get_running_loop().add_reader(self._socket, self._take)

    def close(self) -> None:
        """Listen no more."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _take(self) -> None:
        words = dict(line.split("=", 1) for line in self._socket.recv(65536).decode().splitlines())
        self.heard.append((asyncio.get_running_loop().time(), words))

    def words(self) -> list[str]:
        """The names of the words that were said, without STATUS and what goes along, in order."""
        small = ("STATUS", "MONOTONIC_USEC")
        return [name for _, words in self.heard for name in words if name not in small]

    def times(self, word: str) -> list[float]:
        """When a word was said, in seconds of the loop."""
        return [at for at, words in self.heard if word in words]

    def last(self, word: str) -> str:
        """The value that was said last; empty when none was."""
        return next((words[word] for _, words in reversed(self.heard) if word in words), "")


@asynccontextmanager
async def manager(address: str) -> AsyncIterator[Manager]:
    """A manager that listens."""
    made = Manager(address)
    made.listen()
    try:
        yield made
    finally:
        made.close()


@dataclass
class Daemon:
    """One process. `log` holds its lines so far."""

    process: asyncio.subprocess.Process
    base: str = ""
    log: list[str] = field(default_factory=list)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    async def stopped(self, seconds: float = 30.0) -> int:
        """Its exit status, once it has ended."""
        async with asyncio.timeout(seconds):
            return await self.process.wait()


@asynccontextmanager
async def daemon(
    config: str,
    folder: Path,
    environ: Mapping[str, str] | None = None,
    *,
    before: Sequence[str] = (),
    state: Path | None = None,
) -> AsyncIterator[Daemon]:
    """`run` with this probes.yaml, behind the command `before`; killed at the end if it still lives."""
    file = folder / "probes.yaml"
    file.write_text(
        config.replace('\nstorage:\n  dir: "state-simulator"\n', "\n")
    )  # $STATE_DIRECTORY says where
    process = await asyncio.create_subprocess_exec(
        *before,
        *(sys.executable, "-m", "monitor", "run", "-c", str(file), "--listen", "127.0.0.1:0"),
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "STATE_DIRECTORY": str(state or folder / "state"), **(environ or {})},
    )
    made = Daemon(process=process)
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(_read(made))
        try:
            await until(lambda: made.base or process.returncode is not None)
            yield made
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            await reading


async def _read(daemon: Daemon) -> None:
    assert daemon.process.stderr is not None
    async for line in daemon.process.stderr:
        daemon.log.append(line.decode())
        if "daemon.listens" in daemon.log[-1]:
            daemon.base = daemon.log[-1].partition("page=")[2].split("/ ")[0].split()[0].rstrip("/")


async def until(seen: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until `seen()` is true; fails after `seconds`."""
    async with asyncio.timeout(seconds):
        while not seen():
            await asyncio.sleep(0.02)
