"""What `probe --explain` may say of all from the few it looked at, and of what no authority has to do with."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.cli.client import Daemon
from monitor.cli.explain import explain
from monitor.cli.explain_judge import judge
from monitor.cli.explain_look import Looked
from monitor.cli.explain_others import Told, ask_daemon
from monitor.core.again import Pause
from monitor.core.signs import Party, Sign
from monitor.model import (
    LOCAL,
    Cause,
    Diagnosis,
    LogPattern,
    LogRules,
    Outcome,
    Phase,
    ReferenceReading,
    ReferenceRow,
    ReferenceSource,
)
from tests.cli.daemon import answering
from tests.cli.looks import NOW, looked, observed

LANGUAGES = ("zh", "en")
NO_NAME: dict[str, Any] = {"addresses": (), "address": None}
NATION = ("全国", "税务总局", "nationwide", "many authorities", "State Taxation")
OFFICES = ("12366", "税务局", "tax office", "The authority", "税务机关一侧", "tax administration")


def others_down(failing: int, told: Told | None = None) -> Looked:
    """Shandong and so many of three others answer 503."""
    whole = looked(told=told)
    reply: dict[str, Any] = {"cause": Cause.HTTP_STATUS, "phase": Phase.TRANSFER, "status_code": 503}
    lead = observed(whole.lead.target, **reply)
    others = [observed(one.target, **(reply if n < failing else {})) for n, one in enumerate(whole.others)]
    return replace(whole, observed=(lead,), lead=lead, others=tuple(others), evidence=None)


# --- a sample --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("failing", [2, 3])
def test_what_fails_in_a_sample_is_no_nationwide_outage(failing, language):
    judged = judge(others_down(failing))
    assert (judged.diagnosis, judged.party) == (Diagnosis.PROVINCIAL_OUTAGE, Party.THEM)
    assert judged.has(Sign.SEVERAL_FAIL)
    assert [fact for fact in judged.facts if fact.startswith("down=")] == []
    answer = explain(judged, language)
    assert ("not affected" in answer.finance, "不受影响" in answer.finance) == (False, False)
    assert [
        word
        for word in ("nationwide", "全国")
        if word in answer.fault and not re.search("cannot tell|说不准", answer.fault)
    ] == []
    assert [line for line in answer.known if "36" in line and "fapiao-monitor status" in line]


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_other_that_fails_is_no_crowd_and_not_passed_over(language):
    judged = judge(others_down(1))
    assert not judged.has(Sign.SEVERAL_FAIL)
    finance = explain(judged, language).finance
    assert ("not affected" in finance, "不受影响" in finance) == (False, False)


@pytest.mark.parametrize(
    ("down", "watched", "diagnosis"),
    [
        (3, 36, Diagnosis.PROVINCIAL_OUTAGE),
        (12, 36, Diagnosis.NATIONAL_OUTAGE),
        (1, 2, Diagnosis.PROVINCIAL_OUTAGE),  # it watches fewer than were looked at
    ],
)
def test_a_daemon_that_watches_all_has_counted(down, watched, diagnosis):
    told = Told(url="http://127.0.0.1:8036", state="down", down=down, watched=watched)
    judged = judge(others_down(3, told))
    assert judged.diagnosis is diagnosis
    assert judged.has(Sign.SEVERAL_FAIL) is (watched < 4)
    shown = dict(explain(judged, "en").tried)["daemon"]
    assert shown.endswith(f"{down} of {watched} authorities are down")
    assert ("tax administration" in explain(judged, "en").fault) is (diagnosis is Diagnosis.NATIONAL_OUTAGE)
    assert (f"down={down}/{watched}" in judged.facts) is (diagnosis is Diagnosis.NATIONAL_OUTAGE)


async def test_the_daemon_is_asked_for_its_count():
    rows = [
        {"authority": slug, "state": state, "seen_up": seen_up}
        for slug, state, seen_up in (
            ("shandong", "down", True),
            ("beijing", "up", True),
            ("henan", "maintenance", True),
            ("jilin", "down", False),
        )
    ]
    with answering({"GET /api/v1/status": (200, {"authorities": [*rows, 7], "national": None})}) as peer:
        told = await ask_daemon(Daemon(url=peer.url), "shandong", NOW)
    assert (told.state, told.down, told.watched) == ("down", 1, 3)


# --- nobody's --------------------------------------------------------------------------------------------------------


def nobodys(
    cause: Cause = Cause.CONNECTION_REFUSED, phase: Phase = Phase.CONNECT, *, names: bool = True
) -> Looked:
    """An address of our own ERP fails; others work, or no name at all does."""
    whole = looked()
    target = replace(whole.lead.target, id="http://10.0.0.9:80", authority="", service="", host="10.0.0.9")
    lead = observed(target, cause, phase)
    if names:
        return replace(whole, targets=(target,), observed=(lead,), lead=lead, evidence=None)
    dead = {"cause": Cause.DNS_NXDOMAIN, "phase": Phase.RESOLVE, **NO_NAME}
    others = tuple(observed(one.target, **dead) for one in whole.others)
    controls = (whole.controls[0], observed(whole.controls[1].target, **dead))
    return replace(
        whole, targets=(target,), observed=(lead,), lead=lead, controls=controls, others=others, evidence=None
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_no_name_works_an_address_of_nobodys_is_no_nationwide_outage(language):
    judged = judge(nobodys(names=False))
    assert judged.party is Party.UNCLEAR
    assert judged.diagnosis is not Diagnosis.NATIONAL_OUTAGE
    assert judged.has(Sign.NAMES_DEAD)
    answer = explain(judged, language)
    assert "resolv.conf" in answer.engineers
    assert [word for word in NATION if word in json.dumps(answer.known) + answer.fault + answer.finance] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("cause", "phase"),
    [
        (Cause.CONNECTION_REFUSED, Phase.CONNECT),
        (Cause.CONNECT_TIMEOUT, Phase.CONNECT),
        (Cause.CONNECTION_RESET, Phase.TLS),
        (Cause.TLS_TIMEOUT, Phase.TLS),
        (Cause.RESPONSE_TIMEOUT, Phase.PROCESSING),
        (Cause.HTTP_STATUS, Phase.TRANSFER),
        (Cause.MAINTENANCE_PAGE, Phase.TRANSFER),
        (Cause.NONE, None),
    ],
)
def test_of_what_is_nobodys_no_tax_office_is_spoken(cause, phase, language):
    judged = judge(nobodys(cause, phase))
    answer = explain(judged, language)
    said = " ".join([answer.answer, answer.fault, answer.finance, answer.engineers, answer.again])
    assert [word for word in OFFICES if word in said] == []
    if cause is Cause.HTTP_STATUS:
        assert (judged.party, "10.0.0.9" in answer.engineers) == (Party.THEM, True)


# --- a log -----------------------------------------------------------------------------------------------------------


def log() -> Looked:
    """One look at a log of this machine."""
    whole = looked()
    rules = LogRules(path="/var/log/x.log", patterns=(LogPattern(name="down", regex="down"),))
    target = replace(
        whole.lead.target, id="issuing", probe="issuing", kind="log", authority=LOCAL, service="issuing",
        host="", port=0, log=rules,
    )  # fmt: skip
    lead = observed(target, phases={}, **NO_NAME)
    return replace(whole, targets=(target,), observed=(lead,), lead=lead, others=(), evidence=None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_look_at_a_log_cannot_tell(language):
    judged = judge(log())
    assert (judged.party, judged.diagnosis) == (Party.UNCLEAR, Diagnosis.UNDETERMINED)
    assert judged.again.pause is Pause.NOT_NEEDED
    answer = explain(judged, language)
    assert "fapiao-monitor incidents" in answer.engineers
    assert {"en": "One look cannot tell", "zh": "只看一次说不准"}[language] in answer.answer


async def test_the_open_incidents_of_this_machine_are_asked_for():
    status: dict[str, Any] = {
        "authorities": [],
        "national": None,
        "local": {"state": "degraded", "diagnosis": "healthy", "facts": []},
    }
    open_ones = [
        {"id": "local-issuing-1", "authority": "local"},
        {"id": "shandong-verify-1", "authority": "shandong"},
    ]
    answers = {
        "GET /api/v1/status": (200, status),
        "GET /api/v1/incidents?open=true": (200, {"incidents": open_ones, "next": None}),
    }
    with answering(answers) as peer:
        told = await ask_daemon(Daemon(url=peer.url), LOCAL, NOW)
    assert (told.state, told.incidents) == ("degraded", ("local-issuing-1",))


# --- references ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_reference_says_is_among_what_the_answer_rests_on(language):
    source = ReferenceSource(name="hq", url="http://127.0.0.1/")
    row = ReferenceRow(authority="shandong", outcome=Outcome.OK, checked_at=NOW - timedelta(seconds=20))
    reading = ReferenceReading(source="hq", read_at=NOW, up=True, rows=(row,))
    judged = judge(replace(looked(), sources=(source,), readings=(reading,)))
    assert judged.diagnosis is Diagnosis.PATH_FROM_HERE
    answer = explain(judged, language)
    assert [line for line in answer.known if "hq" in line]
    assert "12366" not in answer.engineers + answer.again


@pytest.mark.parametrize(
    "why",
    [
        "not JSON", "empty", "answered 500", "no answer in time", "cannot connect", "more than 5000 rows",
        "not of the format fapiao-reference/1; another format needs a map", "there is no such file",
        "none of its rows can be read: 3 without an authority", "the attempt before still hangs",
    ],
)  # fmt: skip
def test_why_a_reference_cannot_be_read_is_said_in_chinese(why):
    reading = ReferenceReading(source="hq", read_at=NOW, up=False, detail=why)
    tried = dict(explain(judge(replace(looked(), readings=(reading,))), "zh").tried)
    assert why not in tried["references"]
    assert re.search("读不到（[^a-z]*[一-鿿]", tried["references"])
