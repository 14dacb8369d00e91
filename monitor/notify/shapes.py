"""What each service takes: how long a message may be and how that is counted, and what it would read as markup.

A text that is too long keeps its beginning and its link, with a visible `…` between. Sources of the limits stand beside them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

Measure = Callable[[str], int]
"""How a service counts; that of two texts together is the sum of both."""


def in_bytes(text: str) -> int:
    """Bytes of UTF-8: three for a Chinese character."""
    return len(text.encode())


def in_json(text: str) -> int:
    """Bytes in a JSON body as apprise writes it: six for a Chinese character, twelve for an emoji."""
    return len(json.dumps(text)) - 2


def as_it_is(text: str) -> str:
    """For services that show plain text."""
    return text


def without_tags(text: str) -> str:
    """For services that read `<@someone>`, `<at …>` or `<a href…>` in plain text: a wide `＜` begins none of these."""
    return text.replace("<", "＜")


_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~&$@])")


def as_markdown(text: str) -> str:
    """For services that read Markdown: nothing in it means anything."""
    return _MARKDOWN.sub(r"\\\1", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a service takes. `room`: for title and text together, by `measure`."""

    room: int
    measure: Measure = in_bytes
    title: int | None = None
    """Characters of the title; None: nothing but the room counts."""
    markup: Callable[[str], str] = as_it_is


SHAPES = {
    # 2,048 bytes of `content`, else 40058; `<@userid>` in it mentions: developer.work.weixin.qq.com/document/path/91770
    "wecombot": Shape(room=2048, markup=without_tags),
    # 2,048 bytes, the rest is cut off silently; `<a href>` is a link: developer.work.weixin.qq.com/document/path/90236
    "wechat": Shape(room=2048, markup=without_tags),
    # "message too long, exceed 20000 bytes" (460101) of the whole request: timonwong/prometheus-webhook-dingtalk#30
    "dingtalk": Shape(room=19_000, measure=in_json),
    # 20 KB of the whole request, `<at user_id="all">` mentions: open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
    "feishu": Shape(room=19_000, measure=in_json, markup=without_tags),
    "lark": Shape(room=19_000, measure=in_json, markup=without_tags),
    # a title of 32 characters, 32 KB of text in Markdown: sct.ftqq.com/sendkey
    "schan": Shape(room=30_000, title=32, markup=as_markdown),
    "bark": Shape(room=3000),  # 4 KB of the push service, with its frame
    "barks": Shape(room=3000),
    "ntfy": Shape(room=3500),  # longer ones turn into attachments
    "ntfys": Shape(room=3500),
}
"""scheme → what it takes."""
ANY = Shape(room=30_000)
SEPARATOR = "\r\n\r\n"
"""What may stand between title and text, at most."""


def fitted(shape: Shape, title: str, text: str, url: str = "", tail: str = "") -> tuple[str, str]:
    """Title and text as the service takes them. `url`: is left as it is; `tail`: markup of ours that ends the text."""
    if shape.title is not None and len(title) > shape.title:
        text = f"{title}\n{text}"
        title = title[: shape.title - 1].rstrip() + "…"
    newline = "\n\n" if shape.markup is as_markdown else "\n"
    text = newline.join(_marked(shape, line, url) for line in text.split("\n"))
    title = title if shape.title is not None else shape.markup(title)
    title = shortened(title, shape.room // 4, shape.measure)
    tail = newline + tail if tail else ""
    room = shape.room - shape.measure(title + SEPARATOR + tail)
    return title, shortened(text, room, shape.measure, url, newline) + tail


def _marked(shape: Shape, line: str, url: str) -> str:
    """A line in the service's markup; an address of ours at its end stays one."""
    before = line.removesuffix(url) if url else line
    return shape.markup(before) + line[len(before) :]


def shortened(text: str, room: int, measure: Measure = in_bytes, url: str = "", newline: str = "\n") -> str:
    """The text in at most that much room: what is missing shows as `…`, and the line of `url` stays."""
    if measure(text) <= room:
        return text
    lines = text.split("\n")
    link = next((line for line in reversed(lines) if url and line.endswith(url)), "")
    end = f"…{newline}{link}" if link and measure(link) < room // 2 else "…"
    rest = "\n".join(line for line in lines if line != link)
    return head(rest, room - measure(end), measure) + end


def head(text: str, room: int, measure: Measure) -> str:
    """As many whole characters from its beginning as there is room for."""
    used = 0
    for place, letter in enumerate(text):
        used += measure(letter)
        if used > room:
            return text[:place].rstrip()
    return text
