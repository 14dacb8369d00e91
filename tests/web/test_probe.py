"""`/probe` at the border: what may be asked, what is refused and how, and that nothing secret is said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from monitor.metrics.blackbox import render
from monitor.model import Attempt, Cause, Certificate, Failure, Flag, Phase, Reply, Seen, Target
from monitor.probes import Observation
from monitor.probes.aside import Hindrance
from monitor.web.errors import RequestError
from monitor.web.probe import SCRAPE_TIMEOUT, deadline
from monitor.web.probe_log import report
from tests.web.conftest import AT, Ask, World, make_result, make_target

SECRET = "S3cr3t-T0ken-0123456789"


async def test_a_configured_target_is_looked_at(ask: Ask):
    answer = await ask("/probe?target=captcha/shandong")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'probe_failure_info{outcome="error",cause="dns_nxdomain"} 1\n' in answer.text
    assert "probe_timeout_seconds 5.0\n" in answer.text


async def test_openmetrics_is_spoken_to_who_asks_for_it(ask: Ask):
    answer = await ask(
        "/probe?target=captcha/shandong", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
    )
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert {family.name for family in parse_openmetrics(answer.text)} >= {"probe_success"}


@pytest.mark.parametrize(
    ("query", "says"),
    [
        pytest.param("", "the parameter target is missing", id="no target"),
        pytest.param("target=", "the parameter target is missing", id="an empty target"),
        pytest.param("target=captcha/atlantis", "no target 'captcha/atlantis'", id="not configured"),
        pytest.param("target=captcha", "no target 'captcha'", id="a probe, not a target"),
        pytest.param(f"target=http://u:{SECRET}@10.0.0.1/", "target is an address", id="a URL"),
        pytest.param(f"target=//10.0.0.1/{SECRET}", "target is an address", id="a URL without its scheme"),
        pytest.param("target=10.0.0.1:80", "target is an address", id="host and port"),
        pytest.param("target=shandong.example", "no target 'shandong.example'", id="a host of a target"),
        pytest.param("target=captcha/shandong&target=internet", "given twice", id="two targets"),
        pytest.param("target=captcha/shandong&hostname=x", "unknown parameter 'hostname'", id="another name"),
        pytest.param("target=captcha/shandong&debug=1", "debug must be true or false", id="no debug word"),
    ],
)
async def test_what_is_not_configured_is_refused(ask: Ask, query: str, says: str):
    answer = await ask(f"/probe?{query}")
    assert answer.status == 400
    assert says in answer.json["error"]
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("hindrance", "status", "says"),
    [
        (Hindrance.LIMIT, 429, "limits.per_host"),
        (Hindrance.BANNED, 503, "code 020"),
        (Hindrance.BUSY, 503, "limits.concurrency"),
    ],
)
async def test_a_run_that_may_not_be_made_says_why_and_for_how_long(
    ask: Ask, world: World, hindrance: Hindrance, status: int, says: str
):
    world.hindrance = hindrance
    answer = await ask("/probe?target=captcha/shandong")
    assert (answer.status, answer.headers["Retry-After"]) == (status, "42")
    assert says in answer.json["error"]


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 200), ("same-origin", 200), ("none", 200)]
)
async def test_a_page_of_another_site_has_nothing_looked_at(ask: Ask, site: str, status: int):
    answer = await ask("/probe?target=captcha/shandong", headers={"Sec-Fetch-Site": site})
    assert answer.status == status


async def test_a_scrape_of_blackbox_exporter_may_keep_its_module(ask: Ask):
    assert (await ask("/probe?module=http_2xx&target=captcha/shandong")).status == 200


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param(None, 5.0, id="nobody waits"),
        pytest.param("10", 5.0, id="a patient scraper: the target's own deadline"),
        pytest.param("5", 4.5, id="half a second for the way back"),
        pytest.param("3.25", 2.75, id="with a fraction, as Prometheus writes it"),
        pytest.param("0.4", 0.2, id="less than the way back takes: half of it"),
        pytest.param("0", 5.0, id="nought is none, as there"),
    ],
)
def test_the_deadline_is_what_the_scraper_leaves(header: str | None, seconds: float):
    assert deadline(header, 5.0) == pytest.approx(seconds)


@pytest.mark.parametrize("header", ["", "soon", "-1", "nan", "inf", "1e999", "0x10"])
def test_a_patience_that_is_no_number_is_refused(header: str):
    with pytest.raises(RequestError, match="not a number of seconds"):
        deadline(header, 5.0)


async def test_the_scrapers_patience_reaches_the_run(ask: Ask):
    answer = await ask("/probe?target=captcha/shandong", headers={SCRAPE_TIMEOUT: "2"})
    assert "probe_timeout_seconds 1.5\n" in answer.text


# --- the page for people -------------------------------------------------------------------------------------------------


def whole_run(target: Target, cause: Cause = Cause.HTTP_STATUS, **more: Any) -> Observation:
    """One of everything that a run can show."""
    failure = Failure(cause=Cause.CONNECTION_REFUSED, phase=Phase.CONNECT, detail="connection refused")
    seen = Seen(
        started_at=AT, duration=0.5, phases=dict.fromkeys(Phase, 0.1), addresses=("192.0.2.1", "192.0.2.2"),
        address="192.0.2.2", attempts=(Attempt(address="192.0.2.1", failure=failure),), tls_version="TLSv1.3",
        tls_cipher="TLS_AES_128_GCM_SHA256", redirects=(f"https://other.example/{SECRET}/",),
        certificate=Certificate(
            subject='CN="quoted\\", O=x\ny', issuer="CN=y", not_before=AT, not_after=AT + timedelta(days=9), names=("a",),
            fingerprint="00", chain_length=2, verified=False, verify_error="tls_untrusted",
        ),
        reply=Reply(status=500, headers=(("set-cookie", SECRET),), body=SECRET.encode(), url=f"https://o/{SECRET}"),
    )  # fmt: skip
    result = make_result(target.id, cause, flags=frozenset({Flag.SLOW}), **more)
    return Observation(target=target, seen=seen, result=result)


def secretive() -> Target:
    """Everything that can hold a secret holds one."""
    return make_target(
        "page", "national", kind="http", url=f"https://user:{SECRET}@o.example/{SECRET}?key={SECRET}",
        headers=(("Authorization", f"Bearer {SECRET}"), ("X-Key", SECRET)), body=SECRET.encode(), secrets=(SECRET,),
    )  # fmt: skip


def test_no_secret_is_told():
    seen = whole_run(secretive(), phase=Phase.PROCESSING, detail=f"the body contains {SECRET}", code="9001")
    text = report(seen, render(seen.target, seen.seen, seen.result, openmetrics=False))
    assert SECRET not in text
    assert "headers: Authorization,X-Key\n" in text
    assert "code=9001" in text


def test_the_way_is_told_line_by_line():
    logs = report(whole_run(secretive()), "").split("\n\n\n")[0].splitlines()[1:]
    told = [line.partition('msg="')[2].partition('"')[0] for line in logs]
    assert told == [
        "Beginning probe", "Resolved target address", "Address failed", "Went to address", "TLS handshake",
        "Certificate presented", "Followed redirect", "Phase processing", "Phase transfer", "Received HTTP response",
        "Probe failed",
    ]  # fmt: skip
    assert all(line.startswith("ts=2026-11-21T08:00:00") for line in logs)


def test_what_a_server_says_cannot_start_a_line_of_its_own():
    forged = 'x"\nts=2026 level=info msg="Probe succeeded"\r\n\x1b[31m'
    logs = report(whole_run(secretive(), detail=forged), "").split("\n\n\n")[0]
    assert sum(line.startswith("ts=") for line in logs.splitlines()) == 11
    assert "\x1b" not in logs


def test_a_hostile_certificate_breaks_neither_format():
    seen = whole_run(secretive())
    text = render(seen.target, seen.seen, seen.result, openmetrics=True)
    (family,) = (one for one in parse_openmetrics(text) if one.name == "probe_ssl_last_chain_info")
    assert family.samples[0].labels["subject"] == 'CN="quoted\\", O=x\ny'
