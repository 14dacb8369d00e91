"""What is said of notices that wait: what they may change, and only what can be done with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model import Affected
from monitor.notify.payload import payload
from monitor.notify.words import LANGUAGES
from tests.notify.scenes import NIGHT, NOTICE, PLAN, SCENES

CHANGE = replace(
    NOTICE,
    title="关于取消停机维护的通知",
    windows=(),
    quotes=(),
    unclear=(("change", "原定12月1日18时的停机维护取消"),),
    affects=(
        Affected(id="notice-0f3a", name="停机通告", start=NIGHT, end=NIGHT + timedelta(hours=2)),
        Affected(id="a1b2", name="升级通告", start=NIGHT, end=NIGHT + timedelta(hours=2), is_notice=True),
    ),
)
VAGUE = replace(CHANGE, unclear=(("vague_time", "近期"),), affects=())


def lines_of(notice: object, language: str) -> list[str]:
    told = replace(SCENES["通告待确认"], notices=(notice,))  # type: ignore[arg-type]
    text = payload(told, replace(PLAN, language=language))["text"]
    assert isinstance(text, str)
    return text.splitlines()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notice_that_changes_another_names_it_and_how_to_end_it(language: str) -> None:
    lines = lines_of(CHANGE, language)
    assert sum("fapiao-monitor window end notice-0f3a" in line for line in lines) == 1
    assert sum("fapiao-monitor notice reject a1b2" in line for line in lines) == 1
    assert not any("notice approve" in line for line in lines)


@pytest.mark.parametrize("notice", [CHANGE, VAGUE], ids=["a change", "no time"])
def test_only_what_can_be_done_is_advised(notice: object) -> None:
    (step,) = (line for line in lines_of(notice, "zh") if line.startswith("下一步"))
    assert "确认或驳回" not in step
    assert "window add" in step


def test_one_with_a_time_may_be_approved() -> None:
    (step,) = (line for line in lines_of(NOTICE, "zh") if line.startswith("下一步"))
    assert "确认或驳回" in step
