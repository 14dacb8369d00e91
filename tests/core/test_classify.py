"""What a captcha's reply means (contract §2 and §8). The bodies are those of tests/data/replies, with their sources."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from monitor.model import Cause, Phase
from tests.core.replies import HTML, captcha, flags, recorded

# --- captcha: recorded replies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["yzm-2019-key1.json", "yzm-2019-jsonp.txt"])
def test_a_captcha_is_ok_in_both_wrappings(name: str) -> None:
    result = captcha(recorded(name))
    assert (result.cause, result.phase, result.code, flags(result)) == (Cause.NONE, None, None, set())


def test_encoded_data_is_alive_and_not_judged() -> None:
    result = captcha(recorded("yzm-2020-data.json"))
    assert (result.cause, flags(result)) == (Cause.NONE, {"opaque"})


@pytest.mark.parametrize(
    ("name", "cause", "flag", "code"),
    [
        ("yzm-003.json", Cause.NONE, {"throttled"}, "003"),
        ("yzm-016.json", Cause.NONE, {"throttled"}, "016"),
        ("yzm-024.json", Cause.NONE, {"throttled"}, "024"),
        ("yzm-005.json", Cause.NONE, {"unsigned_refused"}, "005"),
        ("vat-005.json", Cause.NONE, {"unsigned_refused"}, "005"),
        ("yzm-004.json", Cause.BACKEND_BUSY, set(), "004"),
        ("yzm-010.json", Cause.BACKEND_BUSY, set(), "010"),
        ("yzm-020.json", Cause.BLOCKED, set(), "020"),
        ("yzm-fpdmerr.json", Cause.PROBE_MISCONFIGURED, set(), "fpdmerr"),
        ("yzm-unknown-code.json", Cause.API_ERROR, set(), "099"),
    ],
)
def test_a_code_means_what_the_catalogue_says(name: str, cause: Cause, flag: set[str], code: str) -> None:
    result = captcha(recorded(name))
    assert (result.cause, flags(result), result.code) == (cause, flag, code)
    assert code in result.detail


@pytest.mark.parametrize(
    ("name", "status", "cause"),
    [
        ("index-for-missing-script.html", 200, Cause.FORMAT_DRIFT),
        ("spa-97.json", 200, Cause.FORMAT_DRIFT),
        ("wzws-challenge.html", 200, Cause.BLOCKED),
        ("ruishu-challenge.html", 202, Cause.BLOCKED),
        ("ruishu-challenge.html", 412, Cause.BLOCKED),
        ("yunfanghu-403.html", 403, Cause.BLOCKED),
        ("maintenance.html", 200, Cause.MAINTENANCE_PAGE),
        ("maintenance.html", 503, Cause.MAINTENANCE_PAGE),
        ("maintenance-gbk.html", 503, Cause.MAINTENANCE_PAGE),
        ("notice-in-footer.html", 200, Cause.FORMAT_DRIFT),
        ("notice-in-footer.html", 404, Cause.HTTP_STATUS),
        ("busy.html", 200, Cause.BACKEND_BUSY),
        ("busy.html", 500, Cause.HTTP_STATUS),
    ],
)
def test_the_body_is_read_before_the_status(name: str, status: int, cause: Cause) -> None:
    result = captcha(recorded(name), status, headers=HTML)
    assert (result.cause, result.status_code, result.phase) == (cause, status, Phase.PROCESSING)
    assert result.detail


# --- captcha: order and shapes ---------------------------------------------------------------------------------------


PNG = base64.b64encode(b"\x89PNG" + bytes(200)).decode()


@pytest.mark.parametrize(
    ("body", "status", "cause"),
    [
        pytest.param(
            {"key1": PNG, "key2": "系统维护，暂停服务"},
            200,
            Cause.NONE,
            id="a captcha, whatever stands beside",
        ),
        pytest.param(
            {"key1": PNG}, 500, Cause.HTTP_STATUS, id="a captcha with a status that is not expected"
        ),
        pytest.param({"key1": "010"}, 500, Cause.HTTP_STATUS, id="status before code"),
        pytest.param({"key1": "020"}, 403, Cause.BLOCKED, id="the ban is a marker: before the status"),
        pytest.param({"key1": "003"}, 429, Cause.NONE, id="throttled twice"),
        pytest.param({"msg": "系统维护中"}, 200, Cause.MAINTENANCE_PAGE, id="small JSON that says so"),
        pytest.param({"msg": "你好"}, 200, Cause.FORMAT_DRIFT, id="JSON without key1 or data"),
        pytest.param(["key1"], 200, Cause.FORMAT_DRIFT, id="a list"),
        pytest.param("key1", 200, Cause.FORMAT_DRIFT, id="a string"),
        pytest.param(None, 200, Cause.FORMAT_DRIFT, id="null"),
        pytest.param({"key1": ""}, 200, Cause.CAPTCHA_INVALID, id="empty key1"),
        pytest.param({"key1": None}, 200, Cause.CAPTCHA_INVALID, id="null key1"),
        pytest.param({"key1": {"a": 1}}, 200, Cause.CAPTCHA_INVALID, id="an object as key1"),
        pytest.param({"key1": "验证码"}, 200, Cause.CAPTCHA_INVALID, id="words as key1"),
        pytest.param({"key1": "系统繁忙，请稍后重试!"}, 200, Cause.BACKEND_BUSY, id="busy as key1"),
        pytest.param({"key1": "iVBORw0KGgo="}, 200, Cause.CAPTCHA_INVALID, id="a cut image"),
        pytest.param(
            {"key1": "iVBORw0KGgo"}, 200, Cause.CAPTCHA_INVALID, id="a cut image that looks like a code"
        ),
        pytest.param(
            {"key1": base64.b64encode(b"<html>").decode() * 20}, 200, Cause.CAPTCHA_INVALID, id="no image"
        ),
        pytest.param({"key1": 4}, 200, Cause.API_ERROR, id="a number as code"),
        pytest.param({"key1": "009"}, 200, Cause.NONE, id="a code of the other endpoint"),
        pytest.param({"key1": "rqerr"}, 200, Cause.NONE, id="a word of the other endpoint"),
        pytest.param({"key1": "099"}, 200, Cause.API_ERROR, id="a code of no endpoint"),
        pytest.param({"data": "A" * 99}, 200, Cause.CAPTCHA_INVALID, id="99 characters of data"),
        pytest.param({"data": "A" * 100}, 200, Cause.NONE, id="100 characters of data"),
        pytest.param({"data": "维" * 200}, 200, Cause.CAPTCHA_INVALID, id="data that is not base64"),
        pytest.param({"data": None}, 200, Cause.CAPTCHA_INVALID, id="null data"),
        pytest.param({"key1": None, "data": "A" * 100}, 200, Cause.NONE, id="null key1 beside data"),
    ],
)
def test_an_answer_in_json(body: Any, status: int, cause: Cause) -> None:
    assert captcha(json.dumps(body), status).cause is cause
    assert captcha(json.dumps(body, ensure_ascii=False), status).cause is cause
    assert captcha(f"/**/ jQuery1_2({json.dumps(body)}) ;\n", status).cause is cause
    assert captcha(b"\xef\xbb\xbf" + json.dumps(body).encode(), status).cause is cause


@pytest.mark.parametrize(
    "key1",
    [f"data:image/png;base64,{PNG}", f"{PNG[:76]}\r\n{PNG[76:]}", PNG.rstrip("=")],
    ids=["data prefix", "line breaks", "no padding"],
)
def test_base64_as_pages_write_it(key1: str) -> None:
    assert captcha(json.dumps({"key1": key1})).cause is Cause.NONE


@pytest.mark.parametrize(
    ("status", "body", "cause", "flag"),
    [
        (404, "<h1>Not Found</h1>", Cause.HTTP_STATUS, set()),
        (302, "", Cause.HTTP_STATUS, set()),
        (412, "", Cause.BLOCKED, set()),
        (468, "", Cause.BLOCKED, set()),
        (521, "", Cause.BLOCKED, set()),
        (429, "", Cause.NONE, {"throttled"}),
        (429, "<title>系统维护</title>", Cause.MAINTENANCE_PAGE, set()),
        (401, "", Cause.HTTP_STATUS, set()),
        (403, "", Cause.HTTP_STATUS, set()),
        (200, "", Cause.FORMAT_DRIFT, set()),
    ],
)
def test_a_status_that_is_not_expected(status: int, body: str, cause: Cause, flag: set[str]) -> None:
    result = captcha(body, status)
    assert (result.cause, flags(result)) == (cause, flag)


def test_a_cdn_header_gives_a_firewall_away_only_on_a_refusal() -> None:
    cdn = (("x-via-jsl", "1"),)
    assert captcha("", 403, headers=cdn).cause is Cause.BLOCKED
    assert captcha("x" * 100_000, 403, headers=cdn).cause is Cause.BLOCKED
    assert captcha("", 502, headers=cdn).cause is Cause.HTTP_STATUS


# --- maintenance words -----------------------------------------------------------------------------------------------


LONG = f"<p>{'发票' * 3000}</p>"


@pytest.mark.parametrize(
    ("page", "is_maintenance"),
    [
        pytest.param("<p>系统维护</p>", True, id="anywhere in a small page"),
        pytest.param("<form></form><p>系统维护</p>", False, id="not in a small page with a form"),
        pytest.param(f"<p>系统维护</p>{LONG}", False, id="not anywhere in a long page"),
        pytest.param(f"<title>系统维护</title>{LONG}", True, id="the title of a long page"),
        pytest.param(f"<TITLE>系统维护{LONG}", True, id="a title that never ends"),
        pytest.param(
            f"<h3 class='a'>系 统<b>维&nbsp;护</b></h3>{LONG}", True, id="blanks and tags inside a heading"
        ),
        pytest.param(f"<h1>&#31995;&#32479;&#32500;&#25252;</h1>{LONG}", True, id="entities"),
        pytest.param(f"<!-- <h1>系统维护</h1> -->{LONG}", False, id="not in a comment"),
        pytest.param("<!-- 系统维护 --><p>发票</p>", False, id="not in the comment of a small page"),
        pytest.param(f"<script>var a='<h1>系统维护</h1>'</script>{LONG}", False, id="not in a script"),
        pytest.param("<p>设备维护</p>", False, id="never the bare 维护"),
        pytest.param(f"<header>系统维护</header>{LONG}", False, id="header is no heading"),
        pytest.param("系统正在升级，请稍候", True, id="plain text"),
    ],
)
def test_maintenance_is_what_a_page_says_about_itself(page: str, is_maintenance: bool) -> None:
    expected = Cause.MAINTENANCE_PAGE if is_maintenance else Cause.FORMAT_DRIFT
    assert captcha(page).cause is expected
    assert (
        captcha(page.encode("gb18030"), headers=(("content-type", "text/html; charset=GBK"),)).cause
        is expected
    )
