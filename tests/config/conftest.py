"""What the configuration's tests share: reading a text as a file of that name, with the real registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from monitor.config.load import Loaded, load
from monitor.knowledge import load_registry

ReadText = Callable[..., Loaded]

HEAD = """\
version: 1
probes:
"""
ONE = "  - {name: one, kind: tcp, authority: beijing, host: 127.0.0.1, port: 80}\n"
"""A probe in which nothing is wrong."""


@pytest.fixture
def read_text(tmp_path: Path) -> ReadText:
    """Write the text to probes.yaml in a directory of its own and load it."""

    def load_text(text: str, environ: Mapping[str, str] | None = None) -> Loaded:
        path = tmp_path / "probes.yaml"
        path.write_text(text, encoding="utf-8")
        return load(path, environ=environ or {}, registry=load_registry())

    return load_text
