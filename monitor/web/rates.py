"""How much one client may ask for: a budget for each address that fills again as time goes by."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from functools import lru_cache

MOST_CLIENTS = 4096
"""Addresses remembered; the one not heard of for longest is forgotten, and begins anew."""


class Rates:
    """A budget of `burst` units for each client, of which `per_second` come back. Bounded in clients."""

    def __init__(self, *, per_second: float, burst: float, most: int = MOST_CLIENTS) -> None:
        self._per_second = per_second
        self._burst = burst
        self._most = most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Client → units left, and when that was so."""

    def wait(self, client: str, units: float, now: float) -> float:
        """Seconds until `units` can be spent; 0: now."""
        return max(0.0, (units - self._available(client, now)) / self._per_second)

    def spend(self, client: str, units: float, now: float) -> None:
        """Spend `units`, whether they are there or not."""
        self._left[client] = (self._available(client, now) - units, now)
        self._left.move_to_end(client)
        if len(self._left) > self._most:
            self._left.popitem(last=False)

    def _available(self, client: str, now: float) -> float:
        left, then = self._left.get(client, (self._burst, now))
        return min(self._burst, left + (now - then) * self._per_second)


@lru_cache(maxsize=MOST_CLIENTS)
def client_of(address: str | None) -> str:
    """Whom to count: an IPv4 address, or the /64 of an IPv6 one, because whoever has one has them all."""
    try:
        known = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return ""
    return str(known) if known.version == 4 else known.packed[:8].hex()
