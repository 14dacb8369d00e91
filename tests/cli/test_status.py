"""`status`: its exit codes, what it says in a pipe and on a terminal, and what it does without a daemon."""

from __future__ import annotations

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

from monitor.cli.status import command
from tests.cli.peer import serving
from tests.cli.statuses import DOWN, INCIDENT, row, status


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
        pytest.param({**status(), "authorities": []}, 0, id="this machine alone, up"),
        pytest.param(
            {**status(), "authorities": [], "local": {"state": "degraded"}}, 1, id="this machine alone"
        ),
        pytest.param(
            {**status(), "authorities": [], "local": {"state": "unknown"}}, 1, id="nothing has run yet"
        ),
        pytest.param({"authorities": []}, 1, id="nothing watched"),
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
