"""Replies of a captcha and a page, as they were seen, and what is made of them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.core.classify import Knowledge, judge_captcha, judge_http
from monitor.knowledge import load_catalogue, load_words
from monitor.model import Expect, Repeat, Reply, Result, Seen, Target

REPLIES = Path(__file__).parents[1] / "data" / "replies"
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
KNOWN = Knowledge(catalogue=load_catalogue(), words=load_words())
HTML = (("content-type", "text/html"),)

TARGET = Target(
    id="captcha/shandong",
    probe="captcha",
    kind="captcha",
    authority="shandong",
    service="verify",
    interval=300,
    timeout=5,
    while_down=60,
    confirm=Repeat(attempts=3, spacing=5),
    recover=Repeat(attempts=2, spacing=5),
    host="fpcy.shandong.chinatax.gov.cn",
    port=443,
    url="https://fpcy.shandong.chinatax.gov.cn/NWebQuery/yzmQuery?fpdm=3700990130",
)


def recorded(name: str) -> bytes:
    return (REPLIES / name).read_bytes()


def seen(
    body: bytes | str = b"", status: int = 200, headers: tuple[tuple[str, str], ...] = (), **more: Any
) -> Seen:
    raw = body if isinstance(body, bytes) else body.encode()
    reply = Reply(status=status, headers=headers, body=raw, url="https://host/")
    return replace(Seen(started_at=NOW, duration=0.5, phases={}, reply=reply), **more)


def image_fault(data: bytes) -> str | None:
    """Stands in for pillow: an image is what begins like a PNG and is not short."""
    return None if data.startswith(b"\x89PNG") and len(data) > 100 else "no image"


def captcha(body: bytes | str = b"", status: int = 200, target: Target = TARGET, **more: Any) -> Result:
    return judge_captcha(target, seen(body, status, **more), KNOWN, image_fault)


def http(body: bytes | str = b"", status: int = 200, expect: Expect | None = None, **more: Any) -> Result:
    target = replace(
        TARGET, kind="http", expect=expect or Expect(), carries_credential=more.pop("credential", False)
    )
    return judge_http(
        target, seen(body, status, **more), KNOWN, lambda pattern, text: bool(re.search(pattern, text))
    )


def flags(result: Result) -> set[str]:
    return set(map(str, result.flags))
