"""A notice from its first character to its windows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from monitor.core.notices.notice import QUOTE, Doubt, Notice, Unclear
from monitor.model import Authority


def read(
    text: str, published: date | None, authorities: Mapping[str, Authority], open_end: float = 86400.0
) -> Notice:
    """What a notice says, plain or as a page of HTML.

    `published` is the day it was published, None where that is not known (its signature may say it); `authorities` are
    those of the registry by slug; an open end is `open_end` seconds after the start. Never raises.
    """
    title = text.strip().partition("\n")[0][:QUOTE]
    return Notice(
        title=title,
        authorities=(),
        windows=(),
        unclear=(Unclear(kind=Doubt.NO_TIME, text=""),),
        published=published,
    )
