"""The loop that reads feeds of notices: real files, the real reader, a list in place of the decider."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.clock import SystemClock
from monitor.core.state import Commit
from monitor.knowledge import load_registry
from monitor.model import Command, NoticeFeed, Plan, PostedNotice, TakeNotice
from monitor.notices import MOST_BYTES, MOST_FILES, Notices, UnreadableFeedError, look_at

REGISTRY = load_registry()
AT = datetime(2036, 11, 29, 8, 0, tzinfo=UTC)
NOW = datetime(2036, 11, 30, tzinfo=UTC)
TEXT = """国家税务总局山东省税务局关于增值税发票查验平台停机升级的通告

因系统升级，国家税务总局山东省税务局定于2036年12月1日18:00至12月2日8:00对增值税发票查验平台进行停机维护，期间暂停发票查验服务。

国家税务总局山东省税务局
2036年11月28日
"""
WITHOUT_YEAR = TEXT.replace("2036年", "")


def write(path: Path, text: str | bytes = TEXT, written: datetime = AT) -> Path:
    """A file that lies still since then."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    os.utime(path, (written.timestamp(), written.timestamp()))
    return path


def feed(folder: Path, **more: str) -> NoticeFeed:
    return replace(NoticeFeed(name="board", feed=f"{folder}/*.txt"), **more)  # type: ignore[arg-type]


def found(folder: Path, now: datetime = NOW) -> list[PostedNotice]:
    return [notice for _, notice in look_at(feed(folder), {}, REGISTRY, now).notices]


# --- one look --------------------------------------------------------------------------------------------------------

WRITTEN = {
    "UTF-8": TEXT.encode(),
    "UTF-8 with a mark": TEXT.encode("utf-8-sig"),
    "GBK": TEXT.encode("gbk"),
    "UTF-16": TEXT.encode("utf-16"),
    "lines as on Windows": TEXT.replace("\n", "\r\n").encode(),
}


@pytest.mark.parametrize("body", WRITTEN.values(), ids=WRITTEN)
def test_a_notice_is_the_same_in_whatever_way_it_is_written(body, tmp_path):
    write(tmp_path / "plain.txt")
    write(tmp_path / "other.txt", body)
    first, second = found(tmp_path)
    assert first.id == second.id
    (window,) = second.windows
    assert (window.authorities, window.services, window.notice) == (("shandong",), ("verify",), second.id)
    assert (window.start, window.end) == (
        datetime(2036, 12, 1, 10, tzinfo=UTC),
        datetime(2036, 12, 2, tzinfo=UTC),
    )
    assert second.is_certain


def test_a_notice_without_a_year_is_dated_by_its_file_and_waits(tmp_path):
    write(tmp_path / "a.txt", WITHOUT_YEAR)
    (notice,) = found(tmp_path)
    assert notice.windows[0].start == datetime(2036, 12, 1, 10, tzinfo=UTC)
    assert [kind for kind, _ in notice.unclear] == ["no_year"]
    assert not notice.is_certain


def test_what_is_no_notice_of_bearable_size_is_named_and_left_out(tmp_path):
    write(tmp_path / "huge.txt", b"x" * (MOST_BYTES + 1))
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "dangling.txt").symlink_to(tmp_path / "nothing")
    write(tmp_path / ".half.txt.swp")
    write(tmp_path / "nonsense.txt", bytes(range(256)))
    seen = look_at(feed(tmp_path), {}, REGISTRY, NOW)
    assert [name for name, _ in seen.unreadable] == ["huge.txt"]
    assert [notice.file for _, notice in seen.notices] == ["nonsense.txt"]


def test_a_bug_that_one_file_meets_costs_that_file_only(tmp_path):
    write(tmp_path / "good.txt")
    write(tmp_path / "open.txt", "山东省税务局：自2036年12月1日18:00起暂停发票查验。")
    endless = replace(feed(tmp_path), open_end=1e300)  # a span that no date can hold: what a bug would raise
    with capture_logs() as logs:
        seen = look_at(endless, {}, REGISTRY, NOW)
    assert [notice.file for _, notice in seen.notices] == ["good.txt"]
    assert [name for name, _ in seen.unreadable] == ["open.txt"]
    assert len(seen.stamps) == 2, "it is not read again before it changes"
    assert seen.broken == 1
    assert [line["event"] for line in logs] == ["notices.broke_on"]


def test_only_what_is_new_or_changed_is_read(tmp_path):
    path = write(tmp_path / "a.txt")
    first = look_at(feed(tmp_path), {}, REGISTRY, NOW)
    again = look_at(feed(tmp_path), first.stamps, REGISTRY, NOW)
    assert (len(first.notices), again.notices) == (1, ())
    write(path, TEXT.replace("18:00", "20:00"), AT.replace(hour=9))
    (changed,) = look_at(feed(tmp_path), again.stamps, REGISTRY, NOW).notices
    assert changed[1].id != first.notices[0][1].id


def test_a_file_that_is_being_written_is_left_for_later(tmp_path):
    write(tmp_path / "a.txt", written=AT)
    seen = look_at(feed(tmp_path), {}, REGISTRY, AT.replace(second=2))
    assert (seen.notices, seen.stamps, seen.unsettled) == ((), {}, True)
    assert len(look_at(feed(tmp_path), {}, REGISTRY, AT.replace(second=10)).notices) == 1


def test_the_newest_files_count_and_too_many_are_refused(tmp_path):
    for number in range(MOST_FILES + 3):
        write(tmp_path / f"{number}.txt", f"第{number}号", AT.replace(year=2000 + number % 30))
    assert len(found(tmp_path)) == MOST_FILES
    with pytest.raises(UnreadableFeedError, match="no directory"):
        look_at(feed(tmp_path / "absent"), {}, REGISTRY, AT)


# --- the loop --------------------------------------------------------------------------------------------------------


@dataclass
class Meter:
    """Keeps what it is told."""

    up: dict[str, bool] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def set_feed_up(self, feed: str, up: bool) -> None:
        self.up[feed] = up

    def count_internal_error(self, part: str) -> None:
        self.errors.append(part)


@dataclass
class Desk:
    """Takes what the loop hands on."""

    meter: Meter = field(default_factory=Meter)
    taken: list[TakeNotice] = field(default_factory=list)
    refused: str = ""
    loop: Notices | None = None

    async def ask(self, command: Command) -> Commit:
        assert isinstance(command, TakeNotice)
        self.taken.append(command)
        return Commit(at=AT, refused=self.refused)

    @property
    def files(self) -> list[str]:
        return [command.notice.file for command in self.taken]

    def follow(self, *feeds: NoticeFeed) -> None:
        assert self.loop is not None
        self.loop.replan(plan_of(*feeds))


def plan_of(*feeds: NoticeFeed) -> Plan:
    """A plan of nothing but feeds."""
    return Plan(
        vantage="here", language="zh", timezone="Asia/Shanghai", targets={}, authorities={}, notices=feeds
    )


@contextlib.asynccontextmanager
async def reading(*feeds: NoticeFeed, refused: str = "") -> AsyncIterator[Desk]:
    """The loop under way."""
    desk = Desk(refused=refused)
    desk.loop = Notices(plan_of(*feeds), REGISTRY, SystemClock(), desk.meter, desk.ask)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(desk.loop.run())
        yield desk
        task.cancel()
    assert desk.meter.errors == []


async def until(seen: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until `seen()` is true, looking often."""
    async with asyncio.timeout(seconds):
        while not seen():
            await asyncio.sleep(0.01)


async def test_each_file_is_handed_on_once_and_a_reload_looks_again(tmp_path):
    write(tmp_path / "a.txt", written=AT.replace(year=2020))
    board = feed(tmp_path, approve="auto")
    async with reading(board) as desk:
        await until(lambda: desk.meter.up == {"board": True})
        assert (desk.files, desk.taken[0].approve) == (["a.txt"], True)
        write(tmp_path / "b.txt", "乙", AT.replace(year=2020))
        desk.follow(board)
        await until(lambda: desk.files == ["a.txt", "b.txt"])
        desk.follow()
        desk.follow(board)
        await asyncio.sleep(0.1)
        assert desk.files[:2] == ["a.txt", "b.txt"]


async def test_a_feed_that_is_not_there_is_told_once_and_found_when_it_is(tmp_path):
    board = feed(tmp_path / "later")
    with capture_logs() as logs:
        async with reading(board) as desk:
            await until(lambda: desk.meter.up == {"board": False})
            desk.follow(board)
            await asyncio.sleep(0.1)
            (tmp_path / "later").mkdir()
            write(tmp_path / "later" / "a.txt", written=AT.replace(year=2020))
            desk.follow(board)
            await until(lambda: desk.files == ["a.txt"])
            await until(lambda: desk.meter.up == {"board": True})
    assert [line["event"] for line in logs] == ["notices.feed_down", "notices.feed_up"]


async def test_one_feed_does_not_hold_up_another(tmp_path):
    write(tmp_path / "a.txt", written=AT.replace(year=2020))
    async with reading(feed(tmp_path / "absent", name="gone"), feed(tmp_path)) as desk:
        await until(lambda: desk.files == ["a.txt"])
        await until(lambda: desk.meter.up == {"gone": False, "board": True})


async def test_what_cannot_be_kept_is_tried_again_and_logged_once(tmp_path):
    write(tmp_path / "a.txt", written=AT.replace(year=2020))
    board = feed(tmp_path)
    with capture_logs() as logs:
        async with reading(board, refused="200 notices wait already") as desk:
            await until(lambda: desk.meter.up)
            desk.follow(board)
            await until(lambda: desk.files == ["a.txt", "a.txt"])
    assert [line["event"] for line in logs] == ["notices.refused"]


async def test_those_of_one_look_are_handed_on_together_and_what_is_no_notice_is_named(tmp_path):
    for name in ("a.txt", "b.txt", "c.txt"):
        write(tmp_path / name, TEXT + name, AT.replace(year=2020))
    write(tmp_path / "d.txt", "会议通知", AT.replace(year=2021))
    with capture_logs() as logs:
        async with reading(feed(tmp_path)) as desk:
            await until(lambda: desk.meter.up)
    assert [command.more for command in desk.taken] == [True, True, True, False]
    assert [(line["event"], line["files"]) for line in logs] == [("notices.no_maintenance", ["d.txt"])]
