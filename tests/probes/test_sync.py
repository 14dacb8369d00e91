"""A sync interface asked over a real socket: what is sent, what its answers mean, and that no secret comes back out."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from monitor.clock import SystemClock
from monitor.config.load import load
from monitor.core.classify import Knowledge
from monitor.knowledge import load_catalogue, load_registry, load_words
from monitor.model import Cause, Flag, Result, Target
from monitor.net import Net
from monitor.probes import run
from monitor.simulator.sync import CLOCKS, SyncApi

KNOWN = Knowledge(catalogue=load_catalogue(), words=load_words())
SECRET = "Zq9-hunter-22"
PROBE = """\
version: 1
probes:
  - name: erp-sync
    kind: sync
    authority: beijing
    timeout: %s
    request: {method: POST, url: "%s?key=%s", headers: {Authorization: {env: ERP_TOKEN}}, json: {taxNo: "9100", sign: {env: ERP_TOKEN}}}
    codes: %s
    freshness: {path: "$.data.lastSync", warn: 4h, fail: 24h}
"""

Look = Callable[..., Awaitable[Result]]


@pytest.fixture
async def erp() -> AsyncIterator[SyncApi]:
    async with SyncApi(token=SECRET) as server:
        yield server


@pytest.fixture
async def look(erp: SyncApi, tmp_path: Path) -> AsyncIterator[Look]:
    net = Net(SystemClock())

    async def once(codes: str = "nuonuo", timeout: str = "5s", token: str = SECRET) -> Result:
        target = configured(tmp_path, PROBE % (timeout, erp.url, SECRET, codes), token)
        return await run(target, net, KNOWN, admit=lambda _: True)

    yield once
    await net.close()


def configured(folder: Path, text: str, token: str) -> Target:
    (folder / "probes.yaml").write_text(text)
    environ = {**os.environ, "ERP_TOKEN": token}
    return load(folder / "probes.yaml", environ=environ, registry=load_registry()).plan.targets["erp-sync"]


async def test_the_request_is_sent_as_configured(erp: SyncApi, look: Look) -> None:
    result = await look()
    assert (result.cause, result.code, result.status_code) == (Cause.NONE, "E0000", 200)
    assert result.lag is not None
    assert 59 <= result.lag < 65
    [asked] = erp.asked
    assert (asked.method, asked.path) == ("POST", f"/open/v1/services?key={SECRET}")
    assert asked.headers["Authorization"] == SECRET
    assert asked.headers["Content-Type"] == "application/json"
    assert json.loads(asked.body) == {"taxNo": "9100", "sign": SECRET}


@pytest.mark.parametrize("clock", [clock for clock in CLOCKS if clock != "null"])
async def test_the_lag_is_read_in_every_usual_form(erp: SyncApi, look: Look, clock: str) -> None:
    erp.set(clock=clock, lag=5 * 3600)
    result = await look()
    assert (result.cause, set(result.flags)) == (Cause.NONE, {Flag.LAG_WARNING})
    assert result.lag == pytest.approx(5 * 3600, abs=61)


@pytest.mark.parametrize(
    ("settings", "codes", "cause"),
    [
        ({"lag": 90000}, "nuonuo", Cause.SYNC_LAG),
        ({"lag": -600}, "nuonuo", Cause.CONTENT_MISMATCH),
        ({"clock": "null"}, "nuonuo", Cause.CONTENT_MISMATCH),
        ({"code": "9999"}, "nuonuo", Cause.API_ERROR),
        ({"code": "9999", "status": 500}, "nuonuo", Cause.API_ERROR),
        ({"code": "E004", "vendor": "seeds"}, "seeds", Cause.CREDENTIAL),
        ({"code": "610", "vendor": "jumei"}, "jumei", Cause.BACKEND_BUSY),
        ({"code": "400", "vendor": "jumei"}, "jumei", Cause.PROBE_MISCONFIGURED),
        ({"code": "100001", "vendor": "shudian"}, "shudian", Cause.API_ERROR),
        ({"code": "-30014", "vendor": "xiangyun"}, "xiangyun", Cause.API_ERROR),
        ({"token": "renewed"}, "nuonuo", Cause.CREDENTIAL),
        ({"body": "<html>登录</html>"}, "nuonuo", Cause.FORMAT_DRIFT),
        ({"body": "", "status": 502}, "nuonuo", Cause.HTTP_STATUS),
        ({"body": "{}"}, "nuonuo", Cause.FORMAT_DRIFT),
    ],
    ids=str,
)
async def test_what_fails_and_why(
    erp: SyncApi, look: Look, settings: dict[str, Any], codes: str, cause: Cause
) -> None:
    erp.set(**settings)
    result = await look(codes)
    assert result.cause is cause, result.detail
    assert result.detail


async def test_a_slow_interface_is_a_timeout(erp: SyncApi, look: Look) -> None:
    erp.set(delay=3)
    assert (await look(timeout="200ms")).cause is Cause.RESPONSE_TIMEOUT


@pytest.mark.parametrize(
    "settings",
    [
        {"token": "renewed"},
        {"body": json.dumps({"code": "E77", "msg": f"bad sign {SECRET}"})},
        {"body": json.dumps({"code": SECRET})},
        {"body": json.dumps({"code": "E0000", "data": {"lastSync": SECRET}})},
        {"body": SECRET},
        {"delay": 3},
    ],
    ids=str,
)
async def test_no_secret_of_the_request_comes_out(
    erp: SyncApi, look: Look, settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    erp.set(**settings)
    with capture_logs() as lines:
        result = await look(timeout="500ms")
    assert not result.is_ok
    assert SECRET not in repr(result) + repr(lines) + caplog.text
