"""Who may change something: one who knows `server.token`. Nobody may where there is none."""

from __future__ import annotations

import hmac

from aiohttp import web

from monitor.web.errors import RequestError
from monitor.web.reading import READING

CLOSED = (
    "this daemon has no token, so nothing can be changed here: set server.token in probes.yaml and reload"
)
WRONG = "this needs the header Authorization: Bearer TOKEN with the server.token of probes.yaml"


def require_token(request: web.Request) -> None:
    """Returns for a caller who knows the token. RequestError 403 where there is no token, 401 for a missing or wrong one.

    Only this header counts, no cookie and no parameter: a page or a form of another site cannot send it.
    """
    token = request.app[READING].plan().token
    if not token:
        raise RequestError(403, CLOSED)
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    # Compared in constant time; aiohttp reads headers as UTF-8 with surrogates for what is none.
    same = hmac.compare_digest(given.strip().encode(errors="surrogateescape"), token.encode())
    if scheme.lower() != "bearer" or not same:
        raise RequestError(401, WRONG, {"WWW-Authenticate": 'Bearer realm="fapiao-monitor"'})
