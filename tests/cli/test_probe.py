"""`probe`: one run now against real sockets; what is drawn, what is JSON, the exit codes, and what is never echoed."""

from __future__ import annotations

import io
import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import trustme
from click.testing import CliRunner, Result
from rich.cells import cell_len
from rich.console import Console

from monitor import model
from monitor.cli.bars import draw_result
from monitor.cli.drawing import make_console
from monitor.cli.probe import choose, command, exit_code, id_of, target_of_url
from monitor.cli.texts import LANGUAGES
from monitor.config.load import without_file
from monitor.knowledge import load_registry
from monitor.model import Cause, Certificate, Flag, Phase
from tests.cli.peer import serving

STARTED = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
LOG = {"log_level": "info", "log_format": "console"}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("FAPIAO_CONFIG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def probe(*words: str) -> Result:
    return CliRunner().invoke(command, list(words), obj=LOG, standalone_mode=False)


def problem(result: Result) -> str:
    """What went wrong before anything was looked at."""
    assert result.exception is not None
    return str(getattr(result.exception, "message", result.exception))


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nobody listens on, held so that nobody else gets it."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def stranger() -> Iterator[int]:
    """A TLS server whose authority nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost", "127.0.0.1").configure_cert(context)
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            try:
                context.wrap_socket(peer, server_side=True).close()
            except OSError:
                peer.close()

    thread = Thread(target=serve)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def configuration(directory: Path, *probes: str, language: str = "language: en") -> Path:
    """A probes.yaml with these probes, written as flow mappings."""
    file = directory / "probes.yaml"
    lines = "\n".join(f"  - {line}" for line in probes)
    file.write_text(
        f"version: 1\n{language}\nlimits: {{per_host: none}}\nprobes:\n{lines}\n", encoding="utf-8"
    )
    return file


# --- addresses -------------------------------------------------------------------------------------------------------


def test_a_url_needs_no_configuration() -> None:
    with serving({"/page": {"hello": 1}}) as url:
        result = probe(f"{url}/page")
    assert (result.return_value, result.exception) == (0, None)
    assert f"{url}  ✓ ok" in result.stdout
    assert "processing" in result.stdout
    assert "status   200" in result.stdout


def test_an_unexpected_status_is_an_error() -> None:
    with serving({}) as url:
        result = probe(f"{url}/missing")
    assert result.return_value == 1
    assert "✗ error: http_status" in result.stdout
    assert "unexpected HTTP status" in result.stdout


def test_a_refused_connection_names_phase_and_cause(closed_port: int) -> None:
    result = probe(f"tcp://127.0.0.1:{closed_port}")
    assert result.return_value == 1
    assert "✗ error: connection_refused" in result.stdout
    [bar] = [line for line in result.stdout.splitlines() if line.startswith("  connect")]
    assert bar.endswith("✗ error")


def test_a_deadline_that_passed_exits_2(silent_port: int, tmp_path: Path) -> None:
    configuration(
        tmp_path,
        f"{{name: dumb, kind: http, url: 'http://127.0.0.1:{silent_port}/', timeout: 300ms, authority: national}}",
    )
    result = probe("dumb")
    assert result.return_value == 2
    assert "◷ timeout: response_timeout" in result.stdout
    assert "of 0.3 s" in result.stdout


def test_a_certificate_of_a_stranger_is_shown_all_the_same(stranger: int) -> None:
    result = probe(f"tls://localhost:{stranger}", "--json")
    shown = json.loads(result.stdout)
    assert result.return_value == 1
    assert shown["cause"] == "tls_untrusted"
    assert shown["certificate"]["verified"] is False
    assert "127.0.0.1" in shown["certificate"]["names"]


def test_what_stands_in_a_url_is_used_but_not_echoed() -> None:
    with serving({"/hook/geheim-1": {}}) as url:
        secret = url.replace("http://", "http://me:geheim-2@") + "/hook/geheim-1?token=geheim-3#geheim-4"
        plain, as_json = probe(secret), probe(secret, "--json")
    assert (plain.return_value, as_json.return_value) == (0, 0)
    assert "geheim" not in plain.output + as_json.output
    target = target_of_url(secret, "en")
    assert target.headers == (("Authorization", "Basic bWU6Z2VoZWltLTI="),)
    assert target.url == f"{url}/hook/geheim-1?token=geheim-3"


@pytest.mark.parametrize(
    "text",
    ["ftp://host/", "tcp://host", "tls://:443", "http://", "http://[::1/geheim", "http://h:99999/geheim"],
)
def test_what_is_no_address_is_refused_without_repeating_it(text: str) -> None:
    said = problem(probe(text))
    assert "tls://host:port" in said
    assert "geheim" not in said


def test_a_url_that_lost_its_scheme_is_not_repeated_either() -> None:
    assert "geheim" not in problem(probe("me:geheim@host/path"))


def test_an_ipv6_address_keeps_its_brackets() -> None:
    target = target_of_url("https://[::1]:8443/x", "en")
    assert (target.id, target.host, target.port) == ("https://[::1]:8443", "::1", 8443)


def test_addresses_of_one_host_are_told_apart_without_what_may_be_secret() -> None:
    host = "https://example.test"
    ids = [id_of(target_of_url(host + rest, "en")) for rest in ("", "/", "/a", "/b", "/a?token=x", "/a#c")]
    assert ids[0] == ids[1] == "https://example.test:443"
    assert ids[2] == ids[5], "nobody is sent a fragment"
    assert len(set(ids)) == 4
    assert all(one.startswith("https://example.test:443") for one in ids)


# --- targets and authorities -----------------------------------------------------------------------------------------


def test_without_a_file_the_shipped_ladder_is_known() -> None:
    plan = without_file(load_registry())
    assert [target.id for target in choose(plan, "captcha/shandong", "en")] == ["captcha/shandong"]
    ids = {"reach/shandong", "captcha/shandong", "dppt/shandong"}
    assert {target.id for target in choose(plan, "shandong", "en")} == ids
    assert {target.id for target in choose(plan, "山东", "en")} == ids
    assert {target.id for target in choose(plan, "3700", "en")} == ids
    assert all(target.is_control for target in choose(plan, "local", "en"))


def test_a_slip_of_the_pen_is_understood() -> None:
    assert "did you mean shandong" in problem(probe("shandng"))


def test_an_authority_is_looked_at_by_all_its_targets_at_once(
    tmp_path: Path, closed_port: int, silent_port: int
) -> None:
    configuration(
        tmp_path,
        f"{{name: a, kind: tcp, authority: shandong, host: 127.0.0.1, port: {closed_port}}}",
        f"{{name: b, kind: tcp, authority: shandong, host: 127.0.0.1, port: {silent_port}}}",
    )
    drawn, as_json = probe("shandong"), probe("shandong", "--json")
    assert drawn.return_value == 1
    assert "2 targets: ✓ 1 ok, ✗ 1 error" in drawn.stdout
    assert [(row["id"], row["outcome"]) for row in json.loads(as_json.stdout)] == [
        ("a", "error"),
        ("b", "ok"),
    ]


def test_a_broken_configuration_is_no_verdict_about_anybody(tmp_path: Path) -> None:
    file = configuration(tmp_path, "{name: a, kind: tpc}")
    result = probe("a", "-c", str(file))
    assert getattr(result.exception, "exit_code", None) == 3
    assert "probes.yaml:5" in problem(result)


def test_a_missing_file_is_no_verdict_either(tmp_path: Path) -> None:
    result = probe("a", "-c", str(tmp_path / "none.yaml"))
    assert getattr(result.exception, "exit_code", None) == 3


def test_usage_errors_exit_3_and_a_pipe_gets_no_colours(closed_port: int) -> None:
    def call(*words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "monitor", "probe", *words]
        return subprocess.run(line, capture_output=True, text=True, timeout=30, check=False)

    assert call().returncode == 3
    refused = call(f"tcp://127.0.0.1:{closed_port}")
    assert (refused.returncode, refused.stderr) == (1, "")
    assert "\x1b" not in refused.stdout


# --- exit code and picture -------------------------------------------------------------------------------------------


def seen(cause: Cause = Cause.NONE, **more: Any) -> model.Result:
    """A result of 100 ms in four phases."""
    phases = {Phase.RESOLVE: 0.01, Phase.CONNECT: 0.02, Phase.TLS: 0.03, Phase.PROCESSING: 0.04}
    result = model.Result(
        target="captcha/shandong", started_at=STARTED, duration=0.1, cause=cause, phases=phases
    )
    return replace(result, **more)


def drawn(result: model.Result, width: int = 80, language: str = "en") -> list[str]:
    """The lines that a terminal of that width gets."""
    console = Console(file=io.StringIO(), width=width, highlight=False)
    target = without_file(load_registry()).targets["captcha/shandong"]
    console.print(draw_result(target, result, language, width))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(
    ("causes", "code"),
    [
        ([Cause.NONE, Cause.NONE], 0),
        ([Cause.NONE, Cause.CONNECT_TIMEOUT], 2),
        ([Cause.CONNECT_TIMEOUT, Cause.HTTP_STATUS, Cause.NONE], 1),
    ],
)
def test_the_exit_code_is_that_of_the_worst(causes: list[Cause], code: int) -> None:
    assert exit_code([seen(cause) for cause in causes]) == code


def test_bars_follow_each_other_in_time_and_share_one_scale() -> None:
    bars = [line for line in drawn(seen()) if "━" in line]
    begins = [line.index("━") for line in bars]
    lengths = [line.count("━") for line in bars]
    assert [line.split()[0] for line in bars] == ["resolve", "connect", "tls", "processing"]
    assert begins == sorted(begins)
    assert lengths == sorted(lengths)
    assert begins[1] == begins[0] + lengths[0]
    assert len({line.index(" ms") for line in bars}) == 1


def test_a_phase_that_was_not_reached_has_no_line() -> None:
    lines = drawn(
        seen(Cause.CONNECT_TIMEOUT, phases={Phase.RESOLVE: 0.01, Phase.CONNECT: 4.99}, phase=Phase.CONNECT)
    )
    assert not [line for line in lines if line.startswith(("  tls", "  processing", "  transfer"))]


@pytest.mark.parametrize(
    ("not_after", "said"),
    [
        (STARTED + timedelta(days=40.5), "in 40 days (2026-12-31 20:00 UTC)"),
        (STARTED - timedelta(days=3), "✗ expired 3 days ago (2026-11-18 08:00 UTC)"),
    ],
)
def test_a_certificate_says_when_it_expires(not_after: datetime, said: str) -> None:
    certificate = Certificate(
        subject="CN=fpcy.example", issuer="CN=CA", not_before=STARTED, not_after=not_after, names=(),
        fingerprint="0", chain_length=2, verified=False, verify_error="tls_expired",
    )  # fmt: skip
    lines = "\n".join(drawn(seen(certificate=certificate, flags=frozenset({Flag.TLS_UNVERIFIED}))))
    assert said in lines
    assert "tls_unverified: " in lines
    assert "✗ no: tls_expired" in lines


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_picture_fits_the_terminal(width: int, language: str) -> None:
    failed = seen(Cause.API_ERROR, phase=Phase.PROCESSING, code="499", detail="系统" * 80)
    assert max(cell_len(line) for line in drawn(failed, width, language)) <= width


# --- language --------------------------------------------------------------------------------------------------------


def test_chinese_columns_are_aligned_and_the_code_of_the_cause_stays(
    tmp_path: Path, closed_port: int
) -> None:
    configuration(
        tmp_path,
        f"{{name: a, kind: tcp, authority: shandong, host: 127.0.0.1, port: {closed_port}}}",
        language="language: zh",
    )
    result = probe("a")
    assert "a  ✗ 异常：connection_refused" in result.stdout
    assert "连接被拒绝（端口没有服务）" in result.stdout
    rows = [line for line in result.stdout.splitlines() if " ms " in line]
    assert [line.split()[0] for line in rows] == ["域名解析", "建立连接", "合计"]
    assert len({cell_len(line.partition(" ms ")[0]) for line in rows}) == 1
    assert rows[-1].endswith("时限 5 秒")


def test_what_went_wrong_before_is_said_in_chinese_too(tmp_path: Path) -> None:
    configuration(
        tmp_path, "{name: a, kind: tcp, authority: shandong, host: h, port: 1}", language="language: zh"
    )
    assert "您要找的是不是 shandong？" in problem(probe("shandng"))
    assert problem(probe("ftp://geheim")).startswith("这不是地址")
    assert problem(probe("a", "--reference", "geheim")).startswith("--reference：请写成")
    broken = configuration(tmp_path, "{name: a, kind: tpc}", language="language: zh")
    assert problem(probe("a", "-c", str(broken))).startswith("配置文件有误")


def test_json_is_the_same_in_every_language(closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def stable() -> Any:
        said = json.loads(probe(f"tcp://127.0.0.1:{closed_port}", "--json").stdout)
        return {key: said[key] for key in ("outcome", "cause", "phase", "detail")}

    english = stable()
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert stable() == english
    assert english["detail"] == "connection refused"


def test_text_from_the_network_cannot_move_the_cursor() -> None:
    text = "\n".join(
        drawn(seen(Cause.HTTP_STATUS, detail="\x1b[2J\x07\u202e", code="\x1b[H", address="\x1b]0;x\x07"))
    )
    assert not set(text) & {"\x1b", "\x07", "\u202e"}


def test_no_color_is_obeyed_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    for value, coloured in (("", True), ("1", False)):
        monkeypatch.setenv("NO_COLOR", value)
        stream = Terminal()
        make_console(stream).print("x", style="red")
        assert ("\x1b[31m" in stream.getvalue()) == coloured


def test_a_phase_that_was_passed_is_not_marked_as_failed() -> None:
    """A code such as 020 comes in a whole reply: what it means is wrong, not one of its phases."""
    whole = {Phase.CONNECT: 0.01, Phase.PROCESSING: 0.05, Phase.TRANSFER: 0.01}
    banned = seen(cause=Cause.BLOCKED, phase=Phase.PROCESSING, phases=whole)
    bars = [line for line in drawn(banned) if "━" in line]
    assert len(bars) == 3
    assert not [line for line in bars if "error" in line]
    cut_off = seen(cause=Cause.RESPONSE_TIMEOUT, phase=Phase.PROCESSING, phases={Phase.PROCESSING: 5.0})
    assert [line for line in drawn(cut_off) if "━" in line and "timeout" in line]


def test_what_is_found_on_this_machine_is_no_answer_of_anybody(tmp_path: Path) -> None:
    lines = (
        "{name: backup, kind: file, authority: local, service: backup, glob: /nowhere/*.gz}",
        "{name: box, kind: host, authority: local, service: box, disk: [{path: /, min_free: 900TiB}]}",
    )
    file = configuration(tmp_path, *lines, language="language: zh")
    missing, full = (probe("-c", str(file), name).stdout for name in ("backup", "box"))
    assert "没有这个文件" in missing
    assert "本机有一项超过限度" in full
    for said in (missing, full):
        assert "应答" not in said
        assert "返回码" not in said
