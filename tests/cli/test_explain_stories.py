"""One cause, several stories: what `probe --explain` reads off the evidence, and whom it sends people to."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from monitor.cli.explain import Explanation, explain
from monitor.cli.explain_judge import Judged, judge
from monitor.cli.explain_look import Lag
from monitor.cli.explain_stories import Story, story_of
from monitor.core.again import Pause
from monitor.core.signs import Party
from monitor.model import (
    AddressLook,
    Answer,
    Cause,
    Diagnosis,
    Flag,
    Phase,
    Reading,
    Reply,
    Seen,
    Target,
)
from monitor.probes import Observation
from tests.cli.looks import NOW, looked, observed

ALERT = "sslv3 alert handshake failure"


def judged(
    cause: Cause, phase: Phase | None, *, heard: bytes = b"", target: Target | None = None, **more: Any
) -> Judged:
    """The same look at Shandong, ended otherwise; two controls and three others are well."""
    whole = looked()
    lead = observed(target or whole.lead.target, cause, phase, **more)
    seen = Seen(started_at=NOW, duration=1.0, phases={}, heard=heard)
    lead = Observation(target=lead.target, seen=seen, result=lead.result)
    return judge(replace(whole, targets=(lead.target,), observed=(lead,), lead=lead))


def told(language: str = "en", /, *known: Any, **more: Any) -> Explanation:
    return explain(judged(*known, **more), language)


# --- the same cause, other evidence ----------------------------------------------------------------------------------


def remark(detail: str, heard: bytes = b"") -> dict[str, Any]:
    return {"detail": detail, "heard": heard}


def status(code: int) -> dict[str, Any]:
    return {"status_code": code, "detail": f"status {code}, expected 200"}


TLS, GIVEN = Phase.TLS, Phase.PROCESSING
SERVER = "name server: dns server"
STORIES: tuple[tuple[Cause, Phase, dict[str, Any], Story], ...] = (
    (Cause.TLS_HANDSHAKE, TLS, remark(ALERT), Story.TLS_ALERT),
    (Cause.TLS_HANDSHAKE, TLS, remark("asked for a certificate of ours, then refused"), Story.TLS_WANTS_CERTIFICATE),
    (Cause.TLS_HANDSHAKE, TLS, remark("tlsv13 alert certificate required"), Story.TLS_WANTS_CERTIFICATE),
    (Cause.TLS_HANDSHAKE, TLS, remark("wrong version number", b"HTTP/1.1 400 Bad"), Story.TLS_PLAIN),
    (Cause.TLS_HANDSHAKE, TLS, remark("wrong version number", b"SSH-2.0-OpenSSH"), Story.TLS_STRANGER),
    (Cause.TLS_TIMEOUT, TLS, remark("not one byte came before the deadline (tls)"), Story.TLS_SILENT),
    (Cause.TLS_TIMEOUT, TLS, remark("nothing more came before the deadline (tls)"), Story.TLS_STALLED),
    (Cause.CONNECTION_CLOSED, TLS, remark("connection closed by peer"), Story.CUT_IN_TLS),
    (Cause.CONNECTION_RESET, Phase.CONNECT, remark("connection reset by peer"), Story.CUT_AT_ONCE),
    (Cause.DNS_SERVFAIL, Phase.RESOLVE, remark(f"{SERVER} refused query"), Story.NAME_REFUSED),
    (Cause.DNS_SERVFAIL, Phase.RESOLVE, remark("name server: misformatted dns reply"), Story.NAME_GARBLED),
    (Cause.DNS_SERVFAIL, Phase.RESOLVE, remark("aliases that lead in a circle"), Story.NAME_IN_CIRCLE),
    (Cause.DNS_SERVFAIL, Phase.RESOLVE, remark("name server: could not contact dns servers"), Story.NAME_SERVER_GONE),
    (Cause.HTTP_STATUS, GIVEN, status(404), Story.STATUS_GONE),
    (Cause.HTTP_STATUS, GIVEN, status(403), Story.STATUS_FORBIDDEN),
    (Cause.HTTP_STATUS, GIVEN, status(400), Story.STATUS_REFUSED),
    (Cause.HTTP_STATUS, GIVEN, status(500), Story.STATUS_FAILED),
    (Cause.HTTP_STATUS, GIVEN, status(503), Story.STATUS_GATE),
    (Cause.HTTP_MALFORMED, Phase.TRANSFER, remark("gzip cannot be undone"), Story.REPLY_PACKED),
    (Cause.HTTP_MALFORMED, Phase.TRANSFER, remark("headers larger than 65536 bytes"), Story.REPLY_ENDLESS),
    (Cause.TRANSFER_TIMEOUT, Phase.TRANSFER, remark("too slow: 173 bytes in 2.0 s"), Story.REPLY_TOO_SLOW),
)  # fmt: skip


@pytest.mark.parametrize(("cause", "phase", "shown", "story"), STORIES)
def test_a_story_is_read_off_the_evidence(
    cause: Cause, phase: Phase, shown: dict[str, Any], story: Story
) -> None:
    assert story_of(judged(cause, phase, **shown)) is story


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("cause", list(dict.fromkeys(row[0] for row in STORIES)))
def test_two_runs_with_one_cause_and_other_evidence_read_otherwise(language: str, cause: Cause) -> None:
    shown = [(phase, more) for one, phase, more, _ in STORIES if one is cause]
    advice = {told(language, cause, phase, **more).engineers for phase, more in shown}
    stories = {story for one, _, _, story in STORIES if one is cause}
    assert len(advice) >= len(stories)


def test_who_answers_an_alert_is_not_asked_for_plain_http() -> None:
    assert "authorities.override" not in told("en", Cause.TLS_HANDSHAKE, TLS, **remark(ALERT)).engineers
    plain = told("en", Cause.TLS_HANDSHAKE, TLS, **remark("wrong version number", b"HTTP/1.1 400 Bad"))
    assert "authorities.override" in plain.engineers


def test_a_page_that_is_gone_is_not_waited_for() -> None:
    gone = judged(Cause.HTTP_STATUS, GIVEN, **status(404))
    assert gone.again.pause is Pause.THEY_MEND
    assert "12366" not in explain(gone, "en").engineers
    assert judged(Cause.HTTP_STATUS, GIVEN, **status(503)).again.pause is Pause.LATER


def test_what_was_compared_says_which_side_lacks_something() -> None:
    def counted(here: float, there: float) -> Story | None:
        counts = (
            Reading(name="local_count", value=here),
            Reading(name="remote_count", value=there),
        )
        return story_of(judged(Cause.COUNT_MISMATCH, GIVEN, readings=counts))

    assert counted(3, 2) is Story.FEWER_THERE
    assert counted(2, 3) is Story.MORE_THERE
    listed = (Reading(name="overdue_missing", value=1.0), Reading(name="overdue_extra", value=1.0))
    assert story_of(judged(Cause.COUNT_MISMATCH, GIVEN, readings=listed)) is None


# --- whom it sends people to -----------------------------------------------------------------------------------------


def kind(name: str, **more: Any) -> Target:
    return replace(looked().lead.target, kind=name, **more)


def test_an_interface_is_its_vendors_affair() -> None:
    answer = told("zh", Cause.SYNC_LAG, GIVEN, target=kind("sync"))
    assert "服务商" in answer.engineers
    assert "服务商" in answer.again
    assert "12366" not in answer.engineers + answer.again


def test_a_log_is_told_as_a_look_and_its_key_is_none_of_ours() -> None:
    log = kind("log", host="", port=0)
    answer = told("en", Cause.CREDENTIAL, GIVEN, target=log, detail="timeout: 3 lines within 10 min")
    assert "This probe has none" in answer.engineers
    assert "Nothing was asked of anybody" in answer.stopped
    assert not {"request", "reply"} & {label for label, _ in answer.tried}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_one_answer_names_one_time(language: str) -> None:
    for cause, phase, shown, _ in STORIES:
        answer = told(language, cause, phase, **shown)
        assert not any(
            word in answer.engineers for word in ("30 ", "half an hour", "半小时", "一刻钟", "quarter")
        )


# --- one look says no more than it saw -------------------------------------------------------------------------------


def test_one_slow_look_is_not_slow_for_long_and_says_in_which_phase() -> None:
    slow = judged(
        Cause.NONE, None, flags=frozenset({Flag.SLOW}), phases={Phase.PROCESSING: 4.0, Phase.TLS: 0.1}
    )
    answer = explain(slow, "zh")
    assert not [said for said in answer.known if "持续" in said]
    assert "等待应答" in answer.engineers


@pytest.mark.parametrize(("code", "minutes"), [("003", 1), ("024", 24 * 60), ("016", 10)])
def test_a_throttled_look_waits_as_long_as_the_platform_says(code: str, minutes: int) -> None:
    throttled = judged(Cause.NONE, None, flags=frozenset({Flag.THROTTLED}), code=code)
    assert throttled.again.at is not None
    assert (throttled.again.at - throttled.looked.now).total_seconds() == minutes * 60
    assert not [said for said in explain(throttled, "zh").known if "自动放慢" in said]


def test_where_a_firewall_stands_waiting_and_asking_less_go_together() -> None:
    blocked = judged(Cause.BLOCKED, GIVEN, status_code=412)
    assert blocked.again.pause is Pause.SHUT_OUT


def test_a_node_that_fails_is_reported_by_number() -> None:
    nodes = (
        AddressLook(address="203.0.113.7", cause=Cause.CONNECTION_REFUSED, phase=Phase.CONNECT),
        AddressLook(address="203.0.113.9", cause=Cause.NONE, connect=0.01),
    )
    split = judged(Cause.NONE, None, flags=frozenset({Flag.ADDRESS_FAILED}), nodes=nodes)
    assert split.diagnosis is Diagnosis.CDN_NODE
    answer = explain(split, "en")
    assert "Report 203.0.113.7 to 12366; pin 203.0.113.9" in answer.engineers


def test_no_name_server_is_recommended_that_has_just_failed() -> None:
    whole = looked(cause=Cause.RESOLVE_TIMEOUT)
    asked = Answer(resolver="223.5.5.5:53", name="fpcy", cause=Cause.RESOLVE_TIMEOUT)
    assert whole.evidence is not None
    answer = explain(judge(replace(whole, evidence=replace(whole.evidence, answers=(asked,)))), "en")
    assert "223.5.5.5" not in answer.engineers


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_time_of_the_look_stands_there_once(language: str) -> None:
    answer = told(language, Cause.CONNECT_TIMEOUT, Phase.CONNECT)
    assert [said for label, said in answer.tried if label == "at"] == [
        {"zh": "2026-11-24 14:00:00 北京时间", "en": "2026-11-24 14:00:00 China time"}[language]
    ]


def test_words_of_ours_are_not_put_into_the_mouth_of_the_other_side() -> None:
    reply = Reply(status=200, headers=(), body=b"x", url="https://a.test/")
    packed = judged(
        Cause.HTTP_MALFORMED, Phase.TRANSFER, detail="gzip cannot be undone", status_code=reply.status
    )
    said = dict(explain(packed, "zh").tried)["reply"]
    assert "判读：gzip 解不开" in said
    assert "应答说" not in said


async def test_a_loop_that_stands_still_is_noticed_from_the_first_look_on() -> None:
    lag = Lag()
    time.sleep(0.3)  # what reading roots beside a look did
    await asyncio.sleep(0)
    lag.stop()
    assert lag.longest >= 0.2


def test_of_a_code_that_nobody_knows_nobody_can_tell_whose_it_is() -> None:
    unknown = judged(Cause.API_ERROR, GIVEN, code="999", detail="unknown code 999", status_code=200)
    assert unknown.party is Party.UNCLEAR
    assert "it may be theirs, or about our request" in explain(unknown, "en").fault
    assert judged(Cause.API_ERROR, GIVEN, code="001", detail="001 x", status_code=200).party is Party.THEM
