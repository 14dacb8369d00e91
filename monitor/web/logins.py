"""Who may read where `server.basic_auth` names users: a password against its bcrypt hash, never on the event loop.

An unknown user costs as much time as a known one. One password is tried at a time, so that guessing takes at most one
core. Where a user was guessed wrongly too often from an address, the next passwords go a slow way, but none is refused
unheard: behind a reverse proxy all have one address, and the right one may be among them. What was right is remembered,
because each try is meant to be slow.
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

from monitor.threads import in_daemon_thread
from monitor.web.errors import RequestError
from monitor.web.rates import Rates

MOST_WAITING = 16
"""Passwords that wait to be tried."""
MOST_SLOW = 4
"""Those of them that go the slow way."""
WRONG_AT_ONCE, WRONG_PER_SECOND = 20, 0.2
"""Wrong passwords for one user from one address: so many at once, and one more every five seconds."""
REST = 3
"""On the slow way each try is followed by a rest of so many times its length: a quarter of a core at most."""
USERS_TOLD_APART = 8
"""Users are counted in so many groups, existing or not: names cost nothing, and each would bring a budget of its own."""
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
        self._slowly = asyncio.Semaphore(1)
        self._rested_at = 0.0
        """When the slow way is open again, in seconds of the loop."""
        self._waiting = self._waiting_slowly = 0
        self._wrong = Rates(per_second=WRONG_PER_SECOND, burst=WRONG_AT_ONCE)

    async def check(self, header: str, users: Mapping[str, str], client: str) -> None:
        """Returns for a user with the right password. RequestError 401 for any other, 429 where too many are being tried."""
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
        who = f"{client} {self._digest(user, '', b'')[0] % USERS_TOLD_APART}"
        if not (await self._wait_and_try(password, hash_, who) and user in users):
            self._wrong.spend(who, 1, _now())
            raise RequestError(401, MEANT, CHALLENGE)
        self._right[known] = None
        if len(self._right) > REMEMBERED:
            self._right.popitem(last=False)

    async def _wait_and_try(self, password: bytes, hash_: str, who: str) -> bool:
        if self._waiting >= MOST_WAITING:
            raise _busy(5)
        self._waiting += 1
        try:
            async with self._trying:
                if self._wrong.wait(who, 1, _now()) == 0:
                    return await _try(password, hash_)
        finally:
            self._waiting -= 1
        return await self._try_slowly(password, hash_)

    async def _try_slowly(self, password: bytes, hash_: str) -> bool:
        if self._waiting_slowly >= MOST_SLOW:
            raise _busy(15)
        self._waiting_slowly += 1
        try:
            async with self._slowly:
                await asyncio.sleep(max(0.0, self._rested_at - _now()))
                async with self._trying:
                    begun = _now()
                    is_right = await _try(password, hash_)
                    self._rested_at = _now() + REST * (_now() - begun)
                    return is_right
        finally:
            self._waiting_slowly -= 1

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


async def _try(password: bytes, hash_: str) -> bool:
    """In a thread that nobody waits for at the end: a hash may take seconds."""
    trying = in_daemon_thread(lambda: bcrypt.checkpw(password[:LONGEST], hash_.encode()), name="password")
    return await asyncio.wrap_future(trying)


def _busy(seconds: int) -> RequestError:
    reason = "too many passwords are being tried; ask again later"
    return RequestError(429, reason, {"Retry-After": str(seconds)})


def _cost(hash_: str) -> int:
    return int(hash_[4:6])


def _now() -> float:
    return asyncio.get_running_loop().time()
