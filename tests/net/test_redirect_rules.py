"""Where a Location leads, in every spelling: a table of the decision itself, and what goes along."""

from __future__ import annotations

import pytest

from monitor.model import Cause, TlsOptions
from monitor.net import HttpRequest, Request
from monitor.net.failures import FaultError
from monitor.net.redirects import Hop, first_hop, next_hop, shown

HOST = "a.example"
LISTED = ("b.example", "10.0.0.1", "::1", "xn--fiq228c.example")
SECRETS = (
    ("Authorization", "Bearer S3cret"),
    ("Cookie", "s=1"),
    ("X-Key", "k"),
    ("Proxy-Authorization", "p"),
)
HEADERS = (*SECRETS, ("User-Agent", "us"), ("Accept", "*/*"), ("Content-Type", "text/json"))


def asked(
    *, https: bool = True, port: int = 443, follow: str | tuple[str, ...] = "same_host", method: str = "GET"
) -> Request:
    body = b"taxNo=S3cret" if method in ("POST", "PUT") else None
    http = HttpRequest(
        method=method, target="/p/q?r=1", host_header=HOST, headers=HEADERS, body=body, follow=follow
    )
    return Request(host=HOST, port=port, tls=TlsOptions() if https else None, http=http)


def go(location: str, request: Request, status: int = 302) -> Hop:
    return next_hop(first_hop(request), request, status, location)


@pytest.mark.parametrize(
    ("location", "leads"),
    [
        ("/x", "https://a.example/x"),
        ("x", "https://a.example/p/x"),
        ("../x", "https://a.example/x"),
        ("../../../../x", "https://a.example/x"),
        ("?s=2", "https://a.example/p/q?s=2"),
        ("#top", "https://a.example/p/q?r=1"),
        ("//a.example/x", "https://a.example/x"),
        ("https:///x", "https://a.example/x"),
        ("https:/x", "https://a.example/x"),
        ("  /x  ", "https://a.example/x"),
        ("http://a.example", "http://a.example/"),
        ("HTTPS://A.EXAMPLE:443/x", "https://a.example/x"),
        ("https://a.example./x", "https://a.example/x"),
        ("https://a.example:8443/x", "https://a.example:8443/x"),
        ("https://a.example:/x", "https://a.example/x"),
        ("https://a.example:0/x", "refused"),
        ("https://a.example:65536/x", "refused"),
        ("https://a.example:-1/x", "refused"),
        ("https://a.example:80.80/x", "refused"),
        ("https://a.example:８０/x", "refused"),
        ("https://ａ.example/x", "https://a.example/x"),
        ("https://a。example/x", "https://a.example/x"),
        ("https://a.ex\u200bample/x", "https://a.example/x"),
        ("https://a.ex\tample/x", "https://a.example/x"),
        ("/查验?省=山东", "https://a.example/%E6%9F%A5%E9%AA%8C?%E7%9C%81=%E5%B1%B1%E4%B8%9C"),
        ("/a b\x00c\x7f", "https://a.example/a%20b%00c%7F"),
        ("/%2e%2e/%0d%0aX:1", "https://a.example/%2e%2e/%0d%0aX:1"),
        ("https://a.example@evil.example/", "refused"),
        ("https://evil.example@a.example/", "refused"),
        ("https://:@a.example/", "refused"),
        ("https://a.example\\@evil.example/", "refused"),
        ("https://a.example\\.evil.example/", "refused"),
        ("https://a.example%2eevil.example/", "refused"),
        ("https://a.example%00.evil.example/", "refused"),
        ("https://a.example#@evil.example/", "https://a.example/"),
        ("https://a.example?@evil.example/", "https://a.example/?@evil.example/"),
        ("https://a.example;evil.example/", "refused"),
        ("https://a.example.evil.example/", "refused"),
        ("https://evil.example/a.example", "refused"),
        ("https://xa.example/", "refused"),
        ("https://example/", "refused"),
        ("//evil.example/", "refused"),
        ("///evil.example/", "https://a.example/evil.example/"),
        ("/\t/evil.example/", "refused"),
        ("/\\evil.example/", "https://a.example/\\evil.example/"),
        ("\\\\evil.example/", "https://a.example/p/\\\\evil.example/"),
        ("https:evil.example", "https://a.example/p/evil.example"),
        ("file:///etc/passwd", "refused"),
        ("javascript:alert(1)", "refused"),
        ("data:text/html,x", "refused"),
        ("ftp://a.example/", "refused"),
        ("gopher://a.example:25/", "refused"),
        ("ws://a.example/", "refused"),
        ("view-source:https://a.example/", "refused"),
        ("https://127.0.0.1/", "refused"),
        ("https://127.1/", "refused"),
        ("https://2130706433/", "refused"),
        ("https://0x7f000001/", "refused"),
        ("https://0177.0.0.1/", "refused"),
        ("https://[::1]/", "refused"),
        ("https://[::ffff:127.0.0.1]/", "refused"),
        ("https://[fe80::1%25eth0]/", "refused"),
        ("https://[a.example]/", "refused"),
        ("https://[::1", "refused"),
        ("https://*/", "refused"),
        ("https://./", "refused"),
        ("https://" + "a." * 200 + "example/", "refused"),
        ("https://ⓔvil.example/", "refused"),
        ("https://a.example／evil/", "refused"),
        ("/" + "x" * 2048, "refused"),
        ("/" + "x" * 2000, "https://a.example/" + "x" * 2000),
    ],
)
def test_the_same_host_and_no_other(location: str, leads: str) -> None:
    """The location as a server sends it: what is not ASCII comes as the bytes of its UTF-8."""
    wire = location.encode().decode("latin-1")
    if leads == "refused":
        with pytest.raises(FaultError) as caught:
            go(wire, asked())
        assert caught.value.cause is Cause.REDIRECT_REFUSED
        assert "S3cret" not in caught.value.detail
    else:
        hop = go(wire, asked())
        assert hop.url == leads
        assert shown(hop) == leads.partition("?")[0][:200]


@pytest.mark.parametrize(
    ("location", "follow", "host"),
    [
        ("https://b.example/", LISTED, "b.example"),
        ("https://B.Example./", LISTED, "b.example"),
        ("https://a.example/", LISTED, "a.example"),
        ("https://10.0.0.1/", LISTED, "10.0.0.1"),
        ("https://10.1/", LISTED, None),
        ("https://010.0.0.1/", LISTED, None),
        ("https://[0:0:0::1]/", LISTED, "::1"),
        ("https://中文.example/", LISTED, "xn--fiq228c.example"),
        ("https://sub.b.example/", LISTED, None),
        ("https://c.example/", LISTED, None),
        ("https://a.example/", (), "a.example"),
        ("https://s/", "same_host", None),
    ],
)
def test_a_list_names_hosts_and_nothing_below_them(
    location: str, follow: str | tuple[str, ...], host: str | None
) -> None:
    wire = location.encode().decode("latin-1")
    if host is None:
        with pytest.raises(FaultError):
            go(wire, asked(follow=follow))
    else:
        assert go(wire, asked(follow=follow)).host == host


@pytest.mark.parametrize(
    ("request_", "location", "secrets_go_along"),
    [
        (asked(), "/x", True),
        (asked(), "https://a.example:443/x", True),
        (asked(https=False, port=80), "https://a.example/", True),
        (asked(https=False, port=8080), "https://a.example:8443/", True),
        (asked(), "http://a.example/", False),
        (asked(), "http://a.example:443/", False),
        (asked(), "https://a.example:8443/", False),
        (asked(https=False, port=80), "http://a.example:8080/", False),
        (asked(follow=LISTED), "https://b.example/", False),
        (asked(follow=LISTED, https=False, port=80), "https://b.example/", False),
    ],
)
def test_secrets_stay_with_their_host_and_port_and_out_of_the_clear(
    request_: Request, location: str, secrets_go_along: bool
) -> None:
    hop = go(location, request_)
    assert hop.http is not None
    names = [name for name, _ in hop.http.headers]
    assert names == [
        name for name, _ in HEADERS if secrets_go_along or name in ("User-Agent", "Accept", "Content-Type")
    ]


def test_what_was_left_behind_does_not_come_back() -> None:
    request = asked(follow=LISTED)
    there = go("https://b.example/", request)
    back = next_hop(there, request, 302, "https://a.example/")
    assert back.http is not None
    assert not {name for name, _ in back.http.headers} & {name for name, _ in SECRETS}


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("location", ["http://a.example/", "https://a.example:8443/", "https://b.example/"])
def test_a_body_is_not_carried_elsewhere(status: int, location: str) -> None:
    with pytest.raises(FaultError, match="would carry the body"):
        go(location, asked(method="POST", follow=LISTED), status)
    assert go("/x", asked(method="POST"), status).http.body == b"taxNo=S3cret"  # type: ignore[union-attr]


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_post_that_becomes_a_get_goes_without_its_body(status: int) -> None:
    hop = go("https://b.example/", asked(method="POST", follow=LISTED), status)
    assert hop.http is not None
    assert (hop.http.method, hop.http.body) == ("GET", None)
