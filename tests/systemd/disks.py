"""A disk of one's own that can be frozen, as one that hangs is: every write waits until it thaws."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def own_disk(folder: Path) -> Iterator[Path | None]:
    """A small ext4 of its own; None where none may be made or mounted."""
    image, place = folder / "image", folder / "mounted"
    place.mkdir()
    image.touch()
    with image.open("r+b") as file:
        file.truncate(32 << 20)
    steps = (["mkfs.ext4", "-q", "-F", str(image)], ["mount", "-o", "loop", str(image), str(place)])
    tools = ("mkfs.ext4", "mount", "fsfreeze")
    if not all(map(shutil.which, tools)) or any(
        subprocess.run(step, check=False, capture_output=True).returncode for step in steps
    ):
        yield None
        return
    try:
        yield place
    finally:
        thaw(place)
        subprocess.run(["umount", "-l", str(place)], check=True)


def freeze(place: Path) -> None:
    """Let every write wait from now on."""
    subprocess.run(["fsfreeze", "--freeze", str(place)], check=False, capture_output=True)


def thaw(place: Path) -> None:
    """Let them go on; harmless when it is not frozen."""
    subprocess.run(["fsfreeze", "--unfreeze", str(place)], check=False, capture_output=True)


async def be_slow(place: Path) -> None:
    """Until cancelled: a disk on which most writes take a second."""
    try:
        while True:
            freeze(place)
            await asyncio.sleep(1.0)
            thaw(place)
            await asyncio.sleep(0.2)
    finally:
        thaw(place)
