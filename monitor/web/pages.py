"""The pages for people: the status page, one authority, one incident. Rendered on the server, readable without script."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from monitor import __version__
from monitor.core.status import status_rows
from monitor.model import LOCAL, TargetState
from monitor.notify.words import LANGUAGES
from monitor.web import api, views
from monitor.web.errors import RequestError
from monitor.web.headline import headline
from monitor.web.lens import SIGNS, Lens
from monitor.web.reading import READING

HERE = Path(__file__).parent
REFRESH = 15
"""Seconds between two refreshes of a page by its script; without script it is twice that."""

_environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_files = {
    name: (kind, (HERE / "static" / name).read_bytes())
    for name, kind in (
        ("icon.svg", "image/svg+xml"),
        ("page.css", "text/css"),
        ("page.js", "text/javascript"),
    )
}
"""All static files, read once: nothing that a caller writes becomes a path."""
_stamp = sha256(b"".join(body for _, body in _files.values())).hexdigest()[:12]
"""Changes with the static files, so that a browser may keep them for long."""


def lens_of(request: web.Request) -> Lens:
    """Language, zone and present of a request: `?lang=zh|en`, else the configured language."""
    reading = request.app[READING]
    given = api.parameters(request, "lang")
    language = given.get("lang", reading.plan().language)
    if language not in LANGUAGES:
        raise RequestError(400, f"lang must be one of {', '.join(LANGUAGES)}")
    return Lens(language=language, plan=reading.plan(), now=reading.clock.now())


def render(request: web.Request, lens: Lens, template: str, **context: Any) -> web.Response:
    """A page. Links keep a language that was asked for."""
    other = next(language for language in LANGUAGES if language != lens.language)
    html = _environment.get_template(template).render(
        lens=lens,
        say=lens.say,
        signs=SIGNS,
        query=f"?lang={lens.language}" if "lang" in request.query else "",
        other=other,
        path=request.path,
        refresh=REFRESH,
        stamp=_stamp,
        version=__version__,
        **context,
    )
    return web.Response(text=html, content_type="text/html", headers={"Vary": "Accept"})


async def status(request: web.Request) -> web.Response:
    """`GET /`: one sentence, the matrix, the incidents."""
    reading, lens = request.app[READING], lens_of(request)
    rows = status_rows(lens.plan, reading.state(), lens.now)
    opened, recent = views.stories(lens, reading.state().incidents.values())
    return render(
        request,
        lens,
        "status.html",
        headline=headline(lens, rows),
        tally=views.tally(lens, rows),
        cells=[views.cell(lens, row) for row in rows.authorities],
        around=views.surroundings(lens, rows),
        incidents=opened,
        recent=recent,
    )


async def authority(request: web.Request) -> web.Response:
    """`GET /authorities/SLUG`: what is believed of it and every target's last run. `local`: the controls."""
    reading, lens = request.app[READING], lens_of(request)
    slug = request.match_info["slug"]
    targets = lens.plan.by_authority.get(slug, ())
    if not targets:
        raise RequestError(404, f"no authority {slug[:100]!r} is watched")
    known = reading.state()
    believed = status_rows(lens.plan, known, lens.now)
    rows = {row.authority: row for row in (*believed.authorities, *filter(None, [believed.national]))}
    return render(
        request,
        lens,
        "authority.html",
        belief=views.belief(lens, believed.local if slug == LOCAL else rows[slug]),
        name=lens.name(slug),
        full_name=lens.plan.authorities[slug].full_name if slug in lens.plan.authorities else "",
        looks=[
            views.look(
                lens, known.targets.get(target.id) or TargetState(id=target.id), reading.next_run(target.id)
            )
            for target in targets
        ],
        incidents=views.stories(lens, (i for i in known.incidents.values() if i.authority == slug))[0],
    )


async def incident(request: web.Request) -> web.Response:
    """`GET /incidents/ID`: its story, the times, the evidence."""
    reading, lens = request.app[READING], lens_of(request)
    known = reading.state()
    found = known.incidents.get(request.match_info["id"])
    if found is None:
        raise RequestError(404, f"no incident {request.match_info['id'][:100]!r} is known")
    members = [other for other in known.incidents.values() if other.parent == found.id]
    return render(
        request,
        lens,
        "incident.html",
        story=views.story(lens, found, members),
        incident=found,
        members=[
            views.story(lens, member) for member in sorted(members, key=lambda member: member.authority)
        ],
        looks=[
            views.look(lens, known.targets[name], reading.next_run(name))
            for name in found.targets
            if name in known.targets
        ],
    )


def missing(request: web.Request, reason: str) -> web.Response:
    """404 as a page, in the configured language."""
    reading = request.app[READING]
    lens = Lens(language=reading.plan().language, plan=reading.plan(), now=reading.clock.now())
    page = render(request, lens, "error.html", reason=reason)
    page.set_status(404)
    return page


async def static(request: web.Request) -> web.Response:
    """`GET /static/NAME`: the style sheet, the script, the icon; nothing else exists there."""
    found = _files.get(request.match_info["name"])
    if found is None:
        raise RequestError(404, "no such file")
    kind, body = found
    return web.Response(
        body=body, content_type=kind, charset="utf-8", headers={"Cache-Control": "max-age=86400"}
    )
