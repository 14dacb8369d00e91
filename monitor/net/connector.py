"""For clients made of aiohttp: a connector that goes by proxies, through a tunnel for http as well.

aiohttp's own way asks a proxy for plain http pages in its own name and tunnels https only; and it takes its proxy from
the request, where our receivers and references each have theirs from the configuration.
"""

from __future__ import annotations

from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

from monitor.model import Proxies, Proxy
from monitor.net.failures import FaultError
from monitor.net.names import Names
from monitor.net.proxies import proxy_for
from monitor.net.resolve import Resolver
from monitor.net.tunnel import Tunnel

PATIENCE = 5.0
"""Seconds that each step to a proxy is given; the caller has a deadline of its own."""


class ProxyError(aiohttp.ClientConnectionError):
    """The proxy failed. Its text is one line of ours, without secrets."""


class Connector(aiohttp.TCPConnector):
    """A fresh connection for each request, by the proxy that leads there. The environment is not looked at."""

    def __init__(self, proxies: Proxies, **more: Any) -> None:
        super().__init__(force_close=True, limit=0, resolver=Names(), use_dns_cache=False, **more)
        self._proxies = proxies
        self._names = Resolver()

    async def _create_connection(
        self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> ResponseHandler:
        host, port = req.url.raw_host or "", req.url.port or 0
        proxy = proxy_for(self._proxies, scheme=req.url.scheme, host=host, port=port)
        if proxy is None:
            return await super()._create_connection(req, traces, timeout)
        sock = await self._through(proxy, host, port)
        secure = self._get_ssl_context(req)
        _, protocol = await self._wrap_existing_connection(
            self._factory,
            timeout=timeout,
            ssl=secure,
            sock=sock,
            server_hostname=host.rstrip(".") if secure else None,
            req=req,
        )
        return protocol

    async def _through(self, proxy: Proxy, host: str, port: int) -> Any:
        try:
            wire = await Tunnel(proxy, self._names).open(host, port, lambda: PATIENCE)
        except FaultError as fault:
            raise ProxyError(fault.detail) from None
        return wire.detach()
