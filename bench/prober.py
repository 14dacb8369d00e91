"""Our client under load, in a process of its own. Prints `{"probes": …, "cpu": …}` for the time after the warm-up."""

from __future__ import annotations

import asyncio
import json
import re
import resource
import sys
from dataclasses import replace

from bench.peers import PATTERN, TIMEOUT, Load, drive
from monitor.clock import SystemClock
from monitor.model import TlsOptions
from monitor.net import HttpRequest, Net, Request

WARM_UP = 0.5


async def main(task: dict[str, object]) -> dict[str, float]:
    """Warm up, then drive the load and account for it."""
    scheme, port = str(task["scheme"]), int(str(task["port"]))
    rate = task["rate"]
    load = Load(
        scheme,
        None if rate is None else float(str(rate)),
        int(str(task["in_flight"])),
        float(str(task["seconds"])),
    )
    request = Request(
        host="127.0.0.1",
        port=port,
        tls=TlsOptions(ca=str(task["ca"])) if scheme == "https" else None,
        http=HttpRequest(target="/status.json", host_header=f"127.0.0.1:{port}"),
    )
    net, pattern = Net(SystemClock()), re.compile(PATTERN.encode())

    async def one() -> None:
        seen = await net.look(request, timeout=TIMEOUT, admit=_always)
        if seen.reply is None or pattern.search(seen.reply.body) is None:
            raise RuntimeError(f"the probe failed: {seen.failure}")

    await drive(one, replace(load, seconds=WARM_UP))
    before = _cpu()
    probes = await drive(one, load)
    return {"probes": probes, "cpu": _cpu() - before}


def _always(key: str) -> bool:
    return True


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    task = json.loads(sys.argv[1])
    if task["uvloop"]:
        import uvloop

        print(json.dumps(uvloop.run(main(task))))
    else:
        print(json.dumps(asyncio.run(main(task))))
