"""What stand-ins say: the platform's replies as public sources recorded them, and the pages that come in their place.

Sources are those of the domain facts: captcha shapes and keys §1.2 [S5][S6][S8][S17][S19], codes §1.3 [S5][S6][S8][S24],
an unsigned vatQuery §1.2 [S20], challenge pages §3 [S7][S40]–[S45], index.html in place of data §3 [S1][S2]. The
challenge and maintenance pages are written after descriptions of them: no source holds a whole one.
"""

from __future__ import annotations

import base64
import gzip
import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from http import HTTPStatus

from monitor.simulator.captcha import POOL, SIZES, blank, captcha

KEY1 = "key1"
"""Shape until 2020-03: `{"key1": PNG, …}`, plain or as JSONP."""
DATA = "data"
"""Shape since 2020-04: `{"data": "<encoded>"}`."""

HTML = "text/html; charset=utf-8"
JSONP_TYPES = ("text/html;charset=UTF-8", "application/javascript;charset=UTF-8", "text/plain;charset=UTF-8")
"""No source recorded the Content-Type of yzmQuery, so each stand-in has one of these."""
SERVER = "fapiao-simulator"

_CALLBACK = re.compile(r"[A-Za-z_$][\w$.]{0,99}", re.ASCII)
_SHANGHAI = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP reply. `headers` come beside Server, Date, Content-Type, Content-Length and Connection."""

    status: int = 200
    content_type: str = HTML
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def head(self, length: int | None = -1, more: Mapping[str, str] | None = None) -> bytes:
        """Status line and headers, with the empty line behind them.

        `length` is what Content-Length says: None for none at all, default the body's. `more` are further headers.
        """
        try:
            reason = HTTPStatus(self.status).phrase
        except ValueError:  # 468 and 521 are in no standard
            reason = "Unknown"
        said = len(self.body) if length == -1 else length
        lines = [
            f"HTTP/1.1 {self.status} {reason}",
            f"Server: {SERVER}",
            f"Date: {datetime.now(UTC):%a, %d %b %Y %H:%M:%S GMT}",
            f"Content-Type: {self.content_type}",
            *([] if said is None else [f"Content-Length: {said}"]),
            "Connection: close",
            *(f"{name}: {value}" for name, value in {**self.headers, **(more or {})}.items()),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


def captcha_reply(
    shape: str, number: int, callback: str | None, content_type: str, dice: random.Random
) -> Reply:
    """A served captcha. `number` picks the image and its size; `callback` makes it JSONP."""
    if shape == DATA:
        # The real string is encoded in a way no source explains; a monitor sees base64 and no more.
        opaque = base64.b64encode(dice.randbytes(2700)).decode()
        return _script({"data": opaque}, callback, content_type)
    size = SIZES[number % len(SIZES)]
    return image_reply(captcha(size, number // len(SIZES) % POOL), callback, content_type, dice)


def image_reply(image: bytes, callback: str | None, content_type: str, dice: random.Random) -> Reply:
    """A captcha of shape `key1` that holds these bytes, be they an image or not."""
    fields = {
        "key1": base64.b64encode(image).decode(),
        "key2": f"{datetime.now(_SHANGHAI):%Y-%m-%d %H:%M:%S}",
        "key3": dice.randbytes(16).hex(),
        "key4": "00",
        "key5": "2",
    }
    return _script(fields, callback, content_type)


def code_reply(code: str, callback: str | None, content_type: str) -> Reply:
    """`{"key1":"005","key2":"","key3":"0"}`: a code in place of an image or an invoice."""
    return _script({"key1": code, "key2": "", "key3": "0"}, callback, content_type)


def damaged_image(fault: str) -> bytes:
    """What key1 decodes to under the image faults."""
    whole = captcha(SIZES[0], 0)
    return {
        "truncated_image": whole[: len(whole) * 6 // 10],
        "blank_image": blank(),
        "garbage_image": "这不是图片。".encode() * 60,
        "empty_image": b"",
    }[fault]


def page(
    title: str, text: str, status: int = 200, head: str = "", headers: Mapping[str, str] | None = None
) -> Reply:
    """A small HTML page."""
    html = f'<!DOCTYPE html><html lang="zh"><head><meta charset="utf-8"><title>{title}</title>{head}</head>'
    html += f"<body><h1>{title}</h1><p>{text}</p></body></html>"
    return Reply(status=status, headers=headers or {}, body=html.encode())


def home(name: str, service: str) -> Reply:
    """The healthy front page of a stand-in."""
    titles = {
        "verify": f"国家税务总局{name}税务局发票查验",
        "dppt": f"{name}电子发票服务平台",
        "page": f"{name}增值税发票查验平台",
    }
    # Every real result page says this, so no monitor may read trouble out of 不符 [S1].
    return page(titles[service], "发票信息不符时不得作为财务报销凭证。")


def status_page(status: int) -> Reply:
    """An error page as web servers in front write them."""
    return page(f"{status}", SERVER, status)


def maintenance_page(status: int) -> Reply:
    """A page that says the service is down on purpose."""
    text = (
        "尊敬的纳税人：因系统升级，增值税发票查验平台暂停服务，给您带来不便，敬请谅解。如有疑问请拨打12366。"
    )
    return page("系统维护公告", text, status, headers={"Retry-After": "3600"} if status == 503 else {})


def maintenance_gbk(status: int) -> Reply:
    """The same in GBK, which the page names in a meta element and the server nowhere."""
    whole = maintenance_page(status)
    named = whole.body.decode().replace('charset="utf-8"', 'charset="gbk"')
    return replace(whole, content_type="text/html", body=named.encode("gbk"))


def busy_page() -> Reply:
    """What the pages of the platform say when nothing comes [S5][S7]."""
    return page("提示", "系统繁忙，请稍后重试!")


def other_page() -> Reply:
    """A page that has nothing to do with it: somebody's parked domain, or an advertisement."""
    return page("Welcome", "This page intentionally left blank.")


def waf_page(status: int) -> Reply:
    """A challenge or block page of the product that uses this status; others get the 2019 script challenge."""
    if status in (412, 202):
        head = '<meta id="9DhefwqGPrzGxEp9hPaoag" content="' + "k" * 64 + '" r="m">'
        script = (
            "<script>$_ts=window['$_ts'];if(!$_ts)$_ts={};$_ts.nsd=47531;$_ts.cd=\""
            + "q" * 400
            + '";</script>'
        )
        return page(
            "", script, status, head=head, headers={"Set-Cookie": "FSSBBIl1UgzbN7N80S=5abc; Path=/; HttpOnly"}
        )
    if status == 521:
        headers = {
            "X-Via-JSL": "d3ad42a,-",
            "Set-Cookie": "__jsluid_s=0123456789abcdef; max-age=31536000; path=/",
        }
        script = "<script>document.cookie=('_')+('_')+('jsl_clearance_s=1')</script>"
        return Reply(status=521, headers=headers, body=script.encode())
    if status == 403:
        return page("403 - 云防护", "您的访问被拦截。", 403, headers={"X-Via-JSL": "d3ad42a,-"})
    if status == 468:
        return page("安全检测能力由 SafeLine WAF 提供", "正在确认你是不是机器人", 468)
    script = "<script>var wzwschallenge='',wzwschallengex='',encoderchars='ABCDEFGHIJKLMNOP';</script>"
    return page("", script, status)


def application_page() -> Reply:
    """The index.html that the new front end's server sends for whatever it does not have, with status 200 [S1][S2]."""
    head = '<script defer src="/fpcygzfw/js/chunk-vendors.0123abcd.js"></script>'
    html = f'<!DOCTYPE html><html lang=""><head><meta charset="utf-8"><title>发票查验</title>{head}</head>'
    return Reply(body=(html + '<body><div id="app"></div></body></html>').encode())


def redirect(location: str) -> Reply:
    """A 302 to that address."""
    return Reply(status=302, headers={"Location": location})


def other_json(callback: str | None, content_type: str) -> Reply:
    """JSON in which nothing is where it should be: what a gateway of somebody else's says."""
    return _script({"code": "0", "message": "ok"}, callback, content_type)


def big_reply(size: int) -> Reply:
    """A plain body of `size` bytes."""
    return Reply(content_type="text/plain", body=b"0" * size)


@lru_cache(maxsize=1)
def gzip_bomb(size: int) -> Reply:
    """A body of zeros that is `size` bytes when unpacked and less than a hundredth of it on the wire."""
    return Reply(headers={"Content-Encoding": "gzip"}, body=gzip.compress(bytes(size), 1, mtime=0))


def _script(fields: Mapping[str, str], callback: str | None, content_type: str) -> Reply:
    text = json.dumps(fields, separators=(",", ":"))
    if callback is not None and _CALLBACK.fullmatch(callback):
        text = f"{callback}({text})"
    return Reply(content_type=content_type, body=text.encode())
