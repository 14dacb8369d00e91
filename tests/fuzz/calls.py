"""One call of a parser on one input, within bounds of time."""

from __future__ import annotations

import time

from tests.fuzz.parsers import PARSERS

MOST_SECONDS = 2.0
"""Of CPU for one input of at most 100 kB, on a slow machine. What takes longer would hold up the daemon's loop."""


def call(parser: str, data: bytes) -> None:
    """Fails when a promise is broken, or the answer costs too much."""
    began = time.process_time()
    PARSERS[parser](data)
    spent = time.process_time() - began
    assert spent < MOST_SECONDS, f"{parser} took {spent:.1f} s for {len(data)} bytes"
