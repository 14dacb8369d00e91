"""`notice list|approve|reject` against a daemon that answers what a test says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli.notice import command
from tests.cli.daemon import Asked, answering

WINDOW = {
    "id": "notice-1",
    "name": "停机通告",
    "authorities": ["shandong"],
    "services": ["verify"],
    "start": "2036-12-01T10:00:00Z",
    "end": "2036-12-02T00:00:00Z",
    "quote": "12月1日18:00至次日8:00",
}
NOTICE = {
    "id": "a1b2",
    "feed": "board",
    "file": "20361128.txt",
    "title": "停机通告\u001b[31m",
    "status": "waiting",
    "windows": [WINDOW],
    "unclear": [{"kind": "no_scope", "text": "停机", "explained": "what is stopped is not said: “停机”"}],
}


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration lies here that would say the language."""
    monkeypatch.chdir(tmp_path)


def call(*words: str, url: str = "http://127.0.0.1:1", **environ: str | None) -> Result:
    """The command as the program runs it, at an English terminal unless told otherwise."""
    clear = {"FAPIAO_CONFIG": None, "FAPIAO_TOKEN": "s3cret", "FAPIAO_URL": url, "LC_ALL": "C", **environ}
    return CliRunner().invoke(command, words, env=clear, standalone_mode=False)


def answers(**more: Any) -> dict[str, tuple[int, Any]]:
    row = {**NOTICE, **more}
    return {
        "GET /api/v1/notices": (200, {"notices": [row], "next": None}),
        "POST /api/v1/notices/a1b2/approve": (200, {**row, "status": "approved"}),
        "DELETE /api/v1/notices/a1b2": (200, {**row, "status": "rejected"}),
        "POST /api/v1/notices/zz/approve": (404, {"error": "no notice 'zz' is known"}),
    }


def test_what_waits_is_listed_with_the_words_it_was_read_from_and_what_is_unclear() -> None:
    with answering(answers()) as peer:
        done = call("list", url=peer.url)
    assert done.return_value == 0
    assert done.stdout.splitlines() == [
        "a1b2  waiting  停机通告 [31m",
        "    20361128.txt (board)",
        "    Mon 2036-12-01 18:00 – Tue 08:00 (Asia/Shanghai)  shandong  verify",
        "      “12月1日18:00至次日8:00”",
        "    ? what is stopped is not said: “停机”",
    ]
    assert peer.asked[0].path == "/api/v1/notices?lang=en"


@pytest.mark.parametrize(("status", "lines"), [("missed", 5), ("rejected", 1)])
def test_what_nobody_decided_in_time_is_listed_too(status: str, lines: int) -> None:
    with answering(answers(status=status)) as peer:
        done = call("list", url=peer.url)
    assert len(done.stdout.splitlines()) == lines


def test_what_a_notice_may_change_is_named_with_what_ends_it() -> None:
    span = {"start": "2036-12-01T10:00:00Z", "end": "2036-12-02T00:00:00Z"}
    affects = [
        {"kind": "window", "id": "notice-77", "name": "升级", **span},
        {"kind": "notice", "id": "c3d4", "name": "割接", **span},
    ]
    with answering(answers(affects=affects)) as peer:
        lines = call("list", url=peer.url).stdout.splitlines()
    assert lines[-2].endswith("fapiao-monitor window end notice-77")
    assert lines[-1].endswith("fapiao-monitor notice reject c3d4")


def test_all_of_them_and_as_json() -> None:
    with answering(answers(status="rejected")) as peer:
        done = call("list", "--all", "--json", url=peer.url)
    assert json.loads(done.stdout)["notices"][0]["status"] == "rejected"
    assert peer.asked[0].path == "/api/v1/notices?lang=en"


def test_that_nothing_waits_is_said_in_both_languages() -> None:
    with answering({"GET /api/v1/notices": (200, {"notices": [], "next": None})}) as peer:
        assert call("list", url=peer.url).stdout == "no notice waits\n"
        assert call("list", url=peer.url, LC_ALL="zh_CN.UTF-8").stdout == "没有待确认的通告\n"


def test_approving_says_what_counts_from_now_on() -> None:
    with answering(answers()) as peer:
        done = call(
            "approve", "a1b2", "--author", "王", "--authority", "湖北", "--authority", "大连", url=peer.url
        )
    assert done.return_value == 0
    assert done.stdout.startswith("a1b2  approved")
    assert peer.asked[0] == Asked(
        method="POST",
        path="/api/v1/notices/a1b2/approve",
        token="Bearer s3cret",
        body={"author": "王", "authorities": ["hubei", "dalian"]},
    )


def test_rejecting() -> None:
    with answering(answers()) as peer:
        done = call("reject", "a1b2", url=peer.url)
    assert (done.return_value, done.stdout) == (0, "a1b2 is rejected\n")


@pytest.mark.parametrize(
    ("words", "code"), [(("approve", "zz"), 1), (("list", "--url", "http://127.0.0.1:1"), 3)]
)
def test_what_cannot_be_exits_with_a_code(words: tuple[str, ...], code: int) -> None:
    with answering(answers()) as peer:
        done = call(*words, url=peer.url)
    assert getattr(done.exception, "exit_code", None) == code


def test_a_file_called_like_a_command_is_read_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "approve").write_text("nothing", encoding="utf-8")
    assert call("./approve").return_value == 1
