"""Kind `http`: one request, judged by `expect`."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from monitor.core.classify import Knowledge, judge_http
from monitor.model import Result, Seen, Target
from monitor.net import HttpRequest, Request
from monitor.probes.kind import Kind, asking
from monitor.probes.pattern import matches

_KEPT = "/%:=&?~+!$,;'@()*[]-._"
"""Characters of a path or query that go over the wire as they are written; an escape stays an escape."""


def request(target: Target) -> Request:
    """The request of `target.url`. The connection goes to `target.host` and `target.port`, which follow from it."""
    url = urlsplit(target.url or "")
    path = quote(url.path, safe=_KEPT) or "/"
    return Request(
        host=target.host,
        port=target.port,
        tls=target.tls if url.scheme == "https" else None,
        server_name=target.server_name,
        resolver=target.resolver,
        proxies=target.proxies,
        http=HttpRequest(
            method=target.method,
            target=f"{path}?{quote(url.query, safe=_KEPT)}" if url.query else path,
            host_header=_host_header(url.netloc),
            headers=_headers(target),
            body=target.body,
            follow=target.follow_redirects,
            max_body=target.max_body,
            upgrade=target.tls,
        ),
    )


def judge(target: Target, seen: Seen, knowledge: Knowledge) -> Result:
    """Status and content as expected."""
    return judge_http(target, seen, knowledge, matches)


def _host_header(netloc: str) -> str:
    """Name and port as written, without a user's name and password; a name beyond ASCII in its own encoding."""
    host = netloc.rpartition("@")[2]
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _headers(target: Target) -> tuple[tuple[str, str], ...]:
    """The target's headers, and those it does not set itself.

    The User-Agent says who we are. A Referer is not sent, although pages of the platform send one: we do not come from
    there. Whether an authority wants one was never tried; `headers` of the probe adds it where it does.
    """
    own = {name.lower() for name, _ in target.headers}
    usual = (("User-Agent", target.user_agent), ("Accept", "*/*"))
    return (*((name, value) for name, value in usual if value and name.lower() not in own), *target.headers)


KIND = Kind(look=asking(request), judge=judge)
