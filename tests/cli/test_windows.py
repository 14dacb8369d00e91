"""`windows` and `window add|end`: with and without a daemon, by the wall clock of the configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli.window import command as window
from monitor.cli.windows import command as windows
from tests.cli.daemon import Asked, answering

NOBODY = "http://127.0.0.1:1"
FILE = """\
version: 1
timezone: Europe/Berlin
probes:
  - {name: one, kind: tcp, authority: shandong, service: verify, host: 127.0.0.1, port: 80}
maintenance:
  - {name: upgrade, authorities: [shandong], services: [verify], start: 2026-12-01 18:00, end: 2026-12-02 08:00:30}
  - {name: nightly, authorities: all, schedule: "30 23 * * *", duration: 2h}
"""


def call(command: Any, *words: str, url: str = NOBODY, **environ: str | None) -> Result:
    """The command as the program runs it; its exit code is `return_value`, or `exit_code` after an error."""
    clear = {"FAPIAO_CONFIG": None, "FAPIAO_TOKEN": None, "FAPIAO_URL": url}
    return CliRunner().invoke(command, words, env={**clear, **environ}, standalone_mode=False)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with two rules in the working directory."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "probes.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


def row(id_: str = "hand-1", start: str = "2026-12-01T20:00:00Z", **more: Any) -> dict[str, Any]:
    """A window as the daemon answers it."""
    named = {"id": id_, "name": "by hand", "authorities": ["henan"], "services": None, "start": start}
    rest = {"end": "2026-12-01T22:00:00Z", "announce": True, "by_hand": True, "state": "upcoming"}
    return {**named, **rest, **more}


def test_without_a_daemon_it_follows_from_the_configuration(file: Path) -> None:
    done = call(windows, "--at", "2026-12-01", "--days", "2")
    assert done.stdout.splitlines() == [
        "maintenance from Tue 2026-12-01 00:00 to Thu 2026-12-03 00:00 (Europe/Berlin)",
        "from                  to            state     name     authorities  services  id",
        "Mon 2026-11-30 23:30  Tue 01:30     active    nightly  all          all       nightly-20261130T223000Z",
        "Tue 2026-12-01 18:00  Wed 08:00:30  upcoming  upgrade  shandong     verify    upgrade-20261201T170000Z",
        "Tue 2026-12-01 23:30  Wed 01:30     upcoming  nightly  all          all       nightly-20261201T223000Z",
        "Wed 2026-12-02 23:30  Thu 01:30     upcoming  nightly  all          all       nightly-20261202T223000Z",
    ]
    assert done.stderr.startswith("windows by hand are not among them: no daemon at http://127.0.0.1:1")


def test_the_wall_clock_stays_over_a_day_of_clock_change(file: Path) -> None:
    done = call(windows, "--at", "2026-10-24 12:00", "--days", "2", "--json")
    starts = [found["start"] for found in json.loads(done.stdout)["windows"]]
    assert starts == ["2026-10-24T21:30:00Z", "2026-10-25T22:30:00Z"]


def test_json_has_the_form_of_the_api(file: Path) -> None:
    done = call(windows, "--at", "2026-12-01 18:00", "--days", "1", "--json")
    answer = json.loads(done.stdout)
    assert answer["next"] is None
    assert answer["windows"][0] == {
        "id": "upgrade-20261201T170000Z",
        "name": "upgrade",
        "authorities": ["shandong"],
        "services": ["verify"],
        "start": "2026-12-01T17:00:00Z",
        "end": "2026-12-02T07:00:30Z",
        "announce": True,
        "by_hand": False,
        "notice": None,
        "resumes": None,
        "early": None,
        "planned_end": None,
        "state": "active",
    }


def test_what_the_daemon_has_by_hand_and_has_ended_early_counts(file: Path) -> None:
    gone = row("hand-2", end="2026-12-01T20:00:00Z")
    early = row("nightly-20261201T223000Z", "2026-12-01T22:30:00Z", end="2026-12-01T23:00:00Z", by_hand=False)
    with answering({"GET /api/v1/windows": (200, {"windows": [row(), gone, early], "next": None})}) as peer:
        words = ["--at", "2026-12-01 19:00", "--days", "1", "--json", "-c", str(file)]
        done = call(windows, *words, url=peer.url)
    assert "hand-2" not in done.stdout  # it was ended before it began
    found = {one["id"]: (one["end"], one["state"]) for one in json.loads(done.stdout)["windows"]}
    assert found == {
        "upgrade-20261201T170000Z": ("2026-12-02T07:00:30Z", "active"),
        "hand-1": ("2026-12-01T22:00:00Z", "upcoming"),
        "nightly-20261201T223000Z": ("2026-12-01T23:00:00Z", "upcoming"),
    }
    assert done.stderr == ""


def test_windows_of_notices_count_and_notices_that_wait_are_named(file: Path) -> None:
    of_notice = row("notice-1", by_hand=False, notice="a1")
    answer = {"windows": [of_notice], "notices_waiting": 2, "next": None}
    with answering({"GET /api/v1/windows": (200, answer)}) as peer:
        done = call(windows, "--at", "2026-12-01 19:00", "--days", "1", url=peer.url, LANG="C")
    assert "notice-1" in done.stdout
    assert done.stderr == "notices that wait for a person: 2 (`notice list`)\n"


def test_with_a_daemon_it_shows_what_is_in_force_and_needs_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    far = row(start="2020-01-01T00:00:00Z", end="2099-01-01T00:00:00Z", authorities=["a", "b", "c", "d", "e"])
    with answering({"GET /api/v1/windows": (200, {"windows": [far], "next": None})}) as peer:
        done = call(windows, "--days", "3", url=peer.url)
    assert "(Asia/Shanghai)" in done.stdout
    assert "Wed 2020-01-01 08:00  Thu 2099-01-01 08:00  active  by hand  a, b, c and 2 more" in done.stdout
    assert [asked.path for asked in peer.asked][1:] == ["/api/v1/windows?days=3&limit=500"]


def test_another_day_is_asked_of_the_daemon_and_needs_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answers = {
        "GET /api/v1/status": (200, {"timezone": "Asia/Urumqi"}),
        "GET /api/v1/windows": (200, {"windows": [row()], "next": None}),
    }
    with answering(answers) as peer:
        done = call(windows, "--at", "2026-12-01", "--days", "3", url=peer.url)
    assert done.return_value == 0
    assert "hand-1" in done.stdout
    assert peer.asked[-1].path == "/api/v1/windows?days=3&limit=500&at=2026-11-30T18:00:00Z"


def test_windows_by_hand_are_shown_however_far_ahead(file: Path) -> None:
    far = row(start="2027-06-01T20:00:00Z", end="2027-06-01T22:00:00Z")
    of_rule = row("rule-1", start="2027-06-01T20:00:00Z", end="2027-06-01T22:00:00Z", by_hand=False)
    with answering({"GET /api/v1/windows": (200, {"windows": [far, of_rule], "next": None})}) as peer:
        done = call(windows, "--at", "2026-12-01", url=peer.url)
    assert ("hand-1" in done.stdout, "rule-1" in done.stdout) == (True, False)


def test_nothing_planned_is_said(file: Path) -> None:
    file.write_text(FILE.partition("maintenance:")[0], encoding="utf-8")
    assert "no windows" in call(windows).stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--at", "tomorrow"], "--at: write a time like", id="no time"),
        pytest.param(["--at", "2026-03-29 02:30"], "does not exist", id="a time that clocks skip"),
        pytest.param(["--days", "0"], "--days", id="no days"),
        pytest.param(["-c", "nowhere.yaml"], "cannot be read", id="no file"),
        pytest.param(["--url", "here"], "--url", id="no address"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(file: Path, words: list[str], said: str) -> None:
    done = CliRunner().invoke(windows, words, env={"FAPIAO_URL": NOBODY, "FAPIAO_CONFIG": None})
    assert done.exit_code == 2
    assert said in done.stderr


def test_text_from_the_daemon_cannot_move_the_cursor(file: Path) -> None:
    evil = row("\x1b[2J", name="a\x07b", authorities=["\u202e"], state="\x1b[H")
    with answering({"GET /api/v1/windows": (200, {"windows": [evil, 3, {}], "next": None})}) as peer:
        done = call(windows, "--days", "366", url=peer.url)
    assert done.exception is None
    assert not set(done.output) & {"\x1b", "\x07", "\u202e"}


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_a_window_is_added_by_the_wall_clock_of_the_configuration(file: Path) -> None:
    made = row(start="2026-12-01T17:00:00Z", end="2026-12-01T19:00:30Z")
    with answering({"POST /api/v1/windows": (201, made)}) as peer:
        words = ["shandong", "henan", "--from", "2026-12-01 18:00", "--until", "2026-12-01 20:00:30"]
        done = call(window, "add", *words, "--service", "verify", url=peer.url, FAPIAO_TOKEN="sesame")
    body = {
        "name": "by hand",
        "authorities": ["shandong", "henan"],
        "services": ["verify"],
        "start": "2026-12-01T17:00:00Z",
        "end": "2026-12-01T19:00:30Z",
    }
    assert peer.asked[1] == Asked(method="POST", path="/api/v1/windows", token="Bearer sesame", body=body)
    assert done.return_value == 0
    assert done.stdout == "hand-1: Tue 2026-12-01 18:00 to Tue 2026-12-01 20:00:30 (Europe/Berlin)\n"


def test_a_window_that_overlaps_with_another_by_hand_says_so(file: Path) -> None:
    made = row(id="hand-2", start="2026-12-01T17:00:00Z", end="2026-12-01T19:00:00Z", authorities=["henan"])
    others = [
        row(
            id="hand-1",
            by_hand=True,
            start="2026-12-01T18:00:00Z",
            end="2026-12-01T20:00:00Z",
            authorities=None,
        ),
        row(
            id="later",
            by_hand=True,
            start="2026-12-01T19:00:00Z",
            end="2026-12-01T20:00:00Z",
            authorities=None,
        ),
        row(
            id="other",
            by_hand=True,
            start="2026-12-01T18:00:00Z",
            end="2026-12-01T20:00:00Z",
            authorities=["hubei"],
        ),
    ]
    table = {"POST /api/v1/windows": (201, made), "GET /api/v1/windows": (200, {"windows": [*others, made]})}
    with answering(table) as peer:
        done = call(window, "add", "henan", "--until", "2026-12-01 24:00", url=peer.url)
    assert done.return_value == 0
    assert [line.split()[3] for line in done.stderr.splitlines()] == ["hand-1"]
    assert peer.asked[1].body["end"] == "2026-12-01T23:00:00Z"


def test_authorities_of_a_window_may_be_chinese_names_or_codes(file: Path) -> None:
    with answering({"POST /api/v1/windows": (201, row())}) as peer:
        call(window, "add", "河南", "3702", "山东省税务局", "--for", "2h", url=peer.url)
    assert peer.asked[1].body["authorities"] == ["henan", "qingdao", "shandong"]


def test_the_wall_clock_is_that_of_the_daemon(file: Path) -> None:
    """Not that of a file that happens to lie here, unless it is named."""
    answers = {"GET /api/v1/status": (200, {"timezone": "Asia/Urumqi"}), "POST /api/v1/windows": (201, row())}
    words = ["add", "henan", "--from", "2026-12-01 18:00", "--for", "2h"]
    with answering(answers) as peer:
        there = call(window, *words, url=peer.url)
        here = call(window, *words, "-c", str(file), url=peer.url)
    bodies = [asked.body["start"] for asked in peer.asked if asked.method == "POST"]
    assert bodies == ["2026-12-01T12:00:00Z", "2026-12-01T17:00:00Z"]
    assert ("(Asia/Urumqi)" in there.stdout, "(Europe/Berlin)" in here.stdout) == (True, True)


def test_all_authorities_from_now_on_for_a_while(file: Path) -> None:
    with answering({"POST /api/v1/windows": (201, row())}) as peer:
        call(window, "add", "all", "--for", "2h", "--name", "断电", url=peer.url)
    asked = peer.asked[1]
    assert set(asked.body) == {"name", "authorities", "services", "end"}
    assert (asked.body["authorities"], asked.body["services"], asked.body["name"]) == ("all", None, "断电")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param([], "AUTHORITY", id="nobody"),
        pytest.param(["henan"], "one of --for and --until", id="no end"),
        pytest.param(["henan", "--for", "2h", "--until", "2026-12-01"], "one of --for", id="two ends"),
        pytest.param(["henan", "--for", "2"], "write a duration like", id="no unit"),
        pytest.param(
            ["henan", "--from", "2026-12-01 18:00", "--until", "2026-12-01 08:00"],
            "after --from",
            id="backwards",
        ),
        pytest.param(["henan", "--until", "2026-12-01 24:30"], "does not exist", id="after 24 o'clock"),
    ],
)
def test_a_window_that_cannot_be_meant_is_a_usage_error(file: Path, words: list[str], said: str) -> None:
    done = CliRunner().invoke(window, ["add", *words], env={"FAPIAO_URL": NOBODY, "FAPIAO_CONFIG": None})
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_window_is_ended(file: Path) -> None:
    with answering({"DELETE /api/v1/windows/nightly-20261201T223000Z": (200, row())}) as peer:
        done = call(window, "end", "nightly-20261201T223000Z", url=peer.url)
    assert (done.return_value, peer.asked[-1].method) == (0, "DELETE")


def test_an_id_is_one_step_of_the_path_whatever_it_holds(file: Path) -> None:
    with answering({}) as peer:
        call(window, "end", "../silences/a b?x#夜", url=peer.url)
    assert [asked.path for asked in peer.asked] == ["/api/v1/windows/..%2Fsilences%2Fa%20b%3Fx%23%E5%A4%9C"]


@pytest.mark.parametrize(
    ("status", "error", "code", "said"),
    [
        pytest.param(404, "no window 'x' is known", 1, "Error: no window 'x' is known\n", id="unknown"),
        pytest.param(409, "x is over already", 1, "Error: x is over already\n", id="over"),
        pytest.param(401, "wrong", 3, "401 wrong; set FAPIAO_TOKEN to the server.token", id="no token"),
        pytest.param(403, "this daemon has no token", 3, "403 this daemon has no token", id="none there"),
        pytest.param(503, "not decided in time", 3, "refuses /api/v1/windows/x: 503 not decided", id="late"),
    ],
)
def test_a_refusal_says_why_and_the_exit_code_whose_it_is(
    file: Path, status: int, error: str, code: int, said: str
) -> None:
    with answering({"DELETE /api/v1/windows/x": (status, {"error": error})}) as peer:
        done = CliRunner().invoke(
            window, ["end", "x"], env={"FAPIAO_URL": peer.url, "FAPIAO_TOKEN": None, "FAPIAO_CONFIG": None}
        )
    assert done.exit_code == code
    assert said in done.stderr
    assert done.stdout == ""


def test_a_wrong_token_is_said_and_not_shown(file: Path) -> None:
    with answering({"DELETE /api/v1/windows/x": (401, {"error": "wrong"})}) as peer:
        env = {"FAPIAO_URL": peer.url, "FAPIAO_TOKEN": "sesame-open"}
        done = CliRunner().invoke(window, ["end", "x"], env=env)
    assert done.exit_code == 3
    assert "FAPIAO_TOKEN is not the server.token" in done.stderr
    assert "sesame" not in done.output


def test_a_window_takes_the_chinese_name_of_a_service_and_a_refusal_names_the_options(file: Path) -> None:
    refusal = {"error": "services: unknown service 'vrify'; did you mean verify?; end: is already over"}
    with answering({"POST /api/v1/windows": (400, refusal)}) as peer:
        words = ["add", "henan", "--service", "发票查验", "--service", "vrify", "--for", "1h"]
        done = call(window, *words, url=peer.url)
    assert peer.asked[1].body["services"] == ["verify", "vrify"]
    said = "--service: unknown service 'vrify'; did you mean verify?; --until: is already over"
    assert said in str(done.exception)
