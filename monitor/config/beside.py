"""The text of the files that a configuration names: bounded, UTF-8, and what is wrong with them in one line."""

from __future__ import annotations

from pathlib import Path

from monitor.config.tree import MAX_BYTES


def text_of(path: Path) -> str:
    """The text of a file of at most 4 MiB. Raises ValueError with what is wrong with it."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as problem:
        raise ValueError(f"a file that cannot be read: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError("a file that is not UTF-8 text") from None
    if len(data) > MAX_BYTES:
        raise ValueError("a file larger than 4 MiB")
    return text
