"""What is there for kinds that look at this machine: files of every sort, in a folder of their own for each case."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from monitor.model import DiskRule, FileRules, HostRules, LogCodes, LogPattern, LogRules, Room
from tests.matrix.case import Surroundings, There, Where


def files(*written: tuple[str, float, bytes], **rules: Any) -> There:
    """Files of (name, age in hours, content), of which the newest `*.bak` is looked for."""

    @asynccontextmanager
    async def there(around: Surroundings) -> AsyncIterator[Where]:
        with tempfile.TemporaryDirectory() as folder:
            for name, hours, content in written:
                path = Path(folder, name)
                path.write_bytes(content)
                at = time.time() - hours * 3600
                os.utime(path, (at, at))
            yield {"host": "", "file": FileRules(glob=f"{folder}/*.bak", **rules)}

    return there


def checksum(content: bytes) -> bytes:
    """As sha256sum writes it of `a.bak`."""
    return f"{hashlib.sha256(content).hexdigest()}  a.bak\n".encode()


def logs(lines: bytes, *, at_least: int = 1, regex: str = "timeout", table: str | None = None) -> There:
    """A log to which these lines are added between a first look and the one that counts."""

    @asynccontextmanager
    async def there(around: Surroundings) -> AsyncIterator[Where]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "client.log")
            path.write_bytes(b"timeout, but long ago\n" * 9)

            def add() -> None:
                with path.open("ab") as log:
                    log.write(lines)

            patterns = (LogPattern(name="timeouts", regex=regex, at_least=at_least),)
            codes = None if table is None else LogCodes(table=table, at_least=at_least)
            rules = LogRules(path=str(path), patterns=() if codes else patterns, codes=codes)
            yield {"host": "", "log": rules, "meanwhile": add}

    return there


def log_at(path: str) -> There:
    """A log that is somewhere else than it should be."""

    @asynccontextmanager
    async def there(around: Surroundings) -> AsyncIterator[Where]:
        yield {"host": "", "log": LogRules(path=path, patterns=(LogPattern(name="x", regex="x"),))}

    return there


def machine(path: str = "/", least: float = 0.0, **rules: Any) -> There:
    """This machine, of which so large a share of the disk must be free."""

    @asynccontextmanager
    async def there(around: Surroundings) -> AsyncIterator[Where]:
        disk = DiskRule(path=path, free=Room(share=least))
        yield {"host": "", "machine": HostRules(disks=(disk,), **rules)}

    return there
