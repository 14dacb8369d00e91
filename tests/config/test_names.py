"""Kinds `dns` and `icmp`, and `addresses: all`: what becomes of their keys, and what cannot be meant."""

from __future__ import annotations

import pytest

from monitor.config.load import ConfigError
from monitor.model import NameRules
from tests.config.conftest import HEAD, ReadText

DNS = "name: a, kind: dns, authority: beijing, host: h.example"
ICMP = "name: a, kind: icmp, authority: beijing, host: h"

WRONG = [
    # what is written, where the mistake points, the path, what is said
    ("name: a, kind: dns, authority: beijing, host: 1.2.3.4", "1.2.3.4", "host", "a name is meant"),
    ("name: a, kind: dns, authority: beijing, host: a..b", "a..b", "host", "no name can be like this"),
    (f"{DNS}, record: SOA", "SOA", "record", "A | AAAA | CNAME | MX | NS | TXT"),
    (f"{DNS}, resolvers: [dns.example]", "dns.example", "resolvers[0]", "223.5.5.5"),
    (f"{DNS}, resolvers: []", "[]", "resolvers", "an empty list"),
    (f"{DNS}, resolvers: [{', '.join(f'192.0.2.{n}' for n in range(9))}]", "[192", "resolvers", "at most 8"),
    (f"{DNS}, expect_networks: [1.2.3.0/33]", "1.2.3.0/33", "expect_networks[0]", "a network is meant"),
    (f"{DNS}, expect_networks: [1.2.3.4/24]", "1.2.3.4/24", "expect_networks[0]", "outside the mask"),
    (f"{DNS}, record: MX, expect_networks: [1.2.3.0/24]", "[1.2", "expect_networks", "for the record MX"),
    (f"{DNS}, expect_networks: ['2001:db8::/32']", "['2001", "expect_networks", "name networks of IPv4"),
    (f"{DNS}, record: AAAA, expect_networks: [1.2.3.0/24]", "[1.2", "expect_networks", "networks of IPv6"),
    (f"{DNS}, random_name: perhaps", "perhaps", "random_name", "true | false"),
    (f"{DNS}, proxy: none", "proxy", "proxy", "kind dns has no such key"),
    (f"{DNS}, addresses: all", "addresses", "addresses", "kind dns has no such key"),
    (f"{DNS}, port: 53", "port", "port", "kind dns has no such key"),
    (f"{ICMP}, port: 80", "port", "port", "kind icmp has no such key"),
    (f"{ICMP}, proxy: none", "proxy", "proxy", "kind icmp has no such key"),
    (f"{ICMP}, packets: 0", "0", "packets", "from 1 to 10"),
    (f"{ICMP}, packets: 11", "11", "packets", "from 1 to 10"),
    ("name: a, kind: icmp, authority: beijing, host: 'https://h'", "'https", "host", "without scheme"),
    ("name: a, kind: dns, each: authority, host: h.example", "h.example", "host", "{verify_host}"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "at", "path", "says"), WRONG)
def test_what_cannot_be_meant_is_refused_in_its_place(
    read_text: ReadText, written: str, at: str, path: str, says: str
) -> None:
    line = f"  - {{{written}}}"
    with pytest.raises(ConfigError) as caught:
        read_text(f"{HEAD}{line}\n")
    [found] = caught.value.mistakes
    assert (found.line, found.column, found.path) == (3, line.index(at) + 1, f"probes[0].{path}")
    assert says in str(found)


def test_dns_says_whom_to_ask_and_what_is_expected(read_text: ReadText) -> None:
    written = (
        f"{DNS}, record: AAAA, resolvers: [system, 223.5.5.5, '[::1]:5353', system], random_name: false,"
        " expect_networks: [203.0.113.0/24, '2001:DB8::/32', 192.0.2.7]"
    )
    target = read_text(f"{HEAD}  - {{{written}}}\n").plan.targets["a"]
    assert target.names == NameRules(
        record="AAAA",
        resolvers=("system", "223.5.5.5:53", "[::1]:5353"),
        expect_networks=("203.0.113.0/24", "2001:db8::/32", "192.0.2.7/32"),
        random_name=False,
    )
    assert (target.kind, target.host, target.port) == ("dns", "h.example", 0)


@pytest.mark.parametrize(
    ("defaults", "asked"),
    [
        pytest.param("", ("system",), id="nothing said: the system"),
        pytest.param("defaults: {resolver: [223.5.5.5]}\n", ("223.5.5.5:53",), id="else whom all probes ask"),
    ],
)
def test_dns_asks_whom_probes_ask_where_it_does_not_say(
    read_text: ReadText, defaults: str, asked: tuple[str, ...]
) -> None:
    target = read_text(f"{HEAD}  - {{{DNS}}}\n{defaults}").plan.targets["a"]
    assert target.names == NameRules(resolvers=asked)


def test_dns_and_icmp_are_made_for_each_authority(read_text: ReadText) -> None:
    text = (
        f"{HEAD}  - {{name: n, kind: dns, each: authority, host: '{{verify_host}}'}}\n"
        "  - {name: p, kind: icmp, each: authority, host: '{verify_host}', packets: 5}\n"
        "  - {name: c, kind: icmp, role: control, host: '[2400:3200::1]'}\n"
        "authorities: {only: [shandong], override: {shandong: {verify_url: 'http://127.0.0.1:9137/N'}}}\n"
    )
    targets = read_text(text.replace("127.0.0.1", "v.example")).plan.targets
    assert targets["n/shandong"].host == "v.example"
    assert (targets["p/shandong"].port, targets["p/shandong"].packets) == (9137, 5)
    assert (targets["c"].host, targets["c"].port) == ("2400:3200::1", 443)


def test_names_are_asked_for_however_often_connections_are_allowed(read_text: ReadText) -> None:
    text = f"{HEAD}  - {{{DNS}, interval: 3s, timeout: 2s}}\nlimits: {{per_host: 1/m}}\n"
    assert read_text(text).plan.targets["a"].interval == 3


@pytest.mark.parametrize(
    ("of_probe", "of_all", "every"),
    [
        pytest.param("", "first", False, id="the first that answers"),
        pytest.param("", "all", True, id="all, for every probe"),
        pytest.param(", addresses: all", "first", True, id="all, for this one"),
        pytest.param(", addresses: first", "all", False, id="not for this one"),
    ],
)
def test_all_addresses_or_the_first(read_text: ReadText, of_probe: str, of_all: str, every: bool) -> None:
    probe = f"  - {{name: a, kind: tcp, authority: beijing, host: h, port: 80{of_probe}}}\n"
    plan = read_text(f"{HEAD}{probe}defaults: {{addresses: {of_all}}}\n").plan
    assert plan.targets["a"].every_address is every


def test_a_proxy_leaves_no_addresses_to_choose_from(read_text: ReadText) -> None:
    probe = "  - {name: a, kind: tcp, authority: beijing, host: h, port: 80, addresses: all, proxy: 'http://p:1'}\n"
    notes = read_text(HEAD + probe).notes
    assert "a: `addresses: all` is not followed where a proxy leads; the proxy chooses" in notes
