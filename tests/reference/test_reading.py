"""Documents into rows: our own format, maps of every shape, and what lies, breaks off or never ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Outcome
from monitor.reference.fetched import UnreadableError
from monitor.reference.reading import MOST_ROWS
from tests.reference.examples import HQ, NOW, board, board_row, own_document, own_row, reading, said


def test_the_own_format_is_read_with_cause_and_times():
    found = reading(own_document())
    assert (found.source, found.up, found.local_fault) == ("hq", True, False)
    row = next(row for row in found.rows if row.authority == "shandong")
    assert (row.outcome, row.cause) == (Outcome.TIMEOUT, "response_timeout")
    assert row.checked_at == datetime(2026, 11, 21, 7, 59, 30, tzinfo=UTC)
    assert row.since == datetime(2026, 11, 20, tzinfo=UTC)


def test_a_reference_with_a_local_fault_of_its_own_has_no_rows_whatever_it_says():
    found = reading(own_document(local_fault=True))
    assert (found.up, found.local_fault, found.rows) == (True, True, ())


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(json.dumps(own_document()).encode()[:-40], "not JSON", id="half written"),
        pytest.param(b"\xff\xfe\x00", "not JSON", id="not text"),
        pytest.param(b"<html>502</html>", "not JSON", id="a page"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, "nested too deeply", id="endlessly deep"),
        pytest.param(b'{"a":' * 100_000, "nested too deeply", id="endlessly deep and broken off"),
        pytest.param(b'{"format":"fapiao-reference/1","authorities":{},"n":' + b"9" * 5000 + b"}", "not JSON",
                     id="a number without end"),
        pytest.param(b'{"format":"fapiao-reference/1","authorities":{},"n":NaN}', "not JSON", id="not a number"),
        pytest.param(b'{"format":"fapiao-reference/1","local_fault":true,"local_fault":false}', "stands twice",
                     id="a key that contradicts itself"),
        pytest.param({"format": "fapiao-reference/2", "authorities": {}}, "needs a map", id="another version"),
        pytest.param([1, 2], "needs a map", id="a list"),
        pytest.param(own_document(local_fault="no"), "neither true nor false", id="a fault that is a word"),
        pytest.param(own_document(authorities=None), "no rows where", id="no rows"),
        pytest.param(own_document({str(n): {} for n in range(MOST_ROWS + 1)}), "more than", id="too many rows"),
        pytest.param(own_document({"shandong": 7, "beijing": None}), "none of its rows", id="rows that are none"),
    ],
)  # fmt: skip
def test_what_cannot_be_believed_as_a_whole_is_a_failed_reading(document, reason):
    with pytest.raises(UnreadableError, match=reason):
        reading(document)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(own_row("down"), "outcome nobody explained", id="a word that is no outcome"),
        pytest.param(own_row(at="yesterday"), "without a readable time", id="no time"),
        pytest.param(own_row(at="0001-01-01T00:00:00Z"), "without a readable time", id="the year 1"),
        pytest.param(own_row(at=True), "without a readable time", id="a truth for a time"),
        pytest.param({"checked_at": "2026-11-21T08:00:00Z"}, "without an outcome", id="no outcome"),
        pytest.param([1], "without an outcome", id="a list for a row"),
    ],
)
def test_a_row_that_cannot_be_used_is_left_out_and_counted(row, reason):
    found = reading(own_document({"shandong": row, "beijing": own_row()}))
    assert said(found) == {"beijing": "ok"}
    assert found.detail == f"1 rows, left out 1 {found.detail.rpartition('left out 1 ')[2]}"
    assert reason in found.detail


def test_a_cause_that_only_they_know_does_not_spoil_the_row():
    found = reading(own_document({"shandong": own_row("error", "aliens")}))
    assert (found.rows[0].outcome, found.rows[0].cause) == (Outcome.ERROR, "aliens")


@pytest.mark.parametrize(("outcome", "cause"), [("error", "none"), ("ok", "connect_timeout")])
def test_a_cause_of_another_outcome_does_not_spoil_the_row_either(outcome, cause):
    found = reading(own_document({"shandong": own_row(outcome, cause)}))
    assert (str(found.rows[0].outcome), found.rows[0].cause) == (outcome, None)


def test_authorities_that_are_not_watched_are_no_fault_of_the_document():
    found = reading(own_document({"atlantis": own_row(), "shandong": own_row()}))
    assert said(found) == {"shandong": "ok"}
    assert reading(own_document({"atlantis": own_row()})).up


# --- maps ------------------------------------------------------------------------------------------------------------

SHAPES = [
    pytest.param({}, {"list": [board_row()]}, id="a list of rows"),
    pytest.param({"rows": "$.list"}, {"list": [board_row()]}, id="the list without its star"),
    pytest.param({"rows": "$[*]"}, [board_row()], id="nothing but a list"),
    pytest.param({"rows": "$"}, [board_row()], id="nothing but a list, without a star"),
    pytest.param({"rows": "$.data.provinces", "authority": "$key"}, {"data": {"provinces": {"3700": board_row("?")}}},
                 id="an object of rows"),
    pytest.param({"rows": "$[*]", "authority": "$key", "outcome": "$", "at": None}, {"山东省": "正常"},
                 id="an object of words"),
    pytest.param({"outcome": "$.s.now[0]", "values": {"1": Outcome.OK, "0": Outcome.ERROR}},
                 {"list": [{**board_row(), "s": {"now": [1]}}]}, id="a number for a word"),
    pytest.param({"values": {"true": Outcome.OK}}, {"list": [{**board_row(), "state": True}]}, id="a truth for a word"),
    pytest.param({"values": {}}, {"list": [{**board_row(), "state": "ok"}]}, id="our own words need no values"),
]  # fmt: skip


@pytest.mark.parametrize(("map_", "document"), SHAPES)
def test_a_map_reads_it(map_, document):
    assert said(reading(document, board(**map_), changed_at=NOW)) == {"shandong": "ok"}


@pytest.mark.parametrize(
    "name",
    ["shandong", "Shandong", "3700", 3700, "３７００", "山东", "山东省", " 山东 省 ", "Shandong Province",
     "国家税务总局山东省税务局", "山东省税务局"],
)  # fmt: skip
def test_an_authority_is_known_by_all_its_names(name):
    assert said(reading({"list": [board_row(name)]}, board())) == {"shandong": "ok"}


@pytest.mark.parametrize(
    ("name", "slug"),
    [("深圳市", "shenzhen"), ("广西壮族自治区", "guangxi"), ("内蒙古自治区", "neimenggu"), ("Inner Mongolia", "neimenggu"),
     ("Tibet", "xizang"), ("陕西省", "shaanxi"), ("山西省", "shanxi"), ("北京市", "beijing")],
)  # fmt: skip
def test_names_that_are_easily_confused(name, slug):
    assert said(reading({"list": [board_row(name)]}, board())) == {slug: "ok"}


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-21T07:59:00Z", "2026-11-21T15:59:00+08:00", "2026-11-21T15:59:00.000+08:00", "2026-11-21 15:59",
        "2026-11-21 15:59:00", "2026/11/21 15:59:00", 1795247940, 1795247940.0, 1795247940000, "1795247940",
        "1795247940000",
    ],
)  # fmt: skip
def test_a_time_is_read_in_every_usual_form(time):
    found = reading({"list": [board_row(time=time)]}, board())
    assert found.rows[0].checked_at == datetime(2026, 11, 21, 7, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "time",
    ["2026-11-21", "15:59", "", None, -1, 1e300, 0, [], {}, "9" * 30, "2026-13-01 00:00", "now", False],
)
def test_what_is_no_time_is_none(time):
    document = {"list": [board_row(time=time), board_row("北京")]}
    assert said(reading(document, board())) == {"beijing": "ok"}


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_document_is_read_in_the_charsets_of_the_field(charset):
    text = json.dumps({"list": [board_row()]}, ensure_ascii=False)
    assert said(reading(text.encode(charset), board())) == {"shandong": "ok"}


def test_without_a_path_to_a_time_the_document_is_as_old_as_its_last_change():
    changed = NOW - timedelta(hours=3)
    found = reading({"list": [board_row()]}, board(at=None), changed_at=changed)
    assert found.rows[0].checked_at == changed
    assert reading({"list": [board_row()]}, board(at=None)).rows[0].checked_at == NOW


def test_of_two_rows_the_newer_one_holds_and_equally_new_ones_that_disagree_do_not():
    older, newer = board_row(time="2026-11-21 15:00"), board_row(state="异常", time="2026-11-21 15:30")
    assert said(reading({"list": [newer, older]}, board())) == {"shandong": "error"}
    twice = {"list": [board_row(), board_row(state="异常"), board_row("北京")]}
    found = reading(twice, board())
    assert said(found) == {"beijing": "ok"}
    assert "1 contradicting each other" in found.detail


def test_a_word_that_the_map_does_not_explain_is_left_out():
    found = reading({"list": [board_row(state="维护中"), board_row("北京")]}, board())
    assert said(found) == {"beijing": "ok"}
    assert "维护中" not in found.detail, "nothing of a document is quoted"


NAMES = st.sampled_from(["shandong", "山东", "authorities", "list", "name", "state", "time", "format", "x"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9) | NAMES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(ANYTHING, ANYTHING)
def test_whatever_a_document_is_it_is_rows_or_a_failed_reading(row, whole):
    for document, source in [
        (own_document({"shandong": row, "beijing": own_row()}), HQ),
        (own_document(whole), HQ),
        ({"list": [row, board_row()]}, board()),
        (whole, board()),
    ]:
        try:
            found = reading(document, source)
        except UnreadableError:
            continue
        assert len(found.rows) == len({row.authority for row in found.rows})


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_whatever_bytes_come_they_are_rows_or_a_failed_reading(body):
    try:
        reading(body)
    except UnreadableError:
        return
    assert body.strip(), "nothing at all is no reading"
