"""The hostile servers: what each does, how the daemon looks at it, and which outcomes and causes the contract allows."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from tests.hostile import giants
from tests.hostile.servers import (
    HEAD,
    crowded_names,
    crumbles,
    drips,
    drips_tls,
    drops_tls,
    echoes,
    floods,
    garbled_names,
    is_silent,
    leads_on,
    replies,
    resets,
    says,
    tunnels_into,
)
from tests.matrix.servers import SAFE, certificates, handshake, hello, record
from tests.net.peers import Handler, name_server, peer

Keys = dict[str, Any]
"""Keys of a probe."""
There = Callable[[], AbstractAsyncContextManager[Keys]]


def http(handler: Handler, tls: Callable[[], ssl.SSLContext] | None = None, **keys: Any) -> There:
    """Looked at over HTTP."""

    @asynccontextmanager
    async def there() -> AsyncIterator[Keys]:
        async with peer(handler, tls and tls()) as port:
            url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/"
            yield {"kind": "http", "url": url, "tls": {"verify": "false"}, **keys}

    return there


def captcha(handler: Handler) -> There:
    """Looked at for a captcha."""
    return http(handler, kind="captcha")


def sync(handler: Handler) -> There:
    """Looked at as a sync interface."""

    @asynccontextmanager
    async def there() -> AsyncIterator[Keys]:
        async with peer(handler) as port:
            request = {"method": "POST", "url": f"http://127.0.0.1:{port}/", "json": {"taxNo": "1"}}
            fresh = {"path": "$.data.lastSync", "warn": "4h", "fail": "24h"}
            yield {"kind": "sync", "request": request, "codes": "nuonuo", "freshness": fresh}

    return there


def tls(handler: Handler, context: Callable[[], ssl.SSLContext] | None = None, verify: str = "true") -> There:
    """Only the handshake."""

    @asynccontextmanager
    async def there() -> AsyncIterator[Keys]:
        async with peer(handler, context and context()) as port:
            yield {"kind": "tls", "host": "localhost", "port": port, "tls": {"verify": verify}}

    return there


def maze() -> There:
    """Two servers on two ports, each of which leads to the other."""

    @asynccontextmanager
    async def there() -> AsyncIterator[Keys]:
        ports: list[int] = []
        first, second = (
            leads_on(lambda path: b"http://127.0.0.1:%d/%s" % (ports[1], path.encode())),
            leads_on(lambda path: b"//127.0.0.1:%d%s?x" % (ports[0], path.encode())),
        )
        async with peer(first) as one, peer(second) as other:
            ports += [one, other]
            yield {"kind": "http", "url": f"http://127.0.0.1:{one}/"}

    return there


def named(server: Callable[[], AbstractAsyncContextManager[str]], **keys: Any) -> There:
    """A name that this name server is asked for."""

    @asynccontextmanager
    async def there() -> AsyncIterator[Keys]:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            async with server() as where:
                port = closed.getsockname()[1]
                yield {"kind": "tcp", "host": "a.example", "port": port, "resolver": [where], **keys}

    return there


def asked_each() -> There:
    """Kind `dns`, of two servers that lie in different ways."""

    @asynccontextmanager
    async def there() -> AsyncIterator[Keys]:
        async with garbled_names() as one, crowded_names() as other:
            yield {"kind": "dns", "host": "a.example", "resolvers": [one, other], "random_name": False}

    return there


def by_proxy(handler: Handler) -> There:
    """Looked at by way of a proxy."""

    @asynccontextmanager
    async def there() -> AsyncIterator[Keys]:
        async with peer(handler) as port:
            yield {"kind": "http", "url": "https://behind.example/", "proxy": f"http://127.0.0.1:{port}"}

    return there


DEEP = b"[" * 100_000 + b"1" + b"]" * 100_000
GREETINGS = record(bytes(16_384))
"""4,096 requests to greet again, which OpenSSL reads past by itself."""
GROUP = record(hello(extensions=SAFE)[5:]) + record(
    handshake(12, (1_250).to_bytes(2, "big") + b"\xff" * 1_250)
)
DEFLATED = replies(giants.deflated(), b"Content-Encoding: deflate")
NESTED = replies(giants.gzipped(1 << 20), b"Content-Encoding: gzip, gzip")
JSON_WANTED: Keys = {"expect": {"json": [{"path": "$.code", "equals": "0"}]}}
TEXT_WANTED: Keys = {"expect": {"body_contains": ["发票"]}}

# fmt: off
HOSTILE: tuple[tuple[str, There, str], ...] = (
    ("endless-headers", http(floods(HEAD, b"X-More: and more\r\n" * 500)), "http_malformed"),
    ("header-bomb", http(floods(HEAD + b"X: ", b"a" * 65_536)), "http_malformed"),
    ("status-line-bomb", http(floods(b"HTTP/1.1 200 ", b"a" * 65_536)), "http_malformed"),
    ("gzip-bomb", http(replies(giants.gzipped(), b"Content-Encoding: gzip")), "body_too_large"),
    ("deflate-bomb", http(DEFLATED), "body_too_large"),
    ("nested-encodings", http(NESTED), "http_malformed"),
    ("gzip-members", http(replies(giants.gzipped(100) * 3_000, b"Content-Encoding: gzip")), "http_malformed body_too_large"),
    ("endless-body", http(floods(HEAD + b"\r\n", b"a" * 65_536)), "body_too_large"),
    ("one-byte-chunks", http(floods(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" * 9_000)), "body_too_large transfer_timeout"),
    ("chunk-size-lies", http(says(HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nab")), "http_malformed"),
    ("endless-interim", http(floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 500)), "http_malformed"),
    ("http-0.9", http(says(b"<html>no head at all</html>")), "http_malformed"),
    ("http-2", http(says(b"\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x64\0\4\0\x0f\0\1" + bytes(99))), "http_malformed"),
    ("status-drips", http(drips(HEAD)), "transfer_timeout"),
    ("body-drips", http(drips(b"", b"a")), "transfer_timeout http_malformed"),
    ("silence", http(is_silent), "response_timeout"),
    ("resets", http(resets), "connection_reset connection_closed"),
    ("tls-resets", tls(resets), "connection_reset connection_closed"),
    ("tls-drips", tls(drips_tls(giants.plain_server())), "tls_timeout"),
    ("tls-crumbs", tls(crumbles(giants.plain_server())), "tls_untrusted"),
    ("tls-greetings", tls(floods(b"", GREETINGS, asks=False)), "tls_handshake"),
    ("tls-alerts", tls(floods(b"", b"\x15\x03\x03\x00\x02\x01\x5a" * 500, asks=False)), "tls_handshake"),
    ("tls-giant-group", tls(says(GROUP, asks=False)), "tls_handshake"),
    ("tls-in-the-clear", tls(floods(b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", asks=False)), "tls_handshake"),
    ("tls-then-plain", http(drops_tls, giants.plain_server), "tls_handshake"),
    ("long-chain", tls(is_silent, giants.long_chain), "tls_untrusted tls_handshake"),
    ("many-names", tls(is_silent, giants.many_names, verify="report"), "none"),
    ("huge-subject", tls(is_silent, giants.huge_subject, verify="report"), "none"),
    ("giant-keys", tls(says(hello(extensions=SAFE), certificates(*[giants.giant_key()] * 20), asks=False)), "tls_untrusted"),
    ("redirects-in-a-circle", http(leads_on(lambda path: b"/again" + path.encode()[:500])), "redirect_refused"),
    ("redirects-by-ports", maze(), "redirect_refused"),
    ("redirects-to-another", http(leads_on(lambda path: b"http://169.254.169.254/latest/meta-data")), "redirect_refused"),
    ("redirects-with-password", http(leads_on(lambda path: b"http://u:p@127.0.0.1:1/")), "redirect_refused"),
    ("redirects-to-a-giant", http(leads_on(lambda path: b"/" + b"a" * 50_000)), "redirect_refused"),
    ("redirects-to-a-file", http(leads_on(lambda path: b"file:///etc/passwd")), "redirect_refused"),
    ("pixel-bomb", captcha(replies(giants.captcha(giants.pixel_bomb()))), "captcha_invalid"),
    ("damaged-picture", captcha(replies(giants.captcha(giants.damaged_picture()))), "captcha_invalid"),
    ("giant-callback", captcha(replies(b"a" * 900_000 + b'({"key1":"005"})')), "format_drift"),
    ("giant-code", captcha(replies(b'cb({"key1":"' + b"9" * 900_000 + b'"})')), "captcha_invalid api_error"),
    ("deep-json", http(replies(DEEP), **JSON_WANTED), "content_mismatch format_drift"),
    ("giant-number", sync(replies(b'{"code":"E0000","data":{"lastSync":' + b"9" * 900_000 + b"}}")), "format_drift content_mismatch"),
    ("number-beyond", sync(replies(b'{"code":"E0000","data":{"lastSync":1e999}}')), "content_mismatch"),
    ("cookie-flood", http(replies(b"ok", *[b"Set-Cookie: a=" + b"b" * 250] * 150)), "none"),
    ("no-text", http(replies(b"\x81\xff\xfe\x80" * 200_000, b"Content-Type: text/html; charset=gbk"), **TEXT_WANTED), "content_mismatch"),
    ("echoes", http(echoes(b"500 <script>alert(1)</script>"), headers={"Authorization": {"env": "HOSTILE_SECRET"}}), "http_status"),
    ("markup-as-code", captcha(replies(b'cb({"key1":"<script>alert(1)</script>"})')), "captcha_invalid api_error"),
    ("thousands-of-addresses", named(crowded_names), "connection_refused"),
    ("names-in-a-circle", named(lambda: name_server({"a.example": "alias b.example", "b.example": "alias a.example"})), "dns_servfail"),
    ("garbled-names", named(garbled_names), "resolve_timeout dns_servfail"),
    ("liars-about-names", asked_each(), "dns_hijacked resolve_timeout dns_servfail none"),
    ("proxy-without-end", by_proxy(floods(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 500)), "proxy_failed"),
    ("proxy-that-speaks-itself", by_proxy(tunnels_into(b"HTTP/1.1 200 OK\r\n\r\nfine")), "tls_handshake"),
    ("proxy-that-floods", by_proxy(tunnels_into(GREETINGS * 64)), "tls_handshake"),
)
# fmt: on
