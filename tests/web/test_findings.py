"""The evidence on an incident's page: what was found, in both languages, escaped, and whether it was us."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model import (
    Above,
    AddressLook,
    Answer,
    Cause,
    Certificate,
    ControlLook,
    Diagnosis,
    Evidence,
    Hop,
    Phase,
)
from monitor.web.findings import findings, is_not_us
from monitor.web.lens import Lens
from tests.web.conftest import AT, make_incident, make_plan

WELL = ControlLook(target="internet", cause=Cause.NONE, at=AT)
DEAD = ControlLook(target="gateway", cause=Cause.CONNECT_TIMEOUT, at=AT)


def evidence() -> Evidence:
    """Something in every part."""
    return Evidence(
        incident="shandong-1",
        target="captcha/shandong",
        taken_at=AT,
        duration=2.0,
        answers=(
            Answer(resolver="10.0.0.53:53", name="fpcy.example", cause=Cause.DNS_NXDOMAIN, duration=0.004),
            Answer(resolver="223.5.5.5:53", name="fpcy.example", addresses=("203.0.113.9",), duration=0.02),
        ),
        addresses=(
            AddressLook(address="203.0.113.9", cause=Cause.NONE, connect=0.02, tls=0.05),
            AddressLook(
                address="203.0.113.10", cause=Cause.CONNECT_TIMEOUT, phase=Phase.CONNECT, detail="no answer while others gave theirs"
            ),
        ),
        certificate=Certificate(
            subject="CN=fpcy", issuer="CN=<i>", not_before=AT, not_after=AT, names=(), fingerprint="", chain_length=2,
            verified=False, verify_error="tls_untrusted",
        ),
        cause=Cause.HTTP_STATUS,
        phase=Phase.PROCESSING,
        detail="status 503, expected 200",
        status_code=503,
        headers=(("server", "nginx<b>"),),
        first_bytes="<script>alert(1)</script>",
        hops=(Hop(ttl=1, address="192.168.1.1", seconds=0.001), Hop(ttl=2, address=None), Hop(ttl=3, address="203.0.113.9", seconds=0.02, reached=True)),
        controls=(WELL,),
        lateness=0.01,
        loop_lag=0.02,
        left_out=("hops=limit",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "zh",
            ["不是我们：当时对照点都通", "DNS 服务器怎么说", "域名不存在", "连接 20 ms、TLS 50 ms", "别的地址已应答，这个没有", "证书不受信任",
             "途经的路由", "（对方主机）", "无回应", "途经的路由: 到了 limits.per_host 的上限"],
        ),
        (
            "en",
            ["It was not us: all controls worked at that moment", "What name servers say", "the host name does not exist",
             "connected 20 ms, TLS 50 ms", "certificate is not trusted", "the host itself", "nobody answers",
             "the way there: limits.per_host allows no more"],
        ),
    ],
)  # fmt: skip
async def test_every_part_is_on_the_page_in_words(world, ask, language, expected):
    world.see_all_up()
    world.open(make_incident("shandong"))
    world.state.evidence["shandong-1"] = evidence()
    html = (await ask(f"/incidents/shandong-1?lang={language}")).text
    for said in (*expected, "223.5.5.5:53", "203.0.113.10", "192.168.1.1", "503"):
        assert said in html, said
    assert "<script>alert" not in html
    assert "nginx<b>" not in html
    assert "&lt;script&gt;alert(1)" in html


async def test_without_evidence_the_page_has_no_such_part(world, ask):
    world.see_all_up()
    world.open(make_incident("shandong"))
    assert 'id="found"' not in (await ask("/incidents/shandong-1")).text


@pytest.mark.parametrize(
    ("parts", "not_us", "said"),
    [
        ({}, True, "It was not us"),
        ({"controls": ()}, False, "cannot be ruled out"),
        ({"controls": (WELL, DEAD)}, False, "1 of 2 controls failed"),
        ({"loop_lag": 1.5}, False, "1500 ms late"),
        ({"lateness": 3.0}, False, "3000 ms late"),
        ({"lateness": None}, True, "at most 20 ms late"),
    ],
)
def test_that_it_was_not_us_is_said_only_where_it_is_known(parts, not_us, said):
    found = replace(evidence(), **parts)
    shown = findings(Lens(language="en", plan=make_plan(), now=AT), found)
    assert (is_not_us(found), shown.is_not_us) == (not_us, not_us)
    assert said in shown.verdict


def test_an_empty_bundle_shows_nothing_it_does_not_have():
    empty = Evidence(incident="i", target="t", taken_at=AT, duration=0.0)
    shown = findings(Lens(language="zh", plan=make_plan(), now=AT), empty)
    assert (shown.tables, shown.way, shown.certificate, shown.reply, shown.left_out) == ((), (), (), (), ())


def test_which_certificate_of_the_chain_ended_is_on_the_page():
    """The leaf has its own dates, and the one above it, which ended, has its own."""
    day = timedelta(days=1)
    above = Above(subject="CN=Old CA", not_before=AT - 400 * day, not_after=AT - day)
    presented = evidence().certificate
    assert presented is not None
    shown = replace(
        presented, not_before=AT - 30 * day, not_after=AT - day, above=above, leaf_not_after=AT + 60 * day
    )  # fmt: skip

    lens = Lens(language="en", plan=make_plan(), now=AT)
    said = dict(findings(lens, replace(evidence(), certificate=shown)).certificate)
    assert said["Valid"] == f"{lens.when(AT - 30 * day)} – {lens.when(AT + 60 * day)}"
    assert said["Above it"].endswith(f"CN=Old CA · {lens.when(AT - 400 * day)} – {lens.when(AT - day)}")


@pytest.mark.parametrize(
    ("cause", "is_theirs", "green"),
    [
        (Cause.HTTP_STATUS, True, True),
        (Cause.HTTP_STATUS, False, False),
        (Cause.BLOCKED, True, False),
        (Cause.PROBE_MISCONFIGURED, False, False),
    ],
)
def test_it_was_not_us_is_not_said_of_what_is_ours(cause, is_theirs, green):
    lens = Lens(language="en", plan=make_plan(), now=AT)
    shown = findings(lens, replace(evidence(), cause=cause), is_theirs=is_theirs)
    assert shown.is_not_us is green
    assert shown.verdict.startswith("It was not us") is green
    assert "All controls worked" in shown.verdict or green


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_handshake_that_failed_is_no_reply_and_is_said_once(language):
    detail = "certificate has expired"
    bundle = replace(
        evidence(), cause=Cause.TLS_EXPIRED, phase=Phase.TLS, detail=detail, status_code=None, headers=()
    )
    shown = findings(Lens(language=language, plan=make_plan(), now=AT), bundle)
    assert shown.reply_heading in ("再探测一次", "One more run")
    assert [value for _, value in shown.reply] == {
        "zh": ["TLS 握手", "证书已过期"],
        "en": ["TLS handshake", "certificate has expired"],
    }[language]


async def test_an_incident_of_ours_has_no_green_line(world, ask):
    said = {
        Diagnosis.PROVINCIAL_OUTAGE: True,
        Diagnosis.MISCONFIGURED: False,
        Diagnosis.PATH_FROM_HERE: False,
    }
    for diagnosis, green in said.items():
        world.state.incidents["shandong-1"] = make_incident("shandong", diagnosis=diagnosis)
        world.state.evidence["shandong-1"] = evidence()
        page = (await ask("/incidents/shandong-1?lang=en")).text
        assert ("ours-no" in page) is green, diagnosis
