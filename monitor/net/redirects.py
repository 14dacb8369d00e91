"""Where a redirect leads, whether it may be followed, and what goes along. `Location` is hostile input."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from monitor.model import Cause, TlsOptions
from monitor.net.failures import FaultError
from monitor.net.request import HttpRequest, Request
from monitor.net.resolve import is_literal, plain_name

if TYPE_CHECKING:
    from monitor.net.reply import Collector

MAX_REDIRECTS = 5
MAX_LOCATION = 2048
_STATUSES = frozenset({301, 302, 303, 307, 308})
_HARMLESS = frozenset({"user-agent", "accept", "accept-language", "accept-encoding", "content-type"})
"""Headers that go wherever a redirect leads; any other may hold a secret and stays with its host and port."""
_KEPT = "".join(map(chr, range(0x21, 0x7F)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One exchange of a run: the request itself, or where a redirect led."""

    host: str
    port: int
    tls: TlsOptions | None
    server_name: str
    http: HttpRequest | None

    @property
    def host_key(self) -> str:
        """`host:port`, what the limit counts; one host however its name is spelt."""
        return f"{self.host.lower().rstrip('.')}:{self.port}"

    @property
    def scheme(self) -> str:
        """`https`, `http`, or empty for a bare connection."""
        return "https" if self.tls else "http" if self.http else ""

    @property
    def url(self) -> str:
        """The address of this hop, with its query."""
        assert self.http is not None
        return f"{self.scheme}://{_host_header(self.host, self.port, self.scheme)}{self.http.target}"


def first_hop(request: Request) -> Hop:
    """The request as the first hop."""
    return Hop(
        host=request.host,
        port=request.port,
        tls=request.tls,
        server_name=request.server_name or request.host,
        http=request.http,
    )


def is_followed(http: HttpRequest, collector: Collector) -> bool:
    """Whether these headers are a redirect that the request wants followed."""
    return http.follow != "no" and collector.status in _STATUSES and bool(collector.header("location"))


def next_hop(hop: Hop, request: Request, status: int, location: str) -> Hop:
    """Where `location` leads from `hop`. Raises FaultError(`redirect_refused`) where it may not lead."""
    http, first = hop.http, request.http
    assert http is not None
    assert first is not None
    parts, host, port = _read(hop.url, location)
    same_host = host == plain_host(request.host)
    if not same_host and not _is_listed(host, first.follow):
        raise FaultError(Cause.REDIRECT_REFUSED, f"leads to another host: {host[:100]}")
    leaves = _leaves(hop, parts.scheme, host, port)
    follow_up = _follow_up(http, status)
    if leaves and follow_up.body is not None:  # it may hold a secret, as the headers may
        raise FaultError(Cause.REDIRECT_REFUSED, "would carry the body of the request elsewhere")
    return Hop(
        host=host,
        port=port,
        tls=(request.tls or first.upgrade) if parts.scheme == "https" else None,
        server_name=(request.server_name or host) if same_host else host,
        http=replace(
            follow_up,
            target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            host_header=_host_header(host, port, parts.scheme),
            headers=tuple(pair for pair in follow_up.headers if _goes_along(pair[0], leaves=leaves)),
        ),
    )


def plain_host(host: str) -> str:
    """`host` in the one spelling in which hosts are compared. Raises FaultError when it is neither name nor address."""
    if is_literal(host) and "%" not in host:
        return str(ipaddress.ip_address(host))
    name = plain_name(host)
    if not all(letter.isalnum() or letter in "-._" for letter in name):
        raise FaultError(Cause.DNS_NXDOMAIN, "no name can be like this")
    return name


def shown(hop: Hop) -> str:
    """The address of a hop for people: without its query, which may hold what is nobody's business."""
    return hop.url.partition("?")[0][:200]


def _read(base: str, location: str) -> tuple[SplitResult, str, int]:
    """Scheme, host and port of an absolute form of `location`, all lower case, ASCII and plausible."""
    refused = FaultError(Cause.REDIRECT_REFUSED, "leads to an address that cannot be read")
    if len(location) > MAX_LOCATION:
        raise refused
    try:  # headers come as latin-1; what is not ASCII in them is nearly always UTF-8
        text = location.encode("latin-1").decode("utf-8", "replace")
        parts = urlsplit(urljoin(base, text.strip()))
        port = parts.port if parts.port is not None else _usual_port(parts.scheme)
        host = plain_host(parts.hostname or "")
    except (ValueError, FaultError):
        raise refused from None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or port == 0:
        raise refused
    path, query = quote(parts.path, safe=_KEPT), quote(parts.query, safe=_KEPT)
    return parts._replace(path=path, query=query, fragment=""), host, port


def _leaves(hop: Hop, scheme: str, host: str, port: int) -> bool:
    """Whether who is there may be somebody else, or others may listen: another host or port, or from https to http.

    From http to https the port has to change.
    """
    if host != plain_host(hop.host) or (hop.scheme, scheme) == ("https", "http"):
        return True
    return port != hop.port and (hop.scheme, scheme) != ("http", "https")


def _is_listed(host: str, follow: str | tuple[str, ...]) -> bool:
    return not isinstance(follow, str) and host in follow


def _follow_up(http: HttpRequest, status: int) -> HttpRequest:
    """What every browser makes of it: a POST becomes a GET without its body, except after 307 and 308."""
    becomes_get = status == 303 or (status in (301, 302) and http.method == "POST")
    if not becomes_get or http.method == "HEAD":
        return http
    headers = tuple(pair for pair in http.headers if pair[0].lower() != "content-type")
    return replace(http, method="GET", body=None, headers=headers)


def _goes_along(name: str, *, leaves: bool) -> bool:
    return name.lower() != "host" and (not leaves or name.lower() in _HARMLESS)


def _host_header(host: str, port: int, scheme: str) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port == _usual_port(scheme) else f"{name}:{port}"


def _usual_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
