"""Which proxy leads to a host: the configured one, but for the hosts that are gone to directly, as in NO_PROXY."""

from __future__ import annotations

import ipaddress
import re

from monitor.model import Proxies, Proxy
from monitor.net.failures import FaultError
from monitor.net.resolve import is_literal, plain_name


def proxy_for(proxies: Proxies, *, scheme: str, host: str, port: int) -> Proxy | None:
    """The proxy that leads to `host`, or None where it is gone to directly. Only `http` goes by that of plain HTTP."""
    proxy = proxies.http if scheme == "http" else proxies.https
    if proxy is None or any(_covers(rule, host, port) for rule in proxies.direct):
        return None
    return proxy


def _covers(rule: str, host: str, port: int) -> bool:
    """Whether a rule of NO_PROXY speaks of this host: itself, or for a name all below it too."""
    if rule == "*":
        return True
    where, wanted = split_rule(rule)
    if wanted and int(wanted) != port:
        return False
    if is_literal(host):
        return _is_within(host, where)
    try:
        name = plain_name(host)
    except FaultError:
        return False
    return name == where or name.endswith(f".{where}")


def split_rule(rule: str) -> tuple[str, str]:
    """A rule of NO_PROXY as the place it names, without dots and stars before it, and its port (or nothing)."""
    match = re.fullmatch(r"(?:\[(?P<six>[^\]]*)\]|(?P<four>[^:]*))(?::(?P<port>[0-9]{1,5}))?", rule)
    if match is None:  # an IPv6 address without brackets has no port
        return rule.lower(), ""
    place = match["six"] if match["six"] is not None else match["four"]
    return place.lower().removeprefix("*").strip("."), match["port"] or ""


def _is_within(address: str, where: str) -> bool:
    try:
        return ipaddress.ip_address(address.partition("%")[0]) in ipaddress.ip_network(where, strict=False)
    except ValueError:
        return False
