"""The simulator: 36 stand-ins, a national page and two controls on loopback, each with faults to switch on and off.

    async with Simulator() as sim:
        sim.set_fault("shandong", "hang")
        …
        sim.clear_fault("shandong")

It needs nothing of the code that it tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import Container, Coroutine, Iterable, Mapping
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from monitor.simulator.authorities import CONTROLS, GROUPS, HOST_SUFFIX, NATIONAL, RESOLVER
from monitor.simulator.captcha import draw_all
from monitor.simulator.certificates import Authority
from monitor.simulator.control import Control
from monitor.simulator.elsewhere import Elsewhere
from monitor.simulator.endpoint import Endpoint, Hit, Visit
from monitor.simulator.faults import Fault, FaultError, Stage, parse
from monitor.simulator.making import Making
from monitor.simulator.names import ZONE, NameServers
from monitor.simulator.receiver import Heard, Receiver
from monitor.simulator.settings import probes_yaml
from monitor.simulator.sync import SyncApi


class Simulator:
    """All stand-ins in this event loop. Start and stop with `async with`, or with `start()` and `stop()`.

    Faults, hits and addresses are plain calls from the loop's own thread.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port_base: int = 0,
        scheme: str = "https",
        shape: str = "mixed",
        shapes: Mapping[str, str] | None = None,
        only: Iterable[str] | None = None,
        ca_file: Path | None = None,
        control_port: int = 0,
        heard: Heard | None = None,
        names: bool = False,
        seed: int = 0,
    ) -> None:
        """Prepare; nothing listens yet.

        `port_base` gives the control API that port and the stand-ins those behind it (0: any free ones). `scheme`
        is that of the verify services: `https`, `http`, or `mixed` (four of them plain). `shape` is the form of
        captcha replies: `key1`, `data`, or `mixed` (by turns); `shapes` says it for single slugs. `only` leaves
        out all other authorities. `ca_file` is where the CA is written (default: a directory of its own, removed
        at the end). `control_port` is where the control API is tried first, before any free port; `heard` is called
        with each notification that the stand-in for a receiver takes. `names`: the stand-ins are called
        `verify.shandong.test`, which only the simulator's own name servers know; otherwise `shandong.localhost`, which
        nobody is asked for. `seed` decides everything that is random. `host` is a loopback address of IPv4; on 127.0.0.1 the stand-ins have names, on others none.
        Raises ValueError for what is not known or not loopback.
        """
        making = Making(host=host, scheme=scheme, shape=shape, shapes=shapes or {}, names=names, seed=seed)
        self._host = host
        self._port_base = port_base
        self._control_ports = (port_base,) if port_base else (control_port, 0)
        self._ca_file = ca_file
        self._endpoints = making.endpoints(only)
        behind = port_base + len(self._endpoints) + 1 if port_base else 0
        self.sync = SyncApi(host=host, port=behind)
        """The stand-in for a sync interface; `sync.set(lag=…, code=…)`."""
        self.receiver = Receiver(heard)
        """The stand-in for a receiver of notifications; `receiver.told`, `receiver.set_fault("hang")`."""
        self.elsewhere = Elsewhere(self.slugs, self._broken_by)
        """The stand-in for a reference; `elsewhere.see({"shandong": "ok"})`."""
        self._by_name = {endpoint.host: endpoint for endpoint in self._endpoints.values() if endpoint.named}
        self.names = NameServers(self._known, host, (behind + 1, behind + 2) if behind else (0, 0))
        """The two name servers; `names.addresses`."""
        self._stack = contextlib.AsyncExitStack()
        self._ca: Authority | None = None
        self._control = Control(self)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen on all ports, healthy. Raises OSError where one is taken; then nothing is left open."""
        async with contextlib.AsyncExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fapiao-simulator-")))
            self._tasks = await stack.enter_async_context(_Tasks())
            await self._control.start(self._host, self._control_ports)
            stack.push_async_callback(self._control.stop)
            await stack.enter_async_context(self.sync)
            self.names.mend()
            self.elsewhere.reset()
            self.receiver.reset()
            await stack.enter_async_context(self.names)
            self._make_ca(directory)
            draw_all()
            for place, endpoint in enumerate(self._endpoints.values(), 1):
                port = self._port_base + place if self._port_base else 0
                stack.callback(endpoint.close)
                endpoint.open(self._host, port, partial(self._serve, endpoint))
            self._stack = stack.pop_all()

    async def stop(self) -> None:
        """Close every socket and end every conversation, hung ones too."""
        await self._stack.aclose()

    # --- where things are ---

    @property
    def control_url(self) -> str:
        """`http://127.0.0.1:40000`: the control API."""
        return f"http://{self._host}:{self._control.port}"

    @property
    def is_named(self) -> bool:
        """Whether the stand-ins have names that its name servers must be asked for."""
        return bool(self._by_name)

    @property
    def ca_path(self) -> Path:
        """The PEM file of the root that all healthy stand-ins descend from."""
        assert self._ca is not None
        return self._ca_file or self._ca.ca_path

    @property
    def intermediate_der(self) -> bytes:
        """The intermediate certificate that the leaves name as their issuer."""
        assert self._ca is not None
        return self._ca.intermediate_der

    @property
    def slugs(self) -> tuple[str, ...]:
        """The authorities that are simulated, without the national page and the controls."""
        beside = {NATIONAL.slug, *(control.slug for control in CONTROLS)}
        return tuple(dict.fromkeys(slug for slug, _ in self._endpoints if slug not in beside))

    def endpoints(self, slug: str | None = None, service: str | None = None) -> tuple[Endpoint, ...]:
        """All endpoints, or those of one slug or group (`all`, `local`, `everything`), or one of its services.

        Raises FaultError where there is none.
        """
        slugs = None if slug is None else self._members(slug)
        found = tuple(
            endpoint
            for (of_slug, of_service), endpoint in self._endpoints.items()
            if (slugs is None or of_slug in slugs) and service in (None, of_service)
        )
        if not found:
            near = get_close_matches(
                slug or "", [RESOLVER, *GROUPS, *(known for known, _ in self._endpoints)], 1
            )
            hint = f"; did you mean {near[0]}?" if near and near[0] != slug else ""
            raise FaultError(f"nothing here is called {slug}" + (f"/{service}" if service else "") + hint)
        return found

    def _members(self, slug: str) -> Container[str]:
        """The slugs that a word stands for: a group's, or the one itself."""
        match slug:
            case "all":
                return self.slugs
            case "local":
                return [control.slug for control in CONTROLS]
            case "everything":
                return [known for known, _ in self._endpoints]
            case _:
                return (slug,)

    def url(self, slug: str, service: str | None = None) -> str:
        """`https://shandong.localhost:41234`, of its first service unless told."""
        return self.endpoints(slug, service)[0].url

    def port(self, slug: str, service: str | None = None) -> int:
        """The port of its first service unless told."""
        return self.endpoints(slug, service)[0].port

    def config(self, **options: Any) -> str:
        """The text of a probes.yaml that watches this simulator; `options` are those of `probes_yaml`."""
        return probes_yaml(self, **options)

    # --- faults ---

    def set_fault(self, slug: str, fault: str, service: str | None = None, share: float = 1.0) -> None:
        """Give all services of `slug`, or one, that fault in place of what they had.

        `slug` may be a group of GROUPS, or RESOLVER. `share` of the connections are struck, drawn from the seed.
        Without `service` those where it makes no sense (TLS faults on plain HTTP) are left healthy. Raises
        FaultError where slug, service or fault does not exist, or it makes no sense anywhere there.
        """
        self.check(slug, fault, service, share)
        parsed = parse(fault, share)
        if slug == RESOLVER:
            self.names.break_with(parsed)
            return
        for endpoint in self.endpoints(slug, service):
            if endpoint.why_not(parsed):
                endpoint.mend()
            else:
                endpoint.break_with(parsed)

    def check(self, slug: str, fault: str | None, service: str | None = None, share: float = 1.0) -> None:
        """Raises FaultError where `set_fault`, or with `fault` None `clear_fault`, would. Needs nothing to run."""
        parsed = None if fault is None else parse(fault, share)
        if slug == RESOLVER:
            if parsed is not None:
                self.names.check(parsed)
            return
        endpoints = self.endpoints(slug, service)
        reasons = [endpoint.why_not(parsed) for endpoint in endpoints] if parsed is not None else [""]
        if all(reasons):
            place = f"{endpoints[0].stand_in.slug}/{endpoints[0].service}"
            raise FaultError(f"{place} {reasons[0]}: {fault} cannot happen")

    def clear_fault(self, slug: str | None = None, service: str | None = None) -> None:
        """Mend all services of `slug`, or one, or (without a slug) everything."""
        if slug in (None, "everything", RESOLVER):
            self.names.mend()
        if slug != RESOLVER:
            for endpoint in self.endpoints(slug, service):
                endpoint.mend()

    def faults(self) -> dict[str, dict[str, str]]:
        """slug → service → fault as written, of what is broken now."""
        broken: dict[str, dict[str, str]] = {}
        for (slug, service), endpoint in self._endpoints.items():
            if endpoint.fault is not None:
                broken.setdefault(slug, {})[service] = endpoint.fault.text
        if self.names.fault is not None:
            broken[RESOLVER] = {"dns": self.names.fault.text}
        return broken

    # --- who came ---

    def hits(self, slug: str | None = None, service: str | None = None) -> list[Hit]:
        """Accepted connections in the order in which they came, at most MAX_HITS of each service.

        What `refuse` and `hang_before_accept` keep away is not among them; what waits under `hang_accept` is when
        that ends.
        """
        found = [hit for endpoint in self.endpoints(slug, service) for hit in endpoint.hits]
        return sorted(found, key=lambda hit: hit.monotonic)

    def forget_hits(self) -> None:
        """Empty the log."""
        for endpoint in self._endpoints.values():
            endpoint.hits.clear()
            endpoint.count = 0

    # --- inside ---

    def _make_ca(self, directory: Path) -> None:
        slugs = dict.fromkeys(slug for slug, _ in self._endpoints)
        names = [slug + HOST_SUFFIX for slug in slugs]
        if self._by_name:
            names += [f"*.{slug}.{ZONE}" for slug in slugs]
        issuer_url = f"{self.control_url}/ca/intermediate.der"
        self._ca = Authority(directory, names, self._host, issuer_url)
        self._ca.context()
        if self._ca_file is not None:
            self._ca_file.write_bytes(self._ca.ca_path.read_bytes())

    def _broken_by(self, slug: str) -> Fault | None:
        return self.endpoints(slug)[0].fault

    def _known(self, name: str) -> tuple[str, Fault | None] | None:
        """What the name servers know of it."""
        endpoint = self._by_name.get(name)
        if endpoint is None:
            return None
        about_name = endpoint.fault is not None and endpoint.fault.kind.stage is Stage.NAME
        return self._host, endpoint.fault if about_name else None

    def _serve(self, endpoint: Endpoint, connection: socket.socket) -> None:
        assert self._ca is not None
        self._tasks.start(_converse(endpoint, connection, self._ca, endpoint.visit()))


async def _converse(endpoint: Endpoint, connection: socket.socket, ca: Authority, visit: Visit) -> None:
    # Clients hang up, refuse certificates and send what they like: that is their business, and no news.
    with contextlib.suppress(OSError, EOFError, ValueError):
        await endpoint.converse(connection, ca, visit)


class _Tasks:
    """The conversations that are going on: one TaskGroup whose members are cancelled when it is left."""

    def __init__(self) -> None:
        self._group = asyncio.TaskGroup()
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._running:
            task.cancel()
        await self._group.__aexit__(None, None, None)  # an error of the caller's is no part of the group's
        await asyncio.sleep(0)  # aborted transports close their sockets one turn later

    def start(self, conversation: Coroutine[Any, Any, None]) -> None:
        """Run one conversation until it ends or everything does."""
        task = self._group.create_task(conversation)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
