"""Imitations of the services that Chinese groups are told through: real names and TLS, their limits, their replies.

Each refuses what the real one refuses, in its words (sources: monitor/notify/codes.py and shapes.py), and keeps what its
users would see: the text as shown, who is called by name, which links can be clicked. They share no code with ours.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs

import markdown  # type: ignore[import-untyped]
import trustme
from aiohttp import web

from monitor.model import Proxies
from tests.net.proxy import proxy

KEY = "0a1b2c3d-1111-2222-3333-444455556666"
TOKEN = "0123456789abcdef0123456789abcdef"
SECRET = "SECretOfTheSignature0123456789"
HOSTS = (
    "qyapi.weixin.qq.com",
    "oapi.dingtalk.com",
    "open.feishu.cn",
    "open.larksuite.com",
    "sctapi.ftqq.com",
)
_LINK = re.compile(r"https?://[^\s<>\"，。；（）]+")
Refusal = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Shown:
    """One message as a member of the group sees it."""

    text: str
    called: frozenset[str] = frozenset()
    links: tuple[str, ...] = ()


@dataclass
class Services:
    """All of them, behind one proxy."""

    clock: Any
    proxies: Proxies = field(default_factory=Proxies)
    shown: list[Shown] = field(default_factory=list)
    per_minute: int = 20
    """How many messages a robot may send; the next ones are refused."""
    keyword: str = ""
    """What DingTalk and Feishu want to see in each text."""
    signed: bool = False
    """Whether DingTalk and Feishu ask for a signature."""
    refusal: Refusal | None = None
    """Answered in place of anything else."""
    tokens: int = 0
    """How many access tokens WeCom gave out."""
    sizes: list[int] = field(default_factory=list)
    """Bytes of each request's body."""

    def show(
        self, text: str, called: set[str] | frozenset[str] = frozenset(), links: tuple[str, ...] | None = None
    ) -> None:
        """One message reached the group."""
        found = tuple(_LINK.findall(text)) if links is None else links
        self.shown.append(Shown(text, frozenset(called), found))

    async def answer(self, request: web.Request) -> web.Response:
        """One request to any of them."""
        raw = await request.read()
        self.sizes.append(len(raw))
        status, said = self.refusal or HANDLERS[request.host](self, request, raw)
        return web.json_response(said, status=status)


# --- WeCom -----------------------------------------------------------------------------------------------------------


def wecom(here: Services, request: web.Request, raw: bytes) -> Refusal:
    """The group robot, and the application that writes to members."""
    if request.path == "/cgi-bin/gettoken":
        here.tokens += 1
        return 200, {
            "errcode": 0,
            "errmsg": "ok",
            "access_token": f"access-{here.tokens}",
            "expires_in": 7200,
        }
    body = _object(raw)
    if body is None or body.get("msgtype") != "text":
        return 200, {"errcode": 40008, "errmsg": "invalid message type"}
    content = body["text"]["content"]
    if request.path == "/cgi-bin/message/send":
        return _wecom_application(here, request, body, content)
    if request.query.get("key") != KEY:
        return 200, {"errcode": 93000, "errmsg": "invalid webhook url, hint: [17], from ip: 10.0.0.1"}
    if len(content.encode()) > 2048:
        return 200, {
            "errcode": 40058,
            "errmsg": "text.content exceed max length 2048. invalid Request Parameter",
        }
    if len(here.shown) >= here.per_minute:
        return 200, {"errcode": 45009, "errmsg": "api freq out of limit"}
    asked = body["text"].get("mentioned_list", []) + body["text"].get("mentioned_mobile_list", [])
    here.show(content, set(asked) | set(re.findall(r"<@([^>]*)>", content)))
    return 200, {"errcode": 0, "errmsg": "ok"}


def _wecom_application(here: Services, request: web.Request, body: dict[str, Any], content: str) -> Refusal:
    if request.query.get("access_token") != f"access-{here.tokens}":
        return 200, {"errcode": 42001, "errmsg": "access_token expired"}
    cut = content.encode()[:2048].decode(errors="replace")
    links = re.findall(r"<a href=[\"']([^\"']*)", cut) + _LINK.findall(cut)
    here.show(cut, {body.get("touser", "")}, tuple(dict.fromkeys(links)))
    return 200, {"errcode": 0, "errmsg": "ok", "msgid": "1"}


# --- DingTalk --------------------------------------------------------------------------------------------------------


def dingtalk(here: Services, request: web.Request, raw: bytes) -> Refusal:
    """A custom robot."""
    body = _object(raw)
    if request.query.get("access_token") != TOKEN:
        return 200, {"errcode": 300005, "errmsg": "token is not exist"}
    if here.signed and not _dingtalk_signed(here, request):
        return 200, {"errcode": 310000, "errmsg": "sign not match, more: [https://ding-doc.dingtalk.com]"}
    if len(raw) > 20_000:
        return 200, {"errcode": 460101, "errmsg": "message too long, exceed 20000 bytes"}
    if body is None:
        return 200, {"errcode": 40035, "errmsg": "不合法的参数"}
    kind = body["msgtype"]
    text = body["text"]["content"] if kind == "text" else body["markdown"]["text"]
    if here.keyword not in text:
        return 200, {"errcode": 310000, "errmsg": "keywords not in content"}
    if len(here.shown) >= here.per_minute:
        return 200, {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}
    at = body.get("at", {})
    named = {name for name in at.get("atMobiles", []) + at.get("atUserIds", []) if f"@{name}" in text}
    seen, links = _rendered(text) if kind == "markdown" else (text, None)
    here.show(seen, named | ({"all"} if at.get("isAtAll") else set()), links)
    return 200, {"errcode": 0, "errmsg": "ok"}


def _dingtalk_signed(here: Services, request: web.Request) -> bool:
    """`sign` = HMAC of `timestamp\\nsecret` under the secret, in milliseconds, at most an hour old."""
    stamp = request.query.get("timestamp", "")
    digest = hmac.new(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), hashlib.sha256).digest()
    return request.query.get("sign") == base64.b64encode(digest).decode() and len(stamp) == 13


# --- Feishu ----------------------------------------------------------------------------------------------------------


def feishu(here: Services, request: web.Request, raw: bytes) -> Refusal:
    """A custom bot."""
    body = _object(raw)
    if request.path.rstrip("/").rpartition("/")[2] != KEY:
        return 200, {"code": 19001, "msg": "param invalid: incoming webhook access token invalid"}
    if body is None or len(raw) > 20 * 1024 or body.get("msg_type") != "text":
        return 400, {"code": 9499, "msg": "Bad Request", "data": {}}
    if here.signed and not _feishu_signed(here.clock.now(), body):
        return 200, {
            "code": 19021,
            "msg": "sign match fail or timestamp is not within one hour from current time",
        }
    text = body["content"]["text"]
    if here.keyword not in text:
        return 200, {"code": 19024, "msg": "Key Words Not Found"}
    if len(here.shown) >= here.per_minute:
        return 400, {"code": 9499, "msg": "too many request", "data": {}}
    called = set(re.findall(r'<at user_id="([^"]*)">', text))
    here.show(re.sub(r'<at user_id="([^"]*)">(.*?)</at>', r"@\2", text), called)
    return 200, {"code": 0, "msg": "success", "data": {}, "StatusCode": 0, "StatusMessage": "success"}


def _feishu_signed(now: datetime, body: dict[str, Any]) -> bool:
    """`sign` = HMAC of nothing under `timestamp\\nsecret`, in seconds, at most an hour old."""
    stamp = body.get("timestamp", "0")
    digest = hmac.new(f"{stamp}\n{SECRET}".encode(), b"", hashlib.sha256).digest()
    return body.get("sign") == base64.b64encode(digest).decode() and abs(now.timestamp() - int(stamp)) <= 3600


# --- ServerChan ------------------------------------------------------------------------------------------------------


def serverchan(here: Services, request: web.Request, raw: bytes) -> Refusal:
    """The push to one's own WeChat; the text is Markdown."""
    form = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
    title, text = form.get("title", ""), form.get("desp", "")
    if request.path != f"/SCT{TOKEN}.send":
        return 400, {"message": "[AUTH]错误的Key", "code": 40001, "info": "", "args": [None], "scode": 461}
    if not title or len(title) > 32:
        return 400, {"message": "[INPUT]title 不能为空或过长", "code": 20001, "scode": 460}
    if len(text.encode()) > 32 * 1024:
        return 400, {"message": "[INPUT]desp 过长", "code": 20002, "scode": 460}
    if len(here.shown) >= here.per_minute:
        return 400, {"message": "[AUTH]超过当天的发送次数限制[5]", "code": 40001, "scode": 471}
    seen, links = _rendered(text)
    here.show(f"{title}\n{seen}", links=links)
    return 200, {
        "code": 0,
        "message": "",
        "data": {"pushid": "1", "readkey": "x", "error": "SUCCESS", "errno": 0},
    }


HANDLERS = {
    "qyapi.weixin.qq.com": wecom,
    "oapi.dingtalk.com": dingtalk,
    "open.feishu.cn": feishu,
    "open.larksuite.com": feishu,
    "sctapi.ftqq.com": serverchan,
}


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


class _Page(HTMLParser):
    """What a rendered text shows, line by line, its links, and what else it is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.headings = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.headings += tag == "h1"
        self.links += [value for name, value in attrs if name in ("href", "src") and value]

    def handle_endtag(self, tag: str) -> None:
        self.text += "\n" if tag in ("h1", "p", "li") else ""

    def handle_data(self, data: str) -> None:
        self.text += data.replace("\n", " ")


def _rendered(text: str) -> tuple[str, tuple[str, ...]]:
    """Markdown as a reader sees it: its lines and what can be clicked (bare addresses as well, as in WeChat)."""
    page = _Page()
    page.feed(markdown.markdown(text))
    assert page.tags <= {"h1", "p"}, f"something became markup: {page.tags}"
    assert page.headings <= 1
    lines = "\n".join(line.strip() for line in page.text.splitlines() if line.strip())
    return lines, (*page.links, *_LINK.findall(lines))


@asynccontextmanager
async def services(clock: Any, authority: trustme.CA) -> AsyncIterator[Services]:
    """All services on one port of loopback, by their real names through a proxy."""
    here = Services(clock)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*HOSTS).configure_cert(context)
    runner = web.ServerRunner(web.Server(here.answer))  # type: ignore[arg-type]
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with proxy(names=dict.fromkeys(HOSTS, "127.0.0.1"), ports=dict.fromkeys(HOSTS, port)) as way:
            here.proxies = way.proxies()
            yield here
    finally:
        await runner.cleanup()
