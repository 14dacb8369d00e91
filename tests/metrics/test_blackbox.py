"""The odd corners of blackbox_exporter's names; the ordinary ones are held against the original in tests/contract."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.metrics.blackbox import FAMILIES, address_hash, announced_length, render
from monitor.metrics.ciphers import iana_name
from monitor.model import Cause, Phase, Reply, Seen
from tests.metrics.conftest import make_result, make_target

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
DOCS = Path(__file__).parents[2] / "docs" / "blackbox.md"


def answer(*headers: tuple[str, str], status: int = 200, **more: Any) -> Reply:
    """A reply with these headers."""
    return Reply(**{"status": status, "headers": headers, "body": b"hello", "url": "http://x/", **more})


def seen(**more: Any) -> Seen:
    """A run over plain HTTP."""
    given = {"started_at": AT, "duration": 0.1, "phases": {Phase.RESOLVE: 0.1}, "addresses": ("127.0.0.1",)}
    return Seen(**{**given, "address": "127.0.0.1", **more})


def lines(run: Seen, cause: Cause = Cause.NONE) -> set[str]:
    """The samples of a run of an HTTP target."""
    target = make_target(kind="http", url="http://x/")
    text = render(target, run, make_result(cause, target=target.id), openmetrics=False)
    return {line for line in text.splitlines() if not line.startswith("#")}


@pytest.mark.parametrize(("address", "number"), [("127.0.0.1", 3668918509), ("::1", 1751717746)])
def test_the_hash_of_an_address_is_that_of_blackbox_exporter(address: str, number: int):
    assert address_hash(address) == number


@pytest.mark.parametrize(
    ("reply", "length"),
    [
        pytest.param(answer(("content-length", "5")), 5, id="announced"),
        pytest.param(answer(), -1, id="not announced"),
        pytest.param(answer(("content-length", "5"), ("transfer-encoding", "chunked")), -1, id="chunks win"),
        pytest.param(answer(status=204), 0, id="204 has none"),
        pytest.param(answer(("content-length", "9" * 40)), -1, id="beyond all bounds"),
        pytest.param(answer(("content-length", "²")), -1, id="no ASCII digit"),
    ],
)
def test_the_announced_length(reply: Reply, length: int):
    assert announced_length(reply) == length


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        pytest.param("Sat, 21 Nov 2026 08:00:00 GMT", 1795248000.0, id="as it should be"),
        pytest.param("Saturday, 21-Nov-26 08:00:00 GMT", 1795248000.0, id="RFC 850"),
        pytest.param("Sat Nov 21 08:00:00 2026", 1795248000.0, id="asctime"),
        pytest.param("yesterday", None, id="no date"),
        pytest.param("Sat, 21 Nov 99999999 08:00:00 GMT", None, id="a year beyond all bounds"),
        pytest.param("Sat, 99 Nov 2026 08:00:00 GMT", None, id="a day beyond the month"),
        pytest.param("Sat, 21 Nov 2026 08:00:00 +99999999999", None, id="a zone beyond the day"),
    ],
)
def test_last_modified_is_a_date_or_absent(text: str, stamp: float | None):
    found = [
        line.split()[1] for line in lines(seen(reply=answer(("last-modified", text)))) if "modified" in line
    ]
    assert found == ([] if stamp is None else [repr(stamp)])


def test_only_content_that_is_missing_is_a_failed_expression():
    assert "probe_failed_due_to_regex 1" in lines(seen(reply=answer()), Cause.CONTENT_MISMATCH)
    assert "probe_failed_due_to_regex 0" in lines(seen(reply=answer()), Cause.HTTP_STATUS)


@pytest.mark.parametrize(
    ("openssl", "iana"),
    [
        ("TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"),
        ("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        ("ECDHE-ECDSA-AES256-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"),
        ("ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
        ("DHE-RSA-AES128-SHA", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
        ("AES256-SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"),
        ("AES128-CCM8", "TLS_RSA_WITH_AES_128_CCM_8"),
        ("DES-CBC3-SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
        ("PSK-AES128-CCM", "PSK-AES128-CCM"),
    ],
)
def test_cipher_suites_go_by_the_names_of_the_registry(openssl: str, iana: str):
    assert iana_name(openssl) == iana


def test_every_name_is_documented_with_its_labels():
    documented = dict(re.findall(r"^\| `(probe_\w+)(?:\{([\w,]+)\})?` \|", DOCS.read_text(), re.MULTILINE))
    assert documented == {family.name: ",".join(family.labels) for family in FAMILIES}


@pytest.mark.peer("promtool")
def test_promtool_has_nothing_to_say():
    target = make_target(kind="http", url="https://x/")
    run = seen(tls_version="TLSv1.2", tls_cipher="AES256-SHA", reply=answer(url="https://x/"))
    text = render(target, run, make_result(Cause.HTTP_STATUS, target=target.id), openmetrics=False)
    promtool = shutil.which("promtool")
    assert promtool is not None
    ran = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
