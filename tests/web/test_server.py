"""What holds for every answer: health, readiness, methods, headers, /metrics."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import re

import aiohttp
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from monitor.web import health
from tests.web.conftest import make_result


async def test_healthy_answers_get_and_head(ask):
    assert (await ask("/-/healthy")).status == 200
    head = await ask("/-/healthy", method="HEAD")
    assert (head.status, head.text) == (200, "")


async def test_ready_waits_for_every_target_and_names_what_is_missing(world, ask):
    world.see_all_up()
    del world.state.targets["captcha/shandong"]
    answer = await ask("/-/ready")
    assert answer.status == 503
    assert answer.json["error"] == "1 of 38 targets have no result yet: captcha/shandong"
    world.see(make_result("captcha/shandong", restored=True))
    assert (await ask("/-/ready")).status == 200


async def test_a_cold_start_names_only_some_of_the_missing(ask):
    answer = await ask("/-/ready")
    assert answer.status == 503
    assert answer.json["error"].startswith("38 of 38 targets")
    assert answer.json["error"].endswith(", …")


@pytest.mark.parametrize(
    "path", ["/metrics", "/-/healthy", "/-/ready", "/api/v1/targets", "/api/v1/incidents"]
)
async def test_a_wrong_method_is_405_with_allow(ask, path):
    answer = await ask(path, method="POST")
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    assert "POST" in answer.json["error"]


@pytest.mark.parametrize("path", ["/-/healthy", "/api/v1/targets", "/api/v1/nothing", "/metrics"])
async def test_every_answer_carries_the_security_headers_and_no_version(ask, path):
    headers = (await ask(path)).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Server"] == "fapiao-monitor"
    assert "Access-Control-Allow-Origin" not in headers


async def test_metrics_follow_the_accept_header(world, ask):
    plain = await ask("/metrics")
    assert plain.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE fapiao_probe_runs_total counter\n" in plain.text
    modern = await ask("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert modern.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert modern.text.endswith("# EOF\n")
    families = {family.name for family in text_string_to_metric_families(modern.text)}
    assert {"fapiao_probe_runs", "fapiao_authority_state"} <= families


async def test_head_of_metrics_has_no_body(ask):
    head = await ask("/metrics", method="HEAD")
    assert (head.status, head.text) == (200, "")


async def test_a_bug_of_ours_is_500_without_a_traceback_and_counted(world, ask):
    plan, world.plan = world.plan, None
    answer = await ask("/api/v1/targets")
    world.plan = plan
    assert answer.status == 500
    assert "Traceback" not in answer.text
    assert 'fapiao_internal_errors_total{part="web"} 1.0' in (await ask("/metrics")).text


async def test_a_caller_who_leaves_in_the_middle_of_a_scrape_is_no_bug(server, ask):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.read(100)
    writer.transport.abort()
    assert 'fapiao_internal_errors_total{part="web"} 0.0' in (await ask("/metrics")).text


@pytest.mark.parametrize(
    "sent",
    [b"GARBAGE\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"],
    ids=["no HTTP", "no host", "too long"],
)
async def test_what_is_no_request_is_400_and_neither_logged_nor_told_our_version(server, sent, caplog):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(sent)
    answer = await reader.read(4096)
    writer.close()
    assert b" 400 " in answer.split(b"\r\n")[0]
    assert b"Server: fapiao-monitor" in answer
    assert b"aiohttp" not in answer
    assert not caplog.records


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip", True),
        ("br;q=1.0, gzip;q=0.5", True),
        ("*", True),
        ("GZIP", True),
        ("gzip;q=0", False),
        ("*, gzip; q=0", False),
        ("identity", False),
        ("br", False),
    ],
)
async def test_metrics_are_packed_where_that_is_asked_for(server, accepted, is_packed):
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        async with session.get(server.make_url("/metrics"), headers={"Accept-Encoding": accepted}) as reply:
            body = await reply.read()
            assert (reply.headers.get("Content-Encoding") == "gzip") is is_packed
            assert "Accept-Encoding" in reply.headers["Vary"]
        async with session.get(server.make_url("/metrics"), headers={"Accept-Encoding": "identity"}) as reply:
            plain = await reply.read()
    text = gzip.decompress(body) if is_packed else body
    assert text.count(b"# TYPE ") == plain.count(b"# TYPE ") > 20


async def test_a_caller_who_does_not_read_the_metrics_is_cut(world, server, monkeypatch):
    monkeypatch.setattr(health, "PATIENCE", 0.2)

    async def endless(*, openmetrics):
        while True:
            yield b"x" * (1 << 20)

    monkeypatch.setattr(
        "monitor.metrics.Metrics.stream", lambda _self, openmetrics: endless(openmetrics=openmetrics)
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(10):
            await asyncio.sleep(0.5)
            while await reader.read(1 << 20):
                pass
    writer.close()


@pytest.mark.parametrize(
    "path", ["//evil.example", "/%2Fevil.example", "//evil.example/%2e%2e", "/%5Cevil.example"]
)
async def test_the_links_of_the_page_for_what_does_not_exist_stay_here(ask, path):
    answer = await ask(path, headers={"Accept": "text/html"})
    assert answer.status == 404
    links = re.findall(r'href="([^"]*)"', answer.text)
    assert links
    assert all(re.match(r"#|/(?![/\\])", link) for link in links)


@pytest.mark.parametrize("slug", ["shandong", "local"])
async def test_the_link_to_the_other_language_leads_back_to_the_same_page(world, ask, slug):
    world.see_all_up()
    answer = await ask(f"/authorities/{slug}", headers={"Accept": "text/html"})
    assert f'href="/authorities/{slug}?lang=en"' in answer.text


@pytest.mark.parametrize("path", ["/-/reload", "/api/v1/silences", "/api/v1/status", "/"])
async def test_another_site_is_not_allowed_in(ask, path):
    headers = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    for method in ("OPTIONS", "GET", "POST"):
        answer = await ask(path, method=method, headers=headers)
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
    assert (await ask(path, method="OPTIONS", headers=headers)).status == 405
