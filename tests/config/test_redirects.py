"""The hosts of `follow_redirects`: spelt as redirects are held against them, or a mistake."""

from __future__ import annotations

import json

import pytest

from monitor.config.load import ConfigError
from tests.config.conftest import HEAD, ReadText


def probe(hosts: list[str]) -> str:
    written = json.dumps(hosts, ensure_ascii=False)
    return f"{HEAD}  - {{name: one, kind: http, authority: beijing, url: 'http://h/', follow_redirects: {written}}}\n"


def test_every_spelling_of_a_host_is_one(read_text: ReadText):
    hosts = ["B.Example", "c.example.", "中文.example", "10.0.0.1", "[0:0::1]", "::1", "under_score.example"]
    target = read_text(probe(hosts)).plan.targets["one"]
    assert target.follow_redirects == (
        "b.example", "c.example", "xn--fiq228c.example", "10.0.0.1", "::1", "::1", "under_score.example",
    )  # fmt: skip


@pytest.mark.parametrize(
    "host",
    [
        "https://b.example",
        "b.example:443",
        "b.example/",
        "*.b.example",
        ".b.example",
        "a@b.example",
        "b example",
        "",
        "[b.example",
        "fe80::1%eth0",
        "x" * 64,
    ],
)
def test_what_can_never_match_is_a_mistake(read_text: ReadText, host: str):
    with pytest.raises(ConfigError, match="without scheme and port"):
        read_text(probe([host]))
