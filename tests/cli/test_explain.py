"""`probe --explain` from end to end: what is asked of whom, what is said, and others who are asked. Only loopback is a target."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli.client import Daemon
from monitor.cli.explain_others import ask_daemon, source_of
from monitor.cli.probe import command
from monitor.simulator import Simulator
from tests.cli.daemon import answering
from tests.cli.peer import serving

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
LOG = {"log_level": "error", "log_format": "console"}

Probe = Callable[..., Awaitable[Result]]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("FAPIAO_CONFIG", "FAPIAO_URL", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncIterator[Simulator]:
    """Six stand-ins and the controls."""
    only = ["shandong", "beijing", "shanghai", "guangdong", "sichuan", "yunnan"]
    async with Simulator(only=only, shape="key1", ca_file=tmp_path / "ca.pem") as found:
        yield found


@pytest.fixture
def probe(sim: Simulator, tmp_path: Path) -> Probe:
    """Runs the command beside the simulator, with its configuration."""

    async def run(*words: str, language: str = "en", more: str = "", timeout: str = "5s") -> Result:
        text = sim.config(timeout=timeout, interval="60s", language=language)
        (tmp_path / "probes.yaml").write_text(text + more, encoding="utf-8")
        invoke = CliRunner().invoke
        return await asyncio.to_thread(invoke, command, list(words), obj=LOG, standalone_mode=False)

    return run


def said(result: Result) -> Any:
    """The explanation of `--json`."""
    assert result.exception is None, result.exception
    return json.loads(result.stdout)["explanation"]


# --- what is asked ---------------------------------------------------------------------------------------------------


async def test_all_is_well_costs_nobody_else_anything(sim, probe):
    result = await probe("captcha/shandong", "--explain")
    assert result.return_value == 0
    assert "Nothing is wrong as seen from here" in result.stdout
    assert {hit.authority for hit in sim.hits()} == {"shandong", "internet", "gateway"}


async def test_a_failure_is_compared_with_three_others_and_looked_at_closer(sim, probe):
    sim.set_fault("shandong", "status_503", "verify")
    told = said(await probe("captcha/shandong", "--explain", "--json"))
    assert (told["whose"], told["diagnosis"], told["cause"]) == ("them", "provincial_outage", "http_status")
    assert len(told["others"]) == 3
    assert {one["target"].split("/")[0] for one in told["others"]} == {"captcha"}  # the same question
    assert told["evidence"]["status_code"] == 503
    assert {one["target"] for one in told["evidence"]["controls"]} == {"internet", "gateway"}
    assert len(sim.hits("shandong", "verify")) == 2


async def test_no_line_ends_in_blanks_where_nobody_looks(sim, probe):
    sim.set_fault("shandong", "status_503", "verify")
    lines = (await probe("captcha/shandong", "--explain")).stdout.splitlines()
    assert len(lines) > 20
    assert not [line for line in lines if line != line.rstrip()]


async def test_who_shut_us_out_is_not_asked_again(sim, probe):
    sim.set_fault("shandong", "020", "verify")
    told = said(await probe("captcha/shandong", "--explain", "--json"))
    assert (told["whose"], told["diagnosis"], told["evidence"]) == ("us", "blocked", None)
    assert told["again"]["pause"] == "banned"
    assert len(sim.hits("shandong", "verify")) == 1
    assert {hit.authority for hit in sim.hits()} == {"shandong", "internet", "gateway"}


async def test_what_the_limit_does_not_allow_is_named(sim):
    sim.set_fault("shandong", "refuse", "verify")
    config = sim.config(
        timeout="2s", interval="5m", while_down="5m", spacing="20s", per_host="6/m", language="en"
    )
    Path("limited.yaml").write_text(config, encoding="utf-8")
    words = ["captcha/shandong", "--explain", "-c", "limited.yaml"]
    result = await asyncio.to_thread(CliRunner().invoke, command, words, obj=LOG, standalone_mode=False)
    assert result.exception is None, result.exception
    assert "the way there: limits.per_host allows no more" in result.stdout


# --- what is said ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "exit_code", "expected"),
    [
        ("hang", 2, ["对方：前端接了请求", "财务", "技术", "何时再试"]),
        ("reset_tls", 1, ["还分不清是谁的问题"]),
        ("004", 1, ["超过服务器最大请求数", "只有它不对"]),
    ],
)
async def test_the_answer_speaks_the_language_of_the_configuration(sim, probe, fault, exit_code, expected):
    sim.set_fault("shandong", fault, "verify")
    result = await probe("captcha/shandong", "--explain", language="zh", timeout="800ms")
    assert result.return_value == exit_code
    assert [line for line in expected if line not in result.stdout] == []


async def test_our_own_network_is_not_the_tax_offices(sim, probe):
    for slug in ("all", "local"):
        sim.set_fault(slug, "refuse")
    told = said(await probe("captcha/shandong", "--explain", "--json"))
    assert (told["whose"], told["diagnosis"]) == ("us", "local_network")
    assert "do not call the tax office" in told["engineers"]


async def test_an_authority_is_one_answer_about_its_main_service(sim, probe):
    sim.set_fault("shandong", "refuse", "dppt")
    sim.set_fault("shandong", "status_503", "verify")
    result = await probe("shandong", "--explain", "--json")
    assert result.return_value == 1
    whole = json.loads(result.stdout)
    assert {row["id"] for row in whole["targets"]} == {"reach/shandong", "captcha/shandong", "dppt/shandong"}
    assert whole["explanation"]["target"] == "captcha/shandong"
    assert any("dppt/shandong" in line["said"] for line in whole["explanation"]["tried"])


async def test_the_controls_themselves_can_be_explained(sim, probe):
    sim.set_fault("internet", "refuse")
    told = said(await probe("local", "--explain", "--json"))
    assert (told["target"], told["whose"]) == ("internet", "them")


async def test_an_address_that_is_watched_is_known_for_what_it_is(sim, probe):
    sim.set_fault("shandong", "status_503", "verify")
    told = said(await probe(f"{sim.url('shandong', 'verify')}/NWebQuery", "--explain", "--json"))
    assert "Shandong" in told["finance"]


async def test_an_address_of_nobody_is_explained_too(sim, probe):
    with serving({}) as url:
        result = await probe(f"{url}/geheim-path?token=geheim-value", "--explain", "--json")
    told = said(result)
    assert (result.return_value, told["cause"], told["whose"]) == (1, "http_status", "them")
    assert "geheim-value" not in result.stdout


async def test_planned_maintenance_is_nobodys_fault(sim, probe):
    sim.set_fault("shandong", "status_503", "verify")
    start = datetime.now(UTC) - timedelta(hours=1)
    window = f"\nmaintenance:\n  - {{name: upgrade, authorities: [shandong], start: '{start:%Y-%m-%d %H:%M}', end: '{start + timedelta(days=2):%Y-%m-%d %H:%M}'}}\n"
    told = said(await probe("captcha/shandong", "--explain", "--json", more=window))
    assert (told["whose"], told["diagnosis"], told["window"]["name"]) == ("nobody", "maintenance", "upgrade")
    assert told["again"]["pause"] == "window"


# --- others who are asked --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "whose", "verdict"), [("ok", "way", "only_us_down"), ("timeout", "them", "agree_down")]
)
async def test_a_reference_tells_the_way_from_the_authority(sim, probe, outcome, whose, verdict):
    sim.set_fault("shandong", "refuse", "verify")
    sim.elsewhere.see({"shandong": outcome})
    told = said(
        await probe("captcha/shandong", "--explain", "--json", "--reference", f"{sim.control_url}/reference")
    )
    assert (told["whose"], told["verdict"]) == (whose, verdict)
    assert told["reference"][0]["outcome"] == outcome


async def test_a_reference_alone_is_compared_without_looking_elsewhere(sim, probe):
    sim.elsewhere.see({"shandong": "timeout"})
    url = f"{sim.control_url}/reference"
    shown = await probe("captcha/shandong", "--reference", url)
    told = json.loads((await probe("captcha/shandong", "--reference", url, "--json")).stdout)
    assert shown.return_value == 0
    assert "it works here; the reference says it is down" in shown.stdout
    assert (told["verdict"], told["reference"][0]["outcome"]) == ("only_reference_down", "timeout")
    assert {hit.authority for hit in sim.hits()} == {"shandong"}


@pytest.mark.parametrize("body", [{"format": "other"}, {"format": "fapiao-reference/1", "authorities": 7}])
async def test_a_reference_that_cannot_be_read_is_said_to_be(sim, probe, body):
    with serving({"/api/v1/reference": body}) as url:
        result = await probe("captcha/shandong", "--explain", "--reference", url)
    assert result.return_value == 0
    assert "cannot be read (" in result.stdout


@pytest.mark.parametrize("address", ["ftp://host/", "host", "http://", ""])
async def test_what_is_no_address_of_a_reference_could_not_run(sim, probe, address):
    result = await probe("captcha/shandong", "--reference", address)
    assert getattr(result.exception, "exit_code", None) == 3


def test_a_reference_without_a_path_is_that_of_another_monitor():
    source = source_of("https://me:geheim@monitor.example:8443")
    assert (source.name, source.url) == (
        "monitor.example:8443",
        "https://me:geheim@monitor.example:8443/api/v1/reference",
    )
    assert source_of("http://host/status.json").name == "host"


ROW: Mapping[str, Any] = {
    "authority": "shandong",
    "state": "maintenance",
    "since": "2026-11-24T05:00:00Z",
    "seen_up": True,
    "incidents": ["shandong-verify-1"],
    "maintenance": [
        {"id": "w", "name": "upgrade", "services": ["verify"], "start": "2026-11-01T00:00:00Z", "end": "2099-01-01T00:00:00Z"}
    ],
    "reference": [{"source": "hq", "outcome": "timeout", "age_seconds": 12, "stale": False}],
}  # fmt: skip


async def test_a_daemon_that_runs_here_knows_what_is_planned(sim, probe):
    sim.set_fault("shandong", "status_503", "verify")
    with answering({"GET /api/v1/status": (200, {"authorities": [ROW], "national": None})}) as peer:
        told = said(await probe("captcha/shandong", "--explain", "--json", "--url", peer.url))
    assert (told["diagnosis"], told["whose"], told["window"]["name"]) == ("maintenance", "nobody", "upgrade")
    [opinion] = told["reference"]
    assert (opinion["source"], opinion["outcome"], opinion["stale"]) == ("hq", "timeout", False)
    assert any("shandong-verify-1" in line["said"] for line in told["tried"])


@pytest.mark.parametrize(
    "row",
    [
        {**ROW, "maintenance": [{"start": 7}, None, {"start": "x", "end": "y"}], "reference": "no", "incidents": {"a": 1}},
        {**ROW, "reference": [{"source": 1, "outcome": "fine", "age_seconds": True}, {"age_seconds": -1}], "maintenance": {}},
        {"authority": "shandong", "state": ["up"], "since": 10**400},
        {"authority": "yunnan"},
    ],
)  # fmt: skip
async def test_what_a_daemon_says_is_not_trusted(row):
    with answering({"GET /api/v1/status": (200, {"authorities": [row, 7, None]})}) as peer:
        told = await ask_daemon(Daemon(url=peer.url), "shandong", NOW)
    assert (told.windows, told.references, told.silence) == ((), (), None)


async def test_that_no_daemon_answers_is_said_only_where_one_was_named(sim, probe):
    named = await probe("captcha/shandong", "--explain", "--url", "http://127.0.0.1:1")
    assert "no daemon at http://127.0.0.1:1" in named.stdout
    assert "no daemon" not in (await probe("captcha/shandong", "--explain")).stdout


# --- without anything ------------------------------------------------------------------------------------------------


@pytest.mark.peer("unshare")
def test_without_configuration_and_without_network_it_is_us(tmp_path):
    """In a network namespace of its own, in which not even loopback is up."""
    words = [sys.executable, "-m", "monitor", "probe", "captcha/shandong", "--explain", "--json"]
    root = Path(__file__).parents[2]
    run = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--net", *words], cwd=tmp_path, capture_output=True, text=True,
        timeout=50, check=False, env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
    )  # fmt: skip
    if run.returncode == 1 and "unshare" in run.stderr:
        pytest.skip("no namespaces here")
    assert run.returncode in (1, 2), run.stderr
    told = json.loads(run.stdout)["explanation"]
    assert told["whose"] == "us"
    assert told["diagnosis"].startswith("local_")
