"""An invoice code or number leads to the authority that holds the invoice (domain facts §2)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.routing import (
    InvoiceCodeError,
    InvoiceKind,
    UnknownRegionError,
    find,
    invoice_type,
    normalise,
)
from monitor.knowledge import load_registry
from monitor.model import Authority, Fact

REGISTRY = load_registry()


@pytest.mark.parametrize(
    ("code", "slug", "fplx"),
    [
        # routing_examples of the fact table, and the worked examples of domain facts §2
        pytest.param("1100990100", "beijing", "01", id="10 digits: the first four"),
        pytest.param("3201990130", "jiangsu", "01", id="a prefecture folds to its province"),
        pytest.param("2102990130", "dalian", "01", id="a city of its own is kept"),
        pytest.param("2101990130", "liaoning", "01", id="Shenyang folds to Liaoning"),
        pytest.param("4401990130", "guangdong", "01", id="Guangzhou folds to Guangdong"),
        pytest.param("4403990150", "shenzhen", "01", id="Shenzhen is kept"),
        pytest.param("5400990160", "xizang", "01", id="Xizang"),
        pytest.param("011009900111", "beijing", "10", id="12 digits: the second to the fifth"),
        pytest.param("033029900105", "ningbo", "04", id="Ningbo is kept"),
        pytest.param("035029900112", "xiamen", "14", id="Xiamen, toll"),
        pytest.param("044019900107", "guangdong", "11", id="Guangzhou folds, roll"),
        pytest.param("137029920000", "qingdao", "03", id="a leading 1, motor vehicle"),
        pytest.param("144031539110", "shenzhen", "10", id="an electronic one by the page's own list"),
    ],
)
def test_a_code_leads_to_its_authority(code: str, slug: str, fplx: str) -> None:
    route = find(code, REGISTRY)
    assert (route.authority.slug, invoice_type(code), route.warning) == (slug, fplx, "")
    assert route.kind is (InvoiceKind.CODE10 if len(code) == 10 else InvoiceKind.CODE12)
    assert (route.service, route.endpoint) == ("verify", REGISTRY[slug].facts["verify_url"].value)


@pytest.mark.parametrize(
    ("number", "slug"),
    [
        pytest.param(
            "24110000000000000000", "beijing", id="digits 3 and 4, not the first twelve digits' Henan"
        ),
        pytest.param("26952000000000000000", "shenzhen", id="95 is Shenzhen"),
        pytest.param("24372000000000000000", "shandong", id="Qingdao is elsewhere"),
        pytest.param("24442000000000000000", "guangdong", id="Shenzhen is elsewhere"),
    ],
)
def test_a_digital_number_leads_to_its_authority(number: str, slug: str) -> None:
    route = find(number, REGISTRY)
    assert (route.authority.slug, route.kind, route.service) == (slug, InvoiceKind.DIGITAL, "dppt")
    assert route.endpoint == REGISTRY[slug].facts["dppt_url"].value


def test_a_digital_invoice_is_told_what_of_it_is_watched() -> None:
    advice = find("24110000000000000000", REGISTRY).advice
    assert "dppt.beijing.chinatax.gov.cn" in advice
    assert "only reachability" in advice
    assert "national page" in advice


def test_a_digital_invoice_without_a_known_platform_says_so() -> None:
    route = find("24532000000000000000", REGISTRY)
    assert (route.authority.slug, route.endpoint) == ("yunnan", None)
    assert "no address" in route.advice


@pytest.mark.parametrize("prefix", ["91", "92", "93", "94"])
def test_the_prefix_of_the_other_four_cities_is_not_guessed(prefix: str) -> None:
    with pytest.raises(UnknownRegionError, match="digital_invoice_prefix"):
        find(f"24{prefix}2{'0' * 15}", REGISTRY)


def test_an_override_resolves_such_a_prefix() -> None:
    qingdao = REGISTRY["qingdao"]
    told = replace(qingdao, facts={**qingdao.facts, "digital_invoice_prefix": Fact(value="92")})
    assert find(f"24922{'0' * 15}", {**REGISTRY, "qingdao": told}).authority.slug == "qingdao"


@pytest.mark.parametrize(
    ("code", "slug", "meant"),
    [
        pytest.param("241120000000", "henan", "Beijing", id="by the rule Henan, meant is Beijing"),
        pytest.param("263720000000", "qinghai", "Shandong", id="by the rule Qinghai, meant is Shandong"),
    ],
)
def test_the_first_twelve_digits_of_twenty_are_suspected(code: str, slug: str, meant: str) -> None:
    route = find(code, REGISTRY)
    assert route.authority.slug == slug
    assert meant in route.warning
    assert "20-digit" in route.warning


def test_they_are_suspected_where_the_rule_knows_no_region_too() -> None:
    with pytest.raises(UnknownRegionError, match=r"region 4952.*20-digit.*Shenzhen"):
        find("249520000000", REGISTRY)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("0110 0990 0111", id="blanks"),
        pytest.param("0110-0990-0111", id="hyphens"),
        pytest.param("\u3000０１１００９９００１１１\n", id="full width"),
        pytest.param("0110－0990\u2013\u00a00111", id="full-width hyphen, dash, hard blank"),
    ],
)
def test_what_people_paste_is_normalised(text: str) -> None:
    assert normalise(text) == "011009900111"


@pytest.mark.parametrize(
    "text",
    [
        "", "abc", "123", "12345678901", "1100990100x", "١١٠٠٩٩٠١٠٠", "①①⓪⓪⑨⑨⓪①⓪⓪", "+110099010", "1100.990100",
        "0" * 21, "0" * 100_000,
    ],
)  # fmt: skip
def test_anything_else_is_no_invoice_code(text: str) -> None:
    with pytest.raises(InvoiceCodeError, match="is not an invoice code") as problem:
        find(text, REGISTRY)
    assert len(str(problem.value)) < 200


def test_a_number_without_its_code_is_told_what_is_missing() -> None:
    with pytest.raises(InvoiceCodeError, match="give the code"):
        find("00000000", REGISTRY)


@pytest.mark.parametrize("code", ["9900990130", "099009900111", "2499" + "0" * 16])
def test_an_unknown_region_has_no_default(code: str) -> None:
    with pytest.raises(UnknownRegionError, match="no authority has"):
        find(code, REGISTRY)


@pytest.mark.parametrize("authority", REGISTRY.values(), ids=lambda authority: authority.slug)
def test_every_authority_can_be_reached(authority: Authority) -> None:
    assert find(f"{authority.code}990130", REGISTRY).authority is authority
    assert find(f"0{authority.code}9900111", REGISTRY).authority is authority
    if prefix := authority.facts["digital_invoice_prefix"].value:
        assert find(f"26{prefix}2{'0' * 15}", REGISTRY).authority is authority


def test_types_that_the_examples_do_not_meet() -> None:
    assert [invoice_type(code) for code in ("011009900013", "011009900017", "011009900199", "1100990200")] == [
        "08", "15", "99", "02",
    ]  # fmt: skip


@given(st.text(max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    with suppress(InvoiceCodeError, UnknownRegionError):
        assert find(text, REGISTRY).authority.slug in REGISTRY


@given(st.sampled_from((10, 12, 20)).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)))
def test_a_region_of_a_city_never_folds_and_no_other_is_kept(digits: str) -> None:
    route = _found(digits, REGISTRY)
    if route and len(digits) < 20:
        written = digits[:4] if len(digits) == 10 else digits[1:5]
        assert route.code in (written, f"{written[:2]}00")
        assert (route.code == written) or written not in {a.code for a in REGISTRY.values()}


def _found(digits: str, registry: Mapping[str, Authority]) -> Authority | None:
    try:
        return find(digits, registry).authority
    except UnknownRegionError:
        return None


def test_advice_and_doubts_are_said_in_chinese_too() -> None:
    assert find("24110000000000000000", REGISTRY, "zh").advice.startswith("北京的数电票：dppt.beijing")
    assert "由河南税务局自己提供" in find("4100990130", REGISTRY, "zh").advice
    assert "那样应属北京" in find("241120000000", REGISTRY, "zh").warning
