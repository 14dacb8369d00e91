"""The newest of some files: whether there is one, new and large enough, and whole."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from monitor.clock import SystemClock
from monitor.core.classify import Knowledge
from monitor.knowledge import load_catalogue, load_words
from monitor.model import Cause, FileRules, Outcome, Repeat, Result, Target
from monitor.net import Net
from monitor.probes import run
from monitor.probes.file import written_sum

KNOWN = Knowledge(catalogue=load_catalogue(), words=load_words())
HOUR = 3600.0


async def look(net: Net, timeout: float = 5.0, **rules: Any) -> Result:
    return await run(target(timeout, **rules), net, KNOWN, admit=lambda _: False)


def target(timeout: float, **rules: Any) -> Target:
    once = Repeat(attempts=1, spacing=1.0)
    return Target(
        id="backup", probe="backup", kind="file", authority="local", service="backup", interval=60.0, timeout=timeout,
        while_down=60.0, confirm=once, recover=once, host="", port=0, file=FileRules(**rules),
    )  # fmt: skip


def put(path: Path, size: int = 100, age: float = 0.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    at = SystemClock().now().timestamp() - age
    os.utime(path, (at, at))
    return path


@pytest.fixture
def net() -> Net:
    return Net(SystemClock())


async def test_the_newest_counts_and_is_described(tmp_path: Path, net: Net) -> None:
    put(tmp_path / "a.gz", 10, 30 * HOUR)
    put(tmp_path / "b.gz", 5000, HOUR)
    put(tmp_path / "c.txt")
    (tmp_path / "d.gz").mkdir()
    result = await look(net, glob=f"{tmp_path}/*.gz", max_age=26 * HOUR, min_size=1000)
    assert result.cause is Cause.NONE
    found = {one.name: one for one in result.readings}
    assert (found["matches"].value, found["newest"].text, found["size"].value) == (2, "b.gz", 5000)
    assert found["age"].value == pytest.approx(HOUR, abs=60)


@pytest.mark.parametrize(
    ("size", "age", "says"),
    [
        (5000, 30 * HOUR, "b.gz is 30 h old, more than 26 h"),
        (900, 0.0, "b.gz has 900 B, less than 1000 B"),
        (5000, -5 * HOUR, "ahead of our clock"),
    ],
)
async def test_too_old_too_small_or_from_the_future(
    tmp_path: Path, net: Net, size: int, age: float, says: str
) -> None:
    put(tmp_path / "b.gz", size, age)
    result = await look(net, glob=f"{tmp_path}/*.gz", max_age=26 * HOUR, min_size=1000)
    assert (result.cause, result.outcome) == (Cause.CONTENT_MISMATCH, Outcome.ERROR)
    assert says in result.detail


@pytest.mark.parametrize("glob", ["*.zip", "no/such/folder/*.gz", "**/*.zip"])
async def test_no_match_is_a_missing_record(tmp_path: Path, net: Net, glob: str) -> None:
    put(tmp_path / "b.gz")
    result = await look(net, glob=f"{tmp_path}/{glob}")
    assert (result.cause, result.detail) == (Cause.RECORD_MISSING, f"no file matches {tmp_path}/{glob}")


async def test_below_a_folder_and_without_a_wildcard(tmp_path: Path, net: Net) -> None:
    put(tmp_path / "2026" / "11" / "b.gz")
    assert (await look(net, glob=f"{tmp_path}/**/*.gz")).cause is Cause.NONE
    assert (await look(net, glob=f"{tmp_path}/2026/11/b.gz")).cause is Cause.NONE


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
async def test_a_folder_that_may_not_be_looked_into_speaks_of_us(tmp_path: Path, net: Net) -> None:
    put(tmp_path / "shut" / "b.gz")
    (tmp_path / "shut").chmod(0)
    result = await look(net, glob=f"{tmp_path}/shut/*.gz")
    (tmp_path / "shut").chmod(0o700)
    assert result.cause is Cause.PROBE_MISCONFIGURED


async def test_a_checksum_beside_it(tmp_path: Path, net: Net) -> None:
    one = put(tmp_path / "b.gz", 3 << 20)
    sums = tmp_path / "b.gz.sha256"
    sums.write_text(f"{hashlib.sha256(one.read_bytes()).hexdigest()}  b.gz\n")
    rules: dict[str, Any] = {"glob": f"{tmp_path}/*.gz", "sha256_from": "{name}.sha256"}
    result = await look(net, **rules)
    assert (result.cause, {one.name: one.value for one in result.readings}["checksum"]) == (Cause.NONE, 1.0)
    with one.open("r+b") as damaged:
        damaged.write(b"y")
    result = await look(net, **rules)
    assert (result.cause, result.code) == (Cause.CONTENT_MISMATCH, "checksum")
    assert result.detail == "b.gz: its checksum is another than it should be"
    sums.write_text("nothing of it\n")
    assert (await look(net, **rules)).detail == "b.gz: b.gz.sha256 has no checksum of it"
    sums.unlink()
    assert (await look(net, **rules)).detail == "b.gz: there is no b.gz.sha256 to compare it with"


async def test_a_checksum_that_takes_longer_than_a_run_goes_on_meanwhile(
    tmp_path: Path, net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk gives a block whenever it is told to."""
    one = put(tmp_path / "b.gz", 3 << 20)
    (tmp_path / "SUMS").write_text(hashlib.sha256(one.read_bytes()).hexdigest())
    gate, read = threading.Semaphore(1), hashlib.sha256

    class Slow:
        def __init__(self) -> None:
            self._digest = read()

        def update(self, block: bytes) -> None:
            gate.acquire(timeout=30)
            self._digest.update(block)

        def hexdigest(self) -> str:
            return self._digest.hexdigest()

    monkeypatch.setattr(hashlib, "sha256", Slow)
    rules: dict[str, Any] = {"glob": f"{tmp_path}/*.gz", "sha256_from": "SUMS"}
    result = await look(net, 0.5, **rules)
    assert result.cause is Cause.NONE
    assert [(one.value, one.text) for one in result.readings if one.name == "checksum"] == [
        (None, "under way, 33%")
    ]
    stuck = await look(net, 0.5, **rules)
    assert (stuck.cause, stuck.outcome) == (Cause.RESPONSE_TIMEOUT, Outcome.TIMEOUT)
    gate.release(5)
    result = await look(net, 10.0, **rules)
    assert (result.cause, [one.value for one in result.readings if one.name == "checksum"]) == (
        Cause.NONE,
        [1.0],
    )


SUM = "a" * 64
OTHER = "b" * 64


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{SUM}  b.gz\n{OTHER}  c.gz\n", SUM),
        (f"{OTHER} *c.gz\r\n{SUM.upper()} *b.gz\r\n", SUM),
        (f"{SUM}  ./daily/b.gz", SUM),
        (f"SHA256 (b.gz) = {SUM}\n", SUM),
        (f"{SUM}\n", SUM),
        (f"{SUM}\n{OTHER}\n", None),
        (f"{SUM}  c.gz\n", None),
        (f"{SUM}a  b.gz\n", None),
        ("", None),
        (SUM + " " * 100_000 + "x", None),
        ("SHA256 (" * 1000, None),
    ],
)
def test_forms_of_a_file_of_checksums(text: str, found: str | None) -> None:
    assert written_sum(text, "b.gz") == found
