"""A digest in words and as structured data: it counts and lists, in both languages, and is never longer than a page."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from monitor.core.digest import joined
from monitor.model import Cause, Diagnosis, EventName, Notification, Scope, Window
from monitor.notify.digest import words_of_digest
from monitor.notify.payload import payload
from tests.notify.examples import AT, a_notification, a_plan, an_incident

HOUR = timedelta(hours=1)


def storm() -> Notification:
    """Shandong is down, Hunan was, a window began."""
    shandong, hunan = an_incident("shandong"), an_incident("hunan")
    window = Window(id="w", name="upgrade", authorities=("hubei",), services=None, start=AT, end=AT + HOUR)
    return joined(
        [
            a_notification(hunan, key="1/1/incident_opened"),
            a_notification(shandong, key="2/1/incident_opened"),
            a_notification(shandong, key="2/2/incident_reminder", event=EventName.INCIDENT_REMINDER),
            a_notification(
                replace(hunan, resolved_at=AT + HOUR),
                key="1/2/incident_resolved",
                event=EventName.INCIDENT_RESOLVED,
                at=AT + HOUR,
            ),
            replace(
                a_notification(key="w/2/maintenance_started", event=EventName.MAINTENANCE_STARTED),
                incidents=(),
                window=window,
                at=AT + HOUR,
            ),
        ],
        "oncall[0]",
    )


def test_it_counts_and_lists_in_chinese():
    title, text = words_of_digest(storm(), a_plan())
    assert title == "【汇总】5 条通知：1 项未恢复、1 项已恢复"
    assert "未恢复：\n· 山东 发票查验：" in text
    assert "已恢复：\n· 湖南 发票查验：" in text
    assert "共 1 小时" in text
    assert "其他：\n· 【维护" in text
    assert "其中 1 条变化、提醒或升级通知未逐条列出" in text
    assert text.endswith("详情：https://monitor.example.cn/")


def test_what_lies_within_a_minute_is_of_one_moment():
    together = [a_notification(key="1/1/incident_opened"), a_notification(key="2/1/incident_opened")]
    for later, zh, en in (
        (
            timedelta(seconds=1),
            "时间：2026-11-21 16:00:20（北京时间）",
            "When: 2026-11-21 16:00:20 (China time)",
        ),
        (
            HOUR,
            "时间：2026-11-21 16:00:20 至 17:00:20（北京时间）",
            "When: 2026-11-21 16:00:20 to 17:00:20 (China time)",
        ),
    ):
        told = joined([together[0], replace(together[1], at=AT + later)], "oncall[0]")
        assert zh in words_of_digest(told, a_plan())[1].splitlines()
        assert en in words_of_digest(told, a_plan(language="en"))[1].splitlines()


def test_it_counts_and_lists_in_english():
    title, text = words_of_digest(storm(), a_plan(language="en"))
    assert title == "[DIGEST] 5 notifications: 1 still open, 1 over"
    assert "Still open:\n- Shandong" in text
    assert "Over:\n- Hunan" in text
    assert "1 of them are changes, reminders or escalations" in text


def test_what_is_no_authoritys_outage_is_named_as_what_it_is():
    national = an_incident(
        "national", id="n", scope=Scope.NATIONAL, service="", diagnosis=Diagnosis.NATIONAL_OUTAGE
    )
    page = an_incident("national", id="p", service="")
    store = an_incident("local", id="d", scope=Scope.DAEMON, service="state", cause=Cause.INTERNAL)
    notes = [a_notification(one, key=one.id, scope=one.scope) for one in (national, page, store)]
    _, text = words_of_digest(joined(notes, "a[0]"), a_plan())
    named = [line.partition("：")[0] for line in text.splitlines() if line.startswith("· ")]
    assert named == ["· 全国性故障", "· 全国查验平台", "· 监测程序 状态库"]


def test_where_all_is_over_nothing_is_to_be_done():
    over = replace(an_incident(), resolved_at=AT + HOUR)
    notes = [a_notification(key="1"), a_notification(over, key="2", event=EventName.INCIDENT_RESOLVED)]
    title, text = words_of_digest(joined(notes, "a[0]"), a_plan())
    assert title == "【汇总】2 条通知：1 项已恢复"
    assert "下一步：无需处理" in text


def test_a_long_one_is_cut_what_is_open_comes_first_and_the_rest_is_counted():
    still = [an_incident("shandong", id=f"open-{n}") for n in range(30)]
    over = [an_incident("hunan", id=f"over-{n}", resolved_at=AT + HOUR) for n in range(30)]
    notes = [a_notification(one, key=one.id) for one in (*over, *still)]
    notes += [a_notification(one, key=f"{one.id}/2", event=EventName.INCIDENT_RESOLVED) for one in over]
    _, text = words_of_digest(joined(notes, "a[0]"), a_plan())
    assert (text.count("· 山东"), text.count("· 湖南")) == (30, 10)
    assert "另有 20 项未列出" in text


def test_structured_receivers_get_what_it_stands_for_and_every_incident_whole():
    told = payload(storm(), a_plan())
    assert (told["event"], told["unlisted"]) == ("incident_opened", 0)
    assert [entry["key"] for entry in told["digest"]] == [
        "1/1/incident_opened",
        "2/1/incident_opened",
        "2/2/incident_reminder",
        "1/2/incident_resolved",
        "w/2/maintenance_started",
    ]
    assert told["digest"][4]["window"]["name"] == "upgrade"
    assert {one["id"]: one["resolved_at"] is None for one in told["incidents"]} == {
        an_incident("hunan").id: False,
        an_incident("shandong").id: True,
    }
    assert "digest" not in payload(a_notification(), a_plan())


def test_what_is_down_after_flapping_is_listed_as_down():
    steady = a_notification(key="1", event=EventName.FLAPPING_STOPPED)
    other = an_incident("hunan", resolved_at=AT + HOUR)
    ended = a_notification(other, key="2", event=EventName.INCIDENT_RESOLVED)
    title, text = words_of_digest(joined([steady, ended], "a[0]"), a_plan())
    assert title == "【汇总】2 条通知：1 项未恢复、1 项已恢复"
    assert "未恢复：\n· 山东 发票查验：" in text
    assert "其他：" not in text
