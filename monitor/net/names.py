"""Our own resolver, in the form in which clients made of aiohttp take one."""

from __future__ import annotations

import asyncio
import socket

from aiohttp.abc import AbstractResolver, ResolveResult

from monitor.net.failures import FaultError
from monitor.net.resolve import Resolver

PATIENCE = 5.0
"""Seconds the name servers are given."""


class Names(AbstractResolver):
    """Our own resolver for aiohttp, whose default takes threads of a pool that a dead name server fills."""

    def __init__(self) -> None:
        self._resolver = Resolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """All addresses of `host`. Raises OSError, as aiohttp expects."""
        try:
            async with asyncio.timeout(PATIENCE):
                addresses = await self._resolver.resolve(host, (), PATIENCE)
        except FaultError as fault:
            raise OSError(fault.detail) from None
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing is kept."""
