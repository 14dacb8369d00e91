"""Proxies for `requests`, which apprise's plugins speak HTTP with: a tunnel (CONNECT) for http and https alike.

`requests` by itself tunnels https only. Its import is slow, and so is the import of this module: only where it is used.
"""

from __future__ import annotations

import re
from http.client import HTTPException
from typing import Any

import requests.adapters
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.exceptions import ProxyError as NoTunnel

from monitor.model import Proxy
from monitor.net.tunnel import refusal


class TunnelError(NoTunnel):
    """The proxy failed. `words` is one line of ours, without secrets."""

    def __init__(self, words: str, error: Exception) -> None:
        super().__init__(words, error)
        self.words = f"the proxy: {words}"


class Tunnels(requests.adapters.HTTPAdapter):
    """What a session is given for all its addresses: each connection is a tunnel through one proxy."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__()
        self.poolmanager.pool_classes_by_scheme = _pools(proxy)


def words_of(problem: Exception) -> str | None:
    """What a proxy did wrong, if it was one that ended a request."""
    reason = getattr(problem.args[0], "reason", None) if problem.args else None
    return reason.words if isinstance(reason, TunnelError) else None


class _Tunnelled(HTTPConnection):
    """The steps of a connection that belong to the proxy."""

    def _new_conn(self) -> Any:
        try:
            return super()._new_conn()
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise TunnelError("cannot connect to it", error) from None

    def _tunnel(self) -> None:
        try:
            super()._tunnel()
        except TimeoutError as error:
            raise TunnelError("no answer to CONNECT in time", error) from None
        except HTTPException as error:
            raise TunnelError("its answer to CONNECT makes no sense", error) from None
        except OSError as error:
            status = re.search(r"failed: ([0-9]{3})\b", str(error))
            words = refusal(int(status[1])) if status else "it hung up before its answer to CONNECT was whole"
            raise TunnelError(words, error) from None


def _pools(proxy: Proxy) -> dict[str, type[HTTPConnectionPool]]:
    """Pools by scheme whose connections go to the proxy and on from there."""
    headers = {} if proxy.authorization is None else {"Proxy-Authorization": proxy.authorization}

    class Plain(_Tunnelled):
        def __init__(self, host: str, port: int | None = None, **more: Any) -> None:
            super().__init__(proxy.host, proxy.port, **more)
            self.set_tunnel(host, port or 80, headers)

    class Secure(_Tunnelled, HTTPSConnection):
        def __init__(self, host: str, port: int | None = None, **more: Any) -> None:
            super().__init__(proxy.host, proxy.port, **more)
            self.set_tunnel(host, port or 443, headers)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
