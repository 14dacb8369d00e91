"""The key `proxy`: of defaults, of a probe, of receivers and references; from the file and from the environment."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitor.config.load import ConfigError
from monitor.config.proxies import proxy_at
from monitor.model import Proxies, Proxy
from tests.config.conftest import HEAD, ONE, ReadText

HERE = Proxy(host="10.0.0.1", port=3128)
THERE = Proxy(host="there", port=80)
BOTH = Proxies(http=HERE, https=HERE)
PASSWORD = "S3cret-of-the-pr0xy"


def one(read_text: ReadText, key: str, environ: dict[str, str] | None = None, defaults: str = "") -> Any:
    """The proxies of the one target, and what was loaded."""
    text = f"{HEAD}{ONE.replace('}', f', {key}}}') if key else ONE}{defaults}"
    loaded = read_text(text, environ)
    return loaded.plan.targets["one"].proxies, loaded


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://10.0.0.1:3128", HERE),
        ("HTTP://10.0.0.1:3128/", HERE),
        ("http://there", THERE),
        ("http://[::1]:8080", Proxy(host="::1", port=8080)),
        ("http://a:b@10.0.0.1:3128", Proxy(host="10.0.0.1", port=3128, authorization="Basic YTpi")),
        ("http://a:%40%3A@there", Proxy(host="there", port=80, authorization="Basic YTpAOg==")),
        ("http://a@there", Proxy(host="there", port=80, authorization="Basic YTo=")),
        ("http://a:b@c@there", Proxy(host="there", port=80, authorization="Basic YTpiQGM=")),
        ("http://张:b@there", Proxy(host="there", port=80, authorization="Basic 5bygOmI=")),
    ],
)
def test_an_address(text: str, proxy: Proxy):
    assert proxy_at(text) == proxy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10.0.0.1:3128",
        "there",
        "https://there:443",
        "socks5://there:1080",
        "ftp://there",
        "http://",
        "http://:3128",
        "http://there:0",
        "http://there:65536",
        "http://there:port",
        "http://there/path",
        "http://there?x",
        "http://there#x",
        "http://the re",
        "http://a\r\nb:c@there",
        "http://a%0d%0ab:c@there",
        "http://a%3ab:c@there",
        "http://[::1:3128",
        "http://th\u0131ere",
        "Environment",
        "direct",
    ],
)
def test_what_is_no_address(text: str):
    with pytest.raises(ValueError, match=r"^$|are known|are meant"):
        proxy_at(text)


def test_a_probe_stands_before_the_defaults(read_text: ReadText):
    defaults = "defaults: {proxy: 'http://10.0.0.1:3128'}\n"
    assert one(read_text, "", defaults=defaults)[0] == BOTH
    assert one(read_text, "proxy: none", defaults=defaults)[0] == Proxies()
    assert one(read_text, "proxy: http://there", defaults=defaults)[0] == Proxies(http=THERE, https=THERE)
    assert one(read_text, "")[0] == Proxies()


def test_receivers_and_references_have_keys_of_their_own(read_text: ReadText):
    text = f"""{HEAD}{ONE}\
defaults: {{proxy: "http://probes:1"}}
reference:
  - {{name: a, url: "http://h/", proxy: "http://there"}}
  - {{name: b, url: "http://h/"}}
alerts:
  proxy: http://10.0.0.1:3128
  receivers:
    a: {{apprise: ["json://h/", "json://i/"]}}
    b: {{webhook: "http://h/", proxy: none}}
    c: {{webhook: "http://h/", proxy: "http://there"}}
"""
    plan = read_text(text).plan
    there = Proxies(http=THERE, https=THERE)
    assert [source.proxies for source in plan.references] == [there, Proxies()]
    assert {one.id: one.proxies for one in plan.receivers} == {
        "a[0]": BOTH,
        "a[1]": BOTH,
        "b[0]": Proxies(),
        "c[0]": there,
    }


@pytest.mark.parametrize(
    ("environ", "proxies"),
    [
        ({}, Proxies()),
        ({"HTTPS_PROXY": "http://there"}, Proxies(https=THERE)),
        ({"HTTP_PROXY": "there:80"}, Proxies(http=THERE)),
        ({"HTTP_PROXY": "http://there", "http_proxy": "10.0.0.1:3128"}, Proxies(http=HERE)),
        ({"https_proxy": "", "HTTPS_PROXY": "http://there/"}, Proxies(https=THERE)),
        ({"ALL_PROXY": "http://there"}, Proxies()),
        (
            {"HTTP_PROXY": "there", "NO_PROXY": "a.cn, .b.cn,,10.0.0.0/8,[::1]:80,*"},
            Proxies(http=THERE, direct=("a.cn", ".b.cn", "10.0.0.0/8", "[::1]:80", "*")),
        ),
    ],
)
def test_the_environment(read_text: ReadText, environ: dict[str, str], proxies: Proxies):
    assert one(read_text, "proxy: environment", environ)[0] == proxies


def test_the_environment_counts_only_where_it_is_asked_for(read_text: ReadText):
    assert one(read_text, "", {"HTTPS_PROXY": "http://there", "NO_PROXY": "///"})[0] == Proxies()


def test_an_environment_without_a_proxy_is_said(read_text: ReadText):
    said = [note for note in one(read_text, "proxy: environment")[1].notes if "environment" in note]
    assert said == ["proxy: environment: neither HTTPS_PROXY nor HTTP_PROXY is set, nothing goes by a proxy"]


def test_name_servers_that_nobody_will_ask_are_said(read_text: ReadText):
    loaded = one(read_text, "proxy: http://there, resolver: [223.5.5.5]")[1]
    assert "one: `resolver` is not asked where a proxy leads; the proxy resolves" in loaded.notes


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"HTTPS_PROXY": f"socks5://u:{PASSWORD}@h"}, ("the value of $HTTPS_PROXY", "only proxies")),
        ({"http_proxy": f"http://u:{PASSWORD}@h/path"}, ("the value of $http_proxy", "http://host:port")),
        ({"NO_PROXY": "a.cn,http://b.cn"}, ('"http://b.cn" in NO_PROXY', "names, addresses and networks")),
        ({"NO_PROXY": "10.0.0.0/99"}, ("NO_PROXY",)),
        ({"NO_PROXY": "192.168.*"}, ("NO_PROXY",)),
        ({"NO_PROXY": "300.1.1.1"}, ("NO_PROXY",)),
        ({"NO_PROXY": "a.cn:99999"}, ("NO_PROXY",)),
        ({"NO_PROXY": "<local>"}, ("NO_PROXY",)),
    ],
)
def test_a_broken_environment_is_a_mistake_at_the_key(
    read_text: ReadText, environ: dict[str, str], says: tuple[str, ...]
):
    with pytest.raises(ConfigError) as caught:
        one(read_text, "proxy: environment", environ)
    (mistake,) = caught.value.mistakes
    assert (mistake.line, mistake.path) == (3, "probes[0].proxy")
    assert all(part in str(mistake) for part in says)
    assert PASSWORD not in str(mistake)


WAYS = {
    "in the file": (f"http://monitor:{PASSWORD}@there", {}),
    "escaped": (f"http://monitor:{PASSWORD}%21%40@there", {}),
    "from the environment": ("{env: WAY}", {"WAY": f"http://monitor:{PASSWORD}@there"}),
    "by the usual variables": ("environment", {"HTTPS_PROXY": f"monitor:{PASSWORD}@there"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_its_password_is_a_secret_in_every_form(read_text: ReadText, way: str):
    key, environ = WAYS[way]
    proxies, loaded = one(read_text, f"proxy: {key if key[0] == '{' else json.dumps(key)}", environ)
    proxy = proxies.https
    assert proxy.authorization.startswith("Basic ")
    assert {proxy.authorization, proxy.authorization.removeprefix("Basic ")} <= loaded.secrets
    assert any(secret.startswith(PASSWORD) for secret in loaded.secrets)
    assert "monitor" not in loaded.secrets, "a name that is a common word would blot out whole lines"
    for shown in (repr(loaded), repr(proxies), str(loaded.notes)):
        assert PASSWORD not in shown
        assert proxy.authorization not in shown


@pytest.mark.parametrize("way", ["in the file", "from the environment"])
def test_no_mistake_shows_its_password(read_text: ReadText, way: str):
    key, environ = WAYS[way]
    key = key.replace("http:", "gopher:")
    environ = {name: text.replace("http:", "gopher:") for name, text in environ.items()}
    with pytest.raises(ConfigError) as caught:
        one(read_text, f"proxy: {key if key[0] == '{' else json.dumps(key)}", environ)
    assert PASSWORD not in str(caught.value)
    assert "none, environment or http://host:port is meant" in str(caught.value)


def test_a_word_from_elsewhere_is_no_secret(read_text: ReadText):
    assert one(read_text, "proxy: {env: WAY}", {"WAY": "none"})[1].secrets == frozenset()


CONTROL = "  - {name: %s, kind: tcp, role: control, host: 192.0.2.%d, port: 443, proxy: '%s'}\n"
PROXIED = ONE.replace("}", ", proxy: 'http://me:geheim@10.0.0.1:3128'}")


@pytest.mark.parametrize(
    ("controls", "said"),
    [
        pytest.param([], "no control goes by it", id="no control"),
        pytest.param(["none"], "no control goes by it", id="controls go directly"),
        pytest.param(["http://there"], "no control goes by it", id="controls go by another"),
        pytest.param(["http://10.0.0.1:3128"], "every control goes by it", id="all controls go by it"),
        pytest.param(["http://10.0.0.1:3128", "none"], None, id="one of each"),
        pytest.param(["environment", "none"], None, id="one by the environment"),
        pytest.param(["environment"], "every control goes by it", id="all by the environment"),
    ],
)
def test_controls_that_cannot_tell_a_proxy_that_fails_are_noted(
    read_text: ReadText, controls: list[str], said: str | None
) -> None:
    rows = [CONTROL % (f"c{number}", number, proxy) for number, proxy in enumerate(controls, 1)]
    environ = {"https_proxy": "http://10.0.0.1:3128", "no_proxy": "192.0.2.9"}
    notes = [
        note for note in read_text(HEAD + PROXIED + "".join(rows), environ).notes if "control goes" in note
    ]
    assert [note for note in notes if "geheim" in note] == []
    if said is None:
        assert notes == []
    else:
        assert [note.startswith("proxy 10.0.0.1:3128: ") and said in note for note in notes] == [True]


def test_a_host_that_is_gone_to_directly_is_no_control_of_the_proxy(read_text: ReadText) -> None:
    environ = {"https_proxy": "http://10.0.0.1:3128", "no_proxy": "192.0.2.0/24"}
    notes = read_text(HEAD + PROXIED + CONTROL % ("c", 1, "environment"), environ).notes
    assert any("no control goes by it" in note for note in notes)
