"""What servers answer: whole replies, pages, captchas, clocks. Bytes made here, or recorded ones of tests/data/replies."""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import json
import random
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from functools import cache
from typing import Any

from PIL import Image, ImageDraw

from tests.matrix.case import REPLIES
from tests.net.peers import Handler, answers

OK = "HTTP/1.1 200 OK\r\n"
CHUNKED = OK + "Transfer-Encoding: chunked\r\n\r\n"


def sends(*parts: str | bytes) -> Handler:
    """Reads a request, sends this, closes. Text goes out as UTF-8."""
    return answers(*(part.encode() if isinstance(part, str) else part for part in parts))


def reply(body: str | bytes = "", status: int = 200, *headers: str) -> bytes:
    """A whole reply with the length of its body."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(data)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + data


def says(body: str | bytes = "", status: int = 200, *headers: str) -> Handler:
    """Answers every request with this."""
    return answers(reply(body, status, *headers))


def recorded(name: str, status: int = 200, *headers: str) -> Handler:
    """Answers with a recorded body."""
    return says((REPLIES / name).read_bytes(), status, *headers)


def late(seconds: float, body: str | bytes = "") -> Handler:
    """Answers after a while."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(seconds)
        writer.write(reply(body))
        await writer.drain()

    return handle


def endless(head: str, more: bytes) -> Handler:
    """Sends `head`, then `more` again and again until the other side has gone."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head.encode())
        while True:
            writer.write(more)
            await writer.drain()
            await asyncio.sleep(0)

    return handle


def packed(body: bytes, how: str = "gzip", cut: int = 0) -> Handler:
    """The body compressed: `gzip`, `deflate` (as zlib), `raw` (deflate as old servers have it), `twice` (two members)."""
    raw = zlib.compressobj(wbits=-15)
    made = {
        "gzip": lambda: gzip.compress(body),
        "twice": lambda: gzip.compress(body[:9]) + gzip.compress(body[9:]),
        "deflate": lambda: zlib.compress(body),
        "raw": lambda: raw.compress(body) + raw.flush(),
    }[how]()
    encoding = {"raw": "deflate", "twice": "gzip"}.get(how, how)
    return says(made[: len(made) - cut], 200, f"Content-Encoding: {encoding}")


# --- pages -----------------------------------------------------------------------------------------------------------


def page(title: str, body: str = "", head: str = '<meta charset="utf-8">') -> str:
    """A small HTML page."""
    return f"<!DOCTYPE html><html><head>{head}<title>{title}</title></head><body>{body}</body></html>"


LONG = "<p>发票查验平台供社会公众查询增值税发票信息。</p>" * 120
"""Enough text that a page with it is no single message (over 4 KB)."""
FORM = '<form action="/query"><input name="fpdm"><input name="fphm"></form>'
NOTICES = "<h1>通知公告</h1><ul>" + "<li><a>关于维护纳税人权益的通知</a></li>" * 60 + "</ul>"
FOOTER = "<footer>系统维护：某某科技 维护电话 12366</footer>"


# --- captchas --------------------------------------------------------------------------------------------------------


@cache
def image(form: str = "PNG", size: tuple[int, int] = (90, 35), drawn: bool = True) -> bytes:
    """An image with a few characters on it, or of one colour."""
    picture = Image.new("RGB", size, "#f4f4f0")
    if drawn:
        draw, dice = ImageDraw.Draw(picture), random.Random(7)
        draw.text((10, 8), "3aKx9e", fill="#b00020")
        for _ in range(200):
            draw.point((dice.randrange(size[0]), dice.randrange(size[1])), fill="#0b3d91")
    return _written(picture, form)


def _written(picture: Image.Image, form: str) -> bytes:
    out = io.BytesIO()
    picture.save(out, form)
    return out.getvalue()


def clear() -> bytes:
    """A PNG of which nothing can be seen: every pixel is transparent."""
    return _written(Image.new("RGBA", (90, 35), (200, 0, 0, 0)), "PNG")


def vast(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few hundred bytes that says it has so many pixels."""
    small = image(drawn=False)
    head = b"IHDR" + struct.pack(">II", width, height) + small[24:29]
    return small[:12] + head + struct.pack(">I", zlib.crc32(head)) + small[33:]


def b64(data: bytes) -> str:
    """In base64, as pages write it."""
    return base64.b64encode(data).decode()


def key1(value: Any, **more: Any) -> str:
    """`{"key1": …}` as the platform sends it."""
    return json.dumps(
        {"key1": value, "key2": "2026-11-21 16:00:00", "key3": "index", **more}, ensure_ascii=False
    )


def captcha(data: bytes | None = None, **more: Any) -> str:
    """A healthy captcha, or one with these bytes for its image."""
    return key1(b64(image() if data is None else data), **more)


def jsonp(text: str, name: str = "jQuery1102_1567129375012") -> str:
    """Wrapped in a call."""
    return f"{name}({text})"


# --- sync ------------------------------------------------------------------------------------------------------------


SHANGHAI = timezone(timedelta(hours=8))
FORMS: dict[str, Callable[[datetime], Any]] = {
    "rfc3339": lambda at: at.astimezone(SHANGHAI).isoformat(),
    "zulu": lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "naive": lambda at: at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
    "chinese": lambda at: at.astimezone(SHANGHAI).strftime("%Y年%m月%d日 %H:%M:%S"),
    "packed": lambda at: at.astimezone(SHANGHAI).strftime("%Y%m%d%H%M%S"),
    "seconds": lambda at: int(at.timestamp()),
    "milliseconds": lambda at: int(at.timestamp() * 1000),
    "text of milliseconds": lambda at: str(int(at.timestamp() * 1000)),
    "mail": lambda at: format_datetime(at, usegmt=True),
    "list": lambda at: [int(word) for word in at.astimezone(SHANGHAI).strftime("%Y %m %d %H %M %S").split()],
}
"""Ways in which an interface writes an instant."""


def synced(hours: float, form: str = "rfc3339", code: Any = "0000") -> Handler:
    """Says that it last synchronised so many hours ago, counted from the moment it is asked."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        at = datetime.now(UTC) - timedelta(hours=hours)
        writer.write(reply(json.dumps({"code": code, "data": {"lastSync": FORMS[form](at)}})))
        await writer.drain()

    return handle


def last_sync(value: Any) -> Handler:
    """Says this of its last synchronisation."""
    return says(json.dumps({"code": "0000", "data": {"lastSync": value}}))
