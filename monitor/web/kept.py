"""Answers that may be kept for a moment: the badge and the feed, which others ask for again and again."""

from __future__ import annotations

from hashlib import sha256

from aiohttp import web

from monitor.web.reading import READING

SECONDS = 30
"""How long one may be shown again without asking."""


def kept_for_a_moment(request: web.Request, text: str, media: str, *, embedded: bool = False) -> web.Response:
    """`text` with its ETag; 304 without it for one who has it already.

    `embedded`: pages of other sites may show it, unless users are configured: then nothing is for strangers.
    """
    tag = sha256(text.encode()).hexdigest()[:32]
    is_open = not request.app[READING].plan().basic_auth
    headers = {
        "ETag": f'"{tag}"',
        "Cache-Control": f"{'' if is_open else 'private, '}max-age={SECONDS}",
    }
    if embedded and is_open:
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if any(one.value in ("*", tag) for one in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return web.Response(text=text, content_type=media, charset="utf-8", headers=headers)
