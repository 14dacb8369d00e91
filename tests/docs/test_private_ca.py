"""What docs/how-to/private-ca.md says of receivers and references: which variable makes whom trust a private CA."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from pathlib import Path

import pytest
import trustme

from tests.net.peers import peer
from tests.reference.servers import answers, reply

CONFIG = """\
version: 1
probes: [{{name: reach, kind: tls, role: control, host: 127.0.0.1, port: 1}}]
defaults: {{tls: {{ca: ca.pem}}}}
alerts:
  receivers:
    bus: {{webhook: "https://127.0.0.1:{port}/"}}
    people: {{apprise: ["jsons://127.0.0.1:{port}/"]}}
  routes: [{{to: [bus, people]}}]
"""
FETCH = """\
import asyncio, sys
from monitor.model import ReferenceSource
from monitor.reference.http import Http
async def fetch():
    await Http().fetch(ReferenceSource(name="hq", url=sys.argv[1]))
asyncio.run(fetch())
"""


async def succeeds(folder: Path, *arguments: str, **environ: str) -> bool:
    """Whether a Python process of its own exits 0: both variables are read at its start."""
    inherited = {k: v for k, v in os.environ.items() if k not in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=folder, env={**inherited, "PYTHONPATH": str(Path.cwd()), **environ},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    return await process.wait() == 0


@pytest.mark.parametrize(
    ("who", "variable"),
    [
        ("bus", "SSL_CERT_FILE"),
        ("people", "REQUESTS_CA_BUNDLE"),
        ("reference", "SSL_CERT_FILE"),
    ],
)
async def test_only_the_variable_makes_receivers_and_references_trust_a_private_ca(
    who: str, variable: str, tmp_path: Path
):
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    async with peer(answers(reply(b"{}")), tls=context) as port:
        (tmp_path / "probes.yaml").write_text(CONFIG.format(port=port))
        url = f"https://127.0.0.1:{port}/"
        call = ("-c", FETCH, url) if who == "reference" else ("-m", "monitor", "notify", "--test", who)
        without, with_it = succeeds(tmp_path, *call), succeeds(tmp_path, *call, **{variable: "ca.pem"})
        assert list(await asyncio.gather(without, with_it)) == [False, True]
