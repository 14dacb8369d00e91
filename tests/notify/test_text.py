"""What a person reads who is woken at three in the morning, and what a machine reads."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core.facts import Fact
from monitor.core.report import outage_of
from monitor.model import Cause, Diagnosis, EventName, Incident, Outcome, Phase, Scope, Verdict, Vote, Window
from monitor.net.failures import ERRNOS, failure_of
from monitor.notify.advice import Case
from monitor.notify.payload import payload
from monitor.notify.text import link, title_and_text
from monitor.notify.times import duration
from monitor.notify.words import ENUMS, LANGUAGES, authority_name, detail_words, words
from tests.notify.examples import AT, a_notification, a_plan, an_incident
from tests.notify.scenes import SCENES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_model_has_a_word_for_people(language):
    known = words(language)
    for name, enum in ENUMS.items():
        said = getattr(known, name)
        assert all(said[member].strip() for member in enum), name
        if name in ("causes", "diagnoses", "steps"):
            assert len(set(said.values())) == len(enum), f"two {name} read alike"
    assert all(known.facts[fact.value] for fact in Fact)
    assert all(set(known.cases[case]) - {"diagnosis"} == {"fault", "step"} for case in Case)


def test_a_report_names_what_is_open_from_before_and_says_that_there_is_no_data():
    outage = outage_of(an_incident("shandong"))
    assert SCENES["报告"].report is not None
    known = replace(SCENES["报告"].report, incidents=0, open=0, uptime=None, open_before=7, before=(outage,))
    title, text = title_and_text(replace(SCENES["报告"], report=known), a_plan())
    assert title.endswith("0 起故障，7 起未恢复")
    assert "此前发生、仍未恢复：山东 发票查验（自 11-21 16:00） 等 7 起" in text
    assert "可用率：这段时间没有数据" in text
    assert "下一步：跟进未恢复的故障" in text


def test_another_language_is_refused():
    with pytest.raises(KeyError):
        words("de")


def test_an_opening_says_what_since_when_why_whose_fault_and_what_to_do():
    title, text = title_and_text(a_notification(), a_plan())

    assert title == "【故障】山东 发票查验不可用：连上后无应答"
    assert text.splitlines() == [
        "对象：山东 · 发票查验",
        "现象：已连上，但在时限内没有任何应答 [response_timeout]",
        "开始：2026-11-21 16:00:05（北京时间），已持续 15 秒",
        "参考：没有参考来源可对照",
        "判断：税务局一侧：没有本机或全国性故障的迹象。",
        "依据：该服务的探测目标全部失败（1 个）；本机网络正常（对照点都通）",
        "下一步：通知业务部门暂缓发票查验（山东）；持续 30 分钟以上请拨 12366 报障。",
        "观测点：shanghai-office",
        "详情：https://monitor.example.cn/incidents/shandong-verify-20261121T080005Z",
    ]


def test_the_same_in_english():
    title, text = title_and_text(a_notification(), a_plan(language="en", external_url=""))

    assert title == "[DOWN] Shandong invoice verification is down: no answer"
    assert "Since: 2026-11-21 16:00:05 (China time), for 15 s so far" in text
    assert "Details:" not in text


def test_what_opens_together_is_one_message_with_one_piece_of_advice():
    incidents = [
        an_incident(slug) for slug in ("shandong", "beijing", "hunan", "guangdong", "hubei", "hebei")
    ]
    title, text = title_and_text(a_notification(*incidents), a_plan())

    assert title == "【故障】6 项发票查验异常：山东、北京、湖南、广东 等"
    assert text.count("下一步：") == 1
    assert sum(line.startswith("· ") for line in text.splitlines()) == 6


@pytest.mark.parametrize(
    ("services", "zh", "en"),
    [
        (
            ("verify", "verify", "dppt"),
            "服务（发票查验 2、电子发票服务平台 1）",
            "services (invoice verification 2, e-invoice platform 1)",
        ),
        (
            ("verify", "dppt"),
            "服务（发票查验、电子发票服务平台）",
            "services (invoice verification, e-invoice platform)",
        ),
        (
            ("verify", "dppt", "sync", "etax", "etax"),
            "服务（电子税务局 2、发票查验 1、电子发票服务平台 1 等）",
            " 1, …)",
        ),
        (("", ""), "服务", "services"),
        (("", "verify"), "服务（发票查验）", "services (invoice verification)"),
    ],
)
@pytest.mark.parametrize("event", [EventName.INCIDENT_OPENED, EventName.INCIDENT_REMINDER])
def test_a_title_about_several_services_names_and_counts_them(services, zh, en, event):
    incidents = [an_incident(f"province{n}", service=one) for n, one in enumerate(services)]
    told = a_notification(*incidents, event=event)
    assert f"{len(services)} 项{zh}" in title_and_text(told, a_plan())[0]
    assert en in title_and_text(told, a_plan(language="en"))[0]


def test_a_long_list_is_cut_and_says_so():
    incidents = [an_incident(f"province{number}") for number in range(60)]
    _, text = title_and_text(a_notification(*incidents), a_plan())

    assert "· 另有 20 项未列出" in text.splitlines()


def test_a_nationwide_outage_is_called_one():
    incidents = [
        an_incident(slug, diagnosis=Diagnosis.NATIONAL_OUTAGE) for slug in ("shandong", "beijing", "hunan")
    ]
    title, _ = title_and_text(a_notification(*incidents), a_plan())

    assert title == "【故障】全国 3 个税务机关的发票查验同时不可用"


def nationwide(**other: object) -> Incident:
    """The parent of what is down everywhere, which became so 60 s before `AT`."""
    about = {
        "scope": Scope.NATIONAL,
        "service": "",
        "diagnosis": Diagnosis.NATIONAL_OUTAGE,
        "facts": ("down=3/36",),
    }
    return an_incident("national", first_failure_at=AT - timedelta(seconds=60), **{**about, **other})


def test_a_nationwide_outage_names_every_cause_who_was_first_and_what_is_no_authority():
    members = [
        an_incident("hunan", cause=Cause.CONNECTION_REFUSED, first_failure_at=AT - timedelta(seconds=700)),
        an_incident("shandong"),
        an_incident("beijing"),
        an_incident("beijing", service="dppt"),
    ]
    told = a_notification(nationwide(), *members, scope=Scope.NATIONAL)
    title, text = title_and_text(told, a_plan())
    lines = text.splitlines()
    assert title == "【故障】全国性故障：36 个税务机关中 3 个不可用"
    assert "现象：连上后无应答 2 个、连接被拒绝 1 个" in lines
    assert "开始：2026-11-21 15:59:20（北京时间），已持续 1 分" in lines
    assert "最早：湖南 发票查验，15:48:40 起" in lines
    assert "明细（北京时间），含其他服务 1 项：" in lines

    alike = a_notification(nationwide(), *map(an_incident, ("hunan", "shandong")), scope=Scope.NATIONAL)
    text = title_and_text(alike, a_plan(language="en"))[1]
    assert not any(word in text for word in ("Earliest", "further services", "(2)"))


def test_our_own_fault_names_no_province():
    local = an_incident(
        "local", scope=Scope.LOCAL, service="", cause=Cause.DNS_SERVFAIL, diagnosis=Diagnosis.LOCAL_DNS
    )
    title, text = title_and_text(a_notification(local, scope=Scope.LOCAL), a_plan())

    assert title == "【本机】本机域名解析故障，各税务机关的状态暂时未知"
    assert "下一步：检查本机的 DNS 服务器设置" in text


def test_the_end_of_our_own_fault_says_who_is_still_down():
    local = an_incident(
        "local", scope=Scope.LOCAL, service="", diagnosis=Diagnosis.LOCAL_NETWORK, resolved_at=AT
    )
    told = a_notification(
        local, an_incident(), event=EventName.INCIDENT_RESOLVED, scope=Scope.LOCAL, still_down=("shandong",)
    )
    title, text = title_and_text(told, a_plan())

    assert title == "【恢复】本机网络故障已排除；仍有 1 个不可用"
    assert "仍不可用：山东" in text
    assert [one["resolved_at"] for one in payload(told, a_plan())["incidents"]] == [
        "2026-11-21T08:00:20Z",
        None,
    ]


def test_an_address_that_never_answered_is_not_called_an_outage():
    title, text = title_and_text(a_notification(an_incident(never_up=True)), a_plan())

    assert title == "【故障】山东 发票查验从未应答，请核对地址"
    assert "authorities.override" in text


def test_what_left_the_configuration_is_not_said_to_be_back():
    gone = an_incident(resolved_at=AT, facts=(Fact.NO_LONGER_WATCHED.value,))
    title, text = title_and_text(a_notification(gone, event=EventName.INCIDENT_RESOLVED), a_plan())

    assert "恢复" not in title
    assert "可以通知业务部门" not in text


def test_a_drill_and_a_test_are_marked():
    drill, _ = title_and_text(a_notification(drill=True), a_plan())
    test, _ = title_and_text(a_notification(event=EventName.TEST), a_plan())

    assert drill.startswith("【演练】")
    assert test.startswith("【测试】")


def test_a_drill_does_not_say_what_references_say():
    """They see nothing of it, and its verdict is none: a rehearsal should not look poorer than the real thing."""
    told = a_notification(an_incident(drill=True, facts=(), verdict=Verdict.NO_REFERENCE), drill=True)
    assert "参考" not in title_and_text(told, a_plan())[1]
    assert "参考：" in title_and_text(replace(told, drill=False), a_plan())[1]


def test_facts_from_the_network_stay_one_short_line():
    hostile = an_incident(facts=("code=" + "\r\nBcc: everyone\x1b[31m" * 30,))
    _, text = title_and_text(a_notification(hostile), a_plan())

    because = next(line for line in text.splitlines() if line.startswith("依据"))
    assert len(because) < 250
    assert because.endswith("…")
    assert because.isprintable()


WINDOW = Window(
    id="upgrade-20261201T100000Z",
    name="金税升级",
    authorities=("shandong", "hubei"),
    services=("verify",),
    start=AT + timedelta(hours=10),
    end=AT + timedelta(hours=24),
)


def test_maintenance_ahead_says_who_what_and_from_when_to_when():
    told = a_notification(event=EventName.MAINTENANCE_UPCOMING, window=WINDOW, incidents=())
    title, text = title_and_text(replace(told, incidents=()), a_plan())

    assert title == "【维护预告】山东、湖北 11-22 02:00 起发票查验维护"
    assert text.splitlines()[:2] == [
        "对象：山东、湖北 · 发票查验",
        "时间：2026-11-22 02:00:20 至 2026-11-22 16:00:20（北京时间），共 14 小时",
    ]


def test_a_window_of_everyone_says_so_in_english():
    everything = replace(WINDOW, authorities=None, services=None)
    told = replace(a_notification(event=EventName.MAINTENANCE_STARTED, window=everything), incidents=())

    assert (
        title_and_text(told, a_plan(language="en"))[0]
        == "[MAINTENANCE STARTED] all authorities: all services"
    )


def test_what_the_references_say_stands_beside_ours_with_its_age():
    seen = an_incident(verdict=Verdict.ONLY_US_DOWN, diagnosis=Diagnosis.PATH_FROM_HERE)
    votes = (Vote(source="hq", outcome=Outcome.OK, age_seconds=12.4),)
    _, text = title_and_text(a_notification(seen, reference=votes), a_plan())

    assert "参考：hq：正常（12 秒前）；参考来源显示正常，只有本机不可用" in text.splitlines()
    told = payload(a_notification(seen, reference=votes), a_plan())
    assert told["reference"] == [{"source": "hq", "outcome": "ok", "age_seconds": 12}]
    assert told["incidents"][0]["verdict"] == "only_us_down"


def test_a_machine_reads_the_window():
    told = payload(a_notification(event=EventName.MAINTENANCE_ENDED, window=WINDOW), a_plan())

    assert told["window"]["id"] == "upgrade-20261201T100000Z"
    assert told["window"]["start"] == "2026-11-21T18:00:20Z"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("event", EventName)
def test_every_event_has_a_title_of_one_line_in_both_languages(language, event):
    is_over = event in (
        EventName.INCIDENT_RESOLVED,
        EventName.FLAPPING_STOPPED,
        EventName.AUTHORITY_RECOVERED,
    )
    ended = AT if is_over else None
    for incidents in (
        [an_incident(resolved_at=ended)],
        [an_incident("x", resolved_at=ended), an_incident("hubei")],
    ):
        told = a_notification(*incidents, event=event, window=WINDOW if "maintenance" in event else None)
        title, text = title_and_text(told, a_plan(language=language))
        assert title.strip() == title != ""
        assert "\n" not in title
        assert all(line.strip() for line in text.splitlines())


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 秒"),
        (59.6, "1 分"),
        (754, "12 分 34 秒"),
        (7200, "2 小时"),
        (90_061, "1 天 1 小时"),
        (-5, "0 秒"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(seconds, said):
    assert duration(timedelta(seconds=seconds), "zh") == said


def test_an_unknown_slug_and_an_unknown_fact_are_shown_as_they_are():
    assert authority_name("atlantis", {}, "zh") == "atlantis"
    assert words("zh").fact("moon=full") == "moon=full"


def test_the_payload_has_exactly_the_keys_of_the_contract():
    told = payload(a_notification(), a_plan())

    assert list(told) == [
        "format", "key", "event", "at", "severity", "scope", "incidents", "window", "reference",
        "title", "text", "vantage", "drill", "url",
    ]  # fmt: skip
    assert list(told["incidents"][0]) == [
        "id", "parent", "authority", "service", "outcome", "cause", "diagnosis", "verdict", "first_failure_at",
        "opened_at", "resolved_at", "facts", "evidence",
    ]  # fmt: skip
    assert told["format"] == "fapiao-notification/1"
    assert told["at"] == "2026-11-21T08:00:20Z"
    assert told["window"] is None
    assert json.loads(json.dumps(told)) == told


def test_facts_of_several_do_not_count_the_targets_of_one():
    several = [an_incident(slug, facts=("targets_failing=1/2", "status=503")) for slug in ("hubei", "hunan")]
    _, text = title_and_text(a_notification(*several), a_plan())

    assert "探测目标" not in text
    assert "依据：HTTP 状态码 503" in text


def test_a_duration_is_the_difference_of_the_times_shown():
    begun = AT - timedelta(seconds=15)
    over = an_incident(first_failure_at=begun, resolved_at=AT + timedelta(milliseconds=600))
    told = a_notification(over, event=EventName.INCIDENT_RESOLVED)

    assert "16:00:05 至 16:00:20（北京时间），共 15 秒" in title_and_text(told, a_plan())[1]


def test_a_certificate_has_no_incident_to_read_about():
    told = a_notification(
        an_incident(id="certificate-1", cause=Cause.NONE, facts=()),
        event=EventName.CERTIFICATE_EXPIRING,
        detail="CN=a, 2026-12-01, 9 d; CN=b, 2026-12-02, 10 d",
    )

    assert link(told, a_plan()) == "https://monitor.example.cn/"
    lines = title_and_text(told, a_plan())[1].splitlines()
    assert lines[:2] == ["证书：CN=a，2026-12-01 到期，剩 9 天", "证书：CN=b，2026-12-02 到期，剩 10 天"]


def test_several_remarks_are_each_said_in_chinese():
    said = detail_words("/tmp has 75.9 GiB free, 900 GiB are meant; load per CPU is 4.4, 4 is the most", "zh")
    assert said == "/tmp 剩余 75.9 GiB，应不少于 900 GiB；每个 CPU 的负载是 4.4，上限 4"
    assert detail_words("no; idea", "zh") == "no; idea"


def test_remarks_on_a_run_are_said_in_chinese_and_strange_ones_stay():
    late = failure_of(TimeoutError(), Phase.PROCESSING).detail

    assert detail_words(late, "zh") == "到时限为止没有等到更多内容（等待应答）"
    assert detail_words(late, "en") == late
    assert [said for _, said in ERRNOS.values() if detail_words(said, "zh") == said] == []
    assert detail_words("status 503, expected 200 or 304", "zh") == "状态码 503，应为 200 or 304"
    assert detail_words("020 由于查验行为异常", "zh") == "020 由于查验行为异常"
    assert (
        detail_words("3 here, 2 there, for 1 h 2 min", "zh") == "我方 3 条，对方 2 条，已持续 1 小时 2 分钟"
    )
    assert detail_words("counts.remote: unknown code 0", "zh") == "counts.remote：未知代码 0"
    refused = "DNS 服务器：拒绝回答（REFUSED）"
    assert detail_words("name server: dns server refused query", "zh") == refused
    assert detail_words("not HTTP: Expected HTTP/, RTSP/ or ICE/", "zh") == "不是 HTTP：开头不是 HTTP/"
    assert detail_words("counts.remote: unknown code 0", "en") == "counts.remote: unknown code 0"
    assert (
        detail_words("JSON with 'x' at $.code, where a code is due", "zh")
        == "JSON 的 $.code 应为代码，却是 'x'"
    )
    assert detail_words("no such name " * 100, "zh") == "no such name " * 100
