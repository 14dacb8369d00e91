"""How the user calls this program, for hints that can be typed as they stand."""

from __future__ import annotations

import os
import shlex


def as_called() -> str:
    """`./monitor.sh` where that was called (it sets FAPIAO_COMMAND to its own path as it was typed), else `fapiao-monitor`."""
    return shlex.quote(os.environ.get("FAPIAO_COMMAND") or "fapiao-monitor")
