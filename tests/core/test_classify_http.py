"""What a page's reply means: what is expected of it, refusals, charsets."""

from __future__ import annotations

import json

import pytest

from monitor.model import Cause, Expect, JsonExpectation
from tests.core.replies import flags, http, recorded

# --- http ------------------------------------------------------------------------------------------------------------


PAGE = recorded("notice-in-footer.html")


@pytest.mark.parametrize(
    ("expect", "cause"),
    [
        (Expect(), Cause.NONE),
        (Expect(body_contains=("发票", "查验")), Cause.NONE),
        (Expect(body_contains=("发票", "退税")), Cause.CONTENT_MISMATCH),
        (Expect(body_absent=("退税",)), Cause.NONE),
        (Expect(body_absent=("发票",)), Cause.CONTENT_MISMATCH),
        (Expect(body_regex=r"发票.{0,3}平台"), Cause.NONE),
        (Expect(body_regex="^平台"), Cause.CONTENT_MISMATCH),
        (Expect(status=(204,)), Cause.HTTP_STATUS),
        (Expect(status=(204,), body_contains=("发票",)), Cause.HTTP_STATUS),
        (Expect(json=(JsonExpectation(path="$.code", equals="0"),)), Cause.CONTENT_MISMATCH),
        (Expect(json=(JsonExpectation(path="code", equals="0"),)), Cause.PROBE_MISCONFIGURED),
    ],
)
def test_a_page_is_what_is_expected_of_it(expect: Expect, cause: Cause) -> None:
    assert http(PAGE, expect=expect).cause is cause


@pytest.mark.parametrize(
    ("path", "equals", "cause"),
    [
        ("$.code", "0000", Cause.NONE),
        ("$.number", "7", Cause.NONE),
        ("$.yes", "true", Cause.NONE),
        ("$.none", "null", Cause.NONE),
        ("$.list[1].a", "深", Cause.NONE),
        ("$['a b']", "c", Cause.NONE),
        ("$.code", "0", Cause.CONTENT_MISMATCH),
        ("$.list[2]", "x", Cause.CONTENT_MISMATCH),
        ("$.list", "x", Cause.CONTENT_MISMATCH),
        ("$.code.deeper", "x", Cause.CONTENT_MISMATCH),
    ],
)
def test_json_is_compared_as_text(path: str, equals: str, cause: Cause) -> None:
    body = {"code": "0000", "number": 7, "yes": True, "none": None, "list": [0, {"a": "深"}], "a b": "c"}
    expect = Expect(json=(JsonExpectation(path=path, equals=equals),))
    assert http(json.dumps(body), expect=expect).cause is cause


@pytest.mark.parametrize(
    ("name", "status", "expect", "cause"),
    [
        ("maintenance.html", 200, Expect(), Cause.MAINTENANCE_PAGE),
        ("maintenance.html", 200, Expect(body_contains=("恢复",)), Cause.NONE),
        ("maintenance.html", 200, Expect(body_contains=("查验",)), Cause.MAINTENANCE_PAGE),
        ("maintenance.html", 503, Expect(body_contains=("恢复",)), Cause.MAINTENANCE_PAGE),
        ("maintenance.html", 503, Expect(status=(503,), body_contains=("恢复",)), Cause.NONE),
        ("wzws-challenge.html", 200, Expect(), Cause.BLOCKED),
        ("ruishu-challenge.html", 412, Expect(), Cause.BLOCKED),
        ("busy.html", 200, Expect(body_contains=("查验",)), Cause.BACKEND_BUSY),
        ("busy.html", 200, Expect(), Cause.NONE),
    ],
)
def test_markers_are_looked_for_where_the_content_is_not_what_was_expected(
    name: str, status: int, expect: Expect, cause: Cause
) -> None:
    assert http(recorded(name), status, expect).cause is cause


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_speaks_of_our_credential_where_there_is_one(status: int) -> None:
    challenge = recorded("yunfanghu-403.html")
    assert http(challenge, status, credential=True).cause is Cause.CREDENTIAL
    assert http(challenge, status).cause is Cause.BLOCKED
    assert http("no", status).cause is Cause.HTTP_STATUS
    assert http("no", status, Expect(status=(status,)), credential=True).cause is Cause.NONE


def test_what_is_expected_is_no_refusal() -> None:
    assert flags(http("", 429)) == {"throttled"}
    assert flags(http("", 429, Expect(status=(429,)))) == set()
    assert http("", 412, Expect(status=(412,))).cause is Cause.NONE
    assert http("", 302, Expect(status=(301, 302))).cause is Cause.NONE


def test_the_detail_of_a_mismatch_is_bounded() -> None:
    expect = Expect(json=(JsonExpectation(path="$.a", equals="b"),))
    assert len(http(json.dumps({"a": "x" * 100_000}), expect=expect).detail) < 200


# --- charsets --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param("发票".encode("gbk"), "text/html; charset=gb2312", id="header"),
        pytest.param(b'<meta charset="gbk">' + "发票".encode("gbk"), "text/html", id="meta"),
        pytest.param(
            '<meta charset="gbk">发票'.encode(), "text/html; charset=utf-8", id="header before meta"
        ),
        pytest.param("发票".encode(), "text/html", id="UTF-8"),
        pytest.param("发票，㐀".encode("gb18030"), "text/html", id="GB18030"),
        pytest.param("发票".encode("gbk"), "text/html; charset=utf-8", id="a header that is wrong"),
        pytest.param("发票".encode(), "text/html; charset=idna", id="a charset that is none"),
        pytest.param("\ufeff发票".encode(), "text/html; charset=gbk", id="a byte order mark"),
        pytest.param(
            "发票".encode() + b"\xa9A", "text/html; charset=utf-8", id="a stray pair that GB18030 knows"
        ),
        pytest.param(b'<meta charset="utf-8">' + "发票".encode() + b"\xa9A", "text/html", id="beside a meta"),
        pytest.param("发票查验".encode() + b"\xa9A", "text/html", id="beside nothing"),
        pytest.param("发票查验".encode("gbk") + b"\xff", "text/html; charset=gbk", id="a stray byte in GBK"),
    ],
)
def test_the_charset_is_found(body: bytes, content_type: str) -> None:
    assert http(body, expect=Expect(body_contains=("发票",)), headers=(("content-type", content_type),)).is_ok


# --- what a small page says ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "cause"),
    [
        pytest.param(
            '<script>var t={e1:"系统维护"}</script>404', 404, Cause.HTTP_STATUS, id="a word of a script"
        ),
        pytest.param('<SCRIPT>t="系统维护"</SCRIPT >404', 404, Cause.HTTP_STATUS, id="in capitals"),
        pytest.param(
            "<style>a{content:'系统维护'}</style>404", 404, Cause.HTTP_STATUS, id="a word of a style"
        ),
        pytest.param(
            '<script>alert("系统维护")</script>', 200, Cause.MAINTENANCE_PAGE, id="nothing but a script"
        ),
        pytest.param(
            "<script>x()</script><p>系统维护", 200, Cause.MAINTENANCE_PAGE, id="a word beside a script"
        ),
        pytest.param('{"menu":["系统管理","系统维护"]}', 200, Cause.NONE, id="an entry of a menu"),
        pytest.param('[{"name":"系统维护"}]', 200, Cause.NONE, id="a list"),
        pytest.param('{"code":1,"msg":"系统维护中"}', 200, Cause.MAINTENANCE_PAGE, id="a message"),
        pytest.param(
            'cb({"e":{"msg":"<b>系统</b>维护"}})', 200, Cause.MAINTENANCE_PAGE, id="a message in JSONP"
        ),
        pytest.param(
            '{"a":' * 500 + '"系统维护"' + "}" * 500, 200, Cause.NONE, id="deeper than anybody looks"
        ),
    ],
)
def test_what_nobody_reads_is_not_said(body: str, status: int, cause: Cause) -> None:
    assert http(body, status).cause is cause
