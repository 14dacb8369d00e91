"""One realistic notification of every event, and of what is told otherwise: for the tests of texts and the phone pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.core.digest import joined
from monitor.core.facts import Fact
from monitor.core.incidents import NATIONWIDE
from monitor.model import (
    Availability,
    Cause,
    Diagnosis,
    EventName,
    Incident,
    Notification,
    Outcome,
    Phase,
    Plan,
    PostedNotice,
    Report,
    Scope,
    Severity,
    Spread,
    Verdict,
    Vote,
    Waiting,
    Window,
)
from tests.notify.examples import AT, a_notification, a_plan, an_incident

NIGHT = datetime(2026, 11, 20, 19, 12, 40, tzinfo=AT.tzinfo)
"""03:12:40 in China."""
VOTES = (Vote(source="hq", outcome=Outcome.TIMEOUT, age_seconds=12),)
PLAN: Plan = a_plan(vantage="财务共享中心", external_url="https://jiankong.example.cn")


def since(seconds: float, incident: Incident | None = None, **other: object) -> Incident:
    """An outage that began so long before `NIGHT`."""
    begun = NIGHT - timedelta(seconds=seconds)
    known = incident or an_incident(
        "shandong",
        facts=("targets_failing=2/2", "controls_failing=0/2", "references_ok=0/1"),
        verdict=Verdict.AGREE_DOWN,
    )
    first = NATIONWIDE if known.scope is Scope.NATIONAL else known.authority
    changes: dict[str, object] = {
        "id": "-".join([*filter(None, (first, known.service)), f"{begun.astimezone(UTC):%Y%m%dT%H%M%SZ}"]),
        "first_failure_at": begun,
        "opened_at": begun + timedelta(seconds=15),
    }
    return replace(known, **(changes | other))  # type: ignore[arg-type]


def told(event: EventName, *incidents: Incident, **other: object) -> Notification:
    """A notification at `NIGHT`."""
    facts: dict[str, object] = {"event": event, "at": NIGHT, "reference": VOTES if incidents else ()}
    one = a_notification(*incidents, **(facts | other))  # type: ignore[arg-type]
    return one if incidents else replace(one, incidents=())


WINDOW = Window(
    id="upgrade-20261201T100000Z",
    name="金税系统升级",
    authorities=("shandong", "hubei"),
    services=("verify",),
    start=datetime(2026, 12, 1, 10, tzinfo=AT.tzinfo),
    end=datetime(2026, 12, 2, 0, tzinfo=AT.tzinfo),
)
PAST = replace(WINDOW, start=NIGHT.replace(hour=4, minute=0, second=0), end=NIGHT.replace(minute=6, second=0))
OUTAGE = since(20)
LOCAL = since(
    30,
    an_incident(
        "local",
        scope=Scope.LOCAL,
        service="",
        cause=Cause.DNS_SERVFAIL,
        phase=Phase.RESOLVE,
        diagnosis=Diagnosis.LOCAL_DNS,
        facts=("controls_failing=2/2", "down=36/36"),
    ),
)
NATIONAL = since(
    95,
    an_incident(
        "national",
        scope=Scope.NATIONAL,
        service="",
        cause=Cause.CONNECT_TIMEOUT,
        diagnosis=Diagnosis.NATIONAL_OUTAGE,
        facts=("down=13/36", "controls_failing=0/2"),
    ),
)
STRUCK = (
    "anhui", "beijing", "fujian", "gansu", "guangdong", "hebei", "henan", "hubei", "hunan", "jiangsu", "shandong", "sichuan", "zhejiang",
)  # fmt: skip
MEMBERS = [
    since(
        95 - 4 * number, an_incident(slug, cause=Cause.CONNECT_TIMEOUT, diagnosis=Diagnosis.NATIONAL_OUTAGE)
    )
    for number, slug in enumerate(STRUCK)
]
DAEMON = since(
    372,
    an_incident(
        "daemon",
        scope=Scope.DAEMON,
        service="state",
        cause=Cause.INTERNAL,
        diagnosis=Diagnosis.UNDETERMINED,
        facts=(),
    ),
)
FLAP = since(
    1260,
    severity=Severity.WARNING,
    diagnosis=Diagnosis.UNDETERMINED,
    facts=("flapping=9/20",),
    verdict=Verdict.AGREE_DOWN,
)
WAITING = Waiting(
    id="w1",
    authority="shandong",
    service="verify",
    since=NIGHT - timedelta(hours=1),
    until=NIGHT,
    ticket="报销单 BX-0412",
)
CHANGED = replace(
    since(
        1500, cause=Cause.TLS_EXPIRED, phase=Phase.TLS, facts=("targets_failing=2/2", "controls_failing=0/2")
    ),
    timeline=(
        (NIGHT, "opened"),
        (NIGHT, "cause=response_timeout"),
        (NIGHT, "told=incident_opened"),
        (NIGHT, "cause=tls_expired"),
        (NIGHT, "told=incident_changed"),
    ),
)
NOTICE = PostedNotice(
    id="3f1c9a2e07bd",
    feed="notices",
    file="湖北-20261119.txt",
    title="关于电子税务局暂停服务的通告",
    read_at=NIGHT,
    published=NIGHT.date(),
    windows=(replace(WINDOW, authorities=("hubei",), services=("etax",)),),
    quotes=("2026年12月1日18时至12月2日8时",),
    unclear=(("vague_time", "晚间将视情况延长"),),
)
PLACES = ("shandong", "beijing", "hunan", "guangdong", "hubei", "hebei")

REPORT = Report(
    since=NIGHT - timedelta(days=7),
    until=NIGHT,
    uptime=0.998712,
    uptime_with_maintenance=0.99121,
    services=tuple(
        Availability(
            authority=authority,
            service="verify",
            uptime=uptime,
            uptime_with_maintenance=uptime,
            coverage=1.0,
            up_seconds=604800 - down,
            down_seconds=down,
            maintenance_up_seconds=0,
            maintenance_down_seconds=0,
            incidents=incidents,
        )
        for authority, uptime, down, incidents in (
            ("shandong", 0.9891, 6592.0, 3),
            ("hunan", 0.9974, 1572.0, 1),
        )
    ),
    outages=(),
    incidents=4,
    open=0,
    local=1,
    detect=Spread(count=4, p50=15.0, p95=18.0, longest=18.0),
    tell=Spread(count=4, p50=26.0, p95=31.0, longest=31.0),
    recover=Spread(count=4, p50=1380.0, p95=4100.0, longest=4210.0),
)
DIGEST = joined(
    [
        told(EventName.INCIDENT_OPENED, since(3000), to=("oncall[0]",)),
        told(
            EventName.INCIDENT_RESOLVED,
            replace(since(2400, an_incident("hunan")), resolved_at=NIGHT - timedelta(seconds=300)),
            key="hunan/2/incident_resolved",
        ),
        told(EventName.INCIDENT_OPENED, since(900, an_incident("hubei")), key="hubei/1/incident_opened"),
        told(
            EventName.MAINTENANCE_UPCOMING,
            window=WINDOW,
            severity=Severity.INFO,
            key="window/1/maintenance_upcoming",
        ),
    ],
    "oncall[0]",
)

SCENES: Mapping[str, Notification] = {
    "故障": told(EventName.INCIDENT_OPENED, OUTAGE),
    "只有本机不通": told(
        EventName.INCIDENT_OPENED,
        since(
            22,
            diagnosis=Diagnosis.PATH_FROM_HERE,
            verdict=Verdict.ONLY_US_DOWN,
            cause=Cause.CONNECT_TIMEOUT,
            facts=("targets_failing=2/2", "controls_failing=0/2", "references_ok=1/1"),
        ),
        reference=(Vote(source="hq", outcome=Outcome.OK, age_seconds=8),),
    ),
    "多省同时": told(
        EventName.INCIDENT_OPENED,
        *[
            since(20 + number, an_incident(slug, facts=("controls_failing=0/2",)))
            for number, slug in enumerate(PLACES)
        ],
        reference=(),
    ),
    "全国": told(EventName.INCIDENT_OPENED, NATIONAL, *MEMBERS, scope=Scope.NATIONAL, reference=()),
    "本机": told(EventName.INCIDENT_OPENED, LOCAL, scope=Scope.LOCAL, reference=()),
    "有变化": told(EventName.INCIDENT_CHANGED, CHANGED),
    "仍未恢复": told(EventName.INCIDENT_REMINDER, since(4 * 3600 + 20)),
    "升级": told(EventName.INCIDENT_ESCALATED, since(30 * 60 + 15)),
    "恢复": told(EventName.INCIDENT_RESOLVED, replace(since(2711), resolved_at=NIGHT), reference=()),
    "本机恢复": told(
        EventName.INCIDENT_RESOLVED,
        replace(LOCAL, resolved_at=NIGHT),
        OUTAGE,
        scope=Scope.LOCAL,
        still_down=("shandong",),
        reference=(),
    ),
    "维护公告": told(EventName.MAINTENANCE_ANNOUNCED, window=WINDOW, severity=Severity.INFO),
    "通告待确认": told(
        EventName.MAINTENANCE_ANNOUNCED, notices=(NOTICE,), detail=NOTICE.title, severity=Severity.INFO
    ),
    "维护预告": told(EventName.MAINTENANCE_UPCOMING, window=WINDOW, severity=Severity.INFO),
    "维护开始": told(EventName.MAINTENANCE_STARTED, window=WINDOW, severity=Severity.INFO),
    "维护结束": told(EventName.MAINTENANCE_ENDED, window=PAST, severity=Severity.INFO),
    "维护超时": told(
        EventName.MAINTENANCE_OVERRUN,
        since(
            6 * 3600,
            diagnosis=Diagnosis.MAINTENANCE_OVERRUN,
            cause=Cause.HTTP_STATUS,
            facts=("targets_failing=2/2", "status=503", "window_over=金税系统升级"),
        ),
        window=PAST,
    ),
    "时好时坏": told(EventName.FLAPPING_STARTED, FLAP, severity=Severity.WARNING),
    "已稳定": told(
        EventName.FLAPPING_STOPPED, replace(FLAP, resolved_at=NIGHT), severity=Severity.WARNING, reference=()
    ),
    "稳定在故障": told(EventName.FLAPPING_STOPPED, since(140)),
    "证书到期": told(
        EventName.CERTIFICATE_EXPIRING,
        replace(OUTAGE, id="certificate-1", cause=Cause.NONE, facts=()),
        severity=Severity.WARNING,
        reference=(),
        detail="CN=etax.shandong.chinatax.gov.cn, 2026-12-01, 9 d",
    ),
    "登记的恢复提醒": told(
        EventName.AUTHORITY_RECOVERED,
        replace(since(2711), resolved_at=NIGHT),
        waiting=(WAITING,),
        severity=Severity.INFO,
        reference=(),
    ),
    "监测程序": told(
        EventName.DAEMON_DEGRADED,
        DAEMON,
        scope=Scope.DAEMON,
        reference=(),
        detail="state: database or disk is full",
    ),
    "监测程序恢复": told(
        EventName.DAEMON_RESTORED, replace(DAEMON, resolved_at=NIGHT), scope=Scope.DAEMON, reference=()
    ),
    "演练": told(EventName.INCIDENT_OPENED, replace(OUTAGE, facts=("controls_failing=0/2",)), drill=True),
    "测试": told(EventName.TEST, severity=Severity.INFO),
    "报告": told(EventName.REPORT, severity=Severity.INFO, report=REPORT, scope=Scope.DAEMON),
    "汇总": DIGEST,
    "不再观测": told(
        EventName.INCIDENT_RESOLVED,
        replace(since(900), resolved_at=NIGHT, facts=(Fact.NO_LONGER_WATCHED.value,)),
        reference=(),
    ),
}
"""What it shows → the notification."""
