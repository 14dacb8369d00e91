"""The one table of what is served: the server registers its rows, and the OpenAPI document is made of them."""

from __future__ import annotations

from functools import cache
from typing import Any

from aiohttp import web

from monitor.core.status import Status
from monitor.metrics.exposition import OPENMETRICS
from monitor.model import NoticeStatus, Report
from monitor.notify.words import LANGUAGES
from monitor.web import (
    answers,
    api,
    badge,
    bodies,
    changes,
    drills,
    events,
    feed,
    health,
    incidents,
    notices,
    pages,
    past,
    probe,
    reporting,
    runbook,
    waiting,
)
from monitor.web.openapi import HTML, PLAIN, Endpoint, Parameter, document

__all__ = ["ENDPOINTS", "Endpoint"]

TEXTUAL = {"type": "string"}
INSTANT = {"type": "string", "format": "date-time"}
LIMIT = Parameter(
    name="limit",
    schema={"type": "integer", "minimum": 1, "default": api.DEFAULT_LIMIT},
    about=f"entries per page; more than {api.MAX_LIMIT} are {api.MAX_LIMIT}",
)
CURSOR = Parameter(name="cursor", schema=TEXTUAL, about="`next` of the page before")
LANG = Parameter(name="lang", schema={"enum": list(LANGUAGES)}, about="language; default: as configured")
DAYS = Parameter(
    name="days",
    schema={"type": "integer", "minimum": 1, "maximum": api.MAX_DAYS, "default": api.DEFAULT_DAYS},
    about="how far to look ahead",
)


def _in_path(name: str, about: str) -> Parameter:
    return Parameter(name=name, schema={"type": "string", "minLength": 1}, about=about, place="path")


TARGET = _in_path("id", "id of a target; its slash raw or as %2F")
INCIDENT = _in_path("id", "id of an incident")
SILENCE = _in_path("id", "id of a silence")
DRILL = _in_path("id", "id of a drill")
NOTICE = _in_path("id", "id of a notice")
WINDOW = _in_path("id", "id of a window")
SINCE = Parameter(name="since", schema=INSTANT, about="from this instant on")
AT = Parameter(name="at", schema=INSTANT, about="as if it were this instant; default: now")
UNTIL = Parameter(name="until", schema=INSTANT, about="before this instant; default: now")
UNKEPT = {503: "history does not answer"}
UNKNOWN = {404: "nothing of that name"}
UNDECIDED = {503: "not decided in time; ask again"}


async def openapi(request: web.Request) -> web.Response:
    """`GET /api/v1/openapi.json`: the description of all this."""
    api.parameters(request)
    return web.json_response(_document())


@cache
def _document() -> dict[str, Any]:
    return document(ENDPOINTS)


ENDPOINTS = (
    # --- pages
    Endpoint(
        method="GET", path="/", handler=pages.status, weight=5, media=HTML, parameters=(LANG,),
        about="The status page: the matrix, incidents, windows",
    ),
    Endpoint(
        method="GET", path="/authorities/{slug}", handler=pages.authority, weight=5, media=HTML, refuses=UNKNOWN,
        parameters=(_in_path("slug", "`shandong`, `national`, `local`"), LANG),
        about="One authority: services, references, targets, incidents",
    ),
    Endpoint(
        method="GET", path="/targets/{id}", handler=pages.target, weight=10, media=HTML, parameters=(TARGET, LANG), refuses=UNKNOWN,
        about="One target: its last run phase by phase, its recent runs and failures",
    ),
    Endpoint(
        method="GET", path="/incidents/{id}", handler=pages.incident, weight=2, media=HTML, refuses={**UNKNOWN, **UNKEPT},
        parameters=(INCIDENT, LANG),
        about="One incident: its story, timeline and evidence",
    ),
    Endpoint(
        method="GET", path="/causes/{cause}", handler=runbook.cause, weight=2, media=HTML, refuses=UNKNOWN,
        parameters=(_in_path("cause", "a cause or a flag of a run"), LANG),
        about="What a cause means, and who does what: the runbook",
    ),
    Endpoint(
        method="GET", path="/static/{name}", handler=pages.static, weight=0, media="*/*", refuses=UNKNOWN,
        parameters=(_in_path("name", "a file of the pages"),),
        about="Style sheet, script and icon of the pages",
    ),
    Endpoint(
        method="GET", path="/badge/{authority}.svg", handler=badge.badge, weight=2, media=badge.SVG, refuses=UNKNOWN,
        parameters=(_in_path("authority", "`shandong`, `national`, `local`"), LANG), has_tag=True,
        about="The state of one authority as a small picture, for other pages",
    ),
    Endpoint(
        method="GET", path="/feed.xml", handler=feed.feed, weight=10, media=feed.ATOM, parameters=(LANG,), has_tag=True,
        about="What began, what is over and what is planned, as an Atom feed",
    ),
    # --- for machines that watch the daemon
    Endpoint(
        method="GET", path="/metrics", handler=health.metrics, weight=2, weight_per_target=0.08, media=PLAIN, more_media=(OPENMETRICS.partition(";")[0],),
        about="Metrics, in the text format or as OpenMetrics by Accept",
    ),
    Endpoint(method="GET", path="/-/healthy", handler=health.healthy, weight=0, media=PLAIN, about="The loop answers"),
    Endpoint(
        method="GET", path="/-/ready", handler=health.ready, weight=0, media=PLAIN, about="Every target has a result",
        refuses={503: "targets without a result yet"},
    ),
    Endpoint(
        method="GET", path="/probe", handler=probe.run, weight=5, media=PLAIN, more_media=(OPENMETRICS.partition(";")[0],),
        parameters=(
            Parameter(name="target", schema={"type": "string", "minLength": 1}, required=True, about="id of a configured target"),
            Parameter(name="debug", schema={"enum": ["true", "false"]}, about="what happened, in words, with the metrics"),
            Parameter(name="module", schema=TEXTUAL, about="taken from scrapes of blackbox_exporter, without a meaning"),
            Parameter(name=probe.SCRAPE_TIMEOUT, schema=TEXTUAL, place="header", about="seconds the scraper waits"),
        ),
        refuses={
            403: "a page of another site asks",
            429: "the host of the target has had its connections of this minute, or those that /probe may make",
            503: "too many runs are under way, or the platform has shut us out",
        },
        about="One run of a configured target now, in blackbox_exporter's names",
    ),
    Endpoint(
        method="POST", path="/-/reload", handler=changes.reload, answer=answers.ReloadAnswer,
        about="Apply the configuration file anew", refuses={500: "the file has mistakes; nothing was changed"},
    ),
    Endpoint(
        method="PUT", path="/-/reload", handler=changes.reload_by_put, answer=answers.ReloadAnswer,
        about="The same, as Prometheus takes it too", refuses={500: "the file has mistakes; nothing was changed"},
    ),
    # --- what is known
    Endpoint(
        method="GET", path="/api/v1/status", handler=api.status, weight=5, answer=Status,
        about="All that is believed: every authority, the national page, this machine",
    ),
    Endpoint(
        method="GET", path="/api/v1/targets", handler=api.targets, weight=5, answer=answers.TargetsAnswer,
        parameters=(LIMIT, CURSOR), about="Targets with their last run",
    ),
    Endpoint(
        method="GET", path="/api/v1/targets/{id}/results", handler=past.results, weight=10, answer=answers.ResultsAnswer,
        parameters=(TARGET, SINCE, UNTIL, LIMIT, CURSOR), refuses={**UNKNOWN, **UNKEPT},
        about="The runs of one target, newest first",
    ),
    Endpoint(
        method="GET", path="/api/v1/targets/{id}/hours", handler=past.hours, weight=10, answer=answers.HoursAnswer,
        parameters=(TARGET, SINCE, UNTIL, LIMIT, CURSOR), refuses={**UNKNOWN, **UNKEPT},
        about="The sums of one target's hours, newest first",
    ),
    Endpoint(
        method="GET", path="/api/v1/uptime", handler=past.uptime, weight=10, answer=answers.UptimeAnswer,
        parameters=(
            Parameter(name="authority", schema=TEXTUAL, required=True, about="slug"),
            Parameter(name="service", schema=TEXTUAL, about="default: its main service"),
            SINCE, UNTIL,
        ),
        refuses={**UNKNOWN, **UNKEPT}, about="How much of the time a service was up",
    ),
    Endpoint(
        method="GET", path="/api/v1/report", handler=reporting.report, weight=20, answer=Report,
        parameters=(SINCE, UNTIL), refuses=UNKEPT,
        about="Availability of every service, incidents, and how fast they were found, told and over",
    ),
    Endpoint(
        method="GET", path="/api/v1/calendar", handler=reporting.calendar, answer=answers.CalendarAnswer,
        about="The tax calendar of today: the filing period, days off, peaks",
    ),
    Endpoint(
        method="GET", path="/api/v1/targets/{id}", handler=api.target, answer=answers.TargetAnswer,
        parameters=(TARGET,), refuses=UNKNOWN, about="One target with its last run",
    ),
    Endpoint(
        method="GET", path="/api/v1/reference", handler=api.reference, weight=4, answer=answers.ReferenceAnswer,
        about="Our own confirmed view, for other monitors",
    ),
    Endpoint(
        method="GET", path="/api/v1/route", handler=api.route, weight=3, answer=answers.RouteAnswer,
        parameters=(Parameter(name="invoice", schema=TEXTUAL, required=True, about="code or number"), LANG),
        refuses={404: "an unknown region"}, about="Who holds an invoice, and whether that works now",
    ),
    Endpoint(
        method="GET", path="/api/v1/events", handler=events.events, weight=5, media="text/event-stream",
        parameters=(
            Parameter(name="after", schema={"type": "string", "pattern": "^[0-9]{1,18}$"}, about="id of an event"),
            Parameter(name="Last-Event-ID", schema=TEXTUAL, place="header", about="the same, of one who returns"),
        ),
        refuses={503: "too many listeners"},
        about="Server-sent events: result, state, incident, window",
    ),
    Endpoint(
        method="GET", path="/api/v1/openapi.json", handler=openapi, weight=3, answer=dict[str, Any],
        about="This description",
    ),
    # --- incidents, silences, windows
    Endpoint(
        method="GET", path="/api/v1/incidents", handler=incidents.incidents, weight=2, answer=answers.IncidentsAnswer,
        parameters=(
            Parameter(name="open", schema={"enum": ["true", "false"]}, about="only open or only resolved ones"),
            Parameter(name="since", schema=INSTANT, about="those of history that were opened from this instant on"),
            UNTIL, LIMIT, CURSOR,
        ),
        refuses=UNKEPT, about="Incidents, newest first",
    ),
    Endpoint(
        method="GET", path="/api/v1/incidents/{id}", handler=incidents.incident, parameters=(INCIDENT,),
        answer=answers.IncidentEvidenceAnswer, refuses={**UNKNOWN, **UNKEPT}, about="One incident with its evidence",
    ),
    Endpoint(
        method="POST", path="/api/v1/incidents/{id}/ack", handler=changes.ack, parameters=(INCIDENT,),
        body=bodies.AckBody, may_be_bare=True, answer=answers.IncidentAnswer, about="Take an incident: no more reminders",
        refuses={**UNKNOWN, 409: "it is resolved", **UNDECIDED},
    ),
    Endpoint(
        method="GET", path="/api/v1/silences", handler=api.silences, answer=answers.SilencesAnswer,
        parameters=(LIMIT, CURSOR), about="Silences, the one that ends last first",
    ),
    Endpoint(
        method="POST", path="/api/v1/silences", handler=changes.add_silence, body=bodies.SilenceBody,
        answer=answers.SilenceAnswer, status=201, about="Silence the telling of what matches",
        refuses={422: "refused, with the reason", **UNDECIDED},
    ),
    Endpoint(
        method="DELETE", path="/api/v1/silences/{id}", handler=changes.end_silence, parameters=(SILENCE,),
        answer=answers.SilenceAnswer, refuses={**UNKNOWN, 409: "it is over", **UNDECIDED}, about="End a silence now",
    ),
    Endpoint(
        method="GET", path="/api/v1/windows", handler=api.windows, answer=answers.WindowsAnswer,
        parameters=(DAYS, AT, LIMIT, CURSOR), about="Maintenance windows of now and of the days to come",
    ),
    Endpoint(
        method="POST", path="/api/v1/windows", handler=changes.add_window, body=bodies.WindowBody,
        answer=answers.WindowAnswer, status=201, about="A maintenance window by hand",
        refuses={422: "refused, with the reason", **UNDECIDED},
    ),
    Endpoint(
        method="DELETE", path="/api/v1/windows/{id}", handler=changes.end_window, parameters=(WINDOW,),
        answer=answers.WindowAnswer, refuses={**UNKNOWN, 409: "it is over", **UNDECIDED}, about="End a window now",
    ),
    Endpoint(
        method="GET", path="/api/v1/waiting", handler=waiting.waitings, answer=answers.WaitingsAnswer,
        parameters=(LIMIT, CURSOR), about="Who waits for a service to be back, the longest first",
    ),
    Endpoint(
        method="POST", path="/api/v1/waiting", handler=waiting.wait, body=bodies.WaitingBody,
        answer=answers.WaitingAnswer, status=201, about="Tell me once when it is back",
        refuses={409: "it is up, or cannot be waited for", **UNDECIDED},
    ),
    Endpoint(
        method="DELETE", path="/api/v1/waiting/{id}", handler=waiting.leave, parameters=(_in_path("id", "id of who waits"),),
        answer=answers.WaitingAnswer, refuses={**UNKNOWN, **UNDECIDED}, about="Wait no longer",
    ),
    Endpoint(
        method="GET", path="/api/v1/notices", handler=notices.notices, answer=notices.NoticesAnswer,
        parameters=(
            Parameter(name="status", schema={"enum": list(NoticeStatus)}, about="only those"),
            LIMIT, CURSOR, LANG,
        ),
        about="Maintenance notices from feeds, newest first: what was read and what is unclear",
    ),
    Endpoint(
        method="POST", path="/api/v1/notices/{id}/approve", handler=notices.approve, parameters=(NOTICE, LANG),
        body=bodies.ApproveBody, may_be_bare=True, answer=notices.NoticeAnswer,
        refuses={**UNKNOWN, 409: "it is decided already, over, or cannot be planned by", **UNDECIDED},
        about="Let the windows of a notice count",
    ),
    Endpoint(
        method="DELETE", path="/api/v1/notices/{id}", handler=notices.reject, parameters=(NOTICE, LANG),
        answer=notices.NoticeAnswer, refuses={**UNKNOWN, 409: "it is rejected or replaced already", **UNDECIDED},
        about="Reject a notice; windows of it end",
    ),
    Endpoint(
        method="GET", path="/api/v1/drills", handler=drills.drills, answer=answers.DrillsAnswer,
        parameters=(LIMIT, CURSOR), about="Drills that are on and the latest that are over, newest first",
    ),
    Endpoint(
        method="GET", path="/api/v1/drills/{id}", handler=drills.drill, parameters=(DRILL,),
        answer=answers.DrillReportAnswer, refuses={**UNKNOWN, 503: "the outbox does not answer"},
        about="One drill with who was told after how long",
    ),
    Endpoint(
        method="POST", path="/api/v1/drills", handler=drills.start, body=bodies.DrillBody,
        answer=answers.DrillAnswer, status=201, about="Play an outage, marked, through the real receivers",
        refuses={409: "a drill of one of them is going on", 422: "one of them is not watched", **UNDECIDED},
    ),
    Endpoint(
        method="DELETE", path="/api/v1/drills/{id}", handler=drills.end, parameters=(DRILL,),
        answer=answers.DrillAnswer, refuses={**UNKNOWN, 409: "it is over", **UNDECIDED}, about="End a drill now",
    ),
)  # fmt: skip
