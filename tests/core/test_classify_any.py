"""What holds for every reply: the connection before it, its certificate, and hostile bodies."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.classify import judge_connection
from monitor.model import (
    Attempt,
    Cause,
    Certificate,
    Expect,
    Failure,
    Flag,
    JsonExpectation,
    Phase,
    TlsOptions,
    Verify,
)
from tests.core.replies import NOW, TARGET, captcha, http, recorded, seen

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
