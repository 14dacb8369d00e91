"""`drill`: what it asks of the daemon, what it waits for, what it prints."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli.drill import command
from tests.cli.daemon import Asked, answering

MADE = {
    "id": "drill-1",
    "authorities": ["shandong"],
    "state": "active",
    "started_at": "2026-11-21T08:00:00Z",
    "ends_at": "2026-11-21T08:10:00Z",
    "ended_at": None,
    "incidents": ["drill-shandong-verify-20261121T080000Z-1"],
}


def told(event: str, receiver: str, after: float | None, result: str = "sent") -> dict[str, Any]:
    """One row of a report."""
    sent = None if after is None else "2026-11-21T08:00:02Z"
    return {
        "event": event, "receiver": receiver, "result": result, "attempts": 0, "sent_at": sent, "after_seconds": after,
    }  # fmt: skip


def report(*rows: dict[str, Any]) -> dict[str, Any]:
    """The report of a drill that is over."""
    return {**MADE, "state": "over", "ended_at": "2026-11-21T08:10:00Z", "told": list(rows)}


def call(*words: str, url: str) -> Result:
    """The command as the program runs it; its exit code is `return_value`, or `exit_code` after an error."""
    environ = {"FAPIAO_TOKEN": "s3cret", "FAPIAO_URL": url}
    return CliRunner().invoke(command, words, env=environ, standalone_mode=False)


def test_it_plays_an_outage_and_reports_who_was_told_after_how_long():
    over = report(
        told("incident_opened", "oncall[0]", 0.42),
        told("incident_resolved", "oncall[0]", 1.25),
        told("incident_opened", "boss[0]", None, "dropped"),
    )
    answers = {"POST /api/v1/drills": (201, MADE), "GET /api/v1/drills/drill-1": (200, over)}
    with answering(answers) as daemon:
        done = call("山东", "1100", "--for", "30s", url=daemon.url)
    assert done.return_value == 0
    body = {"authorities": ["shandong", "beijing"], "duration_seconds": 30.0}
    assert daemon.asked[0] == Asked(method="POST", path="/api/v1/drills", token="Bearer s3cret", body=body)
    assert [line.split() for line in done.stdout.splitlines()[1:]] == [
        ["outage", "oncall[0]", "sent", "0.4", "s", "0"],
        ["all", "clear", "oncall[0]", "sent", "1.2", "s", "0"],
        ["outage", "boss[0]", "dropped", "-", "0"],
    ]
    assert "drill --end drill-1" in done.stderr


def test_all_that_are_watched_may_be_meant_and_the_report_may_be_json():
    over = report(told("incident_opened", "oncall[0]", 0.4))
    answers = {"POST /api/v1/drills": (201, MADE), "GET /api/v1/drills/drill-1": (200, over)}
    with answering(answers) as daemon:
        done = call("all", "--json", url=daemon.url)
    assert daemon.asked[0].body == {"authorities": "all", "duration_seconds": 600.0}
    assert json.loads(done.stdout) == over


def test_it_says_so_when_nobody_was_told():
    answers = {"POST /api/v1/drills": (201, MADE), "GET /api/v1/drills/drill-1": (200, report())}
    with answering(answers) as daemon:
        done = call("shandong", url=daemon.url)
    assert done.stdout == "nobody was told: no route takes a drill of these authorities now\n"


def test_it_need_not_be_waited_for():
    with answering({"POST /api/v1/drills": (201, MADE)}) as daemon:
        done = call("shandong", "--no-wait", url=daemon.url)
    assert done.return_value == 0
    assert done.stdout.startswith("drill-1 goes on; ")
    assert len(daemon.asked) == 1


def test_one_that_goes_on_can_be_ended():
    with answering({"DELETE /api/v1/drills/drill-1": (200, MADE)}) as daemon:
        done = call("--end", "drill-1", url=daemon.url)
    assert done.return_value == 0
    assert [one.method for one in daemon.asked] == ["DELETE"]


@pytest.mark.parametrize(
    "words",
    [(), ("shandong", "--end", "drill-1"), ("shandong", "--for", "soon"), ("shandong", "--for", "5h")],
)
def test_what_makes_no_sense_is_a_usage_error(words):
    assert getattr(call(*words, url="http://127.0.0.1:1").exception, "exit_code", None) == 2


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ((409, {"error": "a drill of shandong is going on already"}), 1, "going on already"),
        ((401, {"error": "the token is wrong"}), 3, "token"),
        ((201, {"told": 7, **MADE}), 3, "is not a fapiao-monitor"),
    ],
)
def test_what_the_daemon_refuses_is_said_with_its_exit_code(answer, code, said):
    answers = {"POST /api/v1/drills": answer, "GET /api/v1/drills/drill-1": (200, {**MADE, "told": 7})}
    with answering(answers) as daemon:
        problem = call("shandong", url=daemon.url).exception
    assert getattr(problem, "exit_code", None) == code
    assert said in str(getattr(problem, "message", ""))
