"""Keeps apprise's own log lines out: some of its plugins print URLs and tokens, also at WARNING."""

from __future__ import annotations

import logging

CHATTY = ("apprise", "urllib3", "requests")


def silence() -> None:
    """Clamp the loggers to INFO at least, and let nothing of apprise through: the courier's line says what happened."""
    for name in CHATTY:
        logger = logging.getLogger(name)
        logger.setLevel(max(logging.INFO, logger.level))
    logger = logging.getLogger("apprise")
    if _drop not in logger.filters:
        logger.addFilter(_drop)


def _drop(record: logging.LogRecord) -> bool:
    return False
