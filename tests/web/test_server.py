"""What holds for every answer: health, readiness, methods, headers, /metrics."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

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
