"""A reference that is a file: read whole when it is a plain one of bearable size. And the file we write for others."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.reference.fetched import MOST_BYTES, Fetched, UnreadableError

WORDS: Mapping[int, str] = {
    errno.ENOENT: "there is no such file",
    errno.EACCES: "the file may not be read",
    errno.EISDIR: "a folder, not a file",
    errno.ENXIO: "not a plain file",
}


def fetch(path: str) -> Fetched:
    """The file's bytes and when it was last written. Blocks as long as the disk does. Raises UnreadableError.

    A pipe or a device is refused before it is read: it might never end, or never begin.
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            known = os.fstat(file.fileno())
            if not stat.S_ISREG(known.st_mode):
                raise UnreadableError("not a plain file")
            body = file.read(MOST_BYTES + 1)
            changed_at = datetime.fromtimestamp(known.st_mtime, UTC)
    except (OSError, ValueError, OverflowError) as problem:
        reason = WORDS.get(getattr(problem, "errno", None) or 0, "the file cannot be read")
        raise UnreadableError(reason) from None
    if len(body) > MOST_BYTES:
        raise UnreadableError(f"larger than {MOST_BYTES} bytes")
    return Fetched(body=body, changed_at=changed_at)


def publish(path: str, document: Mapping[str, Any]) -> None:
    """Replace the file by `document`, whole or not at all, readable for everyone. Raises OSError.

    The name of the file in between is always the same: what a crash leaves behind is overwritten.
    """
    target = Path(path)
    between = target.with_name(f".{target.name}.new")
    body = json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(between, flags, 0o644), "wb") as file:
            os.fchmod(file.fileno(), 0o644)  # whatever the umask says
            file.write(body)
        between.replace(target)
    except OSError:
        between.unlink(missing_ok=True)
        raise
