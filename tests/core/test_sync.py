"""What the reply of a sync interface means (contract §2 and §8): success before code, lag, and what holds for all."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.spans import span
from monitor.core.sync import judge_sync
from monitor.model import Cause, Failure, Flag, Freshness, Outcome, Phase, Result, Success, SyncRules
from tests.core.replies import KNOWN, NOW
from tests.core.synced import FRESH, SECRET, TARGET, judge, rules, seen

# --- success ---------------------------------------------------------------------------------------------------------


OK = Success(path="$.code", any_of=("0000", "1"))
FLAGGED = Success(path="$.success", any_of=("true",))


@pytest.mark.parametrize("body", [{"code": "0000"}, {"code": 1}, {"code": "1"}, {"code": 1.0}], ids=repr)
def test_success_is_compared_as_text(body: Any) -> None:
    assert judge(body, rules(success=OK)).is_ok
    assert judge(body, rules("aisino", success=OK), 201).is_ok


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_body_that_is_well_does_not_make_a_bad_status_well(status: int) -> None:
    for asked in (rules(success=OK), rules("nuonuo"), rules("nuonuo", success=OK)):
        result = judge({"code": "0000"}, asked, status)
        assert (result.cause, result.phase) == (Cause.HTTP_STATUS, Phase.PROCESSING)
        assert result.detail == f"status {status}, expected 200 or 201 or 202"
    fresh = judge(
        {"code": "E0000", "data": {"lastSync": at(hours=1)}}, rules("nuonuo", freshness=FRESH), status
    )
    assert (fresh.cause, fresh.code, fresh.lag) == (Cause.HTTP_STATUS, "E0000", 3600.0)
    late = judge(
        {"code": "E0000", "data": {"lastSync": at(hours=30)}}, rules("nuonuo", freshness=FRESH), status
    )
    assert late.cause is Cause.SYNC_LAG


def test_success_stands_before_the_table() -> None:
    asked = rules("jumei", success=Success(path="$.code", any_of=("500",)))
    result = judge({"code": 500}, asked)
    assert (result.cause, result.code) == (Cause.NONE, "500")


def test_success_outside_says_nothing_of_a_code_inside() -> None:
    asked = rules("shudian", success=Success(path="$.code", any_of=("000000",)))
    assert judge({"code": "000000"}, asked).is_ok
    assert judge({"code": "000000", "data": {"code": "200"}}, asked).is_ok
    assert judge({"code": "000000", "data": {"code": "100001"}}, asked).cause is Cause.API_ERROR


def test_a_known_business_answer_is_ok_although_it_is_not_success() -> None:
    asked = rules("jumei", success=Success(path="$.code", any_of=("200",)))
    assert judge({"code": 201}, asked).is_ok


def test_success_elsewhere_must_be_met_beside_a_good_code() -> None:
    asked = rules("nuonuo", success=FLAGGED)
    assert judge({"code": "E0000", "success": True}, asked).is_ok
    failed = judge({"code": "E0000", "success": False}, asked)
    assert (failed.cause, failed.detail) == (Cause.CONTENT_MISMATCH, "$.success is 'false', expected 'true'")


@pytest.mark.parametrize("body", [{}, {"code": None}, {"code": "2"}, {"code": []}, {"code": True}], ids=repr)
def test_success_unmet_without_a_table(body: Any) -> None:
    assert judge(body, rules(success=OK)).cause is Cause.CONTENT_MISMATCH


def test_success_unmet_beside_a_bad_status_is_the_status() -> None:
    assert judge({"error": "oops"}, rules(success=OK), 503).cause is Cause.HTTP_STATUS


# --- what is compared beside it ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "cause"),
    [
        ({"n": 1}, 200, Cause.NONE),
        ("<html>hello</html>", 200, Cause.NONE),
        ({"n": 1}, 500, Cause.HTTP_STATUS),
        ("gone", 404, Cause.HTTP_STATUS),
        ({}, 403, Cause.CREDENTIAL),
        ("<html><title>系统维护</title></html>", 200, Cause.MAINTENANCE_PAGE),
    ],
    ids=str,
)
def test_a_request_beside_comparisons_alone_is_judged_by_its_status(
    body: Any, status: int, cause: Cause
) -> None:
    assert judge(body, rules(), status).cause is cause


def test_a_further_reply_that_is_well_but_for_its_status_is_not_well() -> None:
    further = {"counts.remote": seen({"code": "0000", "n": 1}, 500)}
    result = judge({"code": "0000"}, rules("nuonuo"), further=further)
    assert (result.cause, result.code) == (Cause.HTTP_STATUS, "0000")
    assert result.detail == "counts.remote: status 500, expected 200 or 201 or 202"


# --- freshness -------------------------------------------------------------------------------------------------------


def at(**ago: float) -> str:
    return (NOW + timedelta(seconds=0.5) - timedelta(**ago)).isoformat()


def lagging(when: Any, **more: Any) -> Result:
    return judge({"code": "E0000", "data": {"lastSync": when}}, rules("nuonuo", freshness=FRESH, **more))


@pytest.mark.parametrize(
    ("ago", "cause", "flags"),
    [
        ({"seconds": 0}, Cause.NONE, set()),
        ({"hours": 4}, Cause.NONE, set()),
        ({"hours": 4, "seconds": 1}, Cause.NONE, {Flag.LAG_WARNING}),
        ({"hours": 24}, Cause.NONE, {Flag.LAG_WARNING}),
        ({"hours": 24, "seconds": 1}, Cause.SYNC_LAG, set()),
        ({"days": 400}, Cause.SYNC_LAG, set()),
    ],
    ids=str,
)
def test_lag_warns_and_then_fails(ago: dict[str, float], cause: Cause, flags: set[Flag]) -> None:
    result = lagging(at(**ago))
    assert (result.cause, set(result.flags)) == (cause, flags)
    assert result.lag == timedelta(**ago).total_seconds()
    assert (result.outcome is Outcome.OK) is (cause is Cause.NONE)


def test_the_lag_is_told_in_words() -> None:
    assert lagging(at(hours=25, minutes=3)).detail == "last synchronised 25 h 3 min ago, more than 24 h"
    assert lagging(at(minutes=12)).detail == "last synchronised 12 min ago"


def test_a_clock_that_is_a_little_ahead_is_no_lag() -> None:
    assert lagging(at(seconds=-60)).lag == 0.0
    ahead = lagging(at(seconds=-61))
    assert (ahead.cause, ahead.lag) == (Cause.CONTENT_MISMATCH, None)
    assert "ahead of our clock" in ahead.detail


def test_a_time_without_a_zone_is_in_that_of_the_plan() -> None:
    assert lagging("2026-11-21 16:00:00").lag == 0.5
    utc = replace(FRESH, timezone="UTC")
    assert judge({"data": {"lastSync": "2026-11-21 07:00"}}, rules(freshness=utc)).lag == 3600.5


@pytest.mark.parametrize("when", [None, "", "never", [], {}, True, "2026-11-21", 5], ids=repr)
def test_a_time_that_cannot_be_read_is_told_with_what_was_found(when: Any) -> None:
    result = lagging(when)
    assert (result.cause, result.lag) == (Cause.CONTENT_MISMATCH, None)
    assert result.detail.startswith("$.data.lastSync is ")
    assert result.code == "E0000"


def test_a_time_that_is_missing() -> None:
    result = judge({"code": "E0000"}, rules("nuonuo", freshness=FRESH))
    assert (result.cause, result.detail) == (Cause.CONTENT_MISMATCH, "the body has no $.data.lastSync")


def test_freshness_may_stand_alone() -> None:
    asked = rules(freshness=FRESH)
    assert judge({"data": {"lastSync": at(minutes=1)}}, asked).lag == 60.0
    assert judge({"data": {"lastSync": at(minutes=1)}}, asked, 500).cause is Cause.HTTP_STATUS


def test_a_failing_or_throttled_answer_tells_no_lag() -> None:
    body = {"code": "606", "data": {"lastSync": at(hours=30)}}
    assert judge(body, rules("jumei", freshness=FRESH)).lag is None
    assert judge({**body, "code": "500"}, rules("jumei", freshness=FRESH)).cause is Cause.API_ERROR


def test_spans_are_short() -> None:
    spans = [span(value) for value in (0.4, 59.9, 60, 3599, 3600, 3660, 47 * 3600, 48 * 3600, 100 * 3600)]
    assert spans == ["0 s", "59 s", "1 min", "59 min", "1 h", "1 h 1 min", "47 h", "2 d", "4 d 4 h"]


# --- what holds for all ----------------------------------------------------------------------------------------------


def test_a_failed_connection_stands_first() -> None:
    failure = Failure(cause=Cause.CONNECTION_REFUSED, phase=Phase.CONNECT, detail="refused")
    result = judge_sync(replace(TARGET, sync=rules("nuonuo")), seen("", reply=None, failure=failure), KNOWN)
    assert (result.cause, result.phase) == (Cause.CONNECTION_REFUSED, Phase.CONNECT)


ECHOES = [
    {"code": SECRET},
    {"code": "E1", "msg": f"token {SECRET} expired"},
    {"code": "E1", "msg": "x" * 115 + SECRET},
    {"code": "E0000", "data": {"lastSync": SECRET}},
    {"code": "E0000", "data": {"lastSync": "x" * 35 + SECRET}},
    {"code": ["E0000"], "success": SECRET},
]


@pytest.mark.parametrize("body", ECHOES, ids=lambda body: str(body)[:40])
@pytest.mark.parametrize("asked", [
    rules("nuonuo", freshness=FRESH), rules("nuonuo", success=FLAGGED), rules(success=Success(path="$.code", any_of=("1",))),
    rules(success=Success(path="$.code", any_of=(SECRET,))),
], ids=["table", "flagged", "success", "success by secret"])  # fmt: skip
def test_a_reply_that_repeats_our_secret_is_not_repeated(body: Any, asked: SyncRules) -> None:
    result = judge(body, asked)
    assert SECRET not in repr(result)
    assert SECRET[:6] not in repr(result)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["code", "data", "lastSync", "msg", "message", "status"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(
    body=JSON.map(json.dumps) | st.binary(max_size=60) | st.text(max_size=60),
    table=st.sampled_from([None, "nuonuo", "kaipiao", "xiangyun", "seeds"]),
    status=st.integers(100, 599),
    success=st.sampled_from([None, OK, FLAGGED]),
    freshness=st.sampled_from([None, FRESH]),
)
def test_any_reply_has_one_meaning(
    body: Any, table: str | None, status: int, success: Success | None, freshness: Freshness | None
) -> None:
    result = judge(body, rules(table, success=success, freshness=freshness), status)
    assert (result.phase is None) is result.is_ok
    assert result.lag is None or result.lag >= 0
    assert (result.cause is Cause.SYNC_LAG) is (result.lag is not None and result.lag > FRESH.fail)
    if status in (401, 403):
        assert result.cause is Cause.CREDENTIAL
