"""Who may do what: change something with the token, read with the token or as a user where users are configured.

Only the header Authorization counts, no cookie and no parameter: a page or a form of another site cannot send it.
"""

from __future__ import annotations

import hmac

from aiohttp import web

from monitor.web.errors import RequestError
from monitor.web.logins import Logins
from monitor.web.rates import client_of
from monitor.web.reading import READING

CLOSED = (
    "this daemon has no token, so nothing can be changed here: set server.token in probes.yaml and reload"
)
WRONG = "this needs the header Authorization: Bearer TOKEN with the server.token of probes.yaml"
LOGINS = web.AppKey("LOGINS", Logins)


def require_token(request: web.Request) -> None:
    """Returns for a caller who knows the token. RequestError 403 where there is no token, 401 for a missing or wrong one."""
    if not request.app[READING].plan().token:
        raise RequestError(403, CLOSED)
    if not knows_token(request):
        raise RequestError(401, WRONG, {"WWW-Authenticate": 'Bearer realm="fapiao-monitor"'})


def knows_token(request: web.Request) -> bool:
    """Whether the caller sent the token."""
    token = request.app[READING].plan().token
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if not token or scheme.lower() != "bearer":
        return False
    # Compared in constant time; aiohttp reads headers as UTF-8 with surrogates for what is none.
    return hmac.compare_digest(given.strip().encode(errors="surrogateescape"), token.encode())


async def require_reader(request: web.Request) -> None:
    """Returns for everybody, or where `server.basic_auth` names users for these and for one who knows the token.

    RequestError 401 for any other, 429 for one who tries too often.
    """
    users = request.app[READING].plan().basic_auth
    if users and not knows_token(request):
        header = request.headers.get("Authorization", "")
        await request.app[LOGINS].check(header, users, client_of(request.remote))
