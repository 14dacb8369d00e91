"""Patterns are found in time linear in the text, and one that cannot be is refused with its reason."""

from __future__ import annotations

import pytest

from monitor.probes.pattern import matches


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r'"status":\s*"healthy"', '{"status":  "healthy"}', True),
        ("^发票", "发票查验", True),
        ("^查验", "发票查验", False),
        (r"(?i)OK", "it is ok", True),
        (r"\d{4}", "٢٠٢٦", True),
    ],
)
def test_a_pattern_is_searched_for(pattern: str, text: str, found: bool) -> None:
    assert matches(pattern, text) is found


@pytest.mark.timeout(5)
@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|a)+$", r"(.*a){20}b", r".*a.*b.*c"])
def test_a_pattern_that_backtracks_elsewhere_does_not_here(pattern: str) -> None:
    assert not matches(pattern, "a" * (1 << 20) + "!")


@pytest.mark.parametrize("pattern", ["(", "(?=a)b", r"(a)\1", r"(\w{1000}){1000}"])
def test_what_is_no_pattern_is_refused_with_its_reason(pattern: str) -> None:
    with pytest.raises(ValueError, match="is not a pattern: "):
        matches(pattern, "a")
