"""Talks to a running daemon: finds it by --url or $FAPIAO_URL, shows it $FAPIAO_TOKEN, exits 3 where it does not answer."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import click

from monitor.cli.texts import REFUSALS, Refusal, say

DEFAULT_URL = "http://127.0.0.1:8036"
TIMEOUT = 10.0
"""Seconds for one answer of the daemon, all of it."""
MAX_ANSWER = 16 << 20
"""Bytes of one answer beyond which it is not the daemon's."""


InWords = Callable[[str], str]
"""Language → text."""


class Unanswered(click.ClickException):
    """The daemon cannot be reached, refuses, or what answers is not one. Its message is English."""

    exit_code = 3

    def __init__(self, message: str, said: InWords | None = None) -> None:
        """`said`: the same by language, where it is known in others."""
        super().__init__(message)
        self._said = said

    def said(self, language: str) -> str:
        """The message in that language where it is known, else in English."""
        return self._said(language) if self._said else self.message


class BadUrl(Refusal):
    """What was given as the address of the daemon is none."""

    exit_code = 2


class Declined(click.ClickException):
    """The daemon understood, and it cannot be: an unknown id, what is over already, a word it does not know."""

    exit_code = 1


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


def find_daemon(url: str, language: str = "en") -> Daemon:
    """The daemon at `url`, with the token of the environment. Raises BadUrl for what is no http address."""
    try:
        split = urlsplit(url)
        sound = split.scheme in ("http", "https") and bool(split.hostname) and split.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise BadUrl(language, "bad_url", example=DEFAULT_URL)
    return Daemon(url=url.rstrip("/"), token=os.environ.get("FAPIAO_TOKEN") or None)


def stranger(daemon: Daemon) -> Unanswered:
    """What to raise where that which answers is no daemon of ours."""
    return _unanswered("daemon_stranger", where=daemon.shown)


def _unanswered(key: str, **values: object) -> Unanswered:
    """What cli/texts.py says by that name; a value that can be called is given the language."""

    def said(language: str) -> str:
        """Put together when it is asked for: the words of another language are slow to come by."""
        filled = {name: one(language) if callable(one) else one for name, one in values.items()}
        return say(language, key, **filled)

    return Unanswered(said("en"), said)


async def read(daemon: Daemon, path: str, timeout: float = TIMEOUT) -> Any:
    """The JSON that `GET path` answers. Raises Unanswered, whose message is for the person at the terminal."""
    status, body = await _call(daemon, "GET", path, None, timeout)
    answer = _json(body)
    if status == 200 and isinstance(answer, dict | list):
        return answer
    raise _refused(daemon, path, status, answer)


async def read_all(daemon: Daemon, path: str, key: str, most: int = 5000) -> list[dict[str, Any]]:
    """The rows under `key` of a paged list, page after page, at most `most`. Raises Unanswered."""
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = await read(
            daemon, path + (f"{'&' if '?' in path else '?'}cursor={quote(cursor)}" if cursor else "")
        )
        found = answer.get(key) if isinstance(answer, dict) else None
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise stranger(daemon)
        rows += found
        cursor = str(answer.get("next") or "")
        if not cursor or not found or len(rows) >= most:
            return rows


async def change(
    daemon: Daemon,
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
    called: Mapping[str, str] | None = None,
) -> Any:
    """The JSON that the daemon answers to a change. Raises Unanswered, and Declined where it says why it cannot be.

    `called`: keys of the body → what the person at the terminal wrote, by which a refusal is told.
    """
    status, said = await _call(daemon, method, path, body, TIMEOUT)
    answer = _json(said)
    if status in (200, 201) and isinstance(answer, dict):
        return answer
    if status in (400, 404, 409, 422) and isinstance(answer, dict) and isinstance(answer.get("error"), str):
        raise Declined(_as_called(_printable(answer["error"]), called or {}))
    raise _refused(daemon, path, status, answer)


def _as_called(refusal: str, called: Mapping[str, str]) -> str:
    """`matchers.service: unknown …; end: is missing` as `--service: unknown …; --until: is missing`."""
    return re.sub(
        r"(^|; )([a-z_.]+?)(?:\.\d+)?(?=: )",
        lambda found: found[1] + called.get(found[2], found[0].removeprefix(found[1])),
        refusal,
    )


async def _call(
    daemon: Daemon, method: str, path: str, body: dict[str, Any] | None, timeout: float
) -> tuple[int, bytes]:
    """Status and bounded body of one request. Raises Unanswered where there is no whole answer in time."""
    _refuse_missing_roots(daemon)
    import aiohttp  # a fifth of a second that `--help` does not need

    headers = {"Authorization": f"Bearer {daemon.token}"} if daemon.token else {}
    address = urlsplit(daemon.url)
    if daemon.token:  # it says more than a user in the address, and only one of them can be sent
        address = address._replace(netloc=address.netloc.rpartition("@")[2])
    try:
        async with (
            asyncio.timeout(timeout),
            aiohttp.ClientSession(headers=headers) as session,
            session.request(method, address.geturl() + path, json=body, allow_redirects=False) as reply,
        ):
            return reply.status, await _bounded(reply.content)
    except TimeoutError:
        raise _unanswered("daemon_silent", where=daemon.shown, seconds=timeout) from None
    except aiohttp.ClientConnectorCertificateError as problem:
        raise _unanswered("daemon_untrusted", where=daemon.shown, why=_untrusted(problem)) from None
    except (aiohttp.ClientError, ValueError, OSError) as problem:
        raise _unanswered("daemon_absent", where=daemon.shown, why=_reason(problem)) from None


def _refuse_missing_roots(daemon: Daemon) -> None:
    """Raises Unanswered where the roots are named by $SSL_CERT_FILE and cannot be read: OpenSSL says nothing of it."""
    file = os.environ.get("SSL_CERT_FILE")
    if not file or not daemon.url.startswith("https:"):
        return
    try:
        with Path(file).open("rb"):
            return
    except OSError as problem:
        raise _unanswered("daemon_no_ca", file=_printable(file), why=_reason(problem)) from None


async def _bounded(content: Any) -> bytes:
    parts = bytearray()
    async for part in content.iter_chunked(1 << 16):
        parts += part
        if len(parts) > MAX_ANSWER:
            raise ValueError("its answer has no end")
    return bytes(parts)


def _untrusted(problem: Exception) -> InWords:
    said = getattr(getattr(problem, "certificate_error", None), "verify_message", None)
    return lambda language: _remark(said, language) if said else say(language, "unknown_reason")


def _reason(problem: Exception) -> InWords:
    cause = getattr(problem, "os_error", None) or problem
    number = getattr(cause, "errno", None)
    if isinstance(number, int) and number > 0:
        return lambda language: _remark(os.strerror(number).lower(), language)
    return lambda language: _remark(str(cause) or type(cause).__name__, language)


def _remark(text: str, language: str) -> str:
    """What went wrong on the way, in the words that a run has for it."""
    if language == "en":  # it is English, and finding the words takes a while
        return text
    from monitor.notify.words import detail_words

    return detail_words(text, language)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _refused(daemon: Daemon, path: str, status: int, answer: Any) -> Unanswered:
    """What to say of an answer that is none."""
    said = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(said, str) and status not in (401, 403):
        return _unanswered("daemon_stranger_status", where=daemon.shown, status=status)
    refusal = partial(_refusal, status, _printable(str(said or "")))
    if status != 401:
        return _unanswered("daemon_refuses", where=daemon.shown, path=path, refusal=refusal)
    name = "token_missing" if daemon.token is None else "token_wrong"
    return _unanswered(name, where=daemon.shown, path=path, refusal=refusal)


def _refusal(status: int, said: str, language: str) -> str:
    """Status and why; the daemon says it in English, so in Chinese the status is explained in its place."""
    if language == "en":
        return f"{status} {said}".rstrip()
    return REFUSALS.get(status, f"状态码 {status}")


def _printable(text: str) -> str:
    """Words of the daemon as they may stand on a terminal."""
    return "".join(character if character.isprintable() else " " for character in text[:600])
