"""Logs that grow, are renamed, copied away and cut short while they are followed: real files, real rotation."""

from __future__ import annotations

import asyncio
import os
import shutil
import tracemalloc
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.core.classify import Knowledge
from monitor.core.machine import countable
from monitor.kept import Kept
from monitor.knowledge import load_catalogue, load_tables, load_words
from monitor.model import Cause, LogCodes, LogPattern, LogRules, Outcome, Repeat, Result, SpeaksOf, Target
from monitor.net import Net
from monitor.probes import run
from tests.conftest import StillClock

KNOWN = Knowledge(catalogue=load_catalogue(), words=load_words())
TIMED_OUT = LogPattern(name="timeout", regex="timed out|超时")

Look = Callable[[], Awaitable[Result]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "app.log"
    path.write_text("an old line, timed out\n" * 20)
    return path


@pytest.fixture
def look(file: Path, clock: StillClock) -> Look:
    return looking(file, clock, Kept())


def looking(
    file: Path, clock: StillClock, kept: Kept, *patterns: LogPattern, codes: LogCodes | None = None
) -> Look:
    """One look after the other by one client, a minute apart."""
    net = Net(clock, kept)
    wanted = target(LogRules(path=str(file), patterns=patterns or (TIMED_OUT,), codes=codes))

    async def once() -> Result:
        clock.advance(60)
        return await run(wanted, net, KNOWN, admit=refuse)

    return once


def target(rules: LogRules, timeout: float = 5.0) -> Target:
    once = Repeat(attempts=1, spacing=1.0)
    codes = countable(load_tables()[rules.codes.table].codes) if rules.codes else ()
    return Target(
        id="erp-log", probe="erp-log", kind="log", authority="local", service="erp", interval=60.0, timeout=timeout,
        while_down=60.0, confirm=once, recover=once, host="", port=0, log=rules, codes=codes,
    )  # fmt: skip


def refuse(host_key: str) -> bool:
    raise AssertionError(f"no leave is asked for where nothing is connected to: {host_key}")


def add(file: Path, *lines: str | bytes) -> None:
    with file.open("ab") as opened:
        for line in lines:
            opened.write((line.encode() if isinstance(line, str) else line) + b"\n")


def counted(result: Result, of: str = "timeout", name: str = "matches") -> float | None:
    return next((one.value for one in result.readings if (one.name, one.of) == (name, of)), None)


async def test_the_first_look_begins_at_the_end_and_the_next_one_sees_what_is_new(
    file: Path, look: Look
) -> None:
    assert counted(await look()) == 0
    add(file, "12:00 request timed out", "12:00 fine")
    result = await look()
    assert (counted(result), counted(result, "", "lines"), result.cause) == (1, 2, Cause.NONE)
    assert counted(await look()) == 1, "nothing is counted twice"


async def test_a_rate_fails_with_the_name_of_the_pattern_and_shows_no_line(file: Path, look: Look) -> None:
    await look()
    add(file, *["taxpayer 91110000123456789X timed out"] * 4)
    assert (await look()).cause is Cause.NONE
    add(file, "查验超时")
    result = await look()
    assert (result.cause, result.code, result.outcome) == (Cause.API_ERROR, "timeout", Outcome.ERROR)
    assert result.detail == "timeout: 5 lines within 10 min"
    assert "91110000" not in repr(result)
    for _ in range(10):
        result = await look()
    assert (result.cause, counted(result)) == (Cause.NONE, 0), "ten minutes later they count no more"


async def test_at_first_sight(file: Path, clock: StillClock) -> None:
    look = looking(file, clock, Kept(), LogPattern(name="fatal", regex="^FATAL", at_least=1))
    await look()
    add(file, "it was not FATAL", "FATAL: disk")
    assert ((await look()).code) == "fatal"


async def test_all_that_came_too_often_is_told(file: Path, clock: StillClock) -> None:
    lost = LogPattern(name="device-lost", regex="离线", at_least=1)
    look = looking(
        file, clock, Kept(), TIMED_OUT, lost, codes=LogCodes(table="client", at_least=1, within=600.0)
    )
    await look()
    add(file, *["timed out"] * 6, "税控设备离线", "ERROR@97")
    result = await look()
    assert (result.cause, result.code) == (Cause.API_ERROR, "timeout")
    assert result.detail.split("; ")[:2] == [
        "timeout: 6 lines within 10 min",
        "device-lost: 1 line within 10 min",
    ]
    assert result.detail.split("; ")[2].startswith("ERROR@97 ")


async def test_a_line_counts_when_its_end_is_written(file: Path, look: Look) -> None:
    await look()
    with file.open("a") as opened:
        opened.write("timed ")
    assert counted(await look()) == 0
    add(file, "out")
    assert counted(await look()) == 1


async def test_gbk_and_utf_8_and_what_is_neither(file: Path, look: Look) -> None:
    await look()
    add(file, "查验超时".encode("gbk"), "查验超时", b"\xff\xfe\x00 timed out \x81")
    assert counted(await look()) == 3


@pytest.mark.parametrize("moved", ["app.log.1", "app.log-20261121", "app-1.log", "app.2026-11-21.log"])
async def test_renaming_and_creating_loses_no_line(file: Path, look: Look, moved: str) -> None:
    await look()
    add(file, "timed out before")
    await look()
    add(file, "timed out just before", "last line, timed out")
    file.rename(file.with_name(moved))
    add(file, "timed out after")
    assert counted(await look()) == 4
    add(file, "timed out later")
    assert counted(await look()) == 5


async def test_a_number_of_a_file_that_is_given_again_is_another_file(file: Path, look: Look) -> None:
    await look()
    number = file.stat().st_ino
    file.unlink()
    file.write_text("a new beginning\n" + "timed out\n" * 3 + "filler\n" * 200)
    assert counted(await look()) == 3, f"number {number} or another"


async def test_copying_away_and_cutting_short_loses_no_line(file: Path, look: Look) -> None:
    await look()
    add(file, "timed out, not looked at before the copy")
    shutil.copy(file, file.with_name("app.log.1"))
    os.truncate(file, 0)
    add(file, "timed out, short")
    assert counted(await look()) == 2
    os.truncate(file, 0)
    assert counted(await look()) == 2
    add(file, "timed out again")
    assert counted(await look()) == 3


async def test_a_file_that_was_cut_short_and_grew_past_the_old_place_is_read_from_its_beginning(
    file: Path, look: Look
) -> None:
    await look()
    file.write_text("timed out, and another first line\n" + "more and more\n" * 500)
    assert counted(await look()) == 1


async def test_a_file_that_begins_alike_is_another_one_where_its_middle_is(file: Path, look: Look) -> None:
    banner = "#" * 600 + "\n"
    file.write_text(banner + "quiet\n" * 10)
    await look()
    shutil.copy(file, file.with_name("app.log.1"))
    file.write_text(banner + "timed out\n" * 50)
    assert counted(await look()) == 50


@pytest.mark.parametrize("names", [("app.log.2", "app.log.1"), ("app.log-20261121", "app.log-20261122")])
async def test_two_rotations_between_two_looks_lose_no_line(file: Path, look: Look, names: list[str]) -> None:
    await look()
    add(file, "timed out in the first")
    file.rename(file.with_name(names[0]))
    file.write_text("timed out in the second, which begins otherwise\n" * 3)
    file.rename(file.with_name(names[1]))
    add(file, "timed out in the third")
    assert counted(await look()) == 5
    assert counted(await look()) == 5


async def test_other_logs_beside_it_are_not_its_own(file: Path, look: Look) -> None:
    await look()
    file.rename(file.with_name("app.log.1"))
    for name in ("app-error.log", "application.log", "app.log.1.gz", "app.log.swp"):
        file.with_name(name).write_text("timed out\n" * 9)
    add(file, "timed out")
    assert counted(await look()) == 1


async def test_of_many_rotations_the_newest_are_read_and_the_rest_is_said(file: Path, look: Look) -> None:
    await look()
    file.rename(file.with_name("app.log.0"))
    for number in range(1, 15):
        file.with_name(f"app.log.{number}").write_text(f"{number} timed out\n")
        os.utime(file.with_name(f"app.log.{number}"), (2e9 + number, 2e9 + number))
    add(file, "timed out")
    result = await look()
    assert counted(result) == 11
    assert counted(result, "", "skipped_bytes") == 4 * 12


async def test_a_flood_is_read_on_by_the_next_looks(file: Path, clock: StillClock) -> None:
    class Hurried(StillClock):
        """On which a second passes whenever it is looked at."""

        def monotonic(self) -> float:
            self.advance(1)
            return super().monotonic()

    look = looking(file, Hurried(clock.now()), Kept(), replace(TIMED_OUT, at_least=10**6))
    await look()
    lines = 40_000
    add(file, *["timed out"] * lines)
    behind = [400_000.0]
    counts = [0.0]
    while behind[-1]:
        result = await look()
        assert result.is_ok
        behind.append(counted(result, "", "behind_bytes") or 0.0)
        counts.append(counted(result) or 0.0)
        if len(behind) == 3:  # rotation does not lose the place
            file.rename(file.with_name("app.log.1"))
            add(file, "timed out")
    assert behind == sorted(behind, reverse=True)
    assert len(behind) > 3
    assert counts[-1] == lines + 1


async def test_what_is_too_much_is_skipped_and_said_so_with_bounded_memory(file: Path, look: Look) -> None:
    await look()
    with file.open("ab") as opened:
        for _ in range(24):
            opened.write(b"x" * (1 << 20))  # one line of 24 MiB
        opened.write(b"\n" + b"timed out\n" * 7)
    tracemalloc.start()
    result = await look()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert counted(result) == 7
    assert (counted(result, "", "skipped_bytes") or 0) > 15 << 20
    assert peak < 4 << 20


async def test_a_pattern_that_would_backtrack_for_ever_is_linear(file: Path, clock: StillClock) -> None:
    look = looking(file, clock, Kept(), LogPattern(name="evil", regex="(a+)+$"))
    await look()
    add(file, *["a" * 5000 + "!"] * 200)
    assert (await look()).cause is Cause.NONE


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda _: None, "there is no such file"),
        (lambda path: path.mkdir(), "not a plain file"),
        (lambda path: os.mkfifo(path), "not a plain file"),
    ],
    ids=["gone", "a folder", "a pipe that nobody writes to"],
)
async def test_what_cannot_be_read_speaks_of_us(
    file: Path, look: Look, make: Callable[[Path], None], says: str
) -> None:
    await look()
    file.unlink()
    make(file)
    result = await look()
    assert (result.cause, result.cause.speaks_of) == (Cause.PROBE_MISCONFIGURED, SpeaksOf.US)
    assert says in result.detail


async def test_a_file_that_is_not_there_yet_is_read_from_its_beginning(file: Path, look: Look) -> None:
    file.unlink()
    assert (await look()).cause is Cause.PROBE_MISCONFIGURED
    add(file, "timed out at once")
    assert counted(await look()) == 1


async def test_a_restart_goes_on_where_it_was(file: Path, clock: StillClock, tmp_path: Path) -> None:
    before = looking(file, clock, Kept(tmp_path / "kept"))
    await before()
    add(file, *["timed out"] * 3)
    await before()
    add(file, *["timed out while nobody looked"] * 2)
    result = await looking(file, clock, Kept(tmp_path / "kept"))()
    assert (result.code, counted(result)) == ("timeout", 5)


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"target": "erp-log", "value": {"path": 1}}', "\x00" * 99]
)
async def test_a_damaged_memory_is_a_first_look(
    file: Path, clock: StillClock, tmp_path: Path, damage: str
) -> None:
    kept = tmp_path / "kept"
    await looking(file, clock, Kept(kept))()
    [memory] = kept.iterdir()
    memory.write_text(damage)
    add(file, *["timed out"] * 9)
    assert counted(await looking(file, clock, Kept(kept))()) == 0


async def test_lines_of_a_long_stop_are_no_rate_of_now(file: Path, clock: StillClock) -> None:
    look = looking(file, clock, Kept())
    await look()
    add(file, *["timed out"] * 30)
    clock.advance(24 * 3600)
    result = await look()
    assert (result.cause, counted(result)) == (Cause.NONE, 1), "thirty a day are less than one in ten minutes"


async def test_codes_of_the_catalogue_are_judged_by_their_table(file: Path, clock: StillClock) -> None:
    codes = LogCodes(table="client", at_least=3)
    look = looking(file, clock, Kept(), LogPattern(name="never", regex="never"), codes=codes)
    await look()
    add(
        file,
        *["upload: ERROR@95@打开加密设备--网络通信错误"] * 2,
        "ERROR@950 E0012 XE001",
        *["E007 税号有误"] * 9,
    )
    result = await look()
    assert (result.cause, counted(result, "ERROR@95", "codes")) == (Cause.NONE, 2)
    assert counted(result, "E007", "codes") == 9, "wrong input shows that the service answers"
    assert counted(result, "E001", "codes") is None
    add(file, *["ERROR@97@证书已作废ph=-14204"] * 3)
    result = await look()
    assert (result.cause, result.code) == (Cause.CREDENTIAL, "ERROR@97")
    assert result.detail == "ERROR@97 证书已作废: 3 lines within 10 min"


async def test_runs_beside_the_schedule_take_nothing_away(file: Path, look: Look) -> None:
    await look()
    add(file, *["timed out"] * 5)
    assert [(await look()).code for _ in range(3)] == ["timeout"] * 3


async def test_two_looks_at_once_take_turns(file: Path, look: Look) -> None:
    await look()
    add(file, *["timed out"] * 5)
    results = await asyncio.gather(look(), look())
    assert [result.code for result in results] == ["timeout"] * 2
    assert counted(await look()) == 5
