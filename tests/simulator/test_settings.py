"""The probes.yaml that the simulator writes: what it says is so, and nothing it says is unknown to the contract."""

from __future__ import annotations

from typing import Any

import yaml

from monitor.simulator import Simulator


def read(text: str) -> dict[str, Any]:
    loaded = yaml.safe_load(text)
    assert isinstance(loaded, dict)
    return loaded


async def test_it_points_at_the_stand_ins(sim: Simulator):
    config = read(sim.config())
    assert config["authorities"]["only"] == ["beijing", "shandong", "yunnan"]
    assert config["authorities"]["override"]["yunnan"] == {
        "verify_url": f"http://yunnan.localhost:{sim.port('yunnan')}/NWebQuery",
        "dppt_url": f"https://yunnan.localhost:{sim.port('yunnan', 'dppt')}",
    }
    assert config["defaults"]["tls"]["ca"] == str(sim.ca_path)
    assert [probe["name"] for probe in config["probes"]] == [
        "reach", "captcha", "dppt", "national-page", "internet", "gateway",
    ]  # fmt: skip


async def test_receivers_are_all_told(sim: Simulator):
    alerts = read(
        sim.config(receivers={"hook": {"webhook": "http://127.0.0.1:1/"}, "mail": {"apprise": ["json://x"]}})
    )["alerts"]
    assert alerts["receivers"]["hook"] == {"webhook": "http://127.0.0.1:1/"}
    assert alerts["routes"] == [{"to": ["hook", "mail"]}]


async def test_pace_and_choice_of_probes_are_the_callers(sim: Simulator):
    config = read(sim.config(interval="1s", timeout="300ms", attempts=3, probes=("captcha",)))
    assert config["defaults"]["timeout"] == "300ms"
    assert config["judgement"]["confirm"]["attempts"] == 3
    assert [probe["name"] for probe in config["probes"]] == ["captcha"]
    assert "wake_on" not in config["probes"][0], "it would name a probe that is not there"


async def test_on_another_loopback_address_stand_ins_go_by_it():
    async with Simulator(host="127.0.0.2", only=["beijing"]) as sim:
        assert sim.url("beijing").startswith("https://127.0.0.2:")
        assert read(sim.config())["probes"][5]["host"] == "127.0.0.2"
