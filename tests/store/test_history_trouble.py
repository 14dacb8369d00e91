"""History that is gone, damaged, full, locked or stuck: in nobody's way, and well again by itself."""

from __future__ import annotations

import asyncio
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.store import history as module
from monitor.store import waiting
from monitor.store.errors import StoreError
from tests.store.histories import (
    DAY,
    HOUR,
    MINUTE,
    START,
    Open,
    a_run,
)

# --- what may happen to the file ----------------------------------------------------------------------------------------


def wipe(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda path: path.unlink(), id="deleted"),
        pytest.param(lambda path: wipe(path.parent), id="deleted with its logs"),
        pytest.param(lambda path: shutil.rmtree(path.parent), id="the whole folder"),
        pytest.param(lambda path: path.open("wb").close(), id="emptied"),
    ],
)
async def test_a_file_that_goes_while_we_run_is_made_anew(opened: Open, harm: Callable[[Path], None]):
    async with opened() as kept:
        kept.keep(*(a_run(START + at * MINUTE) for at in range(100)))
        await kept.turn()
        kept.query("PRAGMA wal_checkpoint(TRUNCATE)")
        harm(kept.path)
        kept.keep(a_run(START + DAY))
        await kept.turn()
        assert [run.started_at for run in await kept.all_of()] == [START + DAY]
        assert kept.store.is_up
        assert kept.lost == []


def spoil(path: Path) -> None:
    """Overwrite everything behind the first page."""
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))


@pytest.mark.parametrize(
    "content",
    [
        b"this is no database, and long enough to be looked at as one" * 100,
        b"SQLite format 3\0" + b"\xff" * 9000,
    ],
)
async def test_a_damaged_file_is_moved_aside_at_the_start_told_and_replaced(
    opened: Open, tmp_path: Path, content: bytes
):
    path = tmp_path / "state" / "history.sqlite3"
    path.parent.mkdir()
    path.write_bytes(content)
    async with opened() as kept:
        kept.keep(a_run(START))
        await kept.turn()
        assert len(await kept.all_of()) == 1
        assert path.with_name("history.sqlite3.damaged").read_bytes() == content
        assert kept.ups == [False]
        assert "moved aside" in kept.said[0].detail
        await kept.turn(after=60)
        assert kept.ups == [False, True]


async def test_a_file_that_rots_while_we_run_is_replaced_once_somebody_notices(opened: Open):
    async with opened() as kept:
        kept.keep(*(a_run(START + at * MINUTE, detail=f"run {at}") for at in range(600)))
        await kept.turn()
    async with opened() as kept:
        await kept.turn()
        kept.query("PRAGMA wal_checkpoint(TRUNCATE)")
        spoil(kept.path)
        with pytest.raises(StoreError):
            await kept.all_of()
        kept.keep(a_run(START + DAY))
        await kept.turn()
        await kept.turn()
        assert kept.path.with_name("history.sqlite3.damaged").exists()
        assert kept.ups[0] is False
        kept.keep(a_run(START + 2 * DAY))
        await kept.turn(after=60)
        assert (await kept.all_of())[0].started_at == START + 2 * DAY
        assert kept.ups[-1] is True
        assert kept.lost == []


@pytest.mark.parametrize("pragma", ["application_id = 7", "user_version = 99"])
async def test_a_file_of_another_program_or_of_a_later_version_is_kept_aside(
    opened: Open, tmp_path: Path, pragma: str
):
    async with opened() as kept:
        await kept.turn()
        kept.query(f"PRAGMA {pragma}")
    async with opened() as kept:
        kept.keep(a_run(START))
        await kept.turn()
        assert len(await kept.all_of()) == 1
    with sqlite3.connect(kept.path.with_name("history.sqlite3.damaged")) as connection:
        name, _, value = pragma.partition(" = ")
        assert connection.execute(f"PRAGMA {name}").fetchone() == (int(value),)
    connection.close()


async def test_a_disk_that_is_full_costs_the_oldest_runs_and_mends_by_itself(
    opened: Open, monkeypatch: pytest.MonkeyPatch
):
    """The limit of file sizes stands in for the disk: SQLite's writes really fail, and really work again."""
    monkeypatch.setattr(waiting, "MOST_RUNS", 300)
    async with opened() as kept:
        kept.keep(a_run(START))
        await kept.turn()
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (128 * 1024, hard))
        try:
            for at in range(1, 5001):
                kept.keep(a_run(START + at * MINUTE))
                if at % 100 == 0:
                    await kept.turn()
            assert not kept.store.is_up
            assert len(await kept.all_of()) == 1000  # the newest page of what is there can be read
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        await kept.turn()
        assert (await kept.all_of())[0].started_at == START + 5000 * MINUTE
        assert kept.query("SELECT count(*) FROM run")[0][0] + sum(kept.lost) == 5001
        assert sum(kept.lost) == kept.store.dropped > 0
        assert (kept.ups[0], kept.ups[-1]) == (False, True)


async def test_a_file_that_reached_its_limit_makes_room_by_its_oldest_runs(opened: Open):
    async with opened(largest=400 * 1024) as kept:
        for hundred in range(150):
            kept.keep(*(a_run(START + (hundred * 100 + at) * MINUTE) for at in range(100)))
            await kept.turn()
        assert kept.ups == []
        assert kept.lost == []
        assert kept.path.stat().st_size <= 400 * 1024
        found = await kept.all_of()
    assert found[0].started_at == START + 14_999 * MINUTE


async def test_a_folder_that_cannot_be_written_to_costs_nothing_but_history(opened: Open, tmp_path: Path):
    (tmp_path / "state").write_text("a file where the folder should be")
    async with opened() as kept:
        kept.keep(a_run(START))
        await kept.turn()
        await kept.turn()
        assert kept.ups == [False]
        with pytest.raises(StoreError):
            await kept.all_of()
        (tmp_path / "state").unlink()
        await kept.turn()
        assert len(await kept.all_of()) == 1
        assert kept.ups == [False, True]


async def test_a_lock_of_somebody_else_is_waited_out(opened: Open):
    async with opened() as kept:
        await kept.turn()
        other = sqlite3.connect(kept.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        kept.keep(a_run(START))
        await kept.turn()
        assert kept.ups == [False]
        other.close()
        await kept.turn()
        assert kept.ups == [False, True]
        assert len(await kept.all_of()) == 1


async def test_a_disk_that_hangs_is_said_and_holds_up_nobody(opened: Open, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "SLOW", 0.05)
    monkeypatch.setattr(waiting, "MOST_RUNS", 10)
    async with opened() as kept:
        await kept.turn()
        other = sqlite3.connect(kept.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")  # the writer's thread now waits for a second
        kept.keep(a_run(START))
        stuck = asyncio.ensure_future(kept.store.turn())
        while not kept.said:
            await asyncio.sleep(0.01)
        assert kept.said[0].detail == "the disk does not answer"
        kept.keep(*(a_run(START + at * MINUTE) for at in range(1, 31)))
        assert sum(kept.lost) in (20, 21), (
            "ten wait; the one under way may have come back to them on a busy machine"
        )
        other.close()
        await stuck
        await kept.turn()
        assert kept.ups[-1] is True
        assert len(await kept.all_of()) + sum(kept.lost) == 31


async def test_a_bug_in_a_batch_loses_that_batch_and_no_other(opened: Open):
    async with opened() as kept:
        kept.keep(replace(a_run(START), duration="quick"))  # type: ignore[arg-type]
        await kept.turn()
        assert kept.ups == [False]
        kept.keep(a_run(START + MINUTE))
        await kept.turn()
        assert kept.ups == [False, True]
        assert kept.lost == [1]
        assert len(await kept.all_of()) == 1


async def test_too_many_questions_at_once_are_refused(opened: Open):
    async with opened() as kept:
        await kept.turn()
        asked: Iterable[Any] = [kept.store.uptime("a", "b", START, START + HOUR) for _ in range(40)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
    assert any(isinstance(answer, StoreError) for answer in answers)
    assert sum(not isinstance(answer, BaseException) for answer in answers) == module.MOST_QUESTIONS


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes at `tmp_path/state`; skipped where none may be mounted."""
    folder = tmp_path / "state"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("may not mount a file system here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_the_last_of_the_disk_is_left_to_the_state(opened: Open, small_disk: Path):
    async with opened() as kept:
        await kept.turn()
        filler = small_disk / "filler"
        filler.write_bytes(b"\0" * (shutil.disk_usage(small_disk).free - 80 * 1024))
        kept.keep(a_run(START))
        await kept.turn()
        assert kept.ups == [False]
        assert "left to the state" in kept.said[0].detail
        assert shutil.disk_usage(small_disk).free >= 80 * 1024
        filler.unlink()
        await kept.turn()
        assert kept.ups == [False, True]
        assert len(await kept.all_of()) == 1
