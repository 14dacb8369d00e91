"""The state file: what is written comes back, also after a kill, on a full disk and from a damaged file."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.core.state import Commit, State
from monitor.store.file import StateFile
from monitor.store.state import StateRefused, StateStore, StoreError
from tests.notify.examples import a_notification, an_incident
from tests.store.examples import AT, a_commit, a_target, quiet


async def reopened(path: Path) -> State:
    """The state as a new daemon finds it."""
    store = StateStore(path)
    state = store.load()
    await store.close()
    return state


async def test_a_missing_file_is_a_fresh_state_in_a_private_place(tmp_path):
    path = tmp_path / "deep" / "state.sqlite3"

    assert await reopened(path) == State()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_everything_comes_back_and_last_results_are_marked_restored(tmp_path):
    store = StateStore(tmp_path / "state")
    store.load()
    commit = a_commit()
    await store.write([commit])
    await store.close()

    state = await reopened(tmp_path / "state")

    target = a_target()
    assert target.last is not None
    assert state.targets == {target.id: replace(target, last=replace(target.last, restored=True))}
    assert state.incidents == {an_incident().id: an_incident()}
    assert state.bans == {"fpcy.example:443": AT}
    assert state.sweep == commit.sweep
    assert state.group == commit.group


async def test_what_is_dropped_is_gone(tmp_path):
    store = StateStore(tmp_path / "state")
    store.load()
    await store.write([a_commit()])
    gone = Commit(at=AT, lifted=("fpcy.example:443",), forgotten=(an_incident().id,), durable=True)
    await store.write([gone])
    await store.close()

    state = await reopened(tmp_path / "state")
    assert (state.bans, state.incidents, state.sweep, state.group) == ({}, {}, None, None)


async def test_results_alone_are_written_soon_without_anybody_waiting(tmp_path):
    store = StateStore(tmp_path / "state")
    store.load()
    await store.write([quiet(a_target(failures=7))])
    assert rows(tmp_path / "state", "SELECT count(*) FROM entity") is None, (
        "the file is ours alone while it is open"
    )

    await asyncio.sleep(1.2)
    state = await killed_and_reopened(store, tmp_path / "state")
    assert state.targets["captcha/shandong"].failures == 7
    await store.close()


def rows(path: Path, query: str) -> object:
    """What another process sees: None while the file is locked."""
    with closing(sqlite3.connect(path, timeout=0)) as connection, suppress(sqlite3.OperationalError):
        return connection.execute(query).fetchall()
    return None


async def killed_and_reopened(store: StateStore, path: Path) -> State:
    """What a new daemon would find if this one were killed now: a copy of the files without any goodbye."""
    copy = path.with_name("copy")
    for suffix in ("", "-wal"):
        path.with_name(path.name + suffix).exists() and copy.with_name(copy.name + suffix).write_bytes(
            path.with_name(path.name + suffix).read_bytes()
        )
    return await reopened(copy)


async def test_close_writes_what_still_waits(tmp_path):
    store = StateStore(tmp_path / "state")
    store.load()
    await store.write([quiet(a_target(failures=2))])
    await store.close()

    assert (await reopened(tmp_path / "state")).targets["captcha/shandong"].failures == 2


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from monitor.store.state import StateStore
from tests.store.examples import a_commit
async def main():
    store = StateStore(Path(sys.argv[1])); store.load()
    await store.write([a_commit()])
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


async def test_what_write_has_returned_from_survives_a_kill(tmp_path):
    command = [sys.executable, "-c", KILLED, str(tmp_path / "state")]
    run = await asyncio.to_thread(subprocess.run, command, env={**os.environ, "PYTHONPATH": "."}, check=False)
    assert run.returncode == -signal.SIGKILL

    store = StateStore(tmp_path / "state")
    state = store.load()
    (pending,) = await store.pending("bus[0]")
    await store.close()
    assert pending.notification == a_notification()
    assert list(state.incidents) == [an_incident().id]


# --- the outbox ------------------------------------------------------------------------------------------------------


async def test_each_receiver_has_its_own_row_in_the_order_of_deciding(tmp_path):
    store = StateStore(tmp_path / "state")
    store.load()
    told = [a_notification(key=f"i/{number}/x", to=("a[0]", "b[0]")) for number in (3, 1, 2)]
    await store.write([a_commit(notifications=tuple(told[:2])), a_commit(notifications=(told[2],))])
    await store.mark_sent("i/1/x", "a[0]")

    assert [one.notification.key for one in await store.pending("a[0]")] == ["i/3/x", "i/2/x"]
    assert [one.notification for one in await store.pending("b[0]")] == told
    assert await store.waiting_receivers() == {"a[0]", "b[0]"}
    await store.close()


async def test_a_commit_that_is_handed_in_again_tells_nothing_again(tmp_path):
    store = StateStore(tmp_path / "state")
    store.load()
    await store.write([a_commit()])
    await store.mark_sent(a_notification().key, "bus[0]")
    await store.write([a_commit()])

    assert await store.pending("bus[0]") == ()
    await store.close()


async def test_what_was_told_before_it_was_written_is_not_told_again(tmp_path):
    store = StateStore(tmp_path / "state")
    store.load()
    await store.mark_sent(a_notification().key, "bus[0]")
    await store.write([a_commit()])

    assert await store.pending("bus[0]") == ()
    await store.close()


async def test_failed_tries_are_remembered_over_a_restart_and_given_up_ones_are_gone(tmp_path):
    store = StateStore(tmp_path / "state")
    store.load()
    await store.write([a_commit(notifications=(a_notification(), a_notification(key="other")))])
    await store.mark_failed(a_notification().key, "bus[0]", AT + timedelta(seconds=8), 4)
    await store.mark_dropped("other", "bus[0]")
    await store.close()

    store = StateStore(tmp_path / "state")
    store.load()
    (pending,) = await store.pending("bus[0]")
    assert (pending.attempts, pending.next_try) == (4, AT + timedelta(seconds=8))
    await store.close()


# --- when the disk or the file is bad --------------------------------------------------------------------------------


def fill(store: StateStore, pages: int) -> None:
    """Let the file have no more than this many pages: SQLite then says what it says on a full disk."""
    connection = store._file._connection
    assert connection is not None
    connection.execute(f"PRAGMA max_page_count = {pages}")


async def test_a_full_disk_raises_at_once_and_what_was_decided_is_written_when_there_is_room(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("monitor.store.state.LAZY", 0.1)
    store = StateStore(tmp_path / "state")
    store.load()
    fill(store, 1)
    with pytest.raises(StoreError, match="full"):
        await store.write([a_commit(targets=tuple(a_target(f"t/{n}") for n in range(50)))])
    assert not store.is_up
    await store.mark_sent(a_notification().key, "bus[0]")

    fill(store, 100_000)
    async with asyncio.timeout(5):
        while not store.is_up:
            await asyncio.sleep(0.05)
    assert await store.pending("bus[0]") == ()
    state = await killed_and_reopened(store, tmp_path / "state")
    assert len(state.targets) == 50
    await store.close()


async def test_a_directory_that_cannot_be_made_runs_from_memory(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = StateStore(tmp_path / "file" / "state")

    with capture_logs() as logs:
        assert store.load() == State()
        with pytest.raises(StoreError):
            await store.write([a_commit()])
        await store.close()
    assert not store.is_up
    assert {"store.unusable", "store.closed_owing"} <= {line["event"] for line in logs}


@pytest.mark.parametrize("damage", ["text", "cut", "pages"])
async def test_a_damaged_file_is_moved_aside_and_said_so(tmp_path, damage):
    path = tmp_path / "state"
    store = StateStore(path)
    store.load()
    await store.write([a_commit(targets=tuple(a_target(f"t/{n}") for n in range(200)))])
    await store.close()
    whole = path.read_bytes()
    broken = {
        "text": b"not a database at all" * 99,
        "cut": whole[:9000],
        "pages": whole[:4096] + b"\xff" * 40_000,
    }
    path.write_bytes(broken[damage])

    with capture_logs() as logs:
        state = await reopened(path)
    assert state == State()
    assert (tmp_path / "state.damaged-1").read_bytes()[:100] == broken[damage][:100]
    assert "store.damaged" in {line["event"] for line in logs}
    assert await reopened(path) == State()


async def test_a_newer_format_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "state"
    await reopened(path)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(StateRefused, match="newer version"):
        StateStore(path).load()
    assert path.read_bytes() == before


async def test_somebody_elses_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "state"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()

    with pytest.raises(StateRefused, match="some other program"):
        StateStore(path).load()


async def test_two_daemons_cannot_have_one_file(tmp_path, monkeypatch):
    monkeypatch.setattr("monitor.store.file.LOCK_WAIT", 0.1)
    store = StateStore(tmp_path / "state")
    store.load()

    with pytest.raises(StateRefused, match="in use"):
        StateStore(tmp_path / "state").load()
    await store.close()


def test_an_older_format_is_brought_up_to_date(tmp_path):
    first = "CREATE TABLE entity (kind TEXT, id TEXT, body TEXT); CREATE TABLE outbox (seq INTEGER, status TEXT, key TEXT);"
    file = StateFile(tmp_path / "state", [first])
    file.load()
    file.close()

    file = StateFile(
        tmp_path / "state", [first, "CREATE TABLE notification (key TEXT); CREATE TABLE added (x);"]
    )
    file.load()
    connection = file._connection
    assert connection is not None
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    assert connection.execute("SELECT count(*) FROM added").fetchone() == (0,)
    file.close()


async def test_a_row_this_version_cannot_read_does_not_stop_the_start(tmp_path):
    path = tmp_path / "state"
    store = StateStore(path)
    store.load()
    await store.write([a_commit(targets=(a_target(), a_target("t/2")))])
    await store.close()
    with sqlite3.connect(path) as connection:
        connection.execute(
            "UPDATE entity SET body = replace(body, 'response_timeout', 'moon') WHERE id = 't/2'"
        )
        connection.execute(
            "UPDATE entity SET body = replace(body, '{', '{\"later\": 1, ') WHERE kind = 'incidents'"
        )
        connection.execute("INSERT INTO entity VALUES ('windows', 'w', '{}')")
        connection.execute("UPDATE notification SET body = '{'")
    connection.close()

    store = StateStore(path)
    with capture_logs() as logs:
        state = store.load()
        assert await store.pending("bus[0]") == ()
    await store.close()
    assert list(state.targets) == ["captcha/shandong"]
    assert list(state.incidents) == [an_incident().id]
    assert {line["id"] for line in logs if line["event"] == "store.row_skipped"} == {"t/2", "w"}
    assert "store.notification_unreadable" in {line["event"] for line in logs}


async def test_a_disk_that_does_not_answer_does_not_hold_the_loop_or_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr("monitor.store.state.CLOSE_WAIT", 0.2)
    store = StateStore(tmp_path / "state")
    store.load()
    release = asyncio.Event()
    loop = asyncio.get_running_loop()
    store._writer.submit(lambda: asyncio.run_coroutine_threadsafe(release.wait(), loop).result())
    began = loop.time()
    async with asyncio.TaskGroup() as group:
        group.create_task(store.mark_sent("key", "bus[0]"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await store.write([a_commit()])
        with capture_logs() as logs:
            await store.close()
    assert loop.time() - began < 2
    assert "store.closed_owing" in {line["event"] for line in logs}
    release.set()
    await asyncio.sleep(0.05)


async def test_what_became_of_a_notification_is_told_receiver_by_receiver_over_a_restart(tmp_path):
    store = StateStore(tmp_path / "state")
    store.load()
    told = a_notification(key="drill/1/incident_opened", to=("bus[0]", "oncall[0]", "boss[0]"))
    await store.write([Commit(at=AT, notifications=(told,), durable=True)])
    await store.mark_sent(told.key, "bus[0]", AT + timedelta(seconds=2))
    await store.mark_failed(told.key, "oncall[0]", AT + timedelta(seconds=9), 3)
    await store.mark_dropped(told.key, "boss[0]")
    await store.close()

    store = StateStore(tmp_path / "state")
    store.load()
    found = await store.deliveries([told.key, "unknown/1/incident_opened"])
    assert [(one.receiver, one.status, one.attempts, one.sent_at) for one in found] == [
        ("bus[0]", "sent", 0, AT + timedelta(seconds=2)),
        ("oncall[0]", "pending", 3, None),
        ("boss[0]", "dropped", 0, None),
    ]
    assert await store.deliveries([]) == ()
    await store.close()
