"""The JSON API: targets, incidents, paging."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model import Cause, Certificate, Flag, Phase, Scope
from tests.web.conftest import AT, make_incident, make_result


async def test_a_target_tells_its_last_run(world, ask):
    world.see(
        make_result(
            "captcha/shandong",
            Cause.RESPONSE_TIMEOUT,
            phase=Phase.PROCESSING,
            flags=frozenset({Flag.TLS_UNVERIFIED}),
            phases={Phase.CONNECT: 0.02, Phase.TLS: 0.04, Phase.PROCESSING: 4.94},
            address="192.0.2.7",
            certificate=Certificate(
                subject="CN=fpcy",
                issuer="CN=CA",
                not_before=AT - timedelta(days=100),
                not_after=AT + timedelta(days=30),
                names=("fpcy.example",),
                fingerprint="ab" * 32,
                chain_length=2,
                verified=False,
                verify_error="tls_untrusted",
            ),
            detail="no first byte within 5 s",
        )
    )
    answer = await ask("/api/v1/targets/captcha/shandong")
    assert answer.status == 200
    assert answer.json["confirmed"] == "down"
    assert answer.json["next_run"] == "2026-11-21T08:00:30Z"
    last = answer.json["last"]
    assert (last["outcome"], last["cause"], last["phase"]) == ("timeout", "response_timeout", "processing")
    assert last["flags"] == ["tls_unverified"]
    assert last["phases"] == {"connect": 0.02, "tls": 0.04, "processing": 4.94}
    assert last["certificate"]["not_after"] == "2026-12-21T08:00:00Z"
    assert last["restored"] is False


async def test_the_slash_of_an_id_may_be_written_as_percent_2f(ask):
    assert (await ask("/api/v1/targets/captcha%2Fshandong")).json["id"] == "captcha/shandong"


async def test_a_target_that_was_never_looked_at_has_no_last_run(ask):
    answer = await ask("/api/v1/targets/internet")
    assert answer.json["last"] is None
    assert (answer.json["confirmed"], answer.json["authority"], answer.json["service"]) == (
        "unknown",
        "local",
        "",
    )


async def test_pages_of_targets_add_up_to_all_of_them(world, ask):
    found: list[str] = []
    path = "/api/v1/targets?limit=7"
    while True:
        answer = await ask(path)
        found += [target["id"] for target in answer.json["targets"]]
        if answer.json["next"] is None:
            break
        path = f"/api/v1/targets?limit=7&cursor={answer.json['next'].replace('/', '%2F')}"
    assert found == sorted(world.plan.targets)


async def test_more_than_the_most_is_the_most(ask):
    everything = (await ask("/api/v1/targets")).json["targets"]
    for limit in (501, 100_000, 10**17):
        assert (await ask(f"/api/v1/targets?limit={limit}")).json == {"targets": everything, "next": None}


async def test_incidents_come_newest_first_and_can_be_asked_for_open_ones(world, ask):
    world.open(make_incident("shandong"))
    world.open(make_incident("beijing", opened_at=AT - timedelta(minutes=1)))
    world.open(make_incident("hebei", resolved_at=AT, opened_at=AT - timedelta(minutes=5)))
    everything = await ask("/api/v1/incidents")
    assert [row["id"] for row in everything.json["incidents"]] == ["beijing-1", "hebei-1", "shandong-1"]
    still_open = await ask("/api/v1/incidents?open=true")
    assert [row["id"] for row in still_open.json["incidents"]] == ["beijing-1", "shandong-1"]
    over = await ask("/api/v1/incidents?open=false")
    assert [row["id"] for row in over.json["incidents"]] == ["hebei-1"]


async def test_pages_of_incidents_neither_repeat_nor_lose_those_that_opened_together(world, ask):
    for number in range(5):
        world.open(replace(make_incident("shandong"), id=f"same-{number}"))
    first = await ask("/api/v1/incidents?limit=3")
    rest = await ask(f"/api/v1/incidents?limit=3&cursor={first.json['next']}")
    ids = [row["id"] for row in first.json["incidents"] + rest.json["incidents"]]
    assert ids == [f"same-{number}" for number in (4, 3, 2, 1, 0)]
    assert rest.json["next"] is None


async def test_an_incident_comes_with_members_timeline_and_evidence(world, ask):
    world.see(make_result("captcha/shandong", Cause.CONNECT_TIMEOUT, phase=Phase.CONNECT))
    world.open(make_incident("national", id="n-1", scope=Scope.NATIONAL, targets=()))
    world.open(make_incident("shandong", parent="n-1"))
    assert (await ask("/api/v1/incidents/n-1")).json["members"] == ["shandong-1"]
    answer = await ask("/api/v1/incidents/shandong-1")
    assert answer.json["parent"] == "n-1"
    assert answer.json["evidence"]["captcha/shandong"]["cause"] == "connect_timeout"
    assert [step["event"] for step in answer.json["timeline"]] == ["first_failure", "opened"]
    assert answer.json["resolved_at"] is None


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("/api/v1/targets/captcha/atlantis", 404, "atlantis"),
        ("/api/v1/incidents/none", 404, "none"),
        ("/api/v1/targets?limit=0", 400, "limit"),
        ("/api/v1/targets?limit=-1", 400, "limit"),
        ("/api/v1/targets?limit=%C2%B2", 400, "limit"),
        ("/api/v1/targets?limit=99999999999999999999999", 400, "limit"),
        ("/api/v1/targets?limit=1&limit=2", 400, "twice"),
        ("/api/v1/incidents?open=yes", 400, "open"),
        ("/api/v1/incidents?opn=true", 400, "opn"),
        ("/api/v1/nothing", 404, "there is nothing at this address"),
    ],
)
async def test_a_mistake_is_answered_with_json_that_names_it(ask, path, status, word):
    answer = await ask(path)
    assert answer.status == status
    assert word in answer.json["error"]


async def test_status_has_a_row_for_each_authority_the_national_page_and_this_machine(world, ask):
    world.see_all_up()
    world.see(make_result("captcha/shandong", Cause.CONNECT_TIMEOUT, phase=Phase.CONNECT))
    world.open(make_incident("shandong"))
    status = (await ask("/api/v1/status")).json
    assert (status["generated_at"], status["vantage"]) == ("2026-11-21T08:00:00Z", "shanghai-office")
    assert status["timezone"] == "Asia/Shanghai"
    assert len(status["authorities"]) == 36
    row = next(row for row in status["authorities"] if row["authority"] == "shandong")
    assert (row["code"], row["name"], row["state"], row["outcome"]) == ("3700", "山东", "down", "timeout")
    assert (row["cause"], row["incidents"], row["targets"]) == (
        "connect_timeout",
        ["shandong-1"],
        ["captcha/shandong"],
    )
    assert row["services"]["verify"] == {"state": "down", "outcome": "timeout", "cause": "connect_timeout"}
    assert (row["verdict"], row["reference"], row["maintenance"]) == ("no_reference", [], [])
    assert status["national"]["state"] == "up"
    assert status["local"]["state"] == "up"


async def test_an_invoice_is_routed_to_its_authority_with_the_state_of_what_answers_for_it(world, ask):
    world.see_all_up()
    answer = await ask("/api/v1/route?invoice=037001900111")
    assert (answer.json["authority"], answer.json["kind"], answer.json["state"]) == (
        "shandong",
        "code12",
        "up",
    )
    assert answer.json["watched"] == ["captcha/shandong"]
    digital = await ask("/api/v1/route?invoice=24372000000012345678")
    assert (digital.json["kind"], digital.json["service"]) == ("digital", "dppt")
    assert (digital.json["state"], digital.json["watched"]) == (None, [])


async def test_advice_of_an_invoice_is_in_the_configured_language_or_the_one_asked_for(ask):
    configured, english, chinese, strange = [
        await ask(f"/api/v1/route?invoice=037001900111{lang}")
        for lang in ("", "&lang=en", "&lang=zh", "&lang=fr")
    ]
    assert configured.json == chinese.json
    assert "national page only passes on" in english.json["advice"]
    assert english.json | {"advice": ""} == chinese.json | {"advice": ""}
    assert strange.status == 400


@pytest.mark.parametrize(
    ("query", "status"), [("", 400), ("?invoice=", 400), ("?invoice=12ab", 400), ("?invoice=9900190011", 404)]
)
async def test_what_is_no_invoice_is_refused_with_a_reason(ask, query, status):
    answer = await ask(f"/api/v1/route{query}")
    assert answer.status == status
    assert answer.json["error"]
