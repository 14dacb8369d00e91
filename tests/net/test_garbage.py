"""Nothing of a run waits for the next search for garbage: a reply may hold megabytes, and searches are rare."""

from __future__ import annotations

import gc
import zlib
from collections.abc import Iterator

import pytest

from monitor.clock import SystemClock
from monitor.model import Cause
from monitor.net import Net, Request
from tests.net.peers import OK, Handler, answers, get, peer, then_hangs

HEAD = b"HTTP/1.1 200 OK\r\n"
BOMB = zlib.compress(bytes(5 << 20))
CASES = {
    "a whole reply": (answers(OK), None),
    "a redirect": (answers(HEAD.replace(b"200", b"302") + b"Location: /\r\nContent-Length: 0\r\n\r\n"), Cause.REDIRECT_REFUSED),
    "a bomb": (answers(HEAD + b"Content-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB), Cause.BODY_TOO_LARGE),
    "too many headers": (answers(HEAD + b"X: y\r\n" * 300), Cause.HTTP_MALFORMED),
    "no HTTP": (answers(b"SSH-2.0-x\r\n\r\n"), Cause.HTTP_MALFORMED),
    "half a reply": (then_hangs(HEAD + b"Content-Length: 9\r\n\r\nab"), Cause.TRANSFER_TIMEOUT),
}  # fmt: skip


@pytest.fixture
def kept() -> Iterator[list[object]]:
    """What only a search for garbage would have found since."""
    gc.collect()
    gc.disable()
    try:
        yield gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.parametrize(("handler", "cause"), CASES.values(), ids=[*CASES])
async def test_a_run_leaves_no_circles_behind(
    handler: Handler, cause: Cause | None, kept: list[object]
) -> None:
    net = Net(SystemClock())
    async with peer(handler) as port:
        request = Request(host="127.0.0.1", port=port, http=get(follow="same_host"))
        seen = await net.look(
            request, timeout=0.3 if cause is Cause.TRANSFER_TIMEOUT else 20, admit=lambda _: True
        )
        assert (seen.failure and seen.failure.cause) == cause
        del seen
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
    ours = [type(one).__name__ for one in kept if type(one).__module__.startswith(("monitor", "httptools"))]
    assert ours == []
