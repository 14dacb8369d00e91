"""What a source gives before it is understood, and the one way in which it fails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

MOST_BYTES = 1 << 20
"""Of a document, decoded. 36 rows of ours are 6 KB."""


class UnreadableError(Exception):
    """A reference cannot be read or believed as a whole. Its text is one line for people that quotes nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A document as it came. `changed_at`: when its author last touched it, as far as file or server say so."""

    body: bytes
    changed_at: datetime | None
