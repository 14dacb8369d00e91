"""One run from name resolution to the last byte: which connection is made when, and what is kept of it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import NoReturn

import structlog

from monitor.model import (
    Attempt,
    Cause,
    Certificate,
    Failure,
    Phase,
    Proxy,
    Reply,
    Seen,
    TlsOptions,
    TlsProfile,
    Verify,
)
from monitor.net.attention import Attention
from monitor.net.certificates import Certificates
from monitor.net.connect import Wire
from monitor.net.exchange import exchange
from monitor.net.failures import UNSUITED_REASONS, FaultError, failure_of
from monitor.net.proxies import proxy_for
from monitor.net.race import Race
from monitor.net.redirects import MAX_REDIRECTS, Hop, first_hop, is_followed, next_hop, shown
from monitor.net.reply import Collector
from monitor.net.request import Admit, LimitReached, Request
from monitor.net.resolve import Resolver
from monitor.net.stopwatch import Stopwatch
from monitor.net.tls import Contexts, presented_chain, server_name, verification_cause, verified_chain
from monitor.net.tunnel import Tunnel

MAX_TRIED = 8
"""Addresses of one name that are tried before giving up."""

REFUSES_WITHIN = 1.0
"""Seconds in which a server that asked for a certificate of ours refuses for want of it; most go on by sending tickets at once."""

NOTHING: Mapping[str, tuple[str, ...]] = MappingProxyType({})

_ANYTHING = TlsOptions(verify=Verify.FALSE, profile=TlsProfile.LEGACY)
"""For a look at what a peer presents, over which nothing is sent."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What all looks of one client share."""

    attention: Attention
    resolver: Resolver
    contexts: Contexts
    certificates: Certificates


class Look:
    """One run: `run` it within the deadline, tell it what went wrong with `fail`, `close` it, take what was `seen`."""

    __slots__ = (
        "_address",
        "_addresses",
        "_admit",
        "_attempts",
        "_certificate",
        "_collector",
        "_failure",
        "_heard",
        "_hop",
        "_known",
        "_proxy",
        "_redirects",
        "_request",
        "_shared",
        "_timeout",
        "_tls_cipher",
        "_tls_version",
        "_verdict",
        "_watch",
        "_wire",
    )

    def __init__(
        self,
        request: Request,
        timeout: float,
        admit: Admit,
        shared: Shared,
        known: Mapping[str, tuple[str, ...]] = NOTHING,
    ) -> None:
        """`known`: addresses of hosts that are not to be asked for."""
        self._request = request
        self._timeout = timeout
        self._admit = admit
        self._shared = shared
        self._hop = first_hop(request)
        self._proxy = _proxy_for(self._hop, request)
        first = Phase.RESOLVE if self._proxy is None else Phase.CONNECT
        self._watch = Stopwatch(shared.attention.time, first)
        self._known = dict(known)
        self._wire: Wire | None = None
        self._collector: Collector | None = None
        self._verdict: FaultError | None = None
        self._addresses: tuple[str, ...] = ()
        self._address: str | None = None
        self._attempts: list[Attempt] = []
        self._tls_version: str | None = None
        self._tls_cipher: str | None = None
        self._certificate: Certificate | None = None
        self._redirects: list[str] = []
        self._failure: Failure | None = None
        self._heard = b""

    async def run(self) -> None:
        """All hops. Raises LimitReached, FaultError and OSError; the deadline around it cancels it."""
        while (location := await self._visit()) is not None:
            assert self._collector is not None
            if len(self._redirects) == MAX_REDIRECTS:
                raise FaultError(Cause.REDIRECT_REFUSED, f"more than {MAX_REDIRECTS} redirects")
            self._hop = next_hop(self._hop, self._request, self._collector.status, location)
            self._redirects.append(shown(self._hop))
            self._collector.close()
            self._collector = None
            self.close()

    def fail(self, error: Exception) -> None:
        """Translate what ended the run. A verdict that was found before outlives whatever came after it."""
        phase = self._watch.phase
        failure = failure_of(error, phase)
        if failure.cause is Cause.INTERNAL:
            log.error("look.failed", host_key=self._hop.host_key, phase=phase, exc_info=error)
        if isinstance(error, TimeoutError):
            failure = replace(failure, detail=self._at_deadline(phase) or failure.detail)
        self._failure = failure if self._verdict is None else failure_of(self._verdict, phase)

    def _at_deadline(self, phase: Phase) -> str:
        """What had come by then, where that tells one silence from another."""
        if phase is Phase.TLS and self._wire is not None and not self._wire.has_heard:
            return f"not one byte came before the deadline ({phase})"
        if phase is Phase.TRANSFER and self._collector is not None and self._watch.is_heard:
            return f"too slow: {self._collector.received} bytes in {self._watch.running:.1f} s"
        return ""

    def close(self) -> None:
        """Let go of the connection, if there is one. May be called twice."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def seen(self, started_at: datetime) -> Seen:
        """Everything this run has seen."""
        self._watch.stop()
        return Seen(
            started_at=started_at,
            duration=self._watch.elapsed,
            phases=self._watch.spent,
            addresses=self._addresses,
            address=self._address,
            attempts=tuple(self._attempts),
            tls_version=self._tls_version,
            tls_cipher=self._tls_cipher,
            certificate=self._certificate,
            redirects=tuple(self._redirects),
            reply=self._take_reply(),
            heard=self._heard,
            failure=self._failure,
        )

    def _take_reply(self) -> Reply | None:
        """What came in. What would keep its body alive until the next search for garbage is let go."""
        self._verdict = None  # its traceback knows this run
        if self._collector is None:
            return None
        reply = self._collector.reply(self._hop.url)
        self._heard = self._collector.heard
        self._collector.close()
        return reply

    async def _visit(self) -> str | None:
        """One hop. Answers where it redirects to; None when it is the last."""
        hop = self._hop
        wire = await self._reach()
        if hop.tls is not None:
            wire = await self._secure(wire, hop.tls)
        if hop.http is None:
            await self._hear_refusal(wire)
            return None
        self._collector = Collector(hop.http.method, hop.http.max_body)
        await exchange(wire, hop.http, self._collector, self._watch)
        return self._collector.header("location") if is_followed(hop.http, self._collector) else None

    async def _reach(self) -> Wire:
        """An open way to the hop, straight or by a proxy; leave for it is asked for."""
        hop = self._hop
        self._proxy = _proxy_for(hop, self._request)
        if self._proxy is None:
            self._addresses = await self._resolve(hop.host)
        else:  # its addresses are none of the host's
            self._addresses, self._address = (), None
        self._watch.enter(Phase.CONNECT)
        self._ask_leave()
        return await self._connect(self._addresses[:MAX_TRIED])

    async def _resolve(self, host: str) -> tuple[str, ...]:
        """The addresses of `host`, asked for once in a run."""
        self._watch.enter(Phase.RESOLVE)
        if host not in self._known:
            self._known[host] = await self._shared.resolver.resolve(
                host, self._request.resolver, self._time_left()
            )
        return self._known[host]

    async def _connect(self, addresses: tuple[str, ...]) -> Wire:
        """The way by the proxy, where one leads there; else by the first address that answers.

        Leave for the first connection must have been given.
        """
        if self._proxy is not None:
            self._wire = await self._tunnel(self._proxy)
            return self._wire
        race = Race(self._hop.port)
        winner = None
        try:
            winner = await race.run(addresses, self._time_left, lambda: self._admit(self._hop.host_key))
        except asyncio.CancelledError:  # the deadline: where the first address has failed, its cause stands
            self._verdict = self._verdict or _fault(race.first_failure())
            raise
        finally:
            race.close()
            self._address = winner[0] if winner else race.latest
            self._attempts += race.attempts(winner and winner[0])
        if winner is None:
            raise _fault(race.first_failure()) or FaultError(Cause.DNS_NO_ADDRESS, "no address to go to")
        self._wire = winner[1]
        return self._wire

    async def _tunnel(self, proxy: Proxy) -> Wire:
        """A tunnel to the hop; all it takes counts as connecting."""
        tunnel = Tunnel(proxy, self._shared.resolver)
        try:
            return await tunnel.open(self._hop.host, self._hop.port, self._time_left)
        except asyncio.CancelledError:
            self._verdict = self._verdict or tunnel.fault_at_deadline()
            raise

    def _time_left(self) -> float:
        return self._timeout - self._watch.elapsed

    def _ask_leave(self) -> None:
        """For a connection that the run cannot do without. Raises LimitReached."""
        if not self._admit(self._hop.host_key):
            raise LimitReached(self._hop.host_key)

    async def _secure(self, wire: Wire, options: TlsOptions) -> Wire:
        """Speak TLS on `wire`; under `report` the connection that goes on may be another one."""
        self._watch.enter(Phase.TLS)
        verified = options.verify is not Verify.FALSE
        try:
            await self._shake(wire, options, verified=verified)
        except ssl.SSLCertVerificationError as error:
            return await self._look_closer(options, error)
        except ssl.SSLError as error:
            if options.profile is not TlsProfile.MODERN or error.reason not in UNSUITED_REASONS:
                raise
            await self._look_back(error)
        self._note(wire, verified=verified or None)
        return wire

    async def _hear_refusal(self, wire: Wire) -> None:
        """Nothing is asked over this connection, so only waiting shows whether the server would have had us."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(REFUSES_WITHIN, self._time_left() / 2)):
                await wire.hear_refusal()

    async def _look_closer(self, options: TlsOptions, error: ssl.SSLCertVerificationError) -> Wire:
        """Connect once more without verification, to read the chain that was refused.

        Under `report` this connection carries the exchange. Otherwise nothing that befalls it matters: the refusal
        stands, and its time counts as TLS.
        """
        refused = failure_of(error, Phase.TLS)
        self.close()
        if options.verify is Verify.REPORT:
            self._ask_leave()
        else:
            self._verdict = FaultError(refused.cause, refused.detail)
            options = _ANYTHING
            if not self._admit(self._hop.host_key):
                raise self._verdict
        wire = await self._connect((self._address,) if self._address else ())
        await self._shake(wire, options, verified=False)
        self._note(wire, verified=False, error=error)
        if self._verdict is not None:
            raise self._verdict
        return wire

    async def _look_back(self, error: ssl.SSLError) -> NoReturn:
        """Shake hands once more with what is out of date: the alert does not say whether that is what the peer wants.

        Nothing is sent over that connection, and whatever befalls it does not matter: the refusal stands.
        """
        refused = failure_of(error, Phase.TLS)
        self._verdict = FaultError(refused.cause, refused.detail)
        self.close()
        if self._admit(self._hop.host_key):
            wire = await self._connect((self._address,) if self._address else ())
            await self._shake(wire, _ANYTHING, verified=False)
            self._verdict = FaultError(Cause.TLS_LEGACY, "shakes hands with the profile legacy alone")
            self._note(wire, verified=None)
        raise self._verdict

    async def _shake(self, wire: Wire, options: TlsOptions, *, verified: bool) -> None:
        context = self._shared.contexts.get(options, verified=verified)
        try:
            await wire.secure(context, server_name(self._hop.server_name))
        finally:
            self._heard = wire.heard

    def _note(
        self, wire: Wire, *, verified: bool | None, error: ssl.SSLCertVerificationError | None = None
    ) -> None:
        """Keep what the handshake showed; a verdict becomes the more exact one that the chain allows."""
        tls = wire.tls
        assert tls is not None
        self._tls_version = tls.version()
        cipher = tls.cipher()
        self._tls_cipher = None if cipher is None else cipher[0]
        chain = presented_chain(tls)
        cause = None if error is None else verification_cause(error.verify_code, chain)
        self._certificate = self._shared.certificates.read(
            chain, verified=verified, verify_error=cause, trusted=lambda: verified_chain(tls)
        )
        if self._verdict is not None and cause is not None:
            self._verdict = FaultError(cause, self._verdict.detail)


def proxy_of(request: Request) -> Proxy | None:
    """The proxy by which a look begins; None where it goes directly."""
    return _proxy_for(first_hop(request), request)


def _proxy_for(hop: Hop, request: Request) -> Proxy | None:
    return proxy_for(request.proxies, scheme=hop.scheme, host=hop.host, port=hop.port)


def _fault(failure: Failure | None) -> FaultError | None:
    return None if failure is None else FaultError(failure.cause, failure.detail)
