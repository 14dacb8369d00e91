"""Each fault, as a client of plain sockets and OpenSSL sees it; and afterwards everything is well again."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from monitor.simulator import FAULTS, FaultError, Simulator
from monitor.simulator.faults import parse
from tests.simulator.client import SHORT, look

# CPython 3.11 leaves its SSLSocket to the garbage collector when the peer resets while `wrap_socket` is still making it;
# the client of these tests provokes just that. The product's own sockets are held to it in tests/net.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")

CERTIFICATE = "tls: SSLCertVerificationError "

FAILURES: dict[str, str | tuple[str, ...]] = {
    "refuse": "connect: ConnectionRefusedError",
    "hang_before_accept": "connect: TimeoutError",
    "hang_accept": "tls: TimeoutError",
    "stall_tls": "tls: TimeoutError",
    "reset": ("connect: ConnectionResetError", "tls: ConnectionResetError"),  # the RST may overtake connect()
    "reset_tls": "tls: ConnectionResetError",
    "close_tls": ("tls: SSLEOFError", "tls: SSLZeroReturnError"),
    "plain_on_tls": "tls: SSLError WRONG_VERSION_NUMBER",
    "expired": CERTIFICATE + "certificate has expired",
    "not_yet_valid": CERTIFICATE + "certificate is not yet valid",
    "wrong_name": CERTIFICATE + "Hostname mismatch",
    "self_signed": CERTIFICATE + "self-signed certificate",
    "unknown_ca": CERTIFICATE + "self-signed certificate in certificate chain",
    "incomplete_chain": CERTIFICATE + "unable to get local issuer certificate",
    "stranger_chain": CERTIFICATE + "unable to get local issuer certificate",
    "hang": "reply: TimeoutError",
    "slow:0.6": "reply: TimeoutError",
    "trickle_headers:0.6": "reply: TimeoutError",
    "trickle:0.6": "body: TimeoutError",
    "reset_body": ("body: ConnectionResetError", "body: SSLEOFError"),
}
"""fault → how the client's run ends, in the step in which it must end.

Where two stand: Python's ssl module does not tell a RST from an EOF in every version.
"""


@pytest.mark.parametrize("fault", FAILURES)
async def test_a_fault_of_the_connection_strikes_in_its_phase_and_is_mended(sim: Simulator, fault: str):
    sim.set_fault("shandong", fault, "verify")
    assert (await look(sim, "shandong", limit=SHORT)).failure.startswith(FAILURES[fault])
    assert (await look(sim, "shandong", "dppt", "/")).status == 200, "the other service is not touched"
    sim.clear_fault("shandong")
    mended = await look(sim, "shandong")
    assert (mended.failure, mended.status) == ("", 200)


@pytest.mark.parametrize(
    "fault", ["refuse", "hang_before_accept", "hang_accept", "hang", "reset", "slow:0.6"]
)
async def test_faults_without_tls_strike_plain_stand_ins_as_well(sim: Simulator, fault: str):
    sim.set_fault("yunnan", fault, "verify")
    assert (await look(sim, "yunnan", limit=SHORT)).failure
    sim.clear_fault("yunnan")
    assert (await look(sim, "yunnan")).status == 200


async def test_a_reset_in_the_body_is_a_reset_on_the_wire(sim: Simulator):
    sim.set_fault("yunnan", "reset_body", "verify")
    assert (await look(sim, "yunnan")).failure == "body: ConnectionResetError"


async def test_trickling_sends_something_and_never_everything(sim: Simulator):
    sim.set_fault("shandong", "trickle:0.05", "verify")
    seen = await look(sim, "shandong", overall=0.3)
    assert seen.status == 200
    assert 1 < len(seen.body) < 50 < int(seen.headers["content-length"])


async def test_trickled_headers_begin_at_once(sim: Simulator):
    sim.set_fault("shandong", "trickle_headers:0.05", "verify")
    seen = await look(sim, "shandong", overall=0.3)
    assert b"HTTP/1.1 200 OK".startswith(seen.raw[:5])
    assert 1 < len(seen.raw) < 30


async def test_half_a_body_arrives_before_the_reset_or_the_end(sim: Simulator):
    for fault in ("reset_body", "close_body"):
        sim.set_fault("shandong", fault, "verify")
        seen = await look(sim, "shandong")
        assert 0 < len(seen.body) == int(seen.headers["content-length"]) // 2


async def test_close_sends_no_byte_and_garbage_no_http(sim: Simulator):
    sim.set_fault("shandong", "close", "verify")
    assert (await look(sim, "shandong")).raw == b""
    sim.set_fault("shandong", "garbage", "verify")
    seen = await look(sim, "shandong")
    assert len(seen.raw) > 100
    assert not seen.raw.startswith(b"HTTP")


async def test_slow_answers_in_full_after_its_time(sim: Simulator):
    sim.set_fault("shandong", "slow:0.2", "verify")
    seen = await look(sim, "shandong")
    assert seen.status == 200
    assert seen.seconds >= 0.2
    assert "key1" in json.loads(seen.body)


async def test_who_waited_under_a_hang_is_served_when_it_ends(sim: Simulator):
    sim.set_fault("shandong", "hang_accept", "verify")
    await look(sim, "shandong", limit=SHORT)
    assert sim.hits("shandong") == []
    sim.clear_fault("shandong")
    assert (await look(sim, "shandong")).status == 200
    assert len(sim.hits("shandong")) == 2


PAGES = {
    "status_503": (503, "503"),
    "status:404": (404, "404"),
    "waf": (412, "$_ts"),
    "waf:521": (521, "jsl_clearance"),
    "waf:403": (403, "403 - 云防护"),
    "waf:468": (468, "SafeLine"),
    "waf:200": (200, "wzwschallenge"),
    "maintenance": (503, "系统维护"),
    "maintenance:200": (200, "暂停服务"),
    "html": (200, "chunk-vendors"),
}


@pytest.mark.parametrize("fault", PAGES)
async def test_pages_come_where_jsonp_is_due(sim: Simulator, fault: str):
    sim.set_fault("shandong", fault, "verify")
    seen = await look(sim, "shandong")
    status, words = PAGES[fault]
    assert seen.status == status
    assert words in seen.body.decode()
    assert len(seen.body) == int(seen.headers["content-length"])


@pytest.mark.parametrize("code", ["003", "004", "005", "010", "020", "024", "fpdmerr", "999"])
async def test_codes_come_in_key1(sim: Simulator, code: str):
    sim.set_fault("beijing", code)
    assert json.loads((await look(sim, "beijing")).body)["key1"] == code


async def test_redirects_lead_away_or_round(sim: Simulator):
    sim.set_fault("shandong", "redirect_away", "verify")
    assert (await look(sim, "shandong")).headers["location"] == "https://elsewhere.invalid/"
    sim.set_fault("shandong", "redirect_loop", "verify")
    assert (await look(sim, "shandong", path="/x?y=1")).headers["location"] == "/x?y=1"


async def test_bodies_without_measure(sim: Simulator):
    sim.set_fault("shandong", "big_body:3000000", "verify")
    assert len((await look(sim, "shandong")).body) == 3_000_000
    sim.set_fault("shandong", "gzip_bomb:5000000", "verify")
    seen = await look(sim, "shandong")
    assert seen.headers["content-encoding"] == "gzip"
    assert len(seen.body) < 50_000
    assert len(gzip.decompress(seen.body)) == 5_000_000


async def test_a_fault_replaces_the_one_before(sim: Simulator):
    for fault in ("refuse", "hang_before_accept", "hang_accept", "refuse", "expired", "status_503"):
        sim.set_fault("shandong", fault, "verify")
    assert (await look(sim, "shandong")).status == 503
    assert sim.faults() == {"shandong": {"verify": "status_503"}}


async def test_a_plain_port_has_no_certificate_to_break(sim: Simulator):
    with pytest.raises(FaultError, match="plain HTTP"):
        sim.set_fault("yunnan", "expired", "verify")
    sim.set_fault("yunnan", "refuse")
    sim.set_fault("yunnan", "expired")
    assert sim.faults() == {"yunnan": {"dppt": "expired"}}
    assert (await look(sim, "yunnan")).status == 200


@pytest.mark.parametrize(
    "text", ["", "nope", "slow:x", "slow:-1", "hang:3", "status_99", "waf:9999", "code:5555", "big_body:1e9"]
)
def test_what_is_no_fault_is_refused(text: str):
    with pytest.raises(FaultError):
        parse(text)


def test_the_description_names_every_fault_and_its_default():
    text = Path(__file__).parents[2].joinpath("docs/simulator.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    for kind in FAULTS.values():
        default = f"[{kind.default}]" if kind.argument in ("seconds", "bytes") else ""
        assert any(kind.does in row and kind.sees in row and default in row for row in rows), kind.name
