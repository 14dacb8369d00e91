"""Talks to a running daemon: finds it by --url or $FAPIAO_URL, shows it $FAPIAO_TOKEN, exits 3 where it does not answer."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import click

DEFAULT_URL = "http://127.0.0.1:8036"
TIMEOUT = 10.0
"""Seconds for one answer of the daemon, all of it."""
MAX_ANSWER = 16 << 20
"""Bytes of one answer beyond which it is not the daemon's."""


class Unanswered(click.ClickException):
    """The daemon cannot be reached, refuses, or what answers is not one."""

    exit_code = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """Where a running daemon is, and the token that changes something there."""

    url: str = field(repr=False)
    token: str | None = field(default=None, repr=False)

    @property
    def shown(self) -> str:
        """The address without a name or password that may stand in it."""
        split = urlsplit(self.url)
        return f"{split.scheme}://{split.netloc.rpartition('@')[2]}{split.path}"


def daemon_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--url`; the command is called with `url`, to be given to `find_daemon`."""
    return click.option(
        "--url",
        envvar="FAPIAO_URL",
        default=DEFAULT_URL,
        show_default=True,
        metavar="URL",
        help="The running daemon.  [env: FAPIAO_URL; its token: FAPIAO_TOKEN]",
    )(command)


def find_daemon(url: str) -> Daemon:
    """The daemon at `url`, with the token of the environment. Raises click.UsageError for what is no http address."""
    try:
        split = urlsplit(url)
        sound = split.scheme in ("http", "https") and bool(split.hostname) and split.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise click.UsageError(f"--url: write an address like {DEFAULT_URL}")
    return Daemon(url=url.rstrip("/"), token=os.environ.get("FAPIAO_TOKEN") or None)


async def read(daemon: Daemon, path: str, timeout: float = TIMEOUT) -> Any:
    """The JSON that `GET path` answers. Raises Unanswered, whose message is for the person at the terminal."""
    import aiohttp  # a fifth of a second that `--help` does not need

    headers = {"Authorization": f"Bearer {daemon.token}"} if daemon.token else {}
    try:
        async with (
            asyncio.timeout(timeout),
            aiohttp.ClientSession(headers=headers) as session,
            session.get(daemon.url + path, allow_redirects=False) as reply,
        ):
            body = await _bounded(reply.content)
            status = reply.status
    except TimeoutError:
        raise Unanswered(f"the daemon at {daemon.shown} did not answer within {timeout:g} s") from None
    except (aiohttp.ClientError, ValueError, OSError) as problem:
        raise Unanswered(f"no daemon at {daemon.shown}: {_reason(problem)}. Start one with `run`") from None
    return _answer(daemon, path, status, body)


async def _bounded(content: Any) -> bytes:
    parts = bytearray()
    async for part in content.iter_chunked(1 << 16):
        parts += part
        if len(parts) > MAX_ANSWER:
            raise ValueError("its answer has no end")
    return bytes(parts)


def _reason(problem: Exception) -> str:
    cause = getattr(problem, "os_error", None) or problem
    number = getattr(cause, "errno", None)
    return (
        os.strerror(number).lower()
        if isinstance(number, int) and number > 0
        else str(cause) or type(cause).__name__
    )


def _answer(daemon: Daemon, path: str, status: int, body: bytes) -> Any:
    """The JSON of a good answer; Unanswered for every other."""
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if status == 200 and isinstance(answer, dict | list):
        return answer
    said = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(said, str) or status in (401, 403):
        hint = "; is FAPIAO_TOKEN set?" if status in (401, 403) else ""
        raise Unanswered(
            f"the daemon at {daemon.shown} refuses {path}: {status} {str(said or '')[:300]}".rstrip() + hint
        )
    raise Unanswered(f"what answers at {daemon.shown} is not a fapiao-monitor (status {status})")
