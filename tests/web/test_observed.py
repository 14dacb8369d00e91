"""What a run found beyond its phases: each address, each name server, what was measured, in the API and on the page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.core.status import LocalPart, Status
from monitor.model import (
    AddressLook,
    Answer,
    AuthorityState,
    Cause,
    Diagnosis,
    DiskRule,
    HostRules,
    Phase,
    Reading,
    Room,
    TargetState,
)
from monitor.notify.readings import in_words
from monitor.web.lens import Lens
from monitor.web.looks import look
from monitor.web.matrix import surroundings
from monitor.web.observed import observed
from monitor.web.views import belief
from tests.web.conftest import AT, Ask, World, make_plan, make_result, make_target

HOSTILE = "<script>alert(1)</script>"
NODES = (
    AddressLook(address="192.0.2.1", cause=Cause.NONE, connect=0.012, tls=0.03, status_code=200, fingerprint="ab" * 32),
    AddressLook(
        address="192.0.2.2", cause=Cause.CONNECT_TIMEOUT, phase=Phase.CONNECT, detail=HOSTILE, fingerprint="cd" * 32
    ),
    AddressLook(
        address="2001:db8::1", cause=Cause.UNREACHABLE, detail="no way there from this machine", counts=False
    ),
)  # fmt: skip
ANSWERS = (
    Answer(resolver="192.0.2.53:53", name="v.example", addresses=("10.0.0.1",), ttl=0, count=1, forged=True),
    Answer(resolver="system", name="v.example", cause=Cause.DNS_SERVFAIL, detail="name server: refused"),
    Answer(resolver="192.0.2.54:53", name="v.example", record="TXT", values=(HOSTILE,), count=1),
    Answer(resolver="192.0.2.54:53", name="x1.example", cause=Cause.DNS_NXDOMAIN, decoy=True),
)
READINGS = (
    Reading(name="way", text="icmp"),
    Reading(name="packets", value=3),
    Reading(name="lost", value=1),
    *(Reading(name=f"rtt_{name}", value=value) for name, value in (("min", 0.011), ("mean", 0.02), ("max", 0.031))),
)  # fmt: skip


@pytest.fixture
def seen(world: World) -> World:
    world.see(make_result("captcha/shandong", nodes=NODES, answers=ANSWERS, readings=READINGS))
    return world


async def test_the_api_has_all_of_it(seen: World, ask: Ask) -> None:
    last = (await ask("/api/v1/targets/captcha%2Fshandong")).json["last"]
    assert [(node["address"], node["outcome"], node["looked_at"]) for node in last["nodes"]] == [
        ("192.0.2.1", "ok", True),
        ("192.0.2.2", "timeout", True),
        ("2001:db8::1", None, False),
    ]
    told = [(one["resolver"], one["cause"], one["decoy"], one["forged"]) for one in last["answers"]]
    assert told == [
        ("192.0.2.53:53", "none", False, True),
        ("system", "dns_servfail", False, False),
        ("192.0.2.54:53", "none", False, False),
        ("192.0.2.54:53", "dns_nxdomain", True, False),
    ]
    assert last["answers"][0]["ttl_seconds"] == 0
    assert last["readings"][0] == {"name": "way", "of": "", "value": None, "text": "icmp"}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("forged 10.0.0.1", "random name", "does not exist, as it should be", "no way there from this machine", "packets lost", "11 ms / 20 ms / 31 ms", "certificate abababab")),
        ("zh", ("假地址 10.0.0.1", "随机域名", "不存在，正常", "本机没有到那里的路", "丢失的包", "11 ms / 20 ms / 31 ms", "证书 abababab")),
    ],
)  # fmt: skip
async def test_the_page_says_it_in_words(
    seen: World, ask: Ask, language: str, words: tuple[str, ...]
) -> None:
    page = await ask(f"/targets/captcha%2Fshandong?lang={language}")
    assert page.status == 200
    assert [word for word in words if word not in page.text] == []
    assert "<script>alert" not in page.text


async def test_without_any_of_it_the_page_has_no_tables(world: World, ask: Ask) -> None:
    world.see(make_result("captcha/shandong"))
    assert "<h3>" not in (await ask("/targets/captcha%2Fshandong")).text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_only_what_is_beyond_its_limit_is_red_and_limits_are_shown(language: str) -> None:
    rules = HostRules(disks=(DiskRule(path="/srv", free=Room(size=900 << 30)),), load=4.0)
    box = replace(make_target("box", "local"), kind="host", machine=rules)
    plan = make_plan()
    lens = Lens(language=language, plan=replace(plan, targets={**plan.targets, box.id: box}), now=AT)
    readings = (
        Reading(name="disk_free", of="/srv", value=0.08),
        Reading(name="disk_free_bytes", of="/srv", value=float(75 << 30)),
        Reading(name="load_per_cpu", value=3.0),
    )
    [(_, rows)] = observed(lens, make_result("box", cause=Cause.CONTENT_MISMATCH, readings=readings))  # fmt: skip
    assert [row.outcome for row in rows] == ["told", "error", "told"]
    limit = {"zh": "限", "en": "limit"}[language]
    assert [row.took for row in rows] == ["", f"{limit} ≥ 900 GiB", f"{limit} ≤ 4"]


def test_what_two_counts_and_two_lists_say_is_told_apart() -> None:
    readings = [Reading(name="missing", of=of, value=1.0) for of in ("counts", "items")]
    assert [in_words(one, "zh") for one in readings] == [("对方缺少 按数量", "1"), ("对方缺少 按清单", "1")]


@pytest.mark.parametrize(
    ("language", "name", "diagnosis"), [("zh", "本机", "本机的问题"), ("en", "this machine", "this machine")]
)
def test_a_full_disk_is_neither_a_network_nor_nothing_to_do(language: str, name: str, diagnosis: str) -> None:
    lens = Lens(language=language, plan=make_plan(), now=AT)
    part = LocalPart(
        state=AuthorityState.DEGRADED, diagnosis=Diagnosis.HEALTHY, facts=("controls_failing=0/1",)
    )

    head = belief(lens, part)
    assert (head.sign, head.diagnosis) == ("⚠", diagnosis)
    assert head.step == lens.words.cases["on_machine"]["step"]
    status = Status(generated_at=AT, vantage="x", timezone="UTC", authorities=(), national=None, local=part)
    [cell] = surroundings(lens, status)
    assert (cell.name, cell.sign, cell.word) == (name, "⚠", lens.words.states[AuthorityState.DEGRADED])
    well = belief(lens, replace(part, state=AuthorityState.UP))
    assert well.step == lens.words.steps[Diagnosis.HEALTHY]


def test_what_was_said_of_a_run_is_not_its_cause_once_more() -> None:
    lens = Lens(language="zh", plan=make_plan(), now=AT)
    expired = make_result("captcha/shandong", cause=Cause.TLS_EXPIRED, detail="certificate has expired")
    shown = look(lens, TargetState(id=expired.target, last=expired), None)
    assert (shown.cause, shown.detail) == ("证书已过期", "")
    refused = replace(expired, cause=Cause.TLS_HANDSHAKE, detail="wrong version number")
    assert look(lens, TargetState(id=expired.target, last=refused), None).detail == "对方没有用 TLS 应答"
