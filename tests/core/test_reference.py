"""What we say to others: our own confirmed view, and never what we heard."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from monitor.core.reference import reference_document
from monitor.model import Outcome, ReferenceReading, ReferenceRow, ReferenceSource, rfc3339
from tests.core.notation import SLUGS, START, World, control, everyone, plan_of, six, target


def published(world: World) -> dict[str, Any]:
    """The document of this instant, as JSON carries it."""
    document: dict[str, Any] = json.loads(json.dumps(reference_document(world.plan, world.state, world.now)))
    return document


def rows(world: World) -> dict[str, str]:
    """Slug → cause."""
    return {slug: row["cause"] for slug, row in published(world)["authorities"].items()}


def anhui_after(**played: str) -> dict[str, str]:
    """What is said of Anhui after these rows of signs for its probes."""
    world = World(
        plan_of(
            target("reach", "anhui"),
            target("captcha", "anhui"),
            target("dppt", "anhui", service="dppt"),
            control("internet"),
        )
    )
    world.play({"internet": "+++++++", **{f"{probe}/anhui": signs for probe, signs in played.items()}})
    return rows(world)


def test_the_document_as_the_contract_spells_it():
    world = World(six())
    world.warm()
    world.play({"reach/anhui": "---"})
    document = published(world)
    assert list(document) == ["format", "source", "vantage", "generated_at", "local_fault", "authorities"]
    assert (document["format"], document["vantage"]) == ("fapiao-reference/1", "desk")
    assert document["generated_at"] == rfc3339(world.now)
    assert document["local_fault"] is False
    assert list(document["authorities"]) == list(SLUGS)
    began = START + timedelta(seconds=70)
    assert document["authorities"]["anhui"] == {
        "outcome": "timeout",
        "cause": "response_timeout",
        "since": rfc3339(began),
        "checked_at": rfc3339(began + timedelta(seconds=10)),
    }
    assert document["authorities"]["beijing"] == {
        "outcome": "ok",
        "cause": "none",
        "since": rfc3339(START + timedelta(seconds=5)),
        "checked_at": rfc3339(START + timedelta(seconds=5)),
    }


@pytest.mark.parametrize(
    ("played", "said"),
    [
        pytest.param({}, {}, id="no run yet"),
        pytest.param({"reach": "+", "captcha": "+"}, {}, id="one run confirms nothing"),
        pytest.param({"reach": "++", "captcha": "++"}, {"anhui": "none"}, id="confirmed up"),
        pytest.param({"reach": "++", "captcha": "++--"}, {"anhui": "none"}, id="not yet confirmed down"),
        pytest.param({"reach": "++", "captcha": "++rrr"}, {"anhui": "connection_refused"}, id="confirmed down"),
        pytest.param({"reach": "++", "captcha": "++rrr+"}, {"anhui": "connection_refused"}, id="not yet up again"),
        pytest.param({"reach": "++", "captcha": "++rrr++"}, {"anhui": "none"}, id="up again"),
        pytest.param({"reach": "++", "captcha": "--"}, {}, id="one target is not sure yet"),
        pytest.param({"reach": "++", "captcha": "ssss"}, {"anhui": "none"}, id="slow is up"),
        pytest.param({"reach": "++", "captcha": "++bbb"}, {}, id="a cause that speaks of us says nothing of them"),
        pytest.param({"dppt": "++rrr", "reach": "++"}, {"anhui": "none"}, id="only the main service counts"),
        pytest.param({"dppt": "++"}, {}, id="another service says nothing of it"),
    ],
)  # fmt: skip
def test_only_what_is_confirmed_of_the_main_service_is_said(played, said):
    assert anhui_after(**played) == said


def test_in_a_local_fault_nothing_is_said_of_anybody():
    world = World(six())
    world.warm()
    world.play(everyone(world.plan, "---"))
    document = published(world)
    assert (document["local_fault"], document["authorities"]) == (True, {})
    world.play(everyone(world.plan, "++"))
    assert published(world)["local_fault"] is False
    assert len(rows(world)) == len(SLUGS)


def test_while_our_own_network_is_suspected_nobody_is_called_down():
    world = World(six())
    world.warm()
    world.play({"reach/anhui": "---", "internet": "..-", "anycast": "..-"})
    assert "anhui" not in rows(world)
    assert rows(world)["beijing"] == "none"
    world.play({"internet": "++", "anycast": "++"})
    assert rows(world)["anhui"] == "response_timeout"


def test_what_others_say_is_never_passed_on():
    said = [
        ReferenceRow(authority=slug, outcome=Outcome.ERROR, cause="dns_nxdomain", checked_at=START)
        for slug in (*SLUGS, "yunnan")
    ]
    hq = ReferenceReading(source="hq", read_at=START, up=True, rows=tuple(said))
    world = World(six(references=(ReferenceSource(name="hq", file="hq.json"),)))
    world.event(hq)
    assert rows(world) == {}
    world.warm()
    world.event(hq)
    assert set(rows(world).values()) == {"none"}
    assert "dns_nxdomain" not in json.dumps(published(world))


def test_a_vantage_that_nobody_expected_is_still_json():
    world = World(six(vantage='a "quoted"\n\ud800 vantage'))
    assert published(world)["vantage"].startswith('a "quoted"')
