"""The HTTP application: its routes, and the rules that hold for every answer."""

from __future__ import annotations

import asyncio
import logging

import structlog
from aiohttp import web, web_response
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from monitor.web import pages
from monitor.web.errors import RequestError
from monitor.web.guard import LOGINS, require_reader, require_token
from monitor.web.headers import HEADERS, MAY_DIFFER
from monitor.web.logins import Logins
from monitor.web.rates import Rates, client_of
from monitor.web.reading import READING, Reading
from monitor.web.routes import ENDPOINTS, Endpoint

__all__ = ["Reading", "make_app"]

log = structlog.get_logger()

LARGEST_BODY = 64 * 1024
UNITS_AT_ONCE, UNITS_PER_SECOND = 2000, 400
"""What one address may ask for, in the weights of the endpoints: about milliseconds of work."""
LONGEST_DELAY = 1.0
"""Seconds that an answer is held back before it is refused: a loop that asks one by one is slowed down, not sent away."""
RATES = web.AppKey("RATES", Rates)


def make_app(reading: Reading) -> web.Application:
    """The application, not yet listening. It owns nothing: it reads, and asks the pipeline for changes."""
    # What aiohttp answers by itself to a malformed request passes no signal: its own name has to go at the source.
    web_response.SERVER_SOFTWARE = HEADERS["Server"]  # type: ignore[attr-defined]
    logging.getLogger("aiohttp.server").addFilter(_is_our_business)
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[_answer_errors, _limit, _admit])
    app[READING] = reading
    app[LOGINS] = Logins()
    app[RATES] = Rates(per_second=UNITS_PER_SECOND, burst=UNITS_AT_ONCE)
    app.on_response_prepare.append(_add_headers)
    app.on_shutdown.append(_end_streams)
    for endpoint in ENDPOINTS:
        _add(app, endpoint)
    return app


def _add(app: web.Application, endpoint: Endpoint) -> None:
    handler = _guarded(endpoint.handler) if endpoint.guarded else endpoint.handler
    if endpoint.method == "GET":
        app.router.add_get(endpoint.pattern, handler)
    else:
        app.router.add_route(endpoint.method, endpoint.pattern, handler)


def _guarded(handler: Handler) -> Handler:
    """The same for those who know the token only; not a byte of the body is read before."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        require_token(request)
        return await handler(request)

    return guarded


async def _end_streams(app: web.Application) -> None:
    app[READING].live.close()


def _is_our_business(record: logging.LogRecord) -> bool:
    """False for what is no HTTP, or no body of one: it was answered with 400, and a scanner must not fill our log."""
    bad = (HttpProcessingError, web.RequestPayloadError)
    return not (record.exc_info and isinstance(record.exc_info[1], bad))


@web.middleware
async def _answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every refusal, ours and aiohttp's, into an answer; a bug of ours is logged, counted and answered with 500."""
    try:
        return await handler(request)
    except RequestError as refused:
        return _error(request, refused.status, refused.reason, headers=refused.headers)
    except web.HTTPMethodNotAllowed as refused:
        allowed = ", ".join(sorted(refused.allowed_methods))
        reason = f"{request.method[:20]} is not allowed here; allowed: {allowed}"
        return _error(request, 405, reason, headers={"Allow": allowed})
    except web.HTTPNotFound:
        return _error(request, 404, "there is nothing at this address")
    except web.HTTPException as refused:
        return _error(request, refused.status, refused.reason)
    except ConnectionError:  # the caller left; aiohttp closes its side
        raise
    except Exception:  # a bug of ours must not end in a half-open connection without a word
        log.exception("web.internal_error", path=request.path)
        request.app[READING].metrics.count_internal_error("web")
        return _error(request, 500, "internal error; the log of the daemon has the traceback")


COUNTED = {endpoint.path: endpoint for endpoint in ENDPOINTS if endpoint.method == "GET"}


@web.middleware
async def _limit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let no address ask for so much that the probes would be late."""
    rates, client, units = request.app[RATES], client_of(request.remote), _units(request)
    now = asyncio.get_running_loop().time()
    if (wait := rates.wait(client, units, now)) > LONGEST_DELAY:
        reason = "too many requests from this address; ask again later"
        raise RequestError(429, reason, {"Retry-After": str(int(wait) + 1)})
    rates.spend(client, units, now)
    await asyncio.sleep(wait)
    return await handler(request)


def _units(request: web.Request) -> float:
    """What it costs: about milliseconds of work. What does not exist costs one, and so does a change."""
    resource = request.match_info.route.resource
    asked = COUNTED.get(resource.canonical) if resource else None
    if asked is None:
        return 1.0
    return asked.weight + asked.weight_per_target * len(request.app[READING].plan().targets)


@web.middleware
async def _admit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Where users are configured everything needs one of them, or the token: pages, /metrics, health and what does not exist."""
    await require_reader(request)
    return await handler(request)


def _error(
    request: web.Request, status: int, reason: str, headers: dict[str, str] | None = None
) -> web.Response:
    """`{"error": reason}`; a page for a browser that asked for a page."""
    wants_page = "text/html" in request.headers.get("Accept", "") and not request.path.startswith(
        ("/api/", "/-/")
    )
    if wants_page and status == 404:
        return pages.missing(request)
    return web.json_response({"error": reason}, status=status, headers=headers)


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    own = {name: response.headers[name] for name in MAY_DIFFER if name in response.headers}
    response.headers.update({**HEADERS, **own})
