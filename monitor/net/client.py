"""`Net.look`: one run within one deadline, and what all runs share."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta

from monitor.clock import Clock
from monitor.core.own_clock import FRESH, agreed, offset_of
from monitor.kept import Kept
from monitor.model import Answer, Cause, Outcome, Seen, TlsOptions
from monitor.net.attention import Attention
from monitor.net.certificates import Certificates
from monitor.net.each import Each
from monitor.net.failures import shortage_of
from monitor.net.look import Look, Shared, proxy_of
from monitor.net.ping import Ping, PingRequest
from monitor.net.questions import Inquiry, Question
from monitor.net.redirects import plain_host
from monitor.net.request import Admit, Hampered, LimitReached, Request
from monitor.net.resolve import Resolver, is_literal
from monitor.net.run import Run
from monitor.net.tls import Contexts

MOST_OFFSETS = 200
"""Hosts of which is remembered what time they said it is."""
PATIENCE = 3.0
"""Seconds of our absence during a run that may have cost it its peer: whoever waits for us leaves after that, at the earliest."""
OF_ABSENCE = frozenset({
    Cause.CONNECTION_RESET, Cause.CONNECTION_CLOSED, Cause.UNREACHABLE, Cause.DNS_SERVFAIL, Cause.PROXY_FAILED,
    *(cause for cause in Cause if cause.outcome is Outcome.TIMEOUT),
})  # fmt: skip
"""What may come of it: a peer that gave up, a way that is gone after the machine slept."""


class Net:
    """The lean client. One per daemon: it keeps the hosts file, the TLS contexts and the certificates already read."""

    def __init__(self, clock: Clock, kept: Kept | None = None) -> None:
        """`kept`: what kinds of probes remember from run to run; without it they do while this client lives."""
        self.clock = clock
        self.kept = kept or Kept()
        self._offsets: dict[str, tuple[float, float]] = {}
        """Host → (seconds by which its clock is ahead of ours, when it said so), the latest last."""
        self._shared = _fresh()

    async def look(self, request: Request, *, timeout: float, admit: Admit) -> Seen:
        """Look once, within `timeout` seconds from name resolution to the last byte.

        Always answers with what was seen, failed or not; raises `LimitReached` when a connection it cannot do
        without was not admitted, `Hampered` when this machine is why it failed. Spans are measured by the clock of the
        run, like the deadline itself.
        """
        self._prepare(request.tls)
        each = request.every_address and not is_literal(request.host) and proxy_of(request) is None
        run: Run = (
            self._each_look(request, timeout, admit) if each else Look(request, timeout, admit, self._shared)
        )
        seen = await self._run(run, timeout)
        if (offset := offset_of(seen)) is not None:
            self._note_offset(request.host, offset)
        return seen

    def _note_offset(self, host: str, offset: float) -> None:
        self._offsets.pop(host, None)
        self._offsets[host] = (offset, self.clock.monotonic())
        if len(self._offsets) > MOST_OFFSETS:
            del self._offsets[next(iter(self._offsets))]

    def clock_offset(self) -> float | None:
        """Seconds by which the clocks of those looked at lately are ahead of ours, where most of them agree; None: not known."""
        since = self.clock.monotonic() - FRESH.total_seconds()
        return agreed({host: offset for host, (offset, at) in self._offsets.items() if at >= since})

    async def ping(self, request: PingRequest, *, timeout: float, admit: Admit) -> Seen:
        """Ping once, within `timeout` seconds. Raises `LimitReached` and `Hampered` as `look` does."""
        self._prepare(None)
        shared = self._shared

        def make(*known: str) -> Ping:
            return Ping(request, timeout, admit, shared.resolver, shared.attention, known)

        async def resolve() -> tuple[str, ...]:
            return await shared.resolver.resolve(request.host, request.resolver, timeout)

        if request.every_address and not is_literal(request.host):
            return await self._run(Each(resolve, make, shared.attention), timeout)
        return await self._run(make(), timeout)

    async def ask(self, questions: Sequence[Question], *, timeout: float) -> Seen:
        """Ask each question by itself, all at once, within `timeout` seconds; what is not answered by then says so.

        Raises `Hampered` as `look` does.
        """
        self._prepare(None)
        shared = self._shared
        return await self._run(Inquiry(questions, timeout, shared.resolver, shared.attention), timeout)

    async def do(self, run: Run, *, timeout: float) -> Seen:
        """A run that makes no connection, within `timeout` seconds of the same clock. Raises `Hampered` as `look` does."""
        self._prepare(None)
        return await self._run(run, timeout)

    def time(self) -> float:
        """Seconds by the clock of the runs, which stands still while this program is held up."""
        return self._shared.attention.time()

    def _each_look(self, request: Request, timeout: float, admit: Admit) -> Each:
        shared = self._shared

        async def resolve() -> tuple[str, ...]:
            return await shared.resolver.resolve(request.host, request.resolver, timeout)

        def make(address: str) -> Look:
            hosts = {request.host, plain_host(request.host)}  # as written, and as redirects spell it
            return Look(request, timeout, admit, shared, known=dict.fromkeys(hosts, (address,)))

        return Each(resolve, make, shared.attention)

    async def _run(self, run: Run, timeout: float) -> Seen:
        absence = _Absence(self.clock, self._shared.attention)
        try:
            async with self._shared.attention.within(timeout):
                await run.run()
        except LimitReached:
            raise
        except Exception as error:  # noqa: BLE001  the edge: everything becomes a cause, by the table
            _refuse_shortage(error)
            run.fail(error)
        finally:
            run.close()
        seen = run.seen(absence.began_at)
        absence.weigh(seen)
        return seen

    def _prepare(self, tls: TlsOptions | None) -> None:
        """What takes our own time, and must not be wanting later. Raises Hampered."""
        try:
            _spare_files()
            if tls is not None:
                self._shared.contexts.warm(tls)
        except (OSError, MemoryError) as error:
            raise Hampered(shortage_of(error) or "out of files") from error

    def warm(self, options: TlsOptions) -> None:
        """Read now what the first look with these would read: a look that has begun beside it would wait for that."""
        self._shared.contexts.warm(options)

    async def answers(self, host: str, servers: tuple[str, ...], patience: float) -> tuple[Answer, ...]:
        """What each name server by itself says of `host` within `patience` seconds; `servers` empty: those of the system."""
        return await self._shared.resolver.ask_each(host, servers, patience)

    async def close(self) -> None:
        """Forget what was kept. No look may run any more; sockets are never kept beyond a look."""
        self._shared = _fresh()


class _Absence:
    """How long this program was away during one run: held up, or asleep with the whole machine."""

    __slots__ = ("_attention", "_clock", "_lost", "_monotonic", "began_at")

    def __init__(self, clock: Clock, attention: Attention) -> None:
        self._clock = clock
        self._attention = attention
        self.began_at = clock.now()
        self._monotonic = clock.monotonic()
        self._lost = attention.lost

    def weigh(self, seen: Seen) -> None:
        """Raises Hampered when the absence may be why the run failed.

        While a machine sleeps its monotonic clock stands still, the wall clock does not.
        """
        if not _causes(seen) & OF_ABSENCE:
            return
        span = timedelta(seconds=self._clock.monotonic() - self._monotonic)
        slept = (self._clock.now() - self.began_at - span).total_seconds()
        away = self._attention.lost - self._lost + max(0.0, slept)
        if away > PATIENCE:
            raise Hampered(f"this machine held the program up for {away:.0f} s")


def _causes(seen: Seen) -> set[Cause]:
    """Why the run failed, as a whole or at one of those that it asked."""
    causes = {answer.cause for answer in seen.answers}
    return causes | {one.failure.cause for one in (seen, *seen.each) if one.failure is not None}


def _spare_files() -> None:
    """Raises OSError unless two files can be opened: name resolution and trust fail in the peer's name without."""
    for end in os.pipe():
        os.close(end)


def _refuse_shortage(error: Exception) -> None:
    """Raises Hampered when a run failed for want of something of ours, by its own word or because there is none left."""
    lack = shortage_of(error)
    if lack is None:
        try:
            _spare_files()
        except OSError as also:
            lack = shortage_of(also)
    if lack is not None:
        raise Hampered(lack) from error


def _fresh() -> Shared:
    return Shared(
        attention=Attention(), resolver=Resolver(), contexts=Contexts(), certificates=Certificates()
    )
