"""What the codes of a sync interface mean: the table before the status, own rows before the shipped ones."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.model import Cause, Code, Flag, Phase, Success
from tests.core.synced import FRESH, judge, rules

CODES = [
    ("nuonuo", {"code": "E0000", "describe": "调用成功"}, Cause.NONE, None),
    ("nuonuo", {"code": "E9999"}, Cause.API_ERROR, None),
    ("jumei", {"code": 200}, Cause.NONE, None),
    ("jumei", {"code": "200"}, Cause.NONE, None),
    ("jumei", {"code": 200.0}, Cause.NONE, None),
    ("jumei", {"code": 201, "msg": "查无此票"}, Cause.NONE, None),
    ("jumei", {"code": 400}, Cause.PROBE_MISCONFIGURED, None),
    ("jumei", {"code": 500}, Cause.API_ERROR, None),
    ("jumei", {"code": 602}, Cause.CREDENTIAL, None),
    ("jumei", {"code": 606}, Cause.NONE, Flag.THROTTLED),
    ("jumei", {"code": 610}, Cause.BACKEND_BUSY, None),
    ("kaipiao", {"code": "0", "data": {"code": "1101"}}, Cause.CREDENTIAL, None),
    ("kaipiao", {"code": "0", "data": {"code": 2116}}, Cause.BACKEND_BUSY, None),
    ("kaipiao", {"code": "0", "data": None}, Cause.NONE, None),
    ("kaipiao", {"code": 9999}, Cause.API_ERROR, None),
    ("shudian", {"code": "000000", "data": {"code": "100001"}}, Cause.API_ERROR, None),
    ("shudian", {"code": "410", "data": {"code": "200"}}, Cause.CREDENTIAL, None),
    ("aisino", {"returnCode": "0000"}, Cause.NONE, None),
    ("aisino", {"returnCode": "9999"}, Cause.API_ERROR, None),
    ("xiangyun", {"message": {"status": 0}}, Cause.NONE, None),
    ("xiangyun", {"message": {"status": -30014}}, Cause.API_ERROR, None),
    ("xiangyun", {"message": {"status": "-30009"}}, Cause.CREDENTIAL, None),
    ("baidu", {"VerifyResult": "0001"}, Cause.NONE, None),
    ("seeds", {"code": "E001"}, Cause.API_ERROR, None),
    ("seeds", {"code": "E002"}, Cause.API_ERROR, None),
    ("seeds", {"code": "E003"}, Cause.API_ERROR, None),
    ("seeds", {"code": "E004"}, Cause.CREDENTIAL, None),
    ("seeds", {"code": "E005"}, Cause.PROBE_MISCONFIGURED, None),
    ("seeds", {"code": "E006"}, Cause.PROBE_MISCONFIGURED, None),
    ("seeds", {"code": "E007"}, Cause.NONE, None),
    ("seeds", {"code": "E008"}, Cause.NONE, None),
    ("seeds", {"code": "E009"}, Cause.NONE, None),
    ("seeds", {"code": 100}, Cause.CREDENTIAL, None),
    ("seeds", {"code": 101}, Cause.NONE, None),
    ("seeds", {"code": 200}, Cause.NONE, Flag.WARNING_CODE),
    ("seeds", {"code": 404}, Cause.API_ERROR, None),
    ("seeds", {"code": 500}, Cause.API_ERROR, None),
]


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize(("table", "body", "cause", "flag"), CODES, ids=lambda value: str(value)[:60])
def test_a_failing_code_means_what_its_table_says_whatever_the_status(
    table: str, body: Any, cause: Cause, flag: Flag | None, status: int
) -> None:
    if status != 200 and cause is Cause.NONE and flag is not Flag.THROTTLED:
        cause, flag = Cause.HTTP_STATUS, None  # nothing is wrong but the status
    result = judge(body, rules(table), status)
    assert (result.cause, result.flags) == (cause, frozenset({flag} - {None}))
    assert result.phase is (None if cause is Cause.NONE else Phase.PROCESSING)


def test_the_code_is_told_with_the_words_of_its_table() -> None:
    result = judge({"code": "410"}, rules("shudian"))
    assert (result.code, result.detail) == ("410", "410 签名不正确")


def test_an_unknown_code_is_told_with_the_interfaces_own_words() -> None:
    result = judge({"code": "E7", "msg": "税号\n未授权"}, rules("nuonuo"))
    assert (result.cause, result.code) == (Cause.API_ERROR, "E7")
    assert result.detail == "unknown code E7: 税号 未授权"


@pytest.mark.parametrize(
    ("message", "cause"),
    [("系统维护中，请稍后", Cause.MAINTENANCE_PAGE), ("系统繁忙，请稍后再试", Cause.BACKEND_BUSY)],
)
def test_an_unknown_code_that_explains_itself(message: str, cause: Cause) -> None:
    result = judge({"code": "X1", "message": message}, rules("nuonuo"))
    assert (result.cause, result.code) == (cause, "X1")


def test_an_invoice_for_maintenance_is_no_maintenance() -> None:
    body = {"code": "X1", "msg": "失败", "data": [{"item": "系统维护费"}]}
    assert judge(body, rules("nuonuo")).cause is Cause.API_ERROR
    unmet = judge(body, rules(success=Success(path="$.ok", any_of=("true",))))
    assert unmet.cause is Cause.CONTENT_MISMATCH


@pytest.mark.parametrize("body", [{}, {"code": None}, {"code": ""}, {"code": {}}, {"code": ["E0000"]},
                                  {"code": "x" * 65}, [], {"other": 1}], ids=repr)  # fmt: skip
def test_json_without_a_code_is_a_shape_nobody_knows(body: Any) -> None:
    result = judge(body, rules("nuonuo"))
    assert (result.cause, result.code) == (Cause.FORMAT_DRIFT, None)
    assert "$.code" in result.detail


@pytest.mark.parametrize("body", ["", "<html><body>登录</body></html>", "hello", "true", '"E0000"', "{", b"\xff\xfe\x00",
                                  "[" * 100_000], ids=lambda body: repr(body[:20]))  # fmt: skip
def test_what_is_no_json_is_a_shape_nobody_knows(body: Any) -> None:
    assert judge(body, rules("nuonuo", freshness=FRESH)).cause is Cause.FORMAT_DRIFT


def test_a_page_in_place_of_json_is_read_like_any_other() -> None:
    assert judge("<title>系统维护公告</title>", rules("nuonuo")).cause is Cause.MAINTENANCE_PAGE
    assert judge("<h1>502 Bad Gateway</h1>", rules("nuonuo"), 502).cause is Cause.HTTP_STATUS
    assert judge("<script>var wzwschallenge</script>", rules("nuonuo")).cause is Cause.BLOCKED
    assert judge("", rules("nuonuo"), 412).cause is Cause.BLOCKED


def test_jsonp_is_json() -> None:
    assert judge('cb({"code":"E0000"});', rules("nuonuo")).is_ok


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    "body", [{"code": "E0000"}, {"code": "E001"}, "", "<html>wzwschallenge</html>"], ids=repr
)
def test_401_and_403_are_our_credential_whatever_else_is_said(body: Any, status: int) -> None:
    result = judge(body, rules("nuonuo", freshness=FRESH), status)
    assert (result.cause, result.detail) == (Cause.CREDENTIAL, f"status {status}")


@pytest.mark.parametrize("body", [{"code": "E0000"}, {"code": "E77"}, "", {}], ids=repr)
def test_429_is_a_sign_of_life(body: Any) -> None:
    result = judge(body, rules("nuonuo", freshness=FRESH), 429)
    assert (result.cause, set(result.flags)) == (Cause.NONE, {Flag.THROTTLED})


def test_the_status_counts_where_the_body_says_nothing() -> None:
    spring = {"timestamp": "2026-11-21T08:00:00Z", "status": 500, "error": "Internal Server Error"}
    result = judge(spring, rules("nuonuo"), 500)
    assert (result.cause, result.status_code) == (Cause.HTTP_STATUS, 500)


def test_own_rows_go_before_the_shipped_ones() -> None:
    own = Code(
        table="nuonuo",
        endpoint="",
        code="E0000",
        cause=Cause.CREDENTIAL,
        flag=None,
        message="过期",
        meaning="",
    )
    assert judge({"code": "E0000"}, rules("nuonuo"), codes=(own,)).cause is Cause.CREDENTIAL
