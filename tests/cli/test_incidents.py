"""`incidents`, `ack` and `silence`: what they show, what they ask of the daemon, how they end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli.ack import command as ack
from monitor.cli.incidents import command as incidents
from monitor.cli.silence import command as silence
from tests.cli.daemon import Asked, answering

NOBODY = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No configuration in the working directory; local time is UTC."""
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        patch.setenv("LC_ALL", "C.UTF-8")
        time.tzset()
        yield
    time.tzset()


def call(command: Any, *words: str, url: str = NOBODY) -> Result:
    """The command as a user runs it; an error exits by its code."""
    env = {"FAPIAO_URL": url, "FAPIAO_TOKEN": "sesame", "FAPIAO_CONFIG": None, "LOGNAME": "wang"}
    return CliRunner().invoke(command, words, env=env)


def incident(id_: str = "shandong-verify-20261121T080000Z", **more: Any) -> dict[str, Any]:
    """An incident as the daemon answers it."""
    return {
        "id": id_,
        "parent": None,
        "members": [],
        "scope": "authority",
        "authority": "shandong",
        "service": "verify",
        "severity": "critical",
        "cause": "response_timeout",
        "first_failure_at": "2026-11-21T08:00:00Z",
        "opened_at": "2026-11-21T08:00:10Z",
        "resolved_at": None,
        "acknowledged_at": None,
        "acknowledged_by": "",
        "muted_by": None,
        **more,
    }


def page(*rows: dict[str, Any], key: str = "incidents", following: str | None = None) -> tuple[int, Any]:
    """A page of a list."""
    return 200, {key: list(rows), "next": following}


# --- incidents -------------------------------------------------------------------------------------------------------


def test_open_incidents_are_a_table_with_members_behind_their_parent() -> None:
    rows = (
        incident("henan-20261121T080100Z", authority="henan", service="", severity="warning", parent="n-1"),
        incident(acknowledged_at="2026-11-21T08:10:00Z", acknowledged_by="wang"),
        incident("n-1", scope="national", authority="national", service="", cause="dns_servfail"),
        incident("i-4", muted_by="nightly-20261120T150000Z"),
    )
    utc = {"GET /api/v1/status": (200, {"timezone": "UTC"})}
    with answering({"GET /api/v1/incidents": page(*rows), **utc}) as peer:
        done = call(incidents, url=peer.url)
    assert done.exit_code == 0
    assert [line.rstrip() for line in done.stdout.splitlines()] == [
        "what                 cause             severity  since               state                              id",
        "✗ shandong verify    response_timeout  critical  11-21 08:00 +00:00  acked by wang                      "
        "shandong-verify-20261121T080000Z",
        "✗ nationwide outage  dns_servfail      critical  11-21 08:00 +00:00  open                               n-1",
        "  ⚠ henan            response_timeout  warning   11-21 08:00 +00:00  open                               "
        "henan-20261121T080100Z",
        "✗ shandong verify    response_timeout  critical  11-21 08:00 +00:00  muted by nightly-20261120T150000Z  i-4",
    ]
    assert peer.asked[0].path == "/api/v1/incidents?limit=500&open=true"


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Asia/Shanghai", "11-21 16:00 +08:00"),
        ("Europe/Berlin", "11-21 09:00 +01:00"),
        ("No/Where", "11-21 16:00 +08:00"),
    ],
)
def test_times_are_by_the_wall_clock_of_the_daemon(zone: str, shown: str) -> None:
    known = {"GET /api/v1/incidents": page(incident()), "GET /api/v1/silences": page(SILENCE, key="silences")}
    with answering({**known, "GET /api/v1/status": (200, {"timezone": zone})}) as peer:
        assert shown in call(incidents, url=peer.url).stdout
        listed = call(silence, "list", url=peer.url).stdout
    assert listed.startswith(f"times of {zone if zone != 'No/Where' else 'Asia/Shanghai'}")


def test_all_of_them_are_read_page_after_page() -> None:
    answers = {
        "GET /api/v1/incidents?limit=500": page(incident("a"), following="00.a"),
        "GET /api/v1/incidents?limit=500&cursor=00.a": page(
            incident("b", resolved_at="2026-11-21T09:00:00Z")
        ),
    }
    with answering(answers) as peer:
        done = call(incidents, "--all", "--json", url=peer.url)
    assert [one["id"] for one in json.loads(done.stdout)["incidents"]] == ["a", "b"]


def test_none_is_said() -> None:
    with answering({"GET /api/v1/incidents": page()}) as peer:
        assert call(incidents, url=peer.url).stdout == "no open incidents\n"


def test_without_a_daemon_it_exits_3() -> None:
    done = call(incidents)
    assert (done.exit_code, done.stdout) == (3, "")
    assert "no daemon at http://127.0.0.1:1: connection refused" in done.stderr


@pytest.mark.parametrize("answer", [[], {"incidents": 3}, {"incidents": [3]}, {}])
def test_what_is_not_a_daemon_is_told_apart(answer: Any) -> None:
    with answering({"GET /api/v1/incidents": (200, answer)}) as peer:
        done = call(incidents, url=peer.url)
    assert done.exit_code == 3
    assert "is not a fapiao-monitor" in done.stderr


def test_text_from_the_daemon_cannot_move_the_cursor() -> None:
    evil = incident("\x1b[2J", authority="\x07", cause="a\nb", acknowledged_at="x", acknowledged_by="\u202e")
    with answering({"GET /api/v1/incidents": page(evil)}) as peer:
        done = call(incidents, url=peer.url)
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) == 2
    assert not set(done.output) & {"\x1b", "\x07", "\u202e"}


# --- ack -------------------------------------------------------------------------------------------------------------


def test_an_incident_is_taken_by_who_is_logged_in() -> None:
    with answering({"POST /api/v1/incidents/i-1/ack": (200, incident())}) as peer:
        done = call(ack, "i-1", "--comment", "我来看", url=peer.url)
    body = {"author": "wang", "comment": "我来看"}
    assert peer.asked == [
        Asked(method="POST", path="/api/v1/incidents/i-1/ack", token="Bearer sesame", body=body)
    ]
    assert (done.exit_code, done.stdout.startswith("i-1 is yours (wang)")) == (0, True)


def test_an_incident_that_is_unknown_exits_1() -> None:
    refusal = {"error": "no incident 'i-2' is known\x1b[2J"}
    with answering({"POST /api/v1/incidents/i-2/ack": (404, refusal)}) as peer:
        done = call(ack, "i-2", "--author", "li", url=peer.url)
    assert (done.exit_code, done.stderr) == (1, "Error: no incident 'i-2' is known [2J\n")


def test_an_authority_in_place_of_an_id_is_told_what_is_meant() -> None:
    done_by = {
        "POST /api/v1/incidents/%E5%B1%B1%E4%B8%9C/ack": (404, {"error": "no incident '山东' is known"})
    }
    with answering(done_by) as peer:
        done = call(ack, "山东", url=peer.url)
    assert done.exit_code == 1
    assert "this names an authority, the id of an incident is meant" in done.stderr


# --- silence ---------------------------------------------------------------------------------------------------------

SILENCE = {
    "id": "0a1b",
    "matchers": {"authority": ["shandong", "henan"], "severity": ["warning"]},
    "starts_at": "2026-12-01T10:00:00Z",
    "ends_at": "2026-12-01T12:00:00Z",
    "author": "wang",
    "comment": "known",
    "state": "active",
}


def test_a_silence_is_added_with_words_by_commas_or_repeated() -> None:
    with answering({"POST /api/v1/silences": (201, SILENCE)}) as peer:
        words = ["--authority", "shandong,henan", "--severity", "warning", "--severity", "info"]
        until = ["--from", "2026-12-01 18:00", "--until", "2026-12-01 20:00", "--comment", "known"]
        done = call(silence, "add", *words, *until, url=peer.url)
    assert peer.asked[-1].body == {
        "matchers": {"authority": ["shandong", "henan"], "severity": ["warning", "info"]},
        "starts_at": "2026-12-01T10:00:00Z",
        "ends_at": "2026-12-01T12:00:00Z",
        "author": "wang",
        "comment": "known",
    }
    assert (done.exit_code, done.stdout) == (0, "0a1b: silent until Tue 2026-12-01 20:00 (Asia/Shanghai)\n")
    assert done.stderr == ""


def test_a_silence_of_more_than_30_days_is_noted() -> None:
    made = {**SILENCE, "ends_at": "2027-12-01T12:00:00Z"}
    with answering({"POST /api/v1/silences": (201, made)}) as peer:
        done = call(silence, "add", "--authority", "henan", "--for", "365d", url=peer.url)
    assert done.exit_code == 0
    assert "note: that is 365 days" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--for", "2h"], "at least one of --authority", id="of everything"),
        pytest.param(["--authority", " , ", "--for", "2h"], "at least one of", id="of blanks"),
        pytest.param(["--authority", "henan"], "one of --for and --until", id="for ever"),
        pytest.param(["--authority", "henan", "--for", "0s"], "longer than 0", id="for nothing"),
    ],
)
def test_a_silence_that_cannot_be_meant_is_a_usage_error(words: list[str], said: str) -> None:
    done = call(silence, "add", *words)
    assert done.exit_code == 2
    assert said in done.stderr


def test_an_authority_is_silenced_by_its_chinese_name_or_its_code() -> None:
    with answering({"POST /api/v1/silences": (201, SILENCE)}) as peer:
        words = ["--authority", "河南，山东省、4403", "--authority", "国家税务总局浙江省税务局,全国"]
        call(silence, "add", *words, "--for", "2h", url=peer.url)
    assert peer.asked[-1].body["matchers"] == {
        "authority": ["henan", "shandong", "shenzhen", "zhejiang", "national"]
    }


def test_a_service_is_silenced_by_its_chinese_name() -> None:
    with answering({"POST /api/v1/silences": (201, SILENCE)}) as peer:
        call(silence, "add", "--service", "查验,数电票,vrify", "--for", "2h", url=peer.url)
    assert peer.asked[-1].body["matchers"] == {"service": ["verify", "dppt", "vrify"]}


def test_a_refusal_names_the_options() -> None:
    refusal = {"error": "matchers.severity: unknown word 'loud'; ends_at: is already over; comment.0: odd"}
    with answering({"POST /api/v1/silences": (400, refusal)}) as peer:
        done = call(silence, "add", "--severity", "loud", "--for", "2h", url=peer.url)
    assert done.stderr == "Error: --severity: unknown word 'loud'; --until: is already over; --comment: odd\n"


def test_what_the_daemon_does_not_know_exits_1() -> None:
    refusal = {"error": "matchers.authority: unknown authority 'henna'; did you mean henan?"}
    with answering({"POST /api/v1/silences": (400, refusal)}) as peer:
        done = call(silence, "add", "--authority", "henna", "--for", "2h", url=peer.url)
    assert done.exit_code == 1
    assert done.stderr == "Error: --authority: unknown authority 'henna'; did you mean henan?\n"


def test_silences_are_listed_without_those_that_are_over() -> None:
    rows = (SILENCE, {**SILENCE, "id": "old", "state": "expired"})
    with answering({"GET /api/v1/silences": page(*rows, key="silences")}) as peer:
        done = call(silence, "list", url=peer.url)
        everything = call(silence, "list", "--all", "--json", url=peer.url)
    assert done.stdout.splitlines()[0] == "times of Asia/Shanghai"
    assert "0a1b  active  Tue 2026-12-01 18:00  Tue 20:00  wang" in done.stdout
    assert "authority=shandong,henan severity=warning: known" in done.stdout
    assert "old" not in done.stdout
    assert len(json.loads(everything.stdout)["silences"]) == 2


def test_a_silence_is_ended() -> None:
    with answering({"DELETE /api/v1/silences/0a1b": (200, SILENCE)}) as peer:
        assert call(silence, "end", "0a1b", url=peer.url).exit_code == 0
