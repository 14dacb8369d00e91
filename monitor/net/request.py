"""What `Net.look` is asked for: where to connect, how to speak TLS, what to send. Values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from monitor.model import Proxies, TlsOptions

Admit = Callable[[str], bool]
"""Called with `host:port` before every single connection; counts it and answers whether it may be made."""

MAX_BODY = 1 << 20
"""Decoded bytes of a reply that are kept unless the request says otherwise."""


class LimitReached(Exception):  # noqa: N818  it is not an error of the run
    """A connection that the run cannot do without was not admitted: the run is skipped and counted, not failed."""


class Hampered(Exception):  # noqa: N818  nor is this
    """This machine did not let the run be made as it should be. It says nothing of the peer: skipped and counted, made again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One HTTP/1.1 request. The client adds `Host`, `Connection: close` and `Accept-Encoding`, no User-Agent.

    `Content-Length` is set when there is a body. A configured header of the same name replaces `Host` and
    `Accept-Encoding`; `Connection`, `Content-Length` and `Transfer-Encoding` are not the configuration's to say.
    """

    method: str = "GET"
    target: str = field(default="/", repr=False)
    """Path and query; what may not stand in a request line is percent-encoded. May hold a secret."""
    host_header: str
    """`name` or `name:port`, as in the URL."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    follow: str | tuple[str, ...] = "same_host"
    """Redirects: `no`, `same_host`, or the hosts that may be gone to (the first host always may), as `plain_name` has them."""
    max_body: int = MAX_BODY
    """Bytes of the decoded body beyond which the run fails with `body_too_large`."""
    upgrade: TlsOptions = field(default_factory=TlsOptions)
    """How TLS is spoken when a request over plain HTTP is redirected to https."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One look: resolve, connect, then TLS and HTTP as far as asked for.

    `tls` None: plain TCP. `http` None: stop after the handshake (after the connect without TLS).
    """

    host: str
    """Name or literal address, IPv6 without brackets."""
    port: int
    tls: TlsOptions | None = None
    server_name: str | None = None
    """Name for SNI and for the certificate; None: `host`."""
    resolver: tuple[str, ...] = ()
    """`host:port` of name servers; empty: the system's. A proxy resolves by itself."""
    proxies: Proxies = field(default_factory=Proxies)
    every_address: bool = False
    """Look at each address by itself, all at once; not where a proxy leads there."""
    http: HttpRequest | None = None
