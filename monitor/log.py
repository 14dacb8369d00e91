"""Logs: structlog for our own lines, the standard library's loggers routed through it, secrets taken out of both."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable

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


class Redaction:
    """A processor that takes known secrets, and what looks like one, out of every value of a line."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: tuple[str, ...] = ()
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Hide these from now on. Texts shorter than four characters would blot out whole lines and are left."""
        known = {*self._secrets, *(secret for secret in secrets if len(secret) >= 4)}
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
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), pad_event_to=24, exception_formatter=structlog.dev.plain_traceback
        )
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*ahead, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                REDACTION,
                renderer,
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
