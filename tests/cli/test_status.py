"""`status`: the matrix of a running daemon, its exit codes, its colours, and what it does without a daemon."""

from __future__ import annotations

import io
import json
import os
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from monitor.cli.drawing import GREEN, NEUTRAL, PALE_GREEN, PALE_RED, PALE_YELLOW, RED, WHITE, YELLOW
from monitor.cli.matrix import cell_style, draw_status, reference_outcome
from monitor.cli.status import command, cut
from monitor.knowledge import load_registry
from tests.cli.peer import serving

NOW = "2026-11-21T08:12:00Z"


def row(slug: str = "shandong", state: str = "up", outcome: str | None = "ok", **more: Any) -> dict[str, Any]:
    """One row of /api/v1/status."""
    authority = load_registry()[slug]
    return {
        "authority": slug,
        "code": authority.code,
        "name": authority.name,
        "state": state,
        "outcome": outcome,
        "cause": None if outcome is None else "none",
        "flags": [],
        "diagnosis": "healthy",
        "facts": [],
        "verdict": "no_reference",
        "since": None,
        "seen_up": True,
        "reference": [],
        "maintenance": [],
        "incidents": [],
        "services": {},
        "targets": [f"captcha/{slug}"],
        **more,
    }


def says(outcome: str, stale: bool = False) -> dict[str, Any]:
    """What one reference says."""
    return {"source": "hq", "outcome": outcome, "age_seconds": 3.0, "stale": stale}


def status(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An answer of /api/v1/status: `rows` in place of their authority's, all others up."""
    changed = {one["authority"]: one for one in rows}
    return {
        "generated_at": NOW,
        "vantage": "shanghai-office",
        "authorities": [changed.get(slug) or row(slug) for slug in load_registry()],
        "national": None,
        "local": {"state": "up", "diagnosis": "healthy", "facts": []},
        **more,
    }


INCIDENT: dict[str, Any] = {
    "id": "i-1",
    "parent": None,
    "members": [],
    "scope": "authority",
    "authority": "shandong",
    "service": "verify",
    "severity": "critical",
    "cause": "response_timeout",
    "diagnosis": "provincial_outage",
    "first_failure_at": "2026-11-21T08:00:00Z",
    "opened_at": "2026-11-21T08:00:10Z",
}
DOWN = row("shandong", "down", "timeout", cause="response_timeout")


def answers(answer: dict[str, Any], *incidents: dict[str, Any]) -> dict[str, Any]:
    """What a daemon answers by path."""
    return {"/api/v1/status": answer, "/api/v1/incidents": {"incidents": list(incidents), "next": None}}


def call(*words: str, url: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The command as a user calls it, in a pipe."""
    return subprocess.run(
        [sys.executable, "-m", "monitor", "status", *words],
        env={"FAPIAO_URL": url, "COLUMNS": "80", "LC_ALL": "C.UTF-8", **environ},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def drawn(answer: dict[str, Any], *incidents: dict[str, Any], width: int = 80, colour: bool = False) -> str:
    """The picture as a terminal of that width gets it."""
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=colour,
        color_system="truecolor" if colour else None,
        highlight=False,
        legacy_windows=False,
    )
    console.print(draw_status(answer, incidents, width))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


# --- as a user calls it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(status(), 0, id="all up"),
        pytest.param(
            status(row("henan", "maintenance", "error", cause="maintenance_page")), 0, id="one in maintenance"
        ),
        pytest.param(status(DOWN), 1, id="one down"),
        pytest.param(status(row("henan", "degraded")), 1, id="one degraded"),
        pytest.param(status(row("henan", "unknown", None)), 1, id="one without a run"),
        pytest.param({**status(), "authorities": []}, 1, id="nothing watched"),
    ],
)
def test_the_exit_code_says_whether_all_is_well(answer: dict[str, Any], code: int) -> None:
    with serving(answers(answer)) as url:
        done = CliRunner().invoke(command, ["--json", "--url", url], standalone_mode=False)
    assert (done.return_value, done.stderr) == (code, "")
    assert json.loads(done.stdout) == answer


def test_in_a_pipe_it_is_plain_and_every_cell_has_sign_and_word() -> None:
    with serving(answers(status(DOWN, row("henan", "down", "error", cause="http_status")), INCIDENT)) as url:
        done = call(url=url)
    assert (done.returncode, done.stderr) == (1, "")
    assert "\x1b" not in done.stdout
    assert "✓ 34 of 36 up, ✗ 2 down (shandong, henan)" in done.stdout
    assert "◷ 山东   timeout" in done.stdout
    assert "✗ 河南   error" in done.stdout
    assert "✓ 北京   ok" in done.stdout
    assert "✗ shandong verify, response_timeout, provincial_outage," in done.stdout


def test_without_a_daemon_it_exits_3_and_says_where_it_looked() -> None:
    done = call(url="http://127.0.0.1:1")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "Error: no daemon at http://127.0.0.1:1: connection refused. Start one with `run`\n"


def test_a_file_of_roots_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nofile.pem"))
    done = CliRunner().invoke(command, ["--url", "https://127.0.0.1:1"])
    assert done.exit_code == 3
    assert (
        f"the file {tmp_path}/nofile.pem that SSL_CERT_FILE names cannot be read: no such file" in done.stderr
    )
    assert "connection refused" in CliRunner().invoke(command, ["--url", "http://127.0.0.1:1"]).stderr


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b'{"authorities": 3}'], ids=["a page", "a list", "a number"]
)
def test_what_is_not_a_daemon_is_told_apart(body: bytes) -> None:
    with serving({"/api/v1/status": body}) as url:
        done = CliRunner().invoke(command, ["--url", url])
    assert done.exit_code == 3
    assert "is not a fapiao-monitor" in done.stderr


def test_a_password_in_the_address_is_not_repeated() -> None:
    done = CliRunner().invoke(command, ["--url", "http://me:geheim@127.0.0.1:1"])
    assert done.exit_code == 3
    assert "geheim" not in done.output


def test_what_is_no_address_is_a_usage_error() -> None:
    assert CliRunner().invoke(command, ["--url", "localhost:8036"]).exit_code == 2


class Guarded(BaseHTTPRequestHandler):
    """Answers only who shows the token."""

    def do_GET(self) -> None:
        allowed = self.headers["Authorization"] == "Bearer sesame"
        body = json.dumps(status() if allowed else {"error": "a token is needed"}).encode()
        self.send_response(200 if allowed else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name in the standard library
        """Say nothing."""


@pytest.fixture
def guarded() -> Iterator[str]:
    with TCPServer(("127.0.0.1", 0), Guarded) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_the_token_of_the_environment_is_shown_to_the_daemon(guarded: str) -> None:
    words = ["--json", "--url", guarded]
    refused = CliRunner().invoke(command, words)
    assert refused.exit_code == 3
    assert "refuses /api/v1/status: 401 a token is needed" in refused.stderr
    allowed = CliRunner().invoke(command, words, env={"FAPIAO_TOKEN": "sesame"}, standalone_mode=False)
    assert allowed.return_value == 0


def test_watching_in_a_pipe_prints_once_while_nothing_changes_and_ends_cleanly() -> None:
    with serving(answers(status(DOWN))) as url:
        process = subprocess.Popen(
            [sys.executable, "-m", "monitor", "status", "--watch", "--url", url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        deadline = time.monotonic() + 2.5  # one refresh, which finds nothing new
        while time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        rest, problems = process.communicate(timeout=10)
    assert "35 of 36 up" in first
    assert "of 36 up" not in rest
    assert (process.returncode, problems) == (1, "")


def test_output_that_cannot_be_written_is_said_without_a_traceback() -> None:
    with serving(answers(status())) as url, Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "monitor", "status"],
            env={"FAPIAO_URL": url, "LC_ALL": "C.UTF-8"},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.stderr == "Error: cannot write the output: No space left on device\n"
    assert done.returncode == 3


# --- the picture -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [40, 80, 100, 120, 140, 200])
def test_the_picture_fits_the_terminal(width: int) -> None:
    some = [
        row(slug, "down", "timeout", cause="response_timeout")
        for slug in ("neimenggu", "heilongjiang", "hunan")
    ]
    chain = row("henan", "down", "error", cause="tls_incomplete_chain", reference=[says("ok")])
    lines = drawn(status(*some, chain), INCIDENT, width=width).splitlines()
    assert max(cell_len(line) for line in lines) <= width
    cells = "\n".join(lines)
    assert all(authority.name in cells for authority in load_registry().values())


def test_a_wide_terminal_shows_slug_and_cause() -> None:
    picture = drawn(status(row("henan", "down", "error", cause="tls_incomplete_chain"), DOWN), width=140)
    assert "✗ 河南   henan" in picture
    assert "tls_incomplete_chain" in picture
    assert "◷ 山东   shandong" in picture
    assert "response_timeout" in picture


@pytest.mark.parametrize(
    ("own", "reference", "style"),
    [
        pytest.param("ok", None, f"{PALE_GREEN} on {NEUTRAL}", id="no reference: neutral"),
        pytest.param("error", None, f"{PALE_RED} on {NEUTRAL}", id="no reference, error"),
        pytest.param("ok", "ok", f"{WHITE} on {GREEN}", id="they agree: white"),
        pytest.param("timeout", "timeout", f"{WHITE} on {YELLOW}", id="they agree on a timeout"),
        pytest.param("error", "ok", f"{PALE_RED} on {GREEN}", id="only we see an error"),
        pytest.param("ok", "error", f"{PALE_GREEN} on {RED}", id="only the reference does"),
        pytest.param(
            "timeout", "error", f"{PALE_YELLOW} on {RED}", id="timeout and error are not drawn as equal"
        ),
    ],
)
def test_background_is_the_reference_and_text_our_own(own: str, reference: str | None, style: str) -> None:
    assert cell_style(own, reference) == style


@pytest.mark.parametrize(
    ("references", "outcome"),
    [
        pytest.param([], None, id="none"),
        pytest.param([says("ok", stale=True)], None, id="only a stale one"),
        pytest.param([says("ok"), says("error")], None, id="split"),
        pytest.param([says("ok"), says("error"), says("ok")], "ok", id="a majority"),
        pytest.param([says("timeout"), says("ok", stale=True)], "timeout", id="the fresh one counts"),
    ],
)
def test_each_fresh_reference_has_one_vote(references: list[dict[str, Any]], outcome: str | None) -> None:
    assert reference_outcome(row(reference=references)) == outcome


def test_a_difference_from_the_reference_is_marked_without_colour_too() -> None:
    picture = drawn(status(row("henan", "down", "error", reference=[says("ok")])))
    assert "✗ 河南   error   !" in picture
    assert "! where they differ" in picture
    assert "! where they differ" not in drawn(status(DOWN))


def test_colours_are_those_of_the_page() -> None:
    picture = drawn(status(row("henan", "down", "error", reference=[says("error")])), colour=True)
    assert "38;2;255;255;255;48;2;127;29;29m" in picture


def test_a_fault_of_our_own_network_comes_first() -> None:
    rows = [row(slug, "unknown", "error", cause="dns_servfail") for slug in load_registry()]
    local = {"state": "down", "diagnosis": "local_dns", "facts": []}
    first = drawn(status(*rows, local=local)).splitlines()[0]
    assert first == "✗ our own network fails (local_dns): nothing is known of the authorities"


def test_an_incident_that_explains_others_stands_for_them() -> None:
    parent = {**INCIDENT, "id": "n-1", "scope": "national", "authority": "national", "members": ["i-1"]}
    picture = drawn(status(DOWN), parent, {**INCIDENT, "parent": "n-1"})
    assert "explains 1 more" in picture
    assert "shandong verify" not in picture


def test_many_incidents_do_not_push_the_matrix_away() -> None:
    picture = drawn(status(DOWN), *({**INCIDENT, "id": f"i-{number}"} for number in range(30)))
    assert "and 18 more" in picture


def test_text_from_the_network_cannot_move_the_cursor() -> None:
    evil = row("henan", "down", "error", cause="\x1b[2J\x07\u202eevil")
    picture = drawn(status(evil, vantage="\x1b]0;title\x07"), {**INCIDENT, "cause": "a\nb\x1b[H"}, width=140)
    assert not set(picture) & {"\x1b", "\x07", "\u202e", "\r"}


def test_times_are_by_the_wall_clock_of_the_daemon_with_its_offset() -> None:
    picture = drawn(status(DOWN, timezone="Asia/Shanghai"), INCIDENT)
    assert "seen from shanghai-office at 16:12:00 +08:00" in picture
    assert "since 16:00:00 +08:00 (12 min)" in picture
    assert "at 13:42:00 +05:30" in drawn(status(timezone="Asia/Kolkata"))


@pytest.mark.parametrize("zone", [None, 3, "No/Where", "../../etc/passwd", "\0", ""])
def test_a_daemon_that_names_no_zone_is_shown_by_the_time_of_this_machine(
    zone: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        picture = drawn(status(DOWN, timezone=zone), INCIDENT)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "at 16:12:00 +08:00" in picture


@pytest.mark.parametrize("width", [*range(74, 90), 120])
def test_an_incident_is_broken_only_between_its_facts(width: int) -> None:
    long = {**INCIDENT, "id": "guangdong-dppt-20261121T080000Z", "authority": "guangdong", "service": "dppt"}
    picture = drawn(status(DOWN, timezone="Asia/Shanghai"), long, width=width)
    assert "since 16:00:00 +08:00 (12 min)" in picture
    assert picture.splitlines()[-1].endswith("guangdong-dppt-20261121T080000Z")
    assert max(cell_len(line) for line in picture.splitlines()) <= width


def test_a_terminal_of_another_size_is_drawn_on_anew() -> None:
    """What a narrower picture left behind is cleared away: the terminal has moved its lines."""
    with serving(answers(status(DOWN))) as url, pseudo_terminal(80) as (leader, follower):
        process = subprocess.Popen(
            [sys.executable, "-m", "monitor", "status", "--watch", "--url", url],
            env={"TERM": "xterm", "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=follower,
            stderr=follower,
        )
        try:
            first = read_until(leader, "shanghai-office")
            termios.tcsetwinsize(follower, (50, 140))
            again = read_until(leader, "response_timeout")
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 1
    assert "\x1b[2J" not in first
    assert "\x1b[2J" in again


@contextmanager
def pseudo_terminal(columns: int) -> Iterator[tuple[int, int]]:
    """Both ends of a terminal of 50 rows."""
    leader, follower = os.openpty()
    termios.tcsetwinsize(follower, (50, columns))
    try:
        yield leader, follower
    finally:
        os.close(leader)
        os.close(follower)


def read_until(terminal: int, words: str) -> str:
    """What a terminal shows up to these words, which must come within 20 s."""
    shown, deadline = b"", time.monotonic() + 20
    while words.encode() not in shown and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 65536)
    assert words.encode() in shown
    return shown.decode(errors="replace")


@pytest.mark.parametrize(("height", "hidden"), [(60, 0), (10, 1), (3, 1)])
def test_a_terminal_of_few_rows_says_what_it_cannot_show(height: int, hidden: int) -> None:
    console = Console(file=io.StringIO(), width=80, height=height, legacy_windows=False)
    many = [{**INCIDENT, "id": f"i-{number}"} for number in range(8)]
    footer = Text("the daemon went away")
    whole = console.render_lines(draw_status(status(DOWN), many, 80), pad=False)
    console.print(cut(console, draw_status(status(DOWN), many, 80), footer, height))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert len(lines) <= height
    assert lines[-1] == "the daemon went away"
    if hidden:
        left_out = len(whole) - (len(lines) - 2)
        assert lines[-2] == f"... and {left_out} more lines"
