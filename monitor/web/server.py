"""The HTTP application: its routes, and the rules that hold for every answer."""

from __future__ import annotations

import logging

import structlog
from aiohttp import web, web_response
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from monitor.metrics.exposition import OPENMETRICS, TEXT, wants_openmetrics
from monitor.web import api, pages
from monitor.web.errors import RequestError
from monitor.web.reading import READING, Reading

__all__ = ["Reading", "make_app"]

log = structlog.get_logger()

HEADERS = {
    "Server": "fapiao-monitor",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
MISSING_SHOWN = 20
"""Ids that /-/ready names; their number is always said."""


def make_app(reading: Reading) -> web.Application:
    """The application, not yet listening. It only reads; nothing that arrives here changes anything."""
    # What aiohttp answers by itself to a malformed request passes no signal: its own name has to go at the source.
    web_response.SERVER_SOFTWARE = HEADERS["Server"]  # type: ignore[attr-defined]
    logging.getLogger("aiohttp.server").addFilter(_is_our_business)
    app = web.Application(client_max_size=64 * 1024, middlewares=[_answer_errors])
    app[READING] = reading
    app.on_response_prepare.append(_add_headers)
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/-/healthy", healthy)
    app.router.add_get("/-/ready", ready)
    app.router.add_get("/api/v1/targets", api.targets)
    app.router.add_get("/api/v1/targets/{id:.+}", api.target)
    app.router.add_get("/api/v1/incidents", api.incidents)
    app.router.add_get("/api/v1/incidents/{id}", api.incident)
    app.router.add_get("/api/v1/status", api.status)
    app.router.add_get("/api/v1/route", api.route)
    app.router.add_get("/", pages.status)
    app.router.add_get("/authorities/{slug}", pages.authority)
    app.router.add_get("/incidents/{id}", pages.incident)
    app.router.add_get("/static/{name}", pages.static)
    return app


def _is_our_business(record: logging.LogRecord) -> bool:
    """False for a request that is no HTTP: aiohttp answers it with 400, and a scanner must not fill our log."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


@web.middleware
async def _answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every refusal, ours and aiohttp's, into an answer; a bug of ours is logged, counted and answered with 500."""
    try:
        return await handler(request)
    except RequestError as refused:
        return _error(request, refused.status, refused.reason)
    except web.HTTPMethodNotAllowed as refused:
        allowed = ", ".join(sorted(refused.allowed_methods))
        reason = f"{request.method[:20]} is not allowed here; allowed: {allowed}"
        return _error(request, 405, reason, headers={"Allow": allowed})
    except web.HTTPException as refused:
        return _error(request, refused.status, refused.reason)
    except ConnectionError:  # the caller left; aiohttp closes its side
        raise
    except Exception:  # a bug of ours must not end in a half-open connection without a word
        log.exception("web.internal_error", path=request.path)
        request.app[READING].metrics.count_internal_error("web")
        return _error(request, 500, "internal error; the log of the daemon has the traceback")


def _error(
    request: web.Request, status: int, reason: str, headers: dict[str, str] | None = None
) -> web.Response:
    """`{"error": reason}`; a page for a browser that asked for a page."""
    wants_page = "text/html" in request.headers.get("Accept", "") and not request.path.startswith(
        ("/api/", "/-/")
    )
    if wants_page and status == 404:
        return pages.missing(request, reason)
    return web.json_response({"error": reason}, status=status, headers=headers)


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")


async def healthy(_request: web.Request) -> web.Response:
    """`GET /-/healthy`: the loop answers."""
    return web.Response(text="fapiao-monitor is healthy.\n")


async def ready(request: web.Request) -> web.Response:
    """`GET /-/ready`: 200 once every target has a result, restored ones counted; else 503 with what is missing."""
    reading = request.app[READING]
    known = reading.state().targets
    missing = sorted(name for name in reading.plan().targets if name not in known or known[name].last is None)
    if missing:
        some = ", ".join(missing[:MISSING_SHOWN]) + (", …" if len(missing) > MISSING_SHOWN else "")
        raise RequestError(
            503, f"{len(missing)} of {len(reading.plan().targets)} targets have no result yet: {some}"
        )
    return web.Response(text="fapiao-monitor is ready.\n")


async def metrics(request: web.Request) -> web.StreamResponse:
    """`GET /metrics`, written piece by piece so that a large exposition does not hold the probes up."""
    openmetrics = wants_openmetrics(request.headers.get("Accept", ""))
    response = web.StreamResponse(headers={"Content-Type": OPENMETRICS if openmetrics else TEXT})
    await response.prepare(request)
    if request.method != "HEAD":
        reading = request.app[READING]
        reading.metrics.publish(reading.plan(), reading.state(), reading.clock.now())
        async for piece in reading.metrics.stream(openmetrics=openmetrics):
            await response.write(piece)
    await response.write_eof()
    return response
