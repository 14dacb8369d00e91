"""What a kind of probe remembers of a target from one run to the next: how far a log was read, since when counts differ.

It outlives a restart where there is a folder for it: one small file per target, replaced whole. It is no belief of ours and
nothing is told because of it alone; a file that is lost or damaged is a first run. A disk that takes nothing costs the memory over
a restart, never a run.
"""

from __future__ import annotations

import json
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

MOST_BYTES = 4 << 20
"""Of one file; more is not ours."""


class Kept:
    """One per daemon. `recall` and `keep` block as long as the disk does: they are called in a thread that may be left behind."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` None: memory alone."""
        self._folder = folder
        self._known: dict[str, dict[str, Any]] = {}

    def recall(self, id_: str) -> dict[str, Any]:
        """What was kept of this target, a copy; empty where nothing was."""
        if id_ not in self._known:
            self._known[id_] = self._read(id_)
        return dict(self._known[id_])

    def keep(self, id_: str, value: dict[str, Any]) -> None:
        """Keep `value` (plain JSON) in the place of what was kept."""
        if self._known.get(id_) == value:
            return
        self._known[id_] = value
        if self._folder is not None:
            with suppress(OSError):
                self._write(self._folder, id_, value)

    def _path(self, folder: Path, id_: str) -> Path:
        return folder / f"{blake2b(id_.encode(), digest_size=12).hexdigest()}.json"

    def _read(self, id_: str) -> dict[str, Any]:
        if self._folder is None:
            return {}
        try:
            with self._path(self._folder, id_).open("rb") as file:
                found = json.loads(file.read(MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        return found["value"] if _is_of(found, id_) else {}

    def _write(self, folder: Path, id_: str, value: dict[str, Any]) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        path = self._path(folder, id_)
        between = path.with_suffix(".new")
        between.write_text(json.dumps({"target": id_, "value": value}), encoding="utf-8")
        between.replace(path)


def _is_of(found: object, id_: str) -> bool:
    return isinstance(found, dict) and found.get("target") == id_ and isinstance(found.get("value"), dict)
