"""What is measured against each other: one nginx as target, blackbox_exporter and our client as probers.

Probers run on core 0; nginx and the driver, which only counts, on core 1. CPU is user + system time of the prober's
process, divided by the probes it made in the window.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import trustme

PROBER_CORE, PEER_CORE = 0, 1
BODY = json.dumps({"status": "healthy", "padding": "x" * 4224})
PATTERN = r'"status":\s*"healthy"'
TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class Load:
    """How probes arrive: `in_flight` at a time (saturated), or `rate` a second."""

    scheme: str
    rate: float | None
    in_flight: int
    seconds: float

    @property
    def name(self) -> str:
        """As the table calls it."""
        arrival = f"{self.rate:g}/s" if self.rate else f"{self.in_flight} in flight"
        return f"{self.scheme}, {arrival}"


@dataclass(frozen=True, slots=True)
class Sample:
    """One window: probes made and CPU seconds of the prober spent on them."""

    probes: int
    cpu: float

    @property
    def milliseconds(self) -> float:
        """CPU per probe."""
        return 1000 * self.cpu / self.probes


Measure = Callable[[Load], Awaitable[Sample]]
"""A prober, ready to be loaded. The daemon becomes a third one by offering the same."""


@dataclass(frozen=True, slots=True)
class Site:
    """The target of all probes."""

    http_port: int
    https_port: int
    ca_file: Path

    def port(self, scheme: str) -> int:
        """The port for that scheme."""
        return self.https_port if scheme == "https" else self.http_port

    def url(self, scheme: str) -> str:
        """Where the document is."""
        return f"{scheme}://127.0.0.1:{self.port(scheme)}/status.json"


@contextlib.contextmanager
def nginx(where: Path) -> Iterator[Site]:
    """One worker that serves a document of 4 KB over HTTP and HTTPS (ECDSA P-256) and logs when each request came."""
    ca = trustme.CA()
    leaf = ca.issue_cert("127.0.0.1")
    site = Site(free_port(), free_port(), where / "ca.pem")
    ca.cert_pem.write_to_path(str(site.ca_file))
    leaf.private_key_and_cert_chain_pem.write_to_path(str(where / "leaf.pem"))
    (where / "status.json").write_text(BODY)
    (where / "nginx.conf").write_text(_nginx_conf(where, site))
    command = ["nginx", "-p", str(where), "-c", str(where / "nginx.conf"), "-e", str(where / "error.log")]
    with running(command, PEER_CORE):
        wait_for(site.https_port)
        yield site


def _nginx_conf(where: Path, site: Site) -> str:
    return f"""
daemon off; worker_processes 1; pid {where}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
    log_format arrivals "$msec $request_uri $status";
    access_log {where}/arrivals.log arrivals buffer=64k flush=1s; default_type application/json; ssl_session_cache off; ssl_session_tickets off;
    client_body_temp_path {where}; proxy_temp_path {where}; fastcgi_temp_path {where};
    uwsgi_temp_path {where}; scgi_temp_path {where};
    server {{
        root {where};
        location /t/ {{ if (-f {where}/down$uri) {{ return 503; }} try_files /status.json =404; }}
        listen 127.0.0.1:{site.http_port} backlog=4096;
        listen 127.0.0.1:{site.https_port} ssl backlog=4096;
        ssl_certificate {where}/leaf.pem; ssl_certificate_key {where}/leaf.pem;
    }}
}}
"""


@contextlib.asynccontextmanager
async def blackbox(where: Path, site: Site) -> AsyncIterator[Measure]:
    """Debian's blackbox_exporter, asked for one probe per request, as Prometheus does."""
    port = free_port()
    (where / "blackbox.yml").write_text(json.dumps(blackbox_conf(site)))  # JSON is YAML
    command = [
        "prometheus-blackbox-exporter",
        f"--config.file={where / 'blackbox.yml'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    with running(command, PROBER_CORE) as process:
        wait_for(port)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def measure(load: Load) -> Sample:
                address = f"http://127.0.0.1:{port}/probe?module=json&target={site.url(load.scheme)}"

                async def one() -> None:
                    async with session.get(address) as reply:
                        if "\nprobe_success 1" not in await reply.text():
                            raise RuntimeError("blackbox_exporter: the probe failed")

                before = cpu_of(process.pid)
                probes = await drive(one, load)
                return Sample(probes, cpu_of(process.pid) - before)

            yield measure


def blackbox_conf(site: Site) -> dict[str, object]:
    """Its configuration: one module `json` that matches the document."""
    module = {
        "prober": "http",
        "timeout": f"{TIMEOUT:g}s",
        "http": {
            "preferred_ip_protocol": "ip4",
            "fail_if_body_not_matches_regexp": [PATTERN],
            "tls_config": {"ca_file": str(site.ca_file)},
        },
    }
    return {"modules": {"json": module}}


@contextlib.asynccontextmanager
async def lean_client(site: Site, *, uvloop: bool = False) -> AsyncIterator[Measure]:
    """Our client in a process of its own that measures itself between warm-up and end."""

    async def measure(load: Load) -> Sample:
        command = [sys.executable, "-m", "bench.prober", json.dumps(_task(site, load, uvloop=uvloop))]
        process = await asyncio.create_subprocess_exec(*pinned(command, PROBER_CORE), stdout=subprocess.PIPE)
        output, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError("the lean client failed")
        return Sample(**json.loads(output))

    yield measure


def _task(site: Site, load: Load, *, uvloop: bool) -> dict[str, object]:
    return {
        "scheme": load.scheme,
        "port": site.port(load.scheme),
        "ca": str(site.ca_file),
        "rate": load.rate,
        "in_flight": load.in_flight,
        "seconds": load.seconds,
        "uvloop": uvloop,
    }


async def drive(one: Callable[[], Awaitable[None]], load: Load) -> int:
    """Run `one` as the load says; answers how often it ran to its end."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    count = 0

    async def counted() -> None:
        nonlocal count
        await one()
        count += 1

    async def lane() -> None:
        while loop.time() - began < load.seconds:
            await counted()

    async with asyncio.TaskGroup() as group:
        if load.rate is None:
            for _ in range(load.in_flight):
                group.create_task(lane())
        else:
            for number in range(int(load.rate * load.seconds)):
                await asyncio.sleep(began + number / load.rate - loop.time())
                group.create_task(counted())
    return count


# --- processes -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def running(
    command: list[str], core: int, *, folder: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process on one core until the block ends; what it says goes to `log` in its folder."""
    with contextlib.ExitStack() as stack:
        out = stack.enter_context((folder / "log").open("ab")) if folder else None
        environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
        process = subprocess.Popen(pinned(command, core), cwd=folder, stdout=out, stderr=out, env=environment)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(10)


def pinned(command: list[str], core: int) -> list[str]:
    """The command, kept on one core."""
    return ["taskset", "--cpu-list", str(core), *command]


def cpu_of(pid: int) -> float:
    """User and system seconds of a process, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def wait_for(port: int) -> None:
    """Until somebody listens there, for 10 s at most."""
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.05):
            return
        time.sleep(0.05)
    raise RuntimeError(f"nobody listens on port {port}")
