"""`alerts.heartbeat`, and secrets that systemd hands over."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config.load import ConfigError, load
from monitor.knowledge import load_registry
from monitor.model import Proxies, Proxy
from tests.config.conftest import ONE

SECRET = "https://ping.example.cn/5a3d0f6e-a-secret-uuid"


def read(folder: Path, alerts: str, credentials: Path | None = None):
    """What a file with these alerts says."""
    file = folder / "probes.yaml"
    file.write_text(f"probes:\n{ONE}\nalerts:\n{alerts}")
    environ = {} if credentials is None else {"CREDENTIALS_DIRECTORY": str(credentials)}
    return load(file, environ=environ, registry=load_registry())


def test_it_beats_once_a_minute_unless_told_otherwise(tmp_path):
    heartbeat = read(tmp_path, f"  heartbeat: {{url: '{SECRET}'}}").plan.heartbeat
    assert heartbeat is not None
    assert (heartbeat.url, heartbeat.interval, heartbeat.proxies) == (SECRET, 60.0, Proxies())


def test_it_goes_by_the_proxy_of_the_alerts(tmp_path):
    alerts = f"  proxy: http://127.0.0.1:3128\n  heartbeat: {{url: '{SECRET}', interval: 30s}}"
    heartbeat = read(tmp_path, alerts).plan.heartbeat
    assert heartbeat is not None
    assert heartbeat.interval == 30.0
    assert heartbeat.proxies.https == Proxy(host="127.0.0.1", port=3128)


def test_its_address_is_a_secret_whole_and_in_parts(tmp_path):
    loaded = read(tmp_path, f"  heartbeat: {{url: '{SECRET}'}}")
    assert {SECRET, "5a3d0f6e-a-secret-uuid"} <= loaded.secrets


@pytest.mark.parametrize("alerts", ["  group_wait: 1s", "  heartbeat:"], ids=["without", "commented out"])
def test_there_is_none_where_none_is_written(tmp_path, alerts):
    assert read(tmp_path, alerts).plan.heartbeat is None


def test_a_credential_of_systemd_is_read_where_systemd_put_it(tmp_path):
    handed = tmp_path / "handed over"
    handed.mkdir()
    (handed / "secret_ping").write_text(f"{SECRET}\n")
    loaded = read(
        tmp_path, "  heartbeat: {url: {file: $CREDENTIALS_DIRECTORY/secret_ping}}", credentials=handed
    )
    assert loaded.plan.heartbeat is not None
    assert loaded.plan.heartbeat.url == SECRET
    assert SECRET in loaded.secrets


def test_a_credential_that_is_not_there_is_a_mistake_that_names_it(tmp_path):
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, "  heartbeat: {url: {file: $CREDENTIALS_DIRECTORY/none}}", credentials=tmp_path)
    assert "{file: $CREDENTIALS_DIRECTORY/none}; this file cannot be read: No such file" in str(caught.value)
