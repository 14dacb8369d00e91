"""What reads queries, headers and bodies takes anything: it is read, or refused in words, and never breaks."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.metrics.exposition import wants_openmetrics
from monitor.web.api import MAX_LIMIT, limit_of, page, whole_number
from monitor.web.bodies import AckBody, SilenceBody, WindowBody, _checked, read_instant
from monitor.web.errors import RequestError
from monitor.web.events import _is_id
from monitor.web.packing import wants_gzip
from monitor.web.past import LONGEST, stretch

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
WORDS = st.sampled_from(
    [
        "author",
        "comment",
        "matchers",
        "authority",
        "authorities",
        "start",
        "end",
        "ends_at",
        "services",
        "x",
        "__proto__",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    | st.sampled_from(["2026-12-01T18:00:00+08:00", "9999-12-31T23:59:59Z", "all", "shandong", "critical"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip
JSONS = VALUES.map(lambda value: json.dumps(value).encode())
INSTANTS = st.text() | st.from_regex(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+ -]\d\d:\d\d)", fullmatch=True
)

T = TypeVar("T")


def tried(read: Callable[[], T]) -> T | RequestError:
    """What was read, or how it was refused."""
    try:
        return read()
    except RequestError as refused:
        return refused


@given(st.text() | st.integers().map(str))
@example("٣")
@example("1_0")
@example("+1")
@example("1" * 5000)
def test_a_limit_is_a_number_within_its_bounds_or_refused(text: str):
    limit = tried(lambda: limit_of({"limit": text}))
    days = tried(lambda: whole_number({"days": text}, "days", default=1, most=MAX_LIMIT))
    for found in (limit, days):
        if isinstance(found, RequestError):
            assert found.status == 400
            assert len(found.reason) < 100
        else:
            assert 1 <= found <= MAX_LIMIT
            assert found == min(int(text), MAX_LIMIT)


@given(st.lists(st.text(), unique=True), st.text(), st.integers(1, 5), st.booleans())
def test_a_cursor_of_any_kind_leads_through_the_list_once(
    items: list[str], cursor: str, limit: int, reverse: bool
):
    shown, _ = page(items, {"cursor": cursor, "limit": str(limit)}, key=str, reverse=reverse)
    assert len(shown) <= limit
    given_: dict[str, str] = {"limit": str(limit)}
    seen: list[str] = []
    while True:
        shown, following = page(items, given_, key=str, reverse=reverse)
        seen += shown
        if following is None:
            break
        given_["cursor"] = following
    assert seen == sorted(items, reverse=reverse)


@settings(max_examples=60)
@given(INSTANTS)
@example("2026-02-30T00:00:00Z")
@example("2026-01-01T25:00:00Z")
@example("2026-01-01T00:00:00+99:99")
@example("0000-01-01T00:00:00Z")
def test_an_instant_is_one_in_utc_or_refused(text: str):
    try:
        instant = read_instant(text)
    except ValueError:
        return
    assert instant.tzinfo is UTC
    assert 1999 <= instant.year <= 2200


@settings(max_examples=60)
@given(INSTANTS, INSTANTS)
def test_a_stretch_is_bounded_or_refused(since: str, until: str):
    found = tried(lambda: stretch({"since": since, "until": until}, NOW, timedelta(days=1)))
    if isinstance(found, RequestError):
        assert found.status == 400
    else:
        assert timedelta() < found[1] - found[0] <= LONGEST


@pytest.mark.parametrize("kind", [AckBody, SilenceBody, WindowBody])
@settings(max_examples=100)
@given(sent=st.binary() | JSONS)
@example(sent=b"[" * 60_000)
@example(sent=b'{"a":' * 20_000)
@example(sent=b"1" * 60_000)
@example(sent=b'{"author": "\\ud800"}')
@example(sent=b"NaN")
@example(sent=b"\xef\xbb\xbf{}")
def test_a_body_is_what_was_asked_for_or_refused_in_a_bounded_line(kind: Any, sent: bytes):
    body = tried(lambda: _checked(sent, kind))
    if isinstance(body, RequestError):
        assert body.status == 400
        assert body.reason.isprintable()
        assert len(body.reason) < 20_000
    else:
        assert isinstance(body, kind)


@given(st.text())
@example("1" * 19)
@example("²")
def test_the_id_of_an_event_is_a_number_that_can_be_counted(text: str):
    if _is_id(text):
        assert 0 <= int(text) < 10**18


@given(
    st.text()
    | st.lists(st.sampled_from(["gzip", "*", ";q=", "0", "1", "nan", "inf", ",", " ", "text/plain"])).map(
        "".join
    )
)
def test_any_accept_header_is_read(text: str):
    assert wants_gzip(text) in (True, False)
    assert wants_openmetrics(text) in (True, False)
