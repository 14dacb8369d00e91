"""What the service manager is told (sd_notify): one datagram per word to $NOTIFY_SOCKET, nothing without one.

Source: sd_notify(3) and sd_watchdog_enabled(3) of systemd 252.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping

import structlog

log = structlog.get_logger(__name__)

WAIT = 0.5
"""Seconds a datagram may wait: only when the manager has hundreds of them unread."""


class ServiceManager:
    """The way to whoever started us. Does nothing where that is no service manager."""

    def __init__(self, environ: Mapping[str, str], pid: int) -> None:
        """`pid` is our own: the watchdog may be meant for another process."""
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self.watchdog = _watchdog(environ, pid) if self._address is not None else None
        """Seconds after which we are killed unless `feed` is called; None: nobody waits."""
        self._failed = False

    def ready(self, status: str) -> None:
        """Start-up, or a reload, is over."""
        self._send(READY="1", STATUS=status)

    def reloading(self, monotonic: float) -> None:
        """A reload begins; `ready` ends it, whatever became of it. `monotonic`: seconds of CLOCK_MONOTONIC."""
        self._send(RELOADING="1", MONOTONIC_USEC=str(round(monotonic * 1_000_000)))

    def stopping(self) -> None:
        """The orderly stop begins."""
        self._send(STOPPING="1", STATUS="stopping")

    def feed(self) -> None:
        """We are alive: the watchdog waits anew."""
        self._send(WATCHDOG="1")

    def say(self, status: str) -> None:
        """One line for `systemctl status`."""
        self._send(STATUS=status)

    def _send(self, **words: str) -> None:
        if self._address is None:
            return
        text = "\n".join(f"{name}={value.replace(chr(10), ' ')}" for name, value in words.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
                way.settimeout(WAIT)
                way.sendto(text.encode(), self._address)
        except OSError as problem:  # we live on without it; the manager then decides by itself
            if not self._failed:
                log.warning("systemd.not_told", reason=problem.strerror or str(problem))
            self._failed = True


def _address(name: str) -> str | None:
    """A path, or `@name` in the abstract name space (its first byte is 0 in the kernel's eyes); else nothing of ours."""
    if name.startswith("@"):
        return "\0" + name[1:]
    return name if name.startswith("/") else None


def _watchdog(environ: Mapping[str, str], pid: int) -> float | None:
    given, meant = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", str(pid))
    if not given.isdecimal() or int(given) == 0 or meant != str(pid):
        return None
    return int(given) / 1_000_000
