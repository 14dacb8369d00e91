"""What a reply means (contract §2 and §8). The bodies are those of tests/data/replies, with their sources."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.classify import Knowledge, judge_captcha, judge_connection, judge_http
from monitor.knowledge import load_catalogue, load_words
from monitor.model import (
    Attempt,
    Cause,
    Certificate,
    Expect,
    Failure,
    Flag,
    JsonExpectation,
    Phase,
    Repeat,
    Reply,
    Result,
    Seen,
    Target,
    TlsOptions,
    Verify,
)

REPLIES = Path(__file__).parents[1] / "data" / "replies"
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
KNOWN = Knowledge(catalogue=load_catalogue(), words=load_words())
HTML = (("content-type", "text/html"),)

TARGET = Target(
    id="captcha/shandong",
    probe="captcha",
    kind="captcha",
    authority="shandong",
    service="verify",
    interval=300,
    timeout=5,
    while_down=60,
    confirm=Repeat(attempts=3, spacing=5),
    recover=Repeat(attempts=2, spacing=5),
    host="fpcy.shandong.chinatax.gov.cn",
    port=443,
    url="https://fpcy.shandong.chinatax.gov.cn/NWebQuery/yzmQuery?fpdm=3700990130",
)


def recorded(name: str) -> bytes:
    return (REPLIES / name).read_bytes()


def seen(
    body: bytes | str = b"", status: int = 200, headers: tuple[tuple[str, str], ...] = (), **more: Any
) -> Seen:
    raw = body if isinstance(body, bytes) else body.encode()
    reply = Reply(status=status, headers=headers, body=raw, url="https://host/")
    return replace(Seen(started_at=NOW, duration=0.5, phases={}, reply=reply), **more)


def image_fault(data: bytes) -> str | None:
    """Stands in for pillow: an image is what begins like a PNG and is not short."""
    return None if data.startswith(b"\x89PNG") and len(data) > 100 else "no image"


def captcha(body: bytes | str = b"", status: int = 200, target: Target = TARGET, **more: Any) -> Result:
    return judge_captcha(target, seen(body, status, **more), KNOWN, image_fault)


def http(body: bytes | str = b"", status: int = 200, expect: Expect | None = None, **more: Any) -> Result:
    target = replace(
        TARGET, kind="http", expect=expect or Expect(), carries_credential=more.pop("credential", False)
    )
    return judge_http(
        target, seen(body, status, **more), KNOWN, lambda pattern, text: bool(re.search(pattern, text))
    )


def flags(result: Result) -> set[str]:
    return set(map(str, result.flags))


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
        pytest.param({"key1": "009"}, 200, Cause.API_ERROR, id="a code of the other endpoint"),
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
    ],
)
def test_the_charset_is_found(body: bytes, content_type: str) -> None:
    assert http(body, expect=Expect(body_contains=("发票",)), headers=(("content-type", content_type),)).is_ok


# --- the connection --------------------------------------------------------------------------------------------------


def test_a_failed_connection_stands_first() -> None:
    failure = Failure(cause=Cause.TRANSFER_TIMEOUT, phase=Phase.TRANSFER, detail="the body stopped")
    for judged in (
        captcha(recorded("maintenance.html"), failure=failure),
        http(recorded("maintenance.html"), failure=failure),
        judge_connection(TARGET, seen(failure=failure)),
    ):
        assert (judged.cause, judged.phase, judged.detail) == (
            Cause.TRANSFER_TIMEOUT,
            Phase.TRANSFER,
            "the body stopped",
        )


CERTIFICATE = Certificate(
    subject="CN=a",
    issuer="CN=b",
    not_before=NOW,
    not_after=NOW + timedelta(days=90),
    names=("a",),
    fingerprint="00",
    chain_length=1,
    verified=True,
)


@pytest.mark.parametrize(
    ("verify", "changes", "expected"),
    [
        (Verify.REPORT, {}, set()),
        (Verify.REPORT, {"verified": False}, {Flag.TLS_UNVERIFIED}),
        (Verify.FALSE, {"verified": None}, set()),
        (Verify.TRUE, {"not_after": NOW + timedelta(days=20)}, {Flag.CERTIFICATE_EXPIRING}),
        (Verify.TRUE, {"not_after": NOW + timedelta(days=22)}, set()),
    ],
)
def test_what_the_certificate_says_is_a_flag(
    verify: Verify, changes: dict[str, Any], expected: set[Flag]
) -> None:
    target = replace(TARGET, tls=TlsOptions(verify=verify))
    certificate = replace(CERTIFICATE, **changes)
    assert judge_connection(target, seen(certificate=certificate)).flags == expected


def test_an_address_that_failed_before_another_answered_is_a_flag() -> None:
    refused = Failure(cause=Cause.CONNECTION_REFUSED, phase=Phase.CONNECT, detail="refused")
    attempts = (Attempt(address="192.0.2.1", failure=refused),)
    assert judge_connection(TARGET, seen(attempts=attempts)).flags == {Flag.ADDRESS_FAILED}
    assert judge_connection(TARGET, seen(attempts=attempts, failure=refused)).flags == set()


def test_slow_is_said_of_what_is_ok() -> None:
    target = replace(TARGET, slow_after=3.0)
    good = recorded("yzm-2019-key1.json")
    assert captcha(good, target=target, duration=2.9).flags == set()
    assert captcha(good, target=target, duration=3.0).flags == {Flag.SLOW}
    assert captcha(recorded("yzm-010.json"), target=target, duration=3.0).flags == set()


def test_a_result_carries_what_was_seen() -> None:
    result = captcha(
        recorded("yzm-003.json"), phases={Phase.CONNECT: 0.1}, address="192.0.2.1", certificate=CERTIFICATE
    )
    assert (result.target, result.started_at, result.duration) == ("captcha/shandong", NOW, 0.5)
    assert (result.phases, result.address, result.status_code) == ({Phase.CONNECT: 0.1}, "192.0.2.1", 200)
    assert result.certificate is CERTIFICATE


# --- hostile input ---------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["key1", "data", "a"]) | st.text(), inner)
    ),
    max_leaves=10,
)
PIECES = st.lists(
    st.sampled_from(
        [b"<title", b"<h1>", b"</h1", b">", b"<!--", b"-->", b"<script", "系统维护".encode(), "维护".encode("gbk"), b"{",
         b'{"key1":', b'"', b"(", b")", b"jQuery1_2(", b"charset=gbk", b"\xff", b"\\u7cfb", b"&#x110000;", b"\x00", b"["]
    )
    | st.binary(max_size=10),
    max_size=30,
).map(b"".join)  # fmt: skip
BODIES = st.binary(max_size=200) | PIECES | JSON.map(lambda value: json.dumps(value).encode())


@settings(max_examples=300, deadline=None)
@given(
    BODIES,
    st.sampled_from([200, 202, 401, 403, 404, 412, 429, 503]),
    st.sampled_from(["", "text/html; charset=gbk"]),
)
def test_no_reply_breaks_it(body: bytes, status: int, content_type: str) -> None:
    headers = (("content-type", content_type),)
    expect = Expect(body_contains=("a",), json=(JsonExpectation(path="$.key1", equals="b"),))
    for result in (captcha(body, status, headers=headers), http(body, status, expect, headers=headers)):
        assert (result.phase is None) == result.is_ok
        assert result.code is None or len(result.code) <= 16
        result.detail.encode()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("[" * 500_000, id="nested lists"),
        pytest.param('{"key1":' * 100_000, id="nested objects"),
        pytest.param('{"key1":' + "9" * 500_000 + "}", id="a long number"),
        pytest.param("<title" * 170_000, id="titles that never close"),
        pytest.param("<h1>" * 250_000, id="headings that never close"),
        pytest.param("<!--" * 250_000, id="comments that never close"),
        pytest.param("&#" * 500_000, id="half entities"),
        pytest.param("<" * 1_000_000, id="brackets"),
        pytest.param(" " * 1_000_000, id="blanks"),
        pytest.param("a" * 1_000_000 + "(", id="a long callback"),
        pytest.param("charset" + " " * 1_000_000, id="a charset that never comes"),
    ],
)
@pytest.mark.timeout(5)
def test_a_body_made_to_be_slow_is_not(body: str) -> None:
    assert not captcha(body).is_ok
    assert not http(body, expect=Expect(body_contains=("发票",))).is_ok
