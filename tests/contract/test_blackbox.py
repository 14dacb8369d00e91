"""`/probe` beside Debian's blackbox_exporter 0.23: both look at the same servers, and every series is held against its twin.

Where the two differ, the case says which series and why (`Because`), and the words stand in docs/blackbox.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from tests.contract.blackbox_cases import CASES, Because, Case
from tests.contract.peer_targets import HELD, places
from tests.flow.harness import daemon, until

pytestmark = pytest.mark.peer("prometheus-blackbox-exporter")

DOCS = Path(__file__).parents[2] / "docs" / "blackbox.md"
TIMES = ("probe_duration_seconds", "probe_dns_lookup_time_seconds", "probe_http_duration_seconds")
"""Measured twice, so never equal: compared by presence, order and sum."""
OURS_ALONE = ("probe_timeout_seconds", "probe_failure_info", "probe_tls_cipher_info")
"""Not in 0.23. The cipher is in 0.26 and later."""
AT_ONCE = 6
"""Looks under way at a time: a busy machine must not make timeouts."""


# --- the two -----------------------------------------------------------------------------------------------------------

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@dataclass(frozen=True)
class Pair:
    """What the two say of one case; `openmetrics` is ours again, in the other format."""

    ours: str
    theirs: str
    openmetrics: str


def name_of(case: str) -> str:
    """The name of its probe and module."""
    return f"case-{list(CASES).index(case)}"


def possible(found: Mapping[str, int]) -> dict[str, Case]:
    """All cases but those this machine cannot show."""
    return {name: case for name, case in CASES.items() if "{six}" not in case.at or "six" in found}


OUR_HEAD = """
version: 1
limits: {{per_host: none}}
defaults: {{interval: 1h, while_down: 1h, tls: {{ca: "{ca}"}}}}
judgement: {{confirm: {{attempts: 1}}}}
probes:
"""
"""After the first sweep the daemon is silent: nothing of its own mixes with what is measured."""


def our_file(found: Mapping[str, int], ca: Path) -> str:
    """probes.yaml with a probe for each case."""
    lines = [OUR_HEAD.format(ca=ca)]
    for name, case in possible(found).items():
        at = case.at.format(**found)
        host, _, port = at.rpartition(":")
        place = f'url: "{at}"' if case.kind == "http" else f"host: {host}, port: {port}"
        more = f", {case.ours}" if case.ours else ""
        lines.append(
            f"  - {{name: {name_of(name)}, kind: {case.kind}, authority: national, "
            f"timeout: {case.timeout:g}s, {place}{more}}}"
        )
    return "\n".join(lines).replace("\n\n", "\n") + "\n"


def their_file(found: Mapping[str, int], ca: Path) -> str:
    """blackbox.yml with a module for each case; JSON is YAML."""
    return json.dumps(
        {"modules": {name_of(name): _module(case, ca) for name, case in possible(found).items()}}
    )


def _module(case: Case, ca: Path) -> dict[str, Any]:
    keys: dict[str, Any] = {"preferred_ip_protocol": "ip4", "tls_config": {"ca_file": str(ca)}, **case.theirs}
    if case.prober == "tcp":
        keys["tls"] = case.kind == "tls"
    elif "[" not in case.at and "valid_status_codes" not in keys:
        keys["valid_status_codes"] = [200]
    return {"prober": case.prober, "timeout": f"{case.timeout:g}s", case.prober: keys}


@contextlib.asynccontextmanager
async def blackbox_exporter(config: str, folder: Path) -> AsyncIterator[str]:
    """Debian's, on a free port of loopback."""
    file = folder / "blackbox.yml"
    file.write_text(config)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base = "http://{}:{}".format(*free.getsockname())
    process = await asyncio.create_subprocess_exec(
        "prometheus-blackbox-exporter", f"--config.file={file}", f"--web.listen-address={base[7:]}",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with aiohttp.ClientSession() as session:
            await until(lambda: _is_up(session, base))
        yield base
    finally:
        process.terminate()
        await process.wait()


async def _is_up(session: aiohttp.ClientSession, base: str) -> bool:
    with contextlib.suppress(aiohttp.ClientError):
        async with session.get(f"{base}/-/healthy") as answer:
            return answer.status == 200
    return False


async def look_at_all(folder: Path) -> dict[str, Pair]:
    """Both look at every case, some at a time."""
    ca, places_left = folder / "ca.pem", asyncio.Semaphore(AT_ONCE)
    async with (
        places(ca) as found,
        blackbox_exporter(their_file(found, ca), folder) as theirs,
        daemon(our_file(found, ca), folder) as ours,
    ):

        async def get(url: str, accept: str = "text/plain", **query: str) -> str:
            async with ours.session.get(url, params=query, headers={"Accept": accept}) as answer:
                text = await answer.text()
                assert answer.status == 200, text
                return text

        async def look(name: str, case: Case) -> Pair:
            async with places_left:
                probe, id_ = ours.base + "/probe", name_of(name)
                at = case.at.format(**found)
                return Pair(
                    await get(probe, target=id_),
                    await get(theirs + "/probe", target=at, module=id_),
                    await get(probe, "application/openmetrics-text; version=1.0.0", target=id_),
                )

        # The daemon's own first sweep looks at the same servers; it is over before anything is measured.
        await until(lambda: _is_ready(ours.session, ours.base))
        asked = possible(found)
        answers = await asyncio.gather(*(look(name, case) for name, case in asked.items()))
        return dict(zip(asked, answers, strict=True))


async def _is_ready(session: aiohttp.ClientSession, base: str) -> bool:
    async with session.get(base + "/-/ready") as answer:
        return answer.status == 200


@pytest.fixture(scope="module")
def pairs() -> Iterator[dict[str, Pair]]:
    """What the two say, asked once for all tests."""
    with tempfile.TemporaryDirectory() as folder:
        yield asyncio.run(look_at_all(Path(folder)))


@pytest.fixture(params=list(CASES))
def case(request: pytest.FixtureRequest, pairs: dict[str, Pair]) -> tuple[Case, Pair]:
    """One case and what was said of it."""
    if request.param not in pairs:
        pytest.skip("this machine has no ::1")
    return CASES[request.param], pairs[request.param]


def samples(text: str) -> Samples:
    """Every sample; the label that 0.23 does not know yet is left out."""
    return {
        (one.name, frozenset(pair for pair in one.labels.items() if pair[0] != "serialnumber")): one.value
        for family in parse_text(text)
        for one in family.samples
    }


def phases(text: str) -> dict[str, float]:
    """Seconds by phase."""
    return {
        dict(labels)["phase"]: value
        for (name, labels), value in samples(text).items()
        if name == "probe_http_duration_seconds"
    }


# --- what is held against each other -------------------------------------------------------------------------------------


def test_every_series_has_its_twin_or_a_reason(case: tuple[Case, Pair]) -> None:
    told, pair = case
    ours, theirs = samples(pair.ours), samples(pair.theirs)
    compared = {key for key in {*ours, *theirs} if key[0] not in TIMES and key[0] not in OURS_ALONE}
    unlike = {key[0] for key in compared if ours.get(key) != theirs.get(key)}
    assert unlike == set(told.differs), [
        (key, ours.get(key), theirs.get(key)) for key in compared if key[0] in unlike
    ]


def test_ours_says_what_is_so(case: tuple[Case, Pair]) -> None:
    told, pair = case
    ours = samples(pair.ours)
    assert {name: ours[name, frozenset()] for name in told.proves} == told.proves


def test_the_times_are_there_and_add_up(case: tuple[Case, Pair]) -> None:
    told, pair = case
    ours, theirs = samples(pair.ours), samples(pair.theirs)
    assert {key for key in ours if key[0] in TIMES} == {key for key in theirs if key[0] in TIMES}
    took = ours["probe_duration_seconds", frozenset()]
    assert took < told.timeout + 1.0
    if told.kind == "http":
        assert sum(phases(pair.ours).values()) == pytest.approx(took, abs=0.05)
    if told.longest is not None:
        assert min(phases(pair.ours)[told.longest], phases(pair.theirs)[told.longest]) >= HELD - 0.05
        assert max(phases(pair.ours), key=phases(pair.ours).__getitem__) == told.longest


def test_the_phase_that_failed_has_the_time_it_took(pairs: dict[str, Pair]) -> None:
    pair = pairs["hangs"]
    assert phases(pair.ours)["processing"] > 0.5
    assert phases(pair.theirs)["processing"] == 0.0


def test_a_failure_has_a_cause_and_a_success_has_none(case: tuple[Case, Pair]) -> None:
    _, pair = case
    ours = samples(pair.ours)
    causes = [dict(labels)["cause"] for name, labels in ours if name == "probe_failure_info"]
    assert len(causes) == (ours["probe_success", frozenset()] == 0.0)
    assert "internal" not in causes


def test_openmetrics_says_the_same_series(case: tuple[Case, Pair]) -> None:
    _, pair = case
    strict = {
        (one.name, frozenset(pair for pair in one.labels.items() if pair[0] != "serialnumber"))
        for family in parse_openmetrics(pair.openmetrics)
        for one in family.samples
    }
    assert strict == set(samples(pair.ours))


@pytest.mark.parametrize("reason", Because)
def test_what_differs_on_purpose_is_documented_and_shown_by_a_case(reason: Because) -> None:
    assert str(reason) in DOCS.read_text()
    assert any(reason in case.differs.values() for case in CASES.values())
