"""What a handler raises when it cannot answer."""

from __future__ import annotations


class RequestError(Exception):
    """A request that cannot be answered: an HTTP status and one line that says why, without secrets."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
