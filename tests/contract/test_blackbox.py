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
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from tests.contract.peer_targets import HELD, LEAF_ENDS, ROOT_ENDS, places
from tests.flow.harness import daemon, until

pytestmark = pytest.mark.peer("prometheus-blackbox-exporter")

DOCS = Path(__file__).parents[2] / "docs" / "blackbox.md"
TIMES = ("probe_duration_seconds", "probe_dns_lookup_time_seconds", "probe_http_duration_seconds")
"""Measured twice, so never equal: compared by presence, order and sum."""
OURS_ALONE = ("probe_timeout_seconds", "probe_failure_info", "probe_tls_cipher_info")
"""Not in 0.23. The cipher is in 0.26 and later."""
AT_ONCE = 6
"""Looks under way at a time: a busy machine must not make timeouts."""


class Because(StrEnum):
    """Why the two differ: the words of docs/blackbox.md."""

    READ_ANYWAY = "a certificate that is refused is read all the same"
    NO_CHAIN = "without a verified chain there is no series instead of the year 1"
    BODY_READ = "the body of a redirect that is not followed is read"
    SAME_HOST = "redirects to another host are refused unless they are listed"
    FIVE_HOPS = "five redirects at most instead of ten"
    THROTTLED = "429 is a sign of life"
    DECODED = "compression is always asked for and undone"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing to look at, as each of the two is told."""

    at: str
    """`{plain}` and the like stand for ports."""
    kind: str = "http"
    ours: str = ""
    """More keys of the probe, in YAML."""
    theirs: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the module's `http` or `tcp`."""
    timeout: float = 5.0
    proves: Mapping[str, float] = field(default_factory=dict)
    """What ours must say: two that err alike would agree."""
    differs: Mapping[str, Because] = field(default_factory=dict)
    longest: str | None = None
    """The phase in which both must have spent at least `HELD` seconds."""

    @property
    def prober(self) -> str:
        """The prober of blackbox_exporter."""
        return "http" if self.kind == "http" else "tcp"


OK = {"probe_success": 1.0}
FAILED = {"probe_success": 0.0}
REFUSED_CHAIN = {
    "probe_ssl_earliest_cert_expiry": Because.READ_ANYWAY,
    "probe_ssl_last_chain_info": Because.READ_ANYWAY,
    "probe_tls_version_info": Because.READ_ANYWAY,
}
UNVERIFIED: dict[str, Any] = {
    "ours": "tls: {verify: false}",
    "theirs": {"tls_config": {"insecure_skip_verify": True}},
    "differs": {"probe_ssl_last_chain_expiry_timestamp_seconds": Because.NO_CHAIN},
}
NOT_FOLLOWED: dict[str, Any] = {
    "theirs": {"follow_redirects": False},
    "differs": {"probe_http_uncompressed_body_length": Because.BODY_READ},
}

CASES: dict[str, Case] = {
    # --- replies
    "200": Case(at="http://127.0.0.1:{plain}/", proves={**OK, "probe_http_content_length": 120.0}),
    "a date that is none": Case(at="http://127.0.0.1:{plain}/odd-date", proves=OK),
    "HEAD": Case(
        at="http://127.0.0.1:{plain}/", ours="method: HEAD", theirs={"method": "HEAD"},
        proves={**OK, "probe_http_uncompressed_body_length": 0.0},
    ),
    "204": Case(
        at="http://127.0.0.1:{plain}/204", ours="expect: {status: [204]}", theirs={"valid_status_codes": [204]},
        proves={**OK, "probe_http_content_length": 0.0},
    ),
    "404": Case(at="http://127.0.0.1:{plain}/404", proves={**FAILED, "probe_http_status_code": 404.0}),
    "404 as expected": Case(
        at="http://127.0.0.1:{plain}/404", ours="expect: {status: [404]}", theirs={"valid_status_codes": [404]},
        proves=OK,
    ),
    "500": Case(at="http://127.0.0.1:{plain}/500", proves={**FAILED, "probe_http_status_code": 500.0}),
    "429": Case(
        at="http://127.0.0.1:{plain}/429", proves=OK, differs={"probe_success": Because.THROTTLED}
    ),
    "chunked": Case(
        at="http://127.0.0.1:{plain}/chunked",
        proves={**OK, "probe_http_content_length": -1.0, "probe_http_uncompressed_body_length": 9.0},
    ),
    "gzip, asked for": Case(
        at="http://127.0.0.1:{plain}/gzip",
        theirs={"compression": "gzip", "headers": {"Accept-Encoding": "gzip"}},
        proves={**OK, "probe_http_uncompressed_body_length": 120.0},
    ),
    "gzip, not asked for by blackbox_exporter": Case(
        at="http://127.0.0.1:{plain}/gzip", proves=OK,
        differs={"probe_http_uncompressed_body_length": Because.DECODED},
    ),
    "HTTP/1.0": Case(at="http://127.0.0.1:{plain}/old", proves={**OK, "probe_http_version": 1.0}),
    "HTTP/1.0 until closed": Case(
        at="http://127.0.0.1:{plain}/old-until-closed", proves={**OK, "probe_http_content_length": -1.0}
    ),
    "until closed": Case(at="http://127.0.0.1:{plain}/until-closed", proves=OK),
    "shorter than announced": Case(
        at="http://127.0.0.1:{plain}/too-short", proves={**FAILED, "probe_http_content_length": 130.0}
    ),
    "longer than announced": Case(
        at="http://127.0.0.1:{plain}/too-long", proves={**OK, "probe_http_uncompressed_body_length": 100.0}
    ),
    "no HTTP at all": Case(at="http://127.0.0.1:{plain}/no-http", proves={**FAILED, "probe_http_status_code": 0.0}),
    # --- bodies
    "body matches": Case(
        at="http://127.0.0.1:{plain}/", ours="expect: {body_regex: 'hel+o'}",
        theirs={"fail_if_body_not_matches_regexp": ["hel+o"]}, proves={**OK, "probe_failed_due_to_regex": 0.0},
    ),
    "body does not match": Case(
        at="http://127.0.0.1:{plain}/", ours="expect: {body_regex: 'good-?bye'}",
        theirs={"fail_if_body_not_matches_regexp": ["good-?bye"]},
        proves={**FAILED, "probe_failed_due_to_regex": 1.0},
    ),
    "body has what it must not have": Case(
        at="http://127.0.0.1:{plain}/", ours="expect: {body_absent: [hello]}",
        theirs={"fail_if_body_matches_regexp": ["hello"]}, proves={**FAILED, "probe_failed_due_to_regex": 1.0},
    ),
    # --- redirects
    "three redirects": Case(at="http://127.0.0.1:{plain}/hop3", proves={**OK, "probe_http_redirects": 3.0}),
    "a redirect not followed": Case(
        at="http://127.0.0.1:{plain}/hop2", ours="follow_redirects: no", **NOT_FOLLOWED,
        proves={**FAILED, "probe_http_redirects": 1.0, "probe_http_status_code": 301.0},
    ),
    "a redirect not followed, as expected": Case(
        at="http://127.0.0.1:{plain}/hop3", ours="follow_redirects: no, expect: {status: [302]}",
        theirs={"follow_redirects": False, "valid_status_codes": [302]}, differs=NOT_FOLLOWED["differs"],
        proves={**OK, "probe_http_redirects": 1.0},
    ),
    "redirects in a circle": Case(
        at="http://127.0.0.1:{plain}/round", proves={**FAILED, "probe_http_redirects": 6.0},
        differs={"probe_http_redirects": Because.FIVE_HOPS, "probe_http_uncompressed_body_length": Because.BODY_READ},
    ),
    "to another host": Case(
        at="http://127.0.0.1:{plain}/elsewhere/http://localhost:{plain}/",
        proves={**FAILED, "probe_http_status_code": 302.0},
        differs=dict.fromkeys(
            (
                "probe_success", "probe_http_status_code", "probe_http_content_length",
                "probe_http_uncompressed_body_length", "probe_http_last_modified_timestamp_seconds",
            ),
            Because.SAME_HOST,
        ),
    ),
    "to another host that is listed": Case(
        at="http://127.0.0.1:{plain}/elsewhere/http://localhost:{plain}/", ours="follow_redirects: [localhost]",
        proves={**OK, "probe_http_redirects": 1.0},
    ),
    "from http to https": Case(
        at="http://localhost:{plain}/elsewhere/https://localhost:{tls}/", proves={**OK, "probe_http_ssl": 1.0}
    ),
    "from https to http": Case(
        at="https://localhost:{tls}/elsewhere/http://localhost:{plain}/", proves={**OK, "probe_http_ssl": 0.0}
    ),
    # --- TLS
    "TLS 1.2": Case(at="https://localhost:{tls12}/", proves={**OK, "probe_http_ssl": 1.0}),
    "TLS 1.3": Case(at="https://localhost:{tls13}/", proves=OK),
    "an address in the certificate": Case(at="https://127.0.0.1:{tls}/", proves=OK),
    "an intermediate": Case(
        at="https://localhost:{intermediate}/",
        proves={**OK, "probe_ssl_earliest_cert_expiry": LEAF_ENDS.timestamp()},
    ),
    "a root that ends first": Case(
        at="https://localhost:{short_root}/",
        proves={
            **OK,
            "probe_ssl_earliest_cert_expiry": LEAF_ENDS.timestamp(),
            "probe_ssl_last_chain_expiry_timestamp_seconds": ROOT_ENDS.timestamp(),
        },
    ),
    "expired": Case(at="https://localhost:{expired}/", proves=FAILED, differs=REFUSED_CHAIN),
    "self-signed": Case(at="https://localhost:{self_signed}/", proves=FAILED, differs=REFUSED_CHAIN),
    "unknown root": Case(at="https://localhost:{stranger}/", proves=FAILED, differs=REFUSED_CHAIN),
    "wrong name": Case(at="https://localhost:{wrong_name}/", proves=FAILED, differs=REFUSED_CHAIN),
    "intermediate missing": Case(at="https://localhost:{leaf_alone}/", proves=FAILED, differs=REFUSED_CHAIN),
    "expired, unverified": Case(at="https://localhost:{expired}/", proves=OK, **UNVERIFIED),
    "self-signed, unverified": Case(at="https://localhost:{self_signed}/", proves=OK, **UNVERIFIED),
    "TLS to a plain port": Case(at="https://localhost:{plain}/", proves={**FAILED, "probe_http_ssl": 0.0}),
    # --- connections
    "dead port": Case(at="http://127.0.0.1:{dead}/", proves={**FAILED, "probe_ip_protocol": 4.0}),
    "no such name": Case(at="http://nowhere.invalid/", proves={**FAILED, "probe_ip_protocol": 0.0}),
    "reset": Case(at="http://127.0.0.1:{resets}/", proves=FAILED),
    "closed without a word": Case(at="http://127.0.0.1:{closes}/", proves=FAILED),
    "hangs": Case(at="http://127.0.0.1:{hangs}/", timeout=1.0, proves=FAILED),
    "stops in the body": Case(at="http://127.0.0.1:{plain}/stops", timeout=1.0, proves=FAILED, longest="transfer"),
    "slow head": Case(at="http://127.0.0.1:{plain}/slow-head", proves=OK, longest="processing"),
    "slow body": Case(at="http://127.0.0.1:{plain}/slow-body", proves=OK, longest="transfer"),
    "IPv6": Case(at="http://[::1]:{six}/", proves={**OK, "probe_ip_protocol": 6.0}),
    # --- tcp and tls
    "tcp": Case(at="127.0.0.1:{plain}", kind="tcp", proves=OK),
    "tcp, dead port": Case(at="127.0.0.1:{dead}", kind="tcp", proves=FAILED),
    "tls": Case(at="localhost:{tls13}", kind="tls", proves=OK),
    "tls 1.2": Case(at="localhost:{tls12}", kind="tls", proves=OK),
    "tls, expired": Case(at="localhost:{expired}", kind="tls", proves=FAILED, differs=REFUSED_CHAIN),
    "tls, self-signed": Case(at="localhost:{self_signed}", kind="tls", proves=FAILED, differs=REFUSED_CHAIN),
    "tls, unverified": Case(at="localhost:{expired}", kind="tls", proves=OK, **UNVERIFIED),
    "tls to a plain port": Case(at="localhost:{plain}", kind="tls", proves=FAILED),
    "tls that hangs": Case(at="localhost:{hangs}", kind="tls", timeout=1.0, proves=FAILED),
}  # fmt: skip


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
