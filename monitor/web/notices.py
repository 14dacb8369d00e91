"""Maintenance notices over the API: listed with what was read from them and what is unclear, approved, rejected."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web
from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

from monitor.core.amending import affected
from monitor.model import ApproveNotice, NoticeStatus, PostedNotice, RejectNotice, rfc3339
from monitor.notify.maintenance import doubts_in_words
from monitor.web.answers import WindowAnswer
from monitor.web.api import language_of, page, parameters, sortable
from monitor.web.bodies import ApproveBody, read_body, refusal
from monitor.web.changes import have_decided, unknown
from monitor.web.errors import RequestError
from monitor.web.reading import READING, Reading
from monitor.web.shapes import window_json

closed = with_config(ConfigDict(extra="forbid"))


@closed
class NoticedWindowAnswer(WindowAnswer):
    """A window that a notice announces, with the words it was read from. Its state is told as if it counted."""

    quote: str


@closed
class UnclearAnswer(TypedDict):
    """One thing that could not be read with certainty: the kind, the words it is about, and both in a sentence."""

    kind: str
    text: str
    explained: str


@closed
class AffectedAnswer(TypedDict):
    """What a notice that changes another one may be about: a window, or a notice that waits (`kind`)."""

    kind: str
    id: str
    name: str
    start: str
    end: str


@closed
class NoticeAnswer(TypedDict):
    """A notice. `status`: waiting, approved, rejected, replaced or missed. `replaces`: what stood in its file before it."""

    id: str
    feed: str
    file: str
    title: str
    published: str | None
    read_at: str
    status: str
    decided_by: str
    replaces: str | None
    affects: list[AffectedAnswer]
    windows: list[NoticedWindowAnswer]
    unclear: list[UnclearAnswer]


@closed
class NoticesAnswer(TypedDict):
    """A page of notices, newest first."""

    notices: list[NoticeAnswer]
    next: str | None


async def notices(request: web.Request) -> web.Response:
    """`GET /api/v1/notices?status=&limit=&cursor=&lang=`: those that wait, and those decided on that are still kept."""
    given = parameters(request, "status", "limit", "cursor", "lang")
    reading = request.app[READING]
    wanted = given.get("status")
    if wanted is not None and wanted not in set(NoticeStatus):
        raise RequestError(400, f"status must be one of {', '.join(NoticeStatus)}")
    language = language_of(given, reading)
    known = [one for one in reading.state().notices.values() if wanted in (None, one.status)]
    shown, following = page(known, given, key=lambda one: sortable(one.read_at, one.id), reverse=True)
    answer: NoticesAnswer = {
        "notices": [_json(one, reading, language) for one in shown],
        "next": following,
    }
    return web.json_response(answer)


async def approve(request: web.Request) -> web.Response:
    """`POST /api/v1/notices/ID/approve`: its windows count from now on. The body may be left out."""
    given = parameters(request, "lang")
    reading, id_ = request.app[READING], request.match_info["id"]
    body = await read_body(request, ApproveBody) if request.body_exists else ApproveBody()
    slugs = tuple(dict.fromkeys(body.authorities or ()))
    if mistakes := unknown(reading, slugs, "authorities", ()):
        raise refusal(mistakes)
    known = _known(reading, id_)
    if slugs and all(window.authorities for window in known.windows):
        raise refusal(["authorities: the notice says itself whom it is about"])
    await have_decided(request, ApproveNotice(id=id_, author=body.author, authorities=slugs), refused=409)
    return web.json_response(_json(_known(reading, id_), reading, language_of(given, reading)))


async def reject(request: web.Request) -> web.Response:
    """`DELETE /api/v1/notices/ID`: nothing of it counts; windows of it that are in force end."""
    given = parameters(request, "lang")
    reading, id_ = request.app[READING], request.match_info["id"]
    _known(reading, id_)
    await have_decided(request, RejectNotice(id=id_), refused=409)
    return web.json_response(_json(_known(reading, id_), reading, language_of(given, reading)))


def _known(reading: Reading, id_: str) -> PostedNotice:
    found = reading.state().notices.get(id_)
    if found is None:
        raise RequestError(404, f"no notice {id_[:200]!r} is known")
    return found


def _json(notice: PostedNotice, reading: Reading, language: str) -> NoticeAnswer:
    explained, now = doubts_in_words(notice, language), reading.clock.now()
    return {
        "id": notice.id,
        "feed": notice.feed,
        "file": notice.file,
        "title": notice.title,
        "published": None if notice.published is None else notice.published.isoformat(),
        "read_at": rfc3339(notice.read_at),
        "status": notice.status,
        "decided_by": notice.decided_by,
        "replaces": notice.over or None,
        "affects": _affected(notice, reading),
        "windows": _windows(notice, now),
        "unclear": [
            {"kind": kind, "text": text, "explained": words}
            for (kind, text), words in zip(notice.unclear, explained, strict=True)
        ],
    }


def _affected(notice: PostedNotice, reading: Reading) -> list[AffectedAnswer]:
    if notice.status is not NoticeStatus.WAITING:
        return []
    state, now = reading.state(), reading.clock.now()
    return [
        {
            "kind": "notice" if one.is_notice else "window",
            "id": one.id,
            "name": one.name,
            "start": rfc3339(one.start),
            "end": rfc3339(one.end),
        }
        for one in affected(notice, reading.plan(), state.windows, state.notices.values(), now)
    ]


def _windows(notice: PostedNotice, now: datetime) -> list[NoticedWindowAnswer]:
    return [
        {**window_json(window, now), "quote": quote}
        for window, quote in zip(notice.windows, notice.quotes, strict=False)
    ]
