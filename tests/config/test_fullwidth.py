"""Full-width punctuation, as a Chinese input method writes it: pointed at, and what is meant is said."""

from __future__ import annotations

import pytest

from monitor.config.load import ConfigError
from tests.config.conftest import HEAD, ONE, ReadText

PAGE = "  - {name: page, kind: http, authority: national, url: 'https://h.example/', expect: {body_contains: %s}}\n"


def told(read_text: ReadText, text: str) -> list[str]:
    """The mistakes of a text, `line:column: …`."""
    with pytest.raises(ConfigError) as caught:
        read_text(text)
    return [str(mistake).partition("probes.yaml:")[2] for mistake in caught.value.mistakes]


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        pytest.param(f"timezone： Asia/Shanghai\n{HEAD}{ONE}", "1:9", '"："', id="colon at the top"),
        pytest.param(
            f"timezone：Asia/Shanghai\n\n# 说明：无\n{HEAD}{ONE}",
            "1:9",
            '"："',
            id="no blank, then a comment",
        ),
        pytest.param(f"version: 1\nprobes：\n{ONE}", "2:7", '"："', id="colon before a block"),
        pytest.param(f"{HEAD}{ONE}alerts： {{}}\n", "4:7", '"："', id="colon in the last line"),
        pytest.param(HEAD + ONE.replace("kind: ", "kind： "), "3:21", '"："', id="colon in braces"),
        pytest.param(HEAD + ONE.replace("tcp, ", "tcp，"), "3:26", '"，"', id="comma in braces"),
        pytest.param(
            f"{HEAD}  - name: a\n    kind： tcp\n    port: 1\n", "4:9", '"："', id="colon in a probe"
        ),
        pytest.param(
            f"limits:　{{concurrency: 4}}\n{HEAD}{ONE}", "1:8", "full-width blank (U+3000)", id="blank"
        ),
        pytest.param(
            f"{HEAD}  - name: a\n　　kind: tcp\n", "4:1", "full-width blank (U+3000)", id="indentation"
        ),
        pytest.param(f"limits: ｛concurrency: 4｝\n{HEAD}{ONE}", "1:9", '"｛"', id="braces"),
        pytest.param(f"authorities: {{only: 【beijing】}}\n{HEAD}{ONE}", "1:21", '"【"', id="brackets"),
        pytest.param(
            f"authorities: {{only: [beijing，henan]}}\n{HEAD}{ONE}", "1:29", '"，"', id="comma in a list"
        ),
        pytest.param(f"timezone: “Asia/Shanghai”\n{HEAD}{ONE}", "1:11", '"“"', id="quotes around a value"),
        pytest.param(HEAD + ONE.replace("port: 80", "port: ８０"), "3:71", '"８"', id="digits"),
    ],
)
def test_a_full_width_character_is_pointed_at(read_text: ReadText, text: str, place: str, hint: str) -> None:
    found = told(read_text, text)
    assert any(one.startswith(f"{place}: ") and hint in one and "meant" in one for one in found), found


def test_quotes_around_a_text_that_anything_may_be_are_a_mistake_and_ascii_ones_mean_them(
    read_text: ReadText,
) -> None:
    [found] = told(read_text, HEAD + PAGE % "[“发票”]")
    assert "expect.body_contains[0]: a text in full-width quotes" in found
    assert found.startswith("3:")
    assert read_text(HEAD + PAGE % "['“发票”']").plan.targets


def test_a_comma_in_a_list_that_may_be_meant_is_noted(read_text: ReadText) -> None:
    notes = read_text(HEAD + PAGE % "[发票，查验]").notes
    assert any('"，" belongs to the text' in note and note.startswith("line 3, column 1") for note in notes)


@pytest.mark.parametrize("words", ["['发票，查验']", "\n      - 很抱歉，系统繁忙：请稍候（30）\n"])
def test_chinese_text_is_left_alone(read_text: ReadText, words: str) -> None:
    text = PAGE % words
    if "\n" in words:
        text = (
            "  - name: page\n    kind: http\n    authority: national\n    url: 'https://h.example/'\n"
            f"    expect:\n     body_contains:{words}"
        )
    assert not [note for note in read_text(HEAD + text).notes if "，" in note]


def test_a_mistake_elsewhere_is_not_blamed_on_chinese_text(read_text: ReadText) -> None:
    [found] = told(read_text, f"# 时区：上海，中国\n{HEAD}  - {{name: '查验：甲', kind: [}}\n")
    assert "full-width" not in found
