"""The registry says what domain.md and its machine-readable companion say, and what it does not know it leaves open."""

from __future__ import annotations

import pytest

from monitor.knowledge import address_facts, load_registry
from monitor.knowledge.registry import ADDRESSES

CITIES = {"dalian": "2102", "ningbo": "3302", "xiamen": "3502", "qingdao": "3702", "shenzhen": "4403"}


def fact(slug: str, name: str) -> str | None:
    return load_registry()[slug].facts[name].value


def test_there_are_36_authorities_five_of_them_cities() -> None:
    registry = load_registry()
    assert len(registry) == 36
    assert len({authority.code for authority in registry.values()}) == 36
    assert {slug: registry[slug].code for slug in CITIES} == CITIES
    assert [a.slug for a in registry.values() if not a.code.endswith("00")] == list(CITIES)


def test_an_authority_is_known_by_its_names() -> None:
    beijing = load_registry()["beijing"]
    assert (beijing.code, beijing.name, beijing.name_en) == ("1100", "北京", "Beijing")
    assert beijing.full_name == "国家税务总局北京市税务局"
    assert (fact("beijing", "code"), fact("beijing", "slug")) == ("1100", "beijing")


@pytest.mark.parametrize(
    ("slug", "url", "host", "port"),
    [
        (
            "beijing",
            "https://fpcy.beijing.chinatax.gov.cn:443/NWebQuery",
            "fpcy.beijing.chinatax.gov.cn",
            "443",
        ),
        ("tianjin", "https://fpcy.tianjin.chinatax.gov.cn/NWebQuery", "fpcy.tianjin.chinatax.gov.cn", "443"),
        ("dalian", "https://sbf.dalian.chinatax.gov.cn:8402/NWebQuery", "sbf.dalian.chinatax.gov.cn", "8402"),
        (
            "jiangsu",
            "https://fpcy.jiangsu.chinatax.gov.cn:80/NWebQuery",
            "fpcy.jiangsu.chinatax.gov.cn",
            "80",
        ),
    ],
)
def test_the_verify_address_is_kept_as_written(slug: str, url: str, host: str, port: str) -> None:
    assert fact(slug, "verify_url") == url
    assert (fact(slug, "verify_host"), fact(slug, "verify_port"), fact(slug, "verify_scheme")) == (
        host,
        port,
        "https",
    )


def test_ten_authorities_use_a_port_of_their_own() -> None:
    assert sum(fact(slug, "verify_port") != "443" for slug in load_registry()) == 10


def test_every_authority_has_every_fact_and_every_known_fact_has_its_source() -> None:
    names = {f"{name}_{part}" for name in ADDRESSES for part in ("url", "host", "port", "scheme")}
    for authority in load_registry().values():
        assert set(authority.facts) == names | {"code", "slug", "digital_invoice_prefix"}
        for known in authority.facts.values():
            assert (known.value is None) == (known.source is None) == (known.confidence is None)


def test_what_was_not_found_is_null() -> None:
    assert fact("beijing", "tpass_url") is None
    assert fact("beijing", "tpass_port") is None
    unresolved = [slug for slug in load_registry() if fact(slug, "digital_invoice_prefix") is None]
    assert unresolved == ["dalian", "ningbo", "xiamen", "qingdao"]
    assert fact("shenzhen", "digital_invoice_prefix") == "95"


def test_an_assumed_port_is_said_to_be_assumed() -> None:
    assert load_registry()["shandong"].facts["dppt_port"].confidence == "port_not_seen"
    assert load_registry()["beijing"].facts["dppt_port"].confidence == "port_seen"


def test_plain_http_is_said_by_the_address() -> None:
    assert (fact("yunnan", "fpdk_scheme"), fact("yunnan", "fpdk_port")) == ("http", "80")


def test_host_port_and_scheme_follow_from_an_address_of_the_user() -> None:
    facts = address_facts("verify", "http://127.0.0.1:9137/NWebQuery", "probes.yaml", "user")
    assert {name: one.value for name, one in facts.items()} == {
        "verify_url": "http://127.0.0.1:9137/NWebQuery",
        "verify_host": "127.0.0.1",
        "verify_port": "9137",
        "verify_scheme": "http",
    }


@pytest.mark.parametrize("url", ["ftp://host", "host:80", "https://", "http://host:99999"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"not an http|[Pp]ort"):
        address_facts("verify", url, None, None)
