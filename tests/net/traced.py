"""Run behind routers.sh: trace the way to each address that is given, print the hops as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict

from monitor.net.route import trace


async def main() -> None:
    """One list of hops per address."""
    ways = [await trace(address, 9, lambda: True) for address in sys.argv[1:]]
    sys.stdout.write(json.dumps([[asdict(hop) for hop in way] for way in ways]))


asyncio.run(main())
