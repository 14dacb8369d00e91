"""By which proxies things are reached."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """An HTTP proxy that is asked for tunnels (CONNECT)."""

    host: str
    """Name or literal address, IPv6 without brackets."""
    port: int
    authorization: str | None = field(default=None, repr=False)
    """Value of `Proxy-Authorization`; None: the proxy asks for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """Which proxy leads where (key `proxy`). Without any everything is gone to directly."""

    http: Proxy | None = None
    """For plain HTTP."""
    https: Proxy | None = None
    """For everything else: https, and bare connections with or without TLS."""
    direct: tuple[str, ...] = ()
    """Hosts that are gone to directly, as in NO_PROXY: `*`, a name (with all below it), an address, a network; each
    may end in `:port`."""
