"""What is answered when something is wrong: JSON with the right status, and never more than the caller may know."""

from __future__ import annotations

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from monitor.web.reading import READING

log = structlog.get_logger()


class RequestError(Exception):
    """A request that cannot be answered: an HTTP status and one line that says why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def error(status: int, reason: str, headers: dict[str, str] | None = None) -> web.Response:
    """`{"error": reason}`."""
    return web.json_response({"error": reason}, status=status, headers=headers)


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every refusal, ours and aiohttp's, into JSON; a bug of ours is logged, counted and answered with 500."""
    try:
        return await handler(request)
    except RequestError as refused:
        return error(refused.status, refused.reason)
    except web.HTTPMethodNotAllowed as refused:
        allowed = ", ".join(sorted(refused.allowed_methods))
        return error(
            405, f"{request.method[:20]} is not allowed here; allowed: {allowed}", {"Allow": allowed}
        )
    except web.HTTPException as refused:
        if refused.status < 400:
            raise
        return error(refused.status, refused.reason)
    except ConnectionError:  # the caller left; aiohttp closes its side
        raise
    except Exception:  # a bug of ours must not end in a half-open connection without a word
        log.exception("web.internal_error", path=request.path)
        request.app[READING].metrics.count_internal_error("web")
        return error(500, "internal error; the log of the daemon has the traceback")
