"""Who may read where `server.basic_auth` names users: a password against its bcrypt hash, never on the event loop.

An unknown user costs as much time as a known one. One password is tried at a time, so that guessing takes at most one
core, and an address that guesses wrongly too often waits. What was right is remembered, because each try is meant to be slow.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Mapping

import bcrypt

from monitor.web.errors import RequestError
from monitor.web.rates import Rates

MOST_WAITING = 16
"""Passwords that wait to be tried."""
WRONG_AT_ONCE, WRONG_PER_SECOND = 20, 0.2
"""Wrong passwords of one address: so many at once, and one more every five seconds."""
REMEMBERED = 256
LONGEST = 72
"""Bytes of a password that bcrypt looks at."""

CHALLENGE = {"WWW-Authenticate": 'Basic realm="fapiao-monitor", charset="UTF-8"'}
MEANT = (
    "a user and a password of server.basic_auth are needed here, or the token as Authorization: Bearer TOKEN"
)


class Logins:
    """Tries passwords. One for the whole server."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._right: OrderedDict[bytes, None] = OrderedDict()
        """Keyed digests of user, hash and password: a new hash makes the old password unknown."""
        self._trying = asyncio.Semaphore(1)
        self._waiting = 0
        self._wrong = Rates(per_second=WRONG_PER_SECOND, burst=WRONG_AT_ONCE)

    async def check(self, header: str, users: Mapping[str, str], client: str) -> None:
        """Returns for a user with the right password. RequestError 401 for any other, 429 for one who must wait."""
        given = credentials(header)
        if given is None:
            raise RequestError(401, MEANT, CHALLENGE)
        user, password = given
        # A password is tried also for a user who does not exist, so that time does not tell who does.
        hash_ = users.get(user) or max(users.values(), key=_cost)
        known = self._digest(user, hash_, password)
        if user in users and known in self._right:
            self._right.move_to_end(known)
            return
        if not (await self._try(password, hash_, client) and user in users):
            self._wrong.spend(client, 1, _now())
            raise RequestError(401, MEANT, CHALLENGE)
        self._right[known] = None
        if len(self._right) > REMEMBERED:
            self._right.popitem(last=False)

    async def _try(self, password: bytes, hash_: str, client: str) -> bool:
        if self._waiting >= MOST_WAITING:
            raise RequestError(
                429, "too many passwords are being tried; ask again later", {"Retry-After": "5"}
            )
        self._waiting += 1
        try:
            async with self._trying:
                if (wait := self._wrong.wait(client, 1, _now())) > 0:
                    reason = "too many wrong passwords from this address; ask again later"
                    raise RequestError(429, reason, {"Retry-After": str(int(wait) + 1)})
                return await asyncio.to_thread(bcrypt.checkpw, password[:LONGEST], hash_.encode())
        finally:
            self._waiting -= 1

    def _digest(self, user: str, hash_: str, password: bytes) -> bytes:
        """Each part with its length before it: no two triples give the same text."""
        digest = hmac.new(self._secret, digestmod="sha256")
        for part in (user.encode(errors="surrogatepass"), hash_.encode(), password):
            digest.update(len(part).to_bytes(8) + part)
        return digest.digest()


def credentials(header: str) -> tuple[str, bytes] | None:
    """User and password of an Authorization header (RFC 7617); None where it holds none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return (user.decode(errors="replace"), password) if colon else None


def _cost(hash_: str) -> int:
    return int(hash_[4:6])


def _now() -> float:
    return asyncio.get_running_loop().time()
