"""The API over the tax calendar and over availability as a report: `/api/v1/calendar`, `/api/v1/report`."""

from __future__ import annotations

from datetime import date

from aiohttp import web

from monitor.core import filing
from monitor.model import Calendar, as_json
from monitor.store.reporting import gather_report
from monitor.web.answers import CalendarAnswer, FilingAnswer
from monitor.web.api import parameters
from monitor.web.past import DEFAULT_UPTIME, ask_history, stretch
from monitor.web.reading import READING


async def report(request: web.Request) -> web.Response:
    """`GET /api/v1/report?since=&until=`: availability of every service and its incidents; the last 30 days by default."""
    given = parameters(request, "since", "until")
    reading = request.app[READING]
    now = reading.clock.now()
    since, until = stretch(given, now, DEFAULT_UPTIME)
    plan, known = reading.plan(), list(reading.state().incidents.values())
    found = await ask_history(
        request, lambda history: gather_report(history, plan, known, since, min(until, max(now, since)))
    )
    return web.json_response(as_json(found))


async def calendar(request: web.Request) -> web.Response:
    """`GET /api/v1/calendar`: today, the filing period, and what of it is assumed."""
    parameters(request)
    reading = request.app[READING]
    plan = reading.plan()
    return web.json_response(
        calendar_json(plan.calendar, [*plan.authorities], filing.today_in_china(reading.clock.now()))
    )


def calendar_json(known: Calendar, authorities: list[str], today: date) -> CalendarAnswer:
    """What the calendar says of a day."""
    usual = filing_json(filing.period(known, "", today))
    own = {slug: filing_json(filing.period(known, slug, today)) for slug in authorities}
    return {
        "date": today.isoformat(),
        "day_off": filing.is_day_off(known, today),
        "known": filing.is_known(known, today),
        "unknown_years": list(filing.unknown_years(known, today)),
        "peaks": [*filing.peaks(known, "", today)],
        "filing": usual,
        "next": filing_json(filing.following(known, "", today)),
        "deviating": {slug: found for slug, found in own.items() if found != usual},
    }


def filing_json(period: filing.Period) -> FilingAnswer:
    """One filing period."""
    return {
        "start": period.start.isoformat(),
        "deadline": period.deadline.day.isoformat(),
        "open": period.is_open,
        "days_left": period.days_left,
        "official": period.deadline.official,
        "assumed": period.deadline.assumed,
    }
