"""What to do next fits what happened: by service, by cause, by whose fault it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.core.again import THEIR_WORK
from monitor.model import Cause, Diagnosis, EventName, Incident, Scope
from monitor.model.targets import MACHINE_KINDS
from monitor.notify.advice import STEPS
from monitor.notify.text import title_and_text
from monitor.notify.words import words
from tests.notify.examples import AT, a_notification, a_plan, an_incident


def next_step(
    *incidents: Incident, language: str = "zh", event: EventName = EventName.INCIDENT_OPENED
) -> str:
    """The lines of a notification that say what to do next."""
    _, text = title_and_text(a_notification(*incidents, event=event), a_plan(language=language))
    return "\n".join(line for line in text.splitlines() if line.startswith(("下一步", "Next step")))


@pytest.mark.parametrize(
    ("service", "zh", "en"),
    [
        ("verify", "发票查验", "invoice verification"),
        ("dppt", "开具数电票", "issuing e-invoices"),
        ("etax", "在电子税务局办税", "filing at the e-tax office"),
        ("sync", "发票数据同步", "invoice synchronisation"),
        ("fpdk", "发票勾选", "invoice deduction"),
        ("archive", "archive", "archive"),
    ],
)
def test_the_business_is_told_of_what_it_cannot_do(service, zh, en):
    outage = an_incident(service=service)
    over = replace(outage, resolved_at=AT)

    for step in (next_step(outage), next_step(over, event=EventName.INCIDENT_RESOLVED)):
        assert zh in step
        assert "查验" not in step or service == "verify"
    assert en in next_step(outage, language="en")


def test_advice_on_several_provinces_does_not_speak_of_this_one():
    several = [an_incident(slug) for slug in ("shandong", "beijing", "hunan", "hubei")]

    assert "暂缓发票查验（共 4 个税务机关）" in next_step(*several)
    assert "for these 4 authorities" in next_step(*several, language="en")
    assert "Shandong and Beijing" in next_step(*several[:2], language="en")
    mixed = next_step(an_incident(), an_incident("beijing", service="dppt"))
    assert "暂缓发票查验、开具数电票（山东、北京）" in mixed


def test_announced_maintenance_is_not_reported_at_once():
    step = next_step(an_incident(cause=Cause.MAINTENANCE_PAGE))

    assert "30 分钟" not in step
    assert "维护公告" in step


def test_only_code_020_is_a_ban_of_a_day():
    blocked = an_incident(cause=Cause.BLOCKED, diagnosis=Diagnosis.BLOCKED, facts=("status=412",))
    banned = replace(blocked, facts=("status=200", "code=020"))

    _, wall = title_and_text(a_notification(blocked), a_plan())
    assert "24 小时" not in wall
    assert "对方服务是否正常不得而知" in wall
    _, ban = title_and_text(a_notification(banned), a_plan())
    assert "24 小时内不要再从本机访问山东" in ban


def test_when_we_can_look_again_the_business_has_nothing_to_resume():
    over = an_incident(cause=Cause.BLOCKED, diagnosis=Diagnosis.BLOCKED, facts=(), resolved_at=AT)

    assert next_step(over, event=EventName.INCIDENT_RESOLVED) == "下一步：无需处理；对山东的观测已恢复。"


def test_a_local_fault_counts_who_cannot_be_reached_from_here():
    local = an_incident("local", scope=Scope.LOCAL, service="", facts=("controls_failing=2/2", "down=36/36"))
    told = a_notification(local, scope=Scope.LOCAL)

    assert "从本机看，36 个税务机关中 36 个连不上" in title_and_text(told, a_plan())[1]
    assert (
        "from here 36 of 36 authorities cannot be reached" in title_and_text(told, a_plan(language="en"))[1]
    )
    assert words("zh").fact("down=13/36", Scope.NATIONAL) == "36 个税务机关中 13 个不可用"


def test_what_only_a_log_of_ours_says_is_not_put_on_the_authority():
    said = an_incident(
        service="issuing", cause=Cause.API_ERROR, diagnosis=Diagnosis.UNDETERMINED, facts=("seen_here=log", "found=device-lost")
    )  # fmt: skip

    step = next_step(said)
    assert step.index("日志") < step.index("设备") < step.index("12366")
    step = next_step(said, language="en")
    assert step.index("log") < step.index("device") < step.index("12366")
    agreed = replace(said, diagnosis=Diagnosis.PROVINCIAL_OUTAGE)
    assert next_step(agreed) == next_step(replace(agreed, facts=()))


@pytest.mark.parametrize("cause", [Cause.SYNC_LAG, Cause.RECORD_MISSING, Cause.COUNT_MISMATCH])
def test_who_answers_every_time_is_not_said_to_have_never_answered(cause):
    never = an_incident(
        service="sync", cause=cause, diagnosis=Diagnosis.SYNC_DELAY, never_up=True, facts=("never_right",)
    )

    title, text = title_and_text(a_notification(never), a_plan())
    assert "从未应答" not in title + text
    assert "地址" not in text
    assert "手工核对" in next_step(never)
    silent = replace(never, cause=Cause.CONNECT_TIMEOUT, diagnosis=Diagnosis.UNDETERMINED)
    assert "核对登记表里的地址" in next_step(silent)


@pytest.mark.parametrize("cause", sorted(STEPS))
def test_where_waiting_does_not_help_the_next_step_is_the_causes(cause):
    outage = an_incident(cause=cause)

    for language in ("zh", "en"):
        usual = next_step(an_incident(cause=Cause.RESPONSE_TIMEOUT), language=language)
        step = next_step(outage, language=language)
        assert step != usual
        assert "30" not in step
        assert "{" not in step


def test_steps_by_the_cause_hold_where_it_is_said_that_waiting_does_not_help():
    assert THEIR_WORK <= STEPS
    for language in ("zh", "en"):
        assert words(language).cause_steps.keys() == {*STEPS, "gone"}


def test_an_expired_certificate_is_not_waited_for():
    outage = an_incident(cause=Cause.TLS_EXPIRED)

    assert "不要点掉浏览器的证书警告" in next_step(outage)
    assert "到期日报给 12366" in next_step(outage)
    ours = replace(outage, diagnosis=Diagnosis.LOCAL_TRUST)
    assert "系统时间和根证书" in next_step(ours)


@pytest.mark.parametrize(("status", "step"), [(404, "路径变了"), (403, "路径变了"), (503, "30 分钟")])
def test_a_page_that_is_gone_is_looked_for_and_a_broken_one_waited_for(status, step):
    assert step in next_step(an_incident(cause=Cause.HTTP_STATUS, facts=(f"status={status}",)))


def test_outages_of_one_diagnosis_and_several_causes_have_a_step_each():
    several = [an_incident("shandong", cause=Cause.TLS_EXPIRED), an_incident("beijing")]
    said = next_step(*several)
    assert "证书警告，暂缓发票查验（山东）" in said
    assert "暂缓发票查验（北京）；持续 30 分钟" in said


@pytest.mark.parametrize(
    ("kind", "cause", "found", "zh", "en"),
    [
        ("host", Cause.CONTENT_MISMATCH, "disk_free:/var", "本机有一项超过限度", "a limit of this machine is passed"),
        ("file", Cause.RECORD_MISSING, "", "没有这个文件", "there is no such file"),
        ("log", Cause.API_ERROR, "device-lost", "日志里表示出错的行太多", "come too often in a log"),
    ],
)  # fmt: skip
def test_what_was_found_on_this_machine_is_not_told_as_an_answer(kind, cause, found, zh, en):
    facts = (f"seen_here={kind}", *([f"found={found}"] if found else []))
    mine = an_incident("local", service="x", cause=cause, diagnosis=Diagnosis.UNDETERMINED, facts=facts)
    for language, word in (("zh", zh), ("en", en)):
        title, text = title_and_text(a_notification(mine), a_plan(language=language))
        assert word in text
        assert f"[{cause}]" in text
        assert "应答" not in title
    if found.startswith("disk"):
        assert "磁盘剩余 /var" in title_and_text(a_notification(mine), a_plan())[1]


def test_kinds_of_this_machine_are_spoken_of_alike_in_both_languages():
    zh, en = words("zh").kinds, words("en").kinds
    assert zh.keys() == en.keys() == MACHINE_KINDS
    assert all(zh[kind].keys() == en[kind].keys() for kind in zh)
