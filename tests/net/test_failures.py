"""The table from exceptions to causes: what the kernel says, and what nobody foresaw."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import ssl

import pytest
from structlog.testing import capture_logs

from monitor.model import Cause, Outcome, Phase
from monitor.net import Hampered, Request
from monitor.net.failures import failure_of
from tests.net.peers import look


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (errno.ECONNREFUSED, Cause.CONNECTION_REFUSED),
        (errno.ECONNRESET, Cause.CONNECTION_RESET),
        (errno.EPIPE, Cause.CONNECTION_CLOSED),
        (errno.ENETUNREACH, Cause.UNREACHABLE),
        (errno.EHOSTUNREACH, Cause.UNREACHABLE),
        (errno.EACCES, Cause.UNREACHABLE),
        (errno.ETIMEDOUT, Cause.CONNECT_TIMEOUT),
        (errno.EMFILE, Cause.INTERNAL),
        (errno.ENOSPC, Cause.INTERNAL),
    ],
    ids=errno.errorcode.get,
)
def test_what_the_kernel_says(number: int, cause: Cause) -> None:
    assert failure_of(OSError(number, os.strerror(number)), Phase.CONNECT).cause is cause


@pytest.mark.parametrize("phase", Phase)
def test_the_deadline_is_named_after_the_phase_it_struck_in(phase: Phase) -> None:
    for late in (TimeoutError(), OSError(errno.ETIMEDOUT, "from the kernel")):
        failure = failure_of(late, phase)
        assert failure.cause.outcome is Outcome.TIMEOUT
        assert failure.phase is phase


def test_tls_errors_without_a_reason_are_a_failed_handshake() -> None:
    assert failure_of(ssl.SSLError("odd"), Phase.TLS).cause is Cause.TLS_HANDSHAKE


def test_what_nobody_foresaw_is_internal() -> None:
    assert failure_of(ZeroDivisionError(), Phase.TRANSFER).cause is Cause.INTERNAL


async def test_our_own_bug_is_logged_with_its_traceback_and_speaks_of_us(free_port: int) -> None:
    def admit(key: str) -> bool:
        raise ZeroDivisionError

    with capture_logs() as logs:
        seen = await look(Request(host="127.0.0.1", port=free_port), admit=admit)
    assert seen.failure is not None
    assert seen.failure.cause is Cause.INTERNAL
    assert [(entry["event"], type(entry["exc_info"])) for entry in logs] == [
        ("look.failed", ZeroDivisionError)
    ]


@pytest.mark.parametrize("left", [0, 1])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "no-such-name.invalid"])
async def test_running_out_of_files_says_nothing_of_the_peer(free_port: int, host: str, left: int) -> None:
    await asyncio.sleep(0)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + left, hard))
    try:
        with pytest.raises(Hampered, match="too many open files"):
            await look(Request(host=host, port=free_port))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
