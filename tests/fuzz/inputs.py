"""Inputs to begin with: the corpus that is kept, sound examples of each kind, and ways to damage them."""

from __future__ import annotations

import gzip
import io
import json
import random
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import yaml
from PIL import Image

from monitor.config.load import shipped_text
from tests.net.test_http import BODIES
from tests.net.test_redirect_rules import test_the_same_host_and_no_other
from tests.reference.examples import own_document

CORPUS = Path(__file__).parent / "corpus"
"""`corpus/PARSER/NAME`: each file is an input that found a bug or that reaches a corner."""
NOTICES = Path(__file__).parents[1] / "data" / "notices"
MOST_BYTES = 100_000
"""Of an input that is made here."""


def kept(parser: str) -> dict[str, bytes]:
    """The corpus of a parser by name."""
    return {file.name: file.read_bytes() for file in sorted((CORPUS / parser).glob("*"))}


@cache
def samples(parser: str) -> tuple[bytes, ...]:
    """What a parser is tried with before anything is damaged."""
    return (*kept(parser).values(), *SOUND.get(parser, list)())


def damaged(data: bytes, dice: random.Random, others: tuple[bytes, ...]) -> bytes:
    """The bytes after one to eight small accidents."""
    found = bytearray(data)
    for _ in range(dice.randint(1, 8)):
        dice.choice(_ACCIDENTS)(found, dice, others)
    return bytes(found[:MOST_BYTES])


def _place(data: bytearray, dice: random.Random) -> int:
    return dice.randrange(len(data) + 1)


def _flip(data: bytearray, dice: random.Random, others: tuple[bytes, ...]) -> None:
    if data:
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _cut(data: bytearray, dice: random.Random, others: tuple[bytes, ...]) -> None:
    start = _place(data, dice)
    del data[start : start + dice.choice((1, 2, 4, 64, 4096))]


def _repeat(data: bytearray, dice: random.Random, others: tuple[bytes, ...]) -> None:
    start = _place(data, dice)
    part = bytes(data[start : start + dice.choice((1, 2, 8, 64))])
    data[start:start] = part * dice.choice((1, 2, 300))


def _splice(data: bytearray, dice: random.Random, others: tuple[bytes, ...]) -> None:
    if others:
        other = dice.choice(others)
        start = dice.randrange(len(other) + 1)
        where = _place(data, dice)
        data[where:where] = other[start : start + dice.choice((1, 8, 64, 4096))]


def _insert(data: bytearray, dice: random.Random, others: tuple[bytes, ...]) -> None:
    where = _place(data, dice)
    data[where:where] = dice.choice(_ODDITIES)


def _overwrite(data: bytearray, dice: random.Random, others: tuple[bytes, ...]) -> None:
    where, what = _place(data, dice), dice.choice(_ODDITIES)
    data[where : where + len(what)] = what


_ACCIDENTS = (_flip, _flip, _cut, _repeat, _splice, _insert, _overwrite)
_ODDITIES = (
    b"\0", b"\r\n", b"\n", b"\r\n\r\n", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xed\xa0\x80", b"\x80", b"\x1b[2J",
    b"-1", b"0", b"1e999", b"99999999999999999999", b"NaN", b"-0", b"0x10", b"\xd9\xa3", b"2026-02-30", b"9999-12-31T23:59:59Z",
    b"{", b"}", b"[", b"]", b'"', b"'", b":", b": ", b",", b"- ", b"#", b"&a ", b"*a", b"<<: *a", b"!!", b"|\n", b"\t",
    b"null", b"true", b"{env: X}", b"{file: x}", b"${", b"{verify_host}", b"%00", b"@", b"//", b"\\", b"?",
    b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n", b"Content-Encoding: gzip\r\n", b"HTTP/1.1 100 Go\r\n\r\n",
    b"[" * 500, b"{\"a\":" * 500, b"a" * 5000,
)  # fmt: skip


# --- sound examples --------------------------------------------------------------------------------------------------


def _replies() -> list[bytes]:
    return [
        *BODIES.values(),
        b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 204 No\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n" + zlib.compress(b"x" * 9000),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n1e\r\n"
        + gzip.compress(b"hello", mtime=0)[:30]
        + b"\r\n0\r\n\r\n",
    ]


def _answers() -> list[bytes]:
    return [
        b"HTTP/1.1 200 Connection established\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nProxy-Agent: x\r\n\r\n\x16\x03\x03",
        b"HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 200 OK\nVia: y\n\n",
        b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\nContent-Length: 3\r\n\r\nwho",
    ]


def _locations() -> list[bytes]:
    marks = test_the_same_host_and_no_other.pytestmark  # type: ignore[attr-defined]
    return [row[0].encode() for row in marks[0].args[1] if len(row[0]) < 200]


def _images() -> list[bytes]:
    picture = Image.frombytes("L", (90, 35), random.Random(1).randbytes(90 * 35))
    found = []
    for kind in ("PNG", "JPEG", "GIF", "BMP"):
        with io.BytesIO() as stream:
            picture.save(stream, kind)
            found.append(stream.getvalue())
    return found


def _captchas() -> list[bytes]:
    import base64

    png = base64.b64encode(_images()[0]).decode()
    return [
        f'jQuery112_0({{"key1":"{png}","key2":"2026-11-21 08:00:00","key3":"1","key4":"00"}})'.encode(),
        b'jQuery112_0({"key1":"005"})',
        b'jQuery112_0({"key1":"003","key2":""});',
        ('{"data":"' + "A" * 160 + '"}').encode(),
        "<html><head><title>系统维护</title></head><body><h1>停机维护</h1></body></html>".encode("gb18030"),
        b"<html><script>_$jsvmp</script></html>",
    ]


def _pages() -> list[bytes]:
    page = "<html><head><meta charset='gbk'><title>发票查验</title></head><body>发票 aaaaaaaaaaaaaaa!</body></html>"
    return [
        page.encode(),
        page.encode("gbk"),
        page.encode("utf-16"),
        b'{"data":{"list":[{"code":0}]}}',
        *_captchas(),
    ]


def _interfaces() -> list[bytes]:
    return [
        b'{"code":"0000","data":{"lastSync":"2026-11-21 15:59:00"}}',
        b'{"code":"E9999","describe":"x","status":"0000"}',
        b'{"returnStateInfo":{"returnCode":"0000","returnMessage":"5oiQ5Yqf"},"data":{"lastSync":1795248000000}}',
        '{"errcode":40001,"message":"系统繁忙"}'.encode(),
    ]


def _references() -> list[bytes]:
    board = {
        "list": [
            {"name": "山东", "state": "正常", "time": "2026-11-21 15:00:00"},
            {"name": "3100", "state": "超时"},
        ]
    }
    return [json.dumps(own_document()).encode(), json.dumps(board, ensure_ascii=False).encode(), b"[]", b"{}"]


def _configurations() -> list[bytes]:
    head = "version: 1\nprobes:\n  - {name: one, kind: tcp, authority: beijing, host: h, port: 80}\n"
    parts = (
        "alerts: {receivers: {a: {webhook: 'http://h/'}}, routes: [{to: [a], when: {hours: 22:00-06:00}}]}\n",
        "maintenance: [{name: n, authorities: all, schedule: '0 23 * * *', duration: 2h}]\n",
        "reference: [{name: b, url: 'http://h/', map: {rows: '$.l[*]', authority: $.n, outcome: $}}]\n",
        "defaults: &d {proxy: 'http://u:p@h:1', follow_redirects: [b.example], resolver: [223.5.5.5]}\n",
        "authorities: {only: [beijing], override: {beijing: {verify_url: 'http://h:1/x'}}}\n",
    )
    return [shipped_text().encode(), *((head + part).encode() for part in parts)]


def _notices() -> list[bytes]:
    kept = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(NOTICES.glob("*.yaml"))]
    texts = [entry["text"] for entries in kept for entry in entries]
    return [*(text.encode() for text in texts), *(text.encode("gb18030") for text in texts[:5])]


def _handshakes() -> list[bytes]:
    hello = b"\x02\x00\x00\x46\x03\x03" + bytes(32) + bytes(36)
    group = b"\x0c\x00\x01\x04\x01\x00" + b"\xff" * 258
    found = [hello + group, hello + b"\x0c\x00\x06\x40\x04\x00" + b"\xff" * 1598, bytes(64)]
    return [
        *(b"\x16\x03\x03" + len(one).to_bytes(2, "big") + one + b"\x14\x03\x03\0\1\1" for one in found),
        b"".join(b"\x16\x03\x03\0\1" + bytes([byte]) for byte in found[0]),
    ]


def _answers_of_names() -> list[bytes]:
    return [
        b"a.example A x\na.example AAAA x\n" * 3,
        b"a.example CNAME b.example\nb.example A x",
        b"a.example CNAME b.example\n\nb.example CNAME a.example\n\n",
        b"a.example CNAME A.EXAMPLE.\n",
        b"a.example MX mail.example\na.example TXT v=spf1 \x1b[2J" + b"x" * 300,
        *(b"!" + bytes([number]) for number in (1, 4, 11, 12)),
    ]


def _dates() -> list[bytes]:
    return [
        b"Sat, 21 Nov 2026 08:00:00 GMT\nSaturday, 21-Nov-26 08:00:00 GMT\nSat Nov 21 08:00:00 2026",
        b"Sat, 21 Nov 2026 08:00:00 +9999\nMon, 01 Jan 0001 00:00:00 GMT\n21 Nov 99999 8:0 EST\n-1\n",
    ]


SOUND: Mapping[str, Callable[[], list[bytes]]] = {
    "reply": _replies,
    "tunnel": _answers,
    "location": _locations,
    "captcha": _captchas,
    "image": _images,
    "page": _pages,
    "sync": _interfaces,
    "receiver": lambda: [b'{"errcode":0}', b'{"code":0,"msg":"ok"}', b'{"StatusCode":19024}', b"[]"],
    "reference": _references,
    "hosts": lambda: [
        b"127.0.0.1 a b\n::1 c # x\n",
        b"http://u:p@h:3128",
        b"*.a.cn,10.0.0.0/8,[::1]:80",
        "发票.cn".encode(),
    ],
    "handshake": _handshakes,
    "ping": lambda: [b"\0\0\0\0\0\0\0\1" + bytes(56), b"\x0b\0\0\0"],
    "answers": _answers_of_names,
    "date": _dates,
    "log": lambda: [b"2026-11-21 E0001 timeout\nE0012 ok\n" + b"E1" * 400, "错误 E0001".encode("gb18030")],
    "checksum": lambda: [b"0f" * 32 + b"  backup.sql\n", b"SHA256 (x/backup.sql) = " + b"A" * 64, b"ab" * 32],
    "notice": _notices,
    "configuration": _configurations,
}
