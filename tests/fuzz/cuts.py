"""The ways in which bytes may be cut on their way."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator


def cuts(data: bytes) -> Iterator[list[bytes]]:
    """In one piece, as a wire hands them over, each by itself (where they are few), and cut anyhow."""
    yield [data]
    yield [data[place : place + 16384] for place in range(0, len(data), 16384)]
    if len(data) <= 4096:
        yield [data[place : place + 1] for place in range(len(data))]
    dice = random.Random(zlib.crc32(data))
    places = sorted(dice.randrange(len(data) + 1) for _ in range(dice.randint(1, 8)))
    yield [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]
