"""Logs: structlog for our own lines, the standard library's loggers routed through it, secrets taken out of both."""

from __future__ import annotations

import base64
import binascii
import logging
import re
import sys
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote, urlsplit

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

QUIET = ("apprise", "urllib3", "aiohttp.access", "asyncio")
"""Loggers that print whole URLs, with their tokens, below INFO."""

HIDDEN = "[hidden]"
_CREDENTIALS_IN_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/\s@]+@", re.IGNORECASE)
_SECRET_WORDS = re.compile(
    r"(?P<name>(?:token|secret|password|passwd|access_token|sendkey|key|authorization|bearer)[\"']?\s*[=:]\s*[\"']?)"
    r"(?P<value>[^\s\"'&,;}]{4,})",
    re.IGNORECASE,
)


LEAST_SECRET = 4
"""Characters of a secret: a shorter one would blot out whole lines."""
LEAST_OPAQUE = 16
"""Characters from which on a word of letters and digits in an address is rather a key than a name."""


def spellings(secret: str) -> Iterator[str]:
    """A secret in the forms in which somebody may say it back: without its scheme word, decoded, in percent signs.

    `Basic Ym9iOnB3` is also `Ym9iOnB3`, `bob:pw` and `pw`.
    """
    bare = secret.rpartition(" ")[2]
    for text in (secret, bare, *_logged_in(bare)):
        yield from (text, unquote(text), quote(text, safe=""))


def _logged_in(text: str) -> Iterator[str]:
    """Name and password together, and the password, of what HTTP makes of them (RFC 7617)."""
    try:
        pair = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return
    _, colon, password = pair.partition(":")
    if colon and pair.isprintable():
        yield from (pair, password)


def opaque_words(url: str) -> Iterator[str]:
    """Words of an address, its host aside, that look like keys: long, of letters and digits."""
    parts = urlsplit(url)
    for word in re.split(r"[/?&=#;,]", f"{parts.path}?{parts.query}"):
        if len(word) >= LEAST_OPAQUE and re.search(r"\d", word) and re.search(r"[A-Za-z]", word):
            yield word


class Redaction:
    """A processor that takes known secrets, and what looks like one, out of every value of a line."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: tuple[str, ...] = ()
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Hide these from now on, however they are spelled. Texts shorter than `LEAST_SECRET` are left."""
        spelled = {text for secret in secrets for text in spellings(secret)}
        known = {*self._secrets, *(text for text in spelled if len(text) >= LEAST_SECRET)}
        self._secrets = tuple(sorted(known, key=len, reverse=True))

    def hide(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        text = _CREDENTIALS_IN_URL.sub(rf"\g<scheme>{HIDDEN}@", text)
        return _SECRET_WORDS.sub(rf"\g<name>{HIDDEN}", text)

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Hide secrets in every value that is text or becomes text."""
        return {
            key: value if isinstance(value, int | float | bool | type(None)) else self.hide(str(value))
            for key, value in event.items()
        }


REDACTION = Redaction()
"""The one in use; the configuration's secrets are added to it once they are known."""


def configure(*, level: str, form: str) -> None:
    """Write lines to standard error: `console` for people (coloured on a terminal), `json` for collectors."""
    ahead: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*ahead, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                REDACTION,
                _renderer(form),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.INFO, root.level))
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    structlog.configure(
        processors=[*ahead, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _renderer(form: str) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), pad_event_to=24, exception_formatter=structlog.dev.plain_traceback
    )
