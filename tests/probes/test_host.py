"""What this machine has left: measured for real, and held against limits that are met or not."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.clock import SystemClock
from monitor.core.classify import Knowledge
from monitor.knowledge import load_catalogue, load_words
from monitor.model import (
    Cause,
    DiskRule,
    HostRules,
    Outcome,
    Phase,
    Reading,
    Repeat,
    Result,
    Room,
    Seen,
    Target,
)
from monitor.net import Net
from monitor.net.client import MOST_OFFSETS
from monitor.probes import host, run
from tests.conftest import StillClock

KNOWN = Knowledge(catalogue=load_catalogue(), words=load_words())


def target(rules: HostRules, timeout: float = 5.0) -> Target:
    once = Repeat(attempts=1, spacing=1.0)
    return Target(
        id="box", probe="box", kind="host", authority="local", service="machine", interval=60.0, timeout=timeout,
        while_down=60.0, confirm=once, recover=once, host="", port=0, machine=rules,
    )  # fmt: skip


async def look(rules: HostRules, timeout: float = 5.0, net: Net | None = None) -> Result:
    return await run(target(rules, timeout), net or Net(SystemClock()), KNOWN, admit=lambda _: False)


def disk(path: Path | str, free: Room | None = None) -> HostRules:
    return HostRules(disks=(DiskRule(path=str(path), free=free or Room(share=0.000001)),))


def measured(result: Result) -> dict[tuple[str, str], float | None]:
    return {(one.name, one.of): one.value for one in result.readings}


async def test_everything_is_measured_and_only_what_has_a_limit_is_judged(tmp_path: Path) -> None:
    result = await look(disk(tmp_path))
    assert (result.cause, result.address, set(result.phases)) == (Cause.NONE, None, {Phase.PROCESSING})
    found = measured(result)
    assert {"memory_free", "memory_free_bytes", "load_per_cpu", "files_used", "disk_free"} <= {
        name for name, _ in found
    }
    known = os.statvfs(tmp_path)
    assert found["disk_free_bytes", str(tmp_path)] == pytest.approx(known.f_bavail * known.f_frsize, rel=0.2)
    assert 0 < (found["memory_free", ""] or 0) < 1
    assert 0 < (found["files_used", "monitor"] or 0) < 1


@pytest.mark.parametrize(
    ("rules", "code", "says"),
    [
        (disk("/", Room(share=1.0)), "disk_free:/", "% free, 100 % are meant"),
        (disk("/", Room(size=1 << 59)), "disk_free:/", "free, 524288 TiB are meant"),
        (HostRules(memory=Room(share=1.0)), "memory_free", "memory: "),
        (HostRules(memory=Room(size=1 << 59)), "memory_free", "524288 TiB are meant"),
        (HostRules(files=1e-9), "files_used:monitor", "open files of the monitor"),
    ],
)
async def test_what_is_beyond_its_limit_is_named(rules: HostRules, code: str, says: str) -> None:
    result = await look(rules)
    assert (result.cause, result.code, result.outcome) == (Cause.CONTENT_MISMATCH, code, Outcome.ERROR)
    assert says in result.detail


@pytest.mark.parametrize(
    ("name", "of", "value", "rules", "says"),
    [
        ("load_per_cpu", "", 8.25, HostRules(load=4), "load per CPU is 8.2, 4 is the most"),
        ("clock_offset", "", 7200.0, HostRules(clock_offset=60), "our clock is 2 h behind those of the servers"),
        ("clock_offset", "", -90.0, HostRules(clock_offset=60), "our clock is 1 min ahead of those of the servers"),
        ("inodes_free", "/var", 0.0, disk("/var", Room(share=0.1)), "/var has 0 % of its inodes free, 10 % are meant"),
        ("files_used", "machine", 0.95, HostRules(files=0.8), "open files of the machine: 95 % of the limit, 80 % are the most"),
    ],
)  # fmt: skip
def test_limits_of_what_cannot_be_brought_about_here(
    name: str, of: str, value: float, rules: HostRules, says: str
) -> None:
    seen = Seen(
        started_at=StillClock().now(), duration=0.1, phases={Phase.PROCESSING: 0.1},
        readings=(Reading(name=name, of=of, value=value),),
    )  # fmt: skip
    result = host.judge(target(rules), seen, KNOWN)
    assert (result.cause, result.detail) == (Cause.CONTENT_MISMATCH, says)


async def test_a_path_that_is_not_there_speaks_of_us_and_hides_nothing_else(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    rules = HostRules(disks=(*disk(gone).disks, *disk(tmp_path).disks))
    result = await look(rules)
    assert (result.cause, result.detail) == (Cause.PROBE_MISCONFIGURED, f"{gone}: there is no such file")
    assert ("disk_free", str(tmp_path)) in measured(result)


async def test_a_disk_that_hangs_costs_its_run_the_deadline_and_nobody_else_anything(
    tmp_path: Path, freeze: Callable[[str], threading.Event]
) -> None:
    hung = tmp_path / "hung"
    hung.mkdir()
    thaw = freeze(str(hung))
    net = Net(SystemClock())
    rules = HostRules(disks=(*disk(hung).disks, *disk(tmp_path).disks))
    first = await look(rules, 0.3, net)
    assert (first.cause, first.outcome) == (Cause.RESPONSE_TIMEOUT, Outcome.TIMEOUT)
    assert first.detail == f"{hung} did not answer within 0.3 s: does its disk answer?"
    assert ("disk_free", str(tmp_path)) in measured(first), "the others are measured all the same"
    second = await look(rules, 5.0, net)
    assert second.detail == f"{hung} hangs since an earlier run: does its disk answer?"
    assert second.duration < 4, "one that hangs is not waited for again"
    threads = [one for one in threading.enumerate() if one.name == f"look box {hung}"]
    assert len(threads) == 1, "runs do not pile up threads"
    thaw.set()
    threads[0].join(10)
    assert (await look(rules, 5.0, net)).cause is Cause.NONE


@pytest.fixture
def freeze(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], threading.Event]:
    """Let statvfs of one path hang as on a dead network disk, until it thaws. No file system can be mounted here."""
    ask = os.statvfs

    def of(path: str) -> threading.Event:
        thawed = threading.Event()

        def answer(asked: str) -> os.statvfs_result:
            if str(asked) == path:
                thawed.wait(30)
            return ask(asked)

        monkeypatch.setattr(os, "statvfs", answer)
        return thawed

    return of


async def test_the_offset_of_our_clock_is_what_most_servers_say(clock: StillClock) -> None:
    net = Net(clock)
    rules = HostRules(clock_offset=60)
    assert ("clock_offset", "") not in measured(await look(rules, net=net)), "nobody said so yet"
    for name, offset in {"a": 300.0, "b": 301.0}.items():
        net._note_offset(name, offset)
    assert (await look(rules, net=net)).cause is Cause.NONE, "two may err alike"
    net._note_offset("c", 299.5)
    net._note_offset("d", 0.0)
    result = await look(rules, net=net)
    assert (result.cause, result.code) == (Cause.CONTENT_MISMATCH, "clock_offset")
    clock.advance(21 * 60)
    assert (await look(rules, net=net)).cause is Cause.NONE, "what was said long ago does not count"
    for number in range(2 * MOST_OFFSETS):
        net._note_offset(f"host-{number}", 0.0)
    assert len(net._offsets) == MOST_OFFSETS
