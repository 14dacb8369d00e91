"""The daemon over TLS with users: a new certificate by reload, a bad one changes nothing, commands find it."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from contextlib import suppress
from pathlib import Path

import aiohttp
import bcrypt
import trustme
from yarl import URL

from tests.flow.harness import Running, daemon, until

TOKEN = {"Authorization": "Bearer t0ken"}
CONFIG = """\
server:
  token: t0ken
  tls: {{cert: cert.pem, key: key.pem}}
  basic_auth: {{alice: "{hash}"}}
probes:
  - {{name: one, kind: tcp, authority: beijing, host: 127.0.0.1, port: 9}}
"""


def config() -> str:
    """A daemon over TLS for alice, whose password is `right`."""
    return CONFIG.format(hash=bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode())


def certify(folder: Path) -> trustme.CA:
    """A new certificate and key in `folder`, and who signed it."""
    ca = trustme.CA()
    made = ca.issue_cert("localhost")
    (folder / "cert.pem").write_bytes(b"".join(part.bytes() for part in made.cert_chain_pems))
    made.private_key_pem.write_to_path(folder / "key.pem")
    ca.cert_pem.write_to_path(folder / "ca.pem")
    return ca


def base_of(running: Running) -> str:
    """Its address by the name in the certificate."""
    return f"https://localhost:{URL(running.base).port}"


async def ask(running: Running, ca: trustme.CA, path: str, method: str = "GET") -> tuple[int, str]:
    """Status and body over a connection of its own. Raises aiohttp.ClientError where the certificate is another's."""
    trust = ssl.create_default_context()
    ca.configure_trust(trust)
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, base_of(running) + path, headers=TOKEN, ssl=trust) as reply,
    ):
        return reply.status, await reply.text()


async def trusts(running: Running, ca: trustme.CA) -> bool:
    """Whether what is shown now was signed by `ca`."""
    with suppress(aiohttp.ClientError):
        return (await ask(running, ca, "/-/healthy"))[0] == 200
    return False


async def test_a_reload_brings_a_new_certificate_and_a_bad_one_changes_nothing(tmp_path: Path):
    first = certify(tmp_path)
    async with daemon(config(), tmp_path) as running:
        assert await trusts(running, first)
        second = certify(tmp_path)
        running.again.set()
        await until(lambda: trusts(running, second))
        assert not await trusts(running, first)
        (tmp_path / "key.pem").write_text("no key")
        status, said = await ask(running, second, "/-/reload", "POST")
        assert (status, "server.tls.key: a file without a private key" in said) == (500, True)
        assert await trusts(running, second)
        assert "fapiao_config_last_reload_successful 0.0" in (await ask(running, second, "/metrics"))[1]


async def test_commands_find_it_by_the_token_or_a_user_and_trust_whom_they_are_told_to(tmp_path: Path):
    certify(tmp_path)
    async with daemon(config(), tmp_path) as running:
        base, trust = base_of(running), {"SSL_CERT_FILE": str(tmp_path / "ca.pem")}
        assert "alice" not in running.base
        by_user = base.replace("https://", "https://alice:right@")
        for url, more in (
            (base, {"FAPIAO_TOKEN": "t0ken"}),
            (by_user, {}),
            (by_user, {"FAPIAO_TOKEN": "t0ken"}),
        ):
            code, said = await incidents(url, trust | more)
            assert (code, said) == (0, said), said
        assert "FAPIAO_TOKEN" in (await incidents(base, trust))[1]
        code, said = await incidents(by_user, {})
        assert code == 3
        assert "SSL_CERT_FILE=" in said
        assert "right" not in said


async def incidents(url: str, environ: dict[str, str]) -> tuple[int | None, str]:
    """Exit code and words of `fapiao-monitor incidents`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FAPIAO_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor", "incidents", "--url", url,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env={**kept, **environ},
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode, said.decode()
