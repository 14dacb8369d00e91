"""Kind `host`: what this machine has left: free disk, memory, load, open files, and how wrong its clock is.

Everything is measured whenever it can be; what `target.machine` names is judged. Each path is asked in a thread of its own, so a
network disk that hangs costs neither the others nor the daemon anything. Numbers of the kernel are those of /proc (Linux).
"""

from __future__ import annotations

import asyncio
import os
import re
import resource
from functools import partial
from pathlib import Path

from monitor.core.classify import Knowledge
from monitor.core.machine import judge_host
from monitor.model import Cause, DiskRule, HostRules, Reading, Result, Seen, Target
from monitor.net import Admit, Net
from monitor.net.failures import FaultError
from monitor.probes.kind import Kind
from monitor.probes.machine import Here

_MOST = 64 << 10
"""Bytes of a file of /proc that are read."""
_UNLIMITED = 1 << 62
"""A limit as large as this is none."""


async def look(target: Target, net: Net, admit: Admit) -> Seen:
    """Measure all parts at once."""
    rules = target.machine
    assert rules is not None

    async def steps(here: Here) -> None:
        if (offset := net.clock_offset()) is not None:
            here.keep("clock", [Reading(name="clock_offset", value=offset)])
        async with asyncio.TaskGroup() as parts:
            parts.create_task(here.do("this machine", partial(_measured, rules)))
            for disk in rules.disks:
                parts.create_task(here.do(disk.path, partial(_disk, disk)))

    return await net.do(Here(target, net, steps), timeout=target.timeout)


def judge(target: Target, seen: Seen, knowledge: Knowledge) -> Result:
    """Enough of everything is left."""
    return judge_host(target, seen)


def _disk(disk: DiskRule) -> list[Reading]:
    """Free space as df shows it: of what is not set aside for root. Blocks."""
    known = os.statvfs(disk.path)
    usable = known.f_blocks - known.f_bfree + known.f_bavail
    readings = [
        Reading(name="disk_free", of=disk.path, value=known.f_bavail / usable if usable else 0.0),
        Reading(name="disk_free_bytes", of=disk.path, value=float(known.f_bavail * known.f_frsize)),
    ]
    if known.f_files:  # some file systems have no fixed number of them
        readings.append(Reading(name="inodes_free", of=disk.path, value=known.f_favail / known.f_files))
    return readings


def _measured(rules: HostRules) -> list[Reading]:
    """Memory, load and open files. Raises FaultError where one of them that has a limit is not known here."""
    parts = {
        "memory": (_memory, rules.memory),
        "load": (_load, rules.load),
        "files": (_files, rules.files),
    }
    readings = []
    for name, (measure, limit) in parts.items():
        try:
            readings += measure()
        except (OSError, ValueError, ZeroDivisionError):
            if limit is not None:
                detail = f"{name} cannot be measured on this machine"
                raise FaultError(Cause.PROBE_MISCONFIGURED, detail) from None
    return readings


def _memory() -> list[Reading]:
    """What may be used without swapping, by the kernel's own estimate (MemAvailable)."""
    numbers = dict(re.findall(r"^(\w+):\s+(\d+) kB$", _read("/proc/meminfo"), re.MULTILINE))
    if not {"MemAvailable", "MemTotal"} <= numbers.keys():
        raise ValueError("no MemAvailable")
    free, whole = int(numbers["MemAvailable"]) * 1024, int(numbers["MemTotal"]) * 1024
    return [
        Reading(name="memory_free", value=free / whole),
        Reading(name="memory_free_bytes", value=float(free)),
    ]


def _load() -> list[Reading]:
    """Processes that ran or waited, per CPU, over five minutes."""
    return [Reading(name="load_per_cpu", value=round(os.getloadavg()[1] / (os.cpu_count() or 1), 2))]


def _files() -> list[Reading]:
    """Open files as a share of what is allowed: to this process, and to all of the machine."""
    own, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  their number, not their paths
    readings = [Reading(name="files_used", of="monitor", value=opened / own)] if 0 < own < _UNLIMITED else []
    used, _, most = map(int, _read("/proc/sys/fs/file-nr").split())
    if most < _UNLIMITED:
        readings.append(Reading(name="files_used", of="machine", value=used / most))
    return readings


def _read(path: str) -> str:
    with Path(path).open("rb") as file:
        return file.read(_MOST).decode("ascii", "replace")


KIND = Kind(look=look, judge=judge)
