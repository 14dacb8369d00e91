"""References that are files, and the file we write for others."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.reference.fetched import MOST_BYTES, UnreadableError
from monitor.reference.file import fetch, publish


def names_in(folder: Path) -> list[str]:
    """All that lies in a folder."""
    return sorted(file.name for file in folder.iterdir())


def test_a_file_is_read_with_the_time_of_its_last_change(tmp_path):
    file = tmp_path / "status.json"
    file.write_bytes(b"{}")
    os.utime(file, (0, 1795247940))
    found = fetch(str(file))
    assert (found.body, found.changed_at) == (b"{}", datetime(2026, 11, 21, 7, 59, tzinfo=UTC))


def test_a_file_from_a_time_that_no_calendar_has_is_no_bug_of_ours(tmp_path):
    file = tmp_path / "status.json"
    file.write_bytes(b"{}")
    for seconds in (-(1 << 33), 1 << 36):
        os.utime(file, (0, seconds))
        try:
            assert fetch(str(file)).body == b"{}"
        except UnreadableError:
            continue


def test_what_is_no_readable_file_is_a_failed_reading(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "huge").write_bytes(b" " * (MOST_BYTES + 1))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    expected = {
        "nothing": "there is no such file",
        "pipe": "not a plain file",
        ".": "a folder, not a file",
        "huge": "larger than",
        "loop": "cannot be read",
        "a\0b": "cannot be read",
        "x" * 300: "cannot be read",
    }
    for name, reason in expected.items():
        with pytest.raises(UnreadableError, match=reason):
            fetch(f"{tmp_path}/{name}")
    for device in ("/dev/zero", "/dev/null"):
        with pytest.raises(UnreadableError, match="not a plain file"):
            fetch(device)


def test_a_published_file_is_readable_by_all_and_leaves_nothing_beside_it(tmp_path):
    before = os.umask(0o077)
    try:
        publish(str(tmp_path / "reference.json"), {"name": "山东"})
    finally:
        os.umask(before)
    file = tmp_path / "reference.json"
    assert json.loads(file.read_text()) == {"name": "山东"}
    assert file.stat().st_mode & 0o777 == 0o644
    assert names_in(tmp_path) == ["reference.json"]


def test_what_a_crash_left_behind_does_not_hinder(tmp_path):
    (tmp_path / ".reference.json.new").write_text("half a docu")
    publish(str(tmp_path / "reference.json"), {})
    assert names_in(tmp_path) == ["reference.json"]


def test_a_link_planted_in_the_way_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / ".reference.json.new").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"):
        publish(str(tmp_path / "reference.json"), {})
    assert victim.read_text() == "precious"
    publish(str(tmp_path / "reference.json"), {})
    assert victim.read_text() == "precious"


def test_where_nothing_can_be_written_it_is_an_oserror_and_the_old_file_stays(tmp_path):
    (tmp_path / "reference.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        publish(str(tmp_path / "reference.json"), {})
    assert names_in(tmp_path) == ["reference.json"]
    with pytest.raises(OSError, match="No such file"):
        publish(str(tmp_path / "gone" / "reference.json"), {})


def test_a_reader_never_sees_half_of_it(tmp_path):
    file = tmp_path / "reference.json"
    publish(str(file), {"n": 0, "long": "x" * 50_000})
    done = threading.Event()

    def write() -> None:
        for n in range(200):
            publish(str(file), {"n": n, "long": "x" * 50_000})
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert len(json.loads(fetch(str(file)).body)["long"]) == 50_000
    writer.join()
