"""A disk that fills up while the daemon runs: it is said, alerts still go out, and it recovers by itself."""

from __future__ import annotations

import subprocess

import pytest

from tests.flow.harness import daemon, until


@pytest.fixture
def small_disk(tmp_path):
    """A file system of two megabytes; skipped where none may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("may not mount a file system here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_costs_no_alert_and_is_told(few, hook, small_disk):
    config = few.config(receivers={"bus": {"webhook": hook.url}}, interval="2s", timeout="1500ms")
    async with daemon(config, small_disk) as running:
        await until(lambda: is_up(running, "shandong"))
        filler = small_disk / "filler"
        fill(filler)
        few.set_fault("shandong", "refuse", service="verify")
        await until(lambda: "incident_opened" in hook.events())
        await until(lambda: "daemon_degraded" in hook.events(), seconds=40)
        filler.unlink()
        await until(lambda: "daemon_restored" in hook.events(), seconds=55)
        few.clear_fault("shandong")
        await until(lambda: "incident_resolved" in hook.events())
    assert hook.events().count("daemon_degraded") <= 2  # the state and the history, each once
    keys = [message["key"] for message in hook.got]
    assert len(keys) == len(set(keys))


def fill(file) -> None:
    """Write until nothing more fits."""
    with file.open("wb", buffering=0) as out:
        try:
            while True:
                out.write(b"\0" * 4096)
        except OSError:
            return


async def is_up(running, slug: str) -> bool:
    """Whether the authority is confirmed up."""
    return bool((await running.row(slug))["state"] == "up")
