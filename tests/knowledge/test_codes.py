"""The catalogue says what domain facts 1.3 and the contract say; the words keep out of every footer."""

from __future__ import annotations

import pytest

from monitor.config.catalogue import CAUSES
from monitor.core.jsonpath import steps
from monitor.knowledge import load_catalogue, load_tables, load_words
from monitor.model import Cause, Flag, Outcome


@pytest.mark.parametrize(
    ("code", "cause", "flag"),
    [
        ("003", Cause.NONE, Flag.THROTTLED),
        ("004", Cause.BACKEND_BUSY, None),
        ("005", Cause.NONE, Flag.UNSIGNED_REFUSED),
        ("010", Cause.BACKEND_BUSY, None),
        ("010_", Cause.BACKEND_BUSY, None),
        ("016", Cause.NONE, Flag.THROTTLED),
        ("020", Cause.BLOCKED, None),
        ("024", Cause.NONE, Flag.THROTTLED),
        ("fpdmerr", Cause.PROBE_MISCONFIGURED, None),
    ],
)
def test_a_code_in_place_of_the_captcha(code: str, cause: Cause, flag: Flag | None) -> None:
    known = load_catalogue()["platform", "yzm", code]
    assert (known.cause, known.flag) == (cause, flag)


def test_one_code_means_different_things_at_different_endpoints() -> None:
    catalogue = load_catalogue()
    assert catalogue["platform", "vat", "003"].message != catalogue["platform", "yzm", "003"].message
    assert ("platform", "yzm", "009") not in catalogue


def test_every_code_says_what_it_means_and_where_that_is_from() -> None:
    for key, code in load_catalogue().items():
        assert key == (code.table, code.endpoint, code.code)
        assert code.message, key
        assert code.meaning, key
        assert code.source, key
        assert code.flag is None or code.cause is Cause.NONE


def test_codes_are_text_whatever_they_look_like() -> None:
    assert all(isinstance(code.code, str) for code in load_catalogue().values())


def test_the_bare_word_for_maintenance_is_no_phrase() -> None:
    words = load_words()
    assert {"系统维护", "停机维护", "暂停服务", "正在升级"} <= set(words.maintenance)
    assert not {"维护", "升级", "公告"} & set(words.maintenance)
    assert all((*words.maintenance, *words.challenge, *words.busy))


def test_a_table_for_sync_says_where_its_codes_stand_and_which_of_them_is_well() -> None:
    for table in load_tables().values():
        assert table.title, table.name
        assert {code.endpoint for code in table.codes} >= {endpoint for endpoint, _ in table.code_paths}
        for endpoint, path in table.code_paths:
            assert steps(path)
            rows = [code for code in table.codes if code.endpoint == endpoint]
            assert any(code.cause is Cause.NONE and code.transaction is Outcome.OK for code in rows), (
                table.name
            )


def test_a_reply_can_only_mean_what_a_reply_can_tell() -> None:
    assert {code.cause for code in load_catalogue().values()} <= set(CAUSES.values())


def test_a_code_that_fails_the_service_fails_what_was_asked() -> None:
    failing = [code for code in load_catalogue().values() if code.cause is not Cause.NONE]
    assert all(code.transaction is not Outcome.OK for code in failing)
