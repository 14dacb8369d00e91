"""What all cases share: the certificates, nginx and dnsmasq, one of each for a session."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.clock import SystemClock
from monitor.net import Net
from tests.matrix.case import Surroundings
from tests.matrix.certificates import Authority, write

NGINX = """\
daemon off; master_process off; worker_processes 1; pid {where}/nginx.pid; error_log {where}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {where}/a; proxy_temp_path {where}/b; fastcgi_temp_path {where}/c;
  uwsgi_temp_path {where}/d; scgi_temp_path {where}/e; default_type text/html;
  gzip on; gzip_min_length 1; gzip_types application/json;
  ssl_certificate {chain}; ssl_certificate_key {key};
  server {{ listen 127.0.0.1:{plain};
    location / {{ return 200 "<html><title>ok</title>fine</html>"; }}
    location /moved {{ return 301 https://localhost:{tls}/; }}
    location /gone {{ return 444; }}
    location /dead {{ proxy_pass http://127.0.0.1:{nobody}; }}
    location /hung {{ proxy_pass http://127.0.0.1:{hung}; proxy_read_timeout 200ms; }}
    location /forbidden {{ deny all; }}
    location /private {{ auth_basic "x"; auth_basic_user_file {where}/nobody; }}
  }}
  server {{ listen 127.0.0.1:{tls} ssl; location / {{ return 200 "fine"; }}
    location /down {{ return 301 http://localhost:{plain}/; }} }}
  server {{ listen 127.0.0.1:{client} ssl; ssl_verify_client on; ssl_client_certificate {roots};
    location / {{ return 200 "fine"; }} }}
  server {{ listen 127.0.0.1:{old} ssl; ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;
    location / {{ return 200 "fine"; }} }}
  server {{ listen 127.0.0.1:{rejects} ssl; ssl_reject_handshake on; }}
  server {{ listen 127.0.0.1:{http2} http2; location / {{ return 200 "fine"; }} }}
}}
"""
_PORTS = ("plain", "tls", "client", "old", "rejects", "http2", "nobody")


@pytest.fixture(scope="session")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    """Certificates, and where nginx and dnsmasq answer as far as they are installed."""
    where = tmp_path_factory.mktemp("matrix")
    shared = Surroundings(ca=Authority(where), net=Net(SystemClock()))
    running: list[subprocess.Popen[bytes]] = []
    with socket.create_server(("127.0.0.1", 0)) as hung:
        try:
            if shutil.which("nginx"):
                running.append(_nginx(where, shared, hung.getsockname()[1]))
            if shutil.which("dnsmasq"):
                running.append(_dnsmasq(where, shared))
            yield shared
        finally:
            for one in running:
                one.terminate()
                one.wait(10)


def _nginx(where: Path, shared: Surroundings, hung: int) -> subprocess.Popen[bytes]:
    (where / "nobody").touch()
    shared.ports.update(_free(*_PORTS))
    chain, key = write(shared.ca, where)
    config = where / "nginx.conf"
    config.write_text(
        NGINX.format(where=where, chain=chain, key=key, roots=shared.ca.roots, hung=hung, **shared.ports)
    )
    command = ["nginx", "-e", str(where / "error.log"), "-p", str(where), "-c", str(config)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _await(shared.ports["tls"], process)
    return process


def _dnsmasq(where: Path, shared: Surroundings) -> subprocess.Popen[bytes]:
    shared.ports.update(_free("dnsmasq"))
    options = [
        "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--bind-interfaces",
        "--listen-address=127.0.0.1", f"--port={shared.ports['dnsmasq']}", "--pid-file", "--user=root",
        "--local=/test/", "--address=/six-only.test/::1", "--txt-record=text-only.test,x",
    ]  # fmt: skip
    process = subprocess.Popen(["dnsmasq", *options], stderr=subprocess.DEVNULL)
    _await(shared.ports["dnsmasq"], process)
    return process


def _free(*names: str) -> dict[str, int]:
    """Ports that nobody has at the moment."""
    sockets = {name: socket.create_server(("127.0.0.1", 0)) for name in names}
    ports = {name: one.getsockname()[1] for name, one in sockets.items()}
    for one in sockets.values():
        one.close()
    return ports


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until it listens."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "it ended at once"
        time.sleep(0.02)
    pytest.fail("it does not listen")
