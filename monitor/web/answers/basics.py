"""What all answers share, and the smallest of them."""

from __future__ import annotations

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict  # the one of typing is read by pydantic from Python 3.12 on

Instant = str
"""RFC 3339 in UTC."""

closed = with_config(ConfigDict(extra="forbid"))
"""Nothing else is in an answer than what its shape says."""


@closed
class ErrorAnswer(TypedDict):
    """Why a request was not answered."""

    error: str


@closed
class ReloadAnswer(TypedDict):
    """The new configuration is in force."""

    status: str
