"""The control API: break and mend stand-ins, and see who came, with curl.

    GET /                          addresses and faults, as JSON
    GET /faults                    what can be set
    PUT /authorities/SLUG/fault    {"fault": "hang", "service": "verify"}; without a service: all of them
    DELETE /authorities/SLUG/fault[?service=verify]
    GET /hits[?authority=SLUG&service=verify]
    GET /sync                      what the stand-in for a sync interface says
    PUT /sync                      {"lag": 90000, "code": "9999", "status": 200, "token": "", …}; what is not said stays
    POST /hook                     takes a notification and says it on the simulator's terminal
    GET /hook                      the notifications it took
    PUT /hook/fault                {"fault": "hang"}; DELETE mends it
    GET /reference                 what another monitor says of the stand-ins, for `reference:` of a probes.yaml
    PUT /reference                 {"shandong": "ok"}; null: what is really so
    POST /reset                    mend everything, forget all hits
    GET /ca/intermediate.der       what the leaves' AIA address gives

It listens on the stand-ins' address only and asks for no password: it can do nothing but make them fail.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from monitor.simulator.authorities import RESOLVER
from monitor.simulator.faults import FAULTS, FaultError
from monitor.simulator.receiver import MAX_MESSAGE

if TYPE_CHECKING:
    from monitor.simulator.endpoint import Endpoint, Hit
    from monitor.simulator.simulator import Simulator

MAX_HITS_SHOWN = 1000


class Control:
    """The HTTP server of the control API."""

    def __init__(self, simulator: Simulator) -> None:
        """Control that simulator; nothing listens yet."""
        self._simulator = simulator
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, host: str, ports: Sequence[int]) -> None:
        """Listen on the first of `ports` that is free (0: any). Raises OSError where all are taken."""
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        try:
            await self._listen(host, ports)
        except OSError:
            await self._runner.cleanup()
            raise
        self.port = self._runner.addresses[0][1]

    async def _listen(self, host: str, ports: Sequence[int]) -> None:
        assert self._runner is not None
        for port in ports:
            try:
                await web.TCPSite(self._runner, host, port, reuse_address=True).start()
                return
            except OSError:
                if port == ports[-1]:
                    raise

    async def stop(self) -> None:
        """Stop listening and close what is open."""
        assert self._runner is not None
        await self._runner.cleanup()

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[_say_errors], client_max_size=MAX_MESSAGE)
        application.add_routes(
            [
                web.get("/", self._overview),
                web.get("/faults", self._kinds),
                web.put("/authorities/{slug}/fault", self._break),
                web.delete("/authorities/{slug}/fault", self._mend),
                web.get("/hits", self._hits),
                web.get("/sync", self._sync),
                web.put("/sync", self._set_sync),
                web.post("/hook", self._simulator.receiver.take),
                web.get("/hook", self._told),
                web.put("/hook/fault", self._break_receiver),
                web.delete("/hook/fault", self._break_receiver),
                web.get("/reference", self._reference),
                web.put("/reference", self._see),
                web.post("/reset", self._reset),
                web.get("/ca/intermediate.der", self._intermediate),
            ]
        )
        return application

    async def _overview(self, request: web.Request) -> web.Response:
        rows = [_row(endpoint) for endpoint in self._simulator.endpoints()]
        return _json(
            {
                "ca": str(self._simulator.ca_path),
                "name_servers": list(self._simulator.names.addresses),
                "faults": self._simulator.faults(),
                "stand_ins": rows,
            }
        )

    async def _kinds(self, request: web.Request) -> web.Response:
        rows = [
            {
                "name": kind.name,
                "stage": kind.stage,
                "default": kind.default or None,
                "does": kind.does,
                "sees": kind.sees,
                "monitor": kind.promise,
            }
            for kind in FAULTS.values()
        ]
        return _json({"faults": rows})

    async def _break(self, request: web.Request) -> web.Response:
        slug = request.match_info["slug"]
        wish = _wish(await request.text())
        self._simulator.set_fault(slug, wish["fault"], wish.get("service"), wish.get("share", 1.0))
        return self._state_of(slug)

    async def _mend(self, request: web.Request) -> web.Response:
        slug = request.match_info["slug"]
        self._simulator.clear_fault(slug, request.query.get("service"))
        return self._state_of(slug)

    async def _hits(self, request: web.Request) -> web.Response:
        wanted = request.query.get("authority"), request.query.get("service")
        hits = self._simulator.hits(*wanted)
        count = sum(endpoint.count for endpoint in self._simulator.endpoints(*wanted))
        return _json({"count": count, "hits": [_hit(hit) for hit in hits[-MAX_HITS_SHOWN:]]})

    async def _sync(self, request: web.Request) -> web.Response:
        return _json({"url": self._simulator.sync.url, **asdict(self._simulator.sync.state)})

    async def _set_sync(self, request: web.Request) -> web.Response:
        self._simulator.sync.set(**_object(await request.text(), '{"lag": 90000}'))
        return await self._sync(request)

    async def _told(self, request: web.Request) -> web.Response:
        receiver = self._simulator.receiver
        fault = receiver.fault.text if receiver.fault else None
        return _json({"fault": fault, "told": list(receiver.told)})

    async def _break_receiver(self, request: web.Request) -> web.Response:
        mends = request.method == "DELETE"
        self._simulator.receiver.set_fault(None if mends else _wish(await request.text())["fault"])
        return await self._told(request)

    async def _reference(self, request: web.Request) -> web.Response:
        return _json(self._simulator.elsewhere.document())

    async def _see(self, request: web.Request) -> web.Response:
        rows = _object(await request.text(), '{"shandong": "ok"}')
        if not all(outcome is None or isinstance(outcome, str) for outcome in rows.values()):
            raise FaultError('send {"shandong": "ok"}')
        self._simulator.elsewhere.see(rows)
        return await self._reference(request)

    async def _reset(self, request: web.Request) -> web.Response:
        self._simulator.sync.reset()
        self._simulator.receiver.reset()
        self._simulator.elsewhere.reset()
        self._simulator.clear_fault()
        self._simulator.forget_hits()
        return _json({"faults": {}})

    async def _intermediate(self, request: web.Request) -> web.Response:
        return web.Response(body=self._simulator.intermediate_der, content_type="application/pkix-cert")

    def _state_of(self, slug: str) -> web.Response:
        rows = [] if slug == RESOLVER else [_row(endpoint) for endpoint in self._simulator.endpoints(slug)]
        return _json({"faults": self._simulator.faults(), "stand_ins": rows})


@web.middleware
async def _say_errors(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        response: web.StreamResponse = await handler(request)
    except FaultError as problem:
        return _json({"error": str(problem)}, 400)
    except web.HTTPException as problem:
        return _json({"error": problem.reason}, problem.status)
    return response


def _wish(text: str) -> dict[str, Any]:
    """The body of a PUT. Raises FaultError where it is not what the head of this file says."""
    meant = '{"fault": "hang"}, with "service": "verify" or "share": 0.3 beside it'
    wish = _object(text, meant)
    fits = (
        wish.keys() <= {"fault", "service", "share"}
        and isinstance(wish.get("fault"), str)
        and isinstance(wish.get("service"), str | None)
        and type(wish.get("share", 1.0)) in (int, float)
    )
    if not fits:
        raise FaultError(f"send {meant}")
    return wish


def _object(text: str, meant: str) -> dict[str, Any]:
    """A JSON object. Raises FaultError where it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise FaultError(f"send {meant}")
    return found


def _row(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "authority": endpoint.stand_in.slug,
        "code": endpoint.stand_in.code,
        "name": endpoint.stand_in.name,
        "service": endpoint.service,
        "url": endpoint.url,
        "fault": endpoint.fault.text if endpoint.fault else None,
        "share": endpoint.fault.share if endpoint.fault else None,
        "hits": endpoint.count,
    }


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "authority": hit.authority,
        "service": hit.service,
        "at": hit.at.isoformat().replace("+00:00", "Z"),
        "fault": hit.fault,
        "request": f"{hit.request.method} {hit.request.target}" if hit.request else None,
        "user_agent": hit.request.headers.get("user-agent") if hit.request else None,
    }


def _json(value: Any, status: int = 200) -> web.Response:
    text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
    return web.Response(text=text, status=status, content_type="application/json")
