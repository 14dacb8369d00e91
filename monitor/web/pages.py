"""The pages for people: the status page, one authority, one target, one incident. Rendered on the server, readable without script."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from monitor import __version__
from monitor.core.services import is_spoken_of
from monitor.core.signs import BY_DIAGNOSIS, Party
from monitor.core.status import status_rows
from monitor.model import LOCAL, Incident, TargetState
from monitor.notify.words import LANGUAGES
from monitor.web import api, availability, looks, matrix, others, stories, views
from monitor.web.dates import dates
from monitor.web.errors import RequestError
from monitor.web.findings import findings
from monitor.web.headline import headline
from monitor.web.incidents import evidence, recall
from monitor.web.lens import SIGNS, Lens
from monitor.web.observed import observed
from monitor.web.planned import planned, waiting
from monitor.web.reading import READING, Reading

HERE = Path(__file__).parent
REFRESH = 15
"""Seconds between two refreshes of a page by its script; without script it is twice that."""

STRIP = 60
"""Runs in the strip of recent ones."""
FAILURES = 10
"""Failures shown of one target."""

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
    return Lens(language=api.language_of(given, reading), plan=reading.plan(), now=reading.clock.now())


def fill(template: str, **context: Any) -> str:
    """A template with its gaps filled, everything escaped for markup."""
    return _environment.get_template(template).render(**context)


def render(
    request: web.Request, lens: Lens, template: str, path: str | None = None, **context: Any
) -> web.Response:
    """A page. Links keep a language that was asked for; the one to the other language leads to `path`, by default here."""
    other = next(language for language in LANGUAGES if language != lens.language)
    html = fill(
        template,
        lens=lens,
        say=lens.say,
        signs=SIGNS,
        query=f"?lang={lens.language}" if "lang" in request.query else "",
        other=other,
        path=path or request.rel_url.raw_path,
        refresh=REFRESH,
        stamp=_stamp,
        version=__version__,
        event=request.app[READING].live.latest,
        **context,
    )
    return web.Response(text=html, content_type="text/html", headers={"Vary": "Accept"})


async def status(request: web.Request) -> web.Response:
    """`GET /`: one sentence, the matrix, what references say, incidents, planned maintenance."""
    reading, lens = request.app[READING], lens_of(request)
    state = reading.state()
    rows = status_rows(lens.plan, state, lens.now)
    opened, recent = stories.stories(lens, state.incidents.values(), state.silences)
    return render(
        request,
        lens,
        "status.html",
        headline=headline(lens, rows),
        tally=matrix.tally(lens, rows),
        cells=[matrix.cell(lens, row) for row in rows.authorities],
        around=matrix.surroundings(lens, rows),
        verdicts=others.verdicts(lens, rows),
        sources=others.sources(lens, state),
        incidents=opened,
        recent=recent,
        windows=planned(lens, state),
        dates=dates(lens),
        notices=waiting(lens, state),
    )


async def authority(request: web.Request) -> web.Response:
    """`GET /authorities/SLUG`: services, references, uptime, targets, windows, incidents. `local`: the controls."""
    reading, lens = request.app[READING], lens_of(request)
    slug = request.match_info["slug"]
    targets = lens.plan.by_authority.get(slug, ())
    if not targets:
        raise RequestError(404, f"no authority {slug[:100]!r} is watched")
    state = reading.state()
    believed = status_rows(lens.plan, state, lens.now)
    rows = {row.authority: row for row in (*believed.authorities, *filter(None, [believed.national]))}
    uptimes = [] if slug == LOCAL else await availability.of_authority(lens, reading.history, slug)
    mine = [incident for incident in state.incidents.values() if incident.authority == slug]
    opened, recent = stories.stories(lens, mine, state.silences)
    return render(
        request,
        lens,
        "authority.html",
        belief=views.belief(lens, believed.local if slug == LOCAL else rows[slug]),
        name=lens.name(slug),
        full_name=lens.plan.authorities[slug].full_name if slug in lens.plan.authorities else "",
        looks=_looks(reading, lens, (target.id for target in targets)),
        targets=[target.id for target in targets],
        incidents=opened,
        recent=recent,
        windows=[] if slug == LOCAL else planned(lens, state, slug),
        uptimes=uptimes,
        dates=None if slug == LOCAL else dates(lens, slug),
    )


def _looks(reading: Reading, lens: Lens, ids: Iterable[str]) -> list[looks.Look]:
    """What is known of these targets; a target that is no longer configured is left out."""
    known = reading.state().targets
    return [
        looks.look(lens, known.get(id_) or TargetState(id=id_), reading.next_run(id_))
        for id_ in ids
        if id_ in known or id_ in lens.plan.targets
    ]


async def target(request: web.Request) -> web.Response:
    """`GET /targets/ID`: one target, its last run phase by phase, its recent runs and last failures, its availability."""
    reading, lens = request.app[READING], lens_of(request)
    found = lens.plan.targets.get(request.match_info["id"])
    if found is None:
        raise RequestError(404, f"no target {request.match_info['id'][:200]!r} is configured")
    state = reading.state().targets.get(found.id) or TargetState(id=found.id)
    runs = await availability.recent_runs(lens, reading.history, found.id)
    return render(
        request,
        lens,
        "target.html",
        target=found,
        state=state,
        name=lens.name(found.authority),
        looks=_looks(reading, lens, [found.id]),
        targets=[found.id],
        last=state.last,
        tables=() if state.last is None else observed(lens, state.last),
        runs=runs,
        strip=looks.strip(lens, (runs or ())[:STRIP]),
        stroke=looks.STROKE,
        failures=looks.failures(lens, runs or (), FAILURES),
        uptimes=await availability.of_target(lens, reading.history, found.id),
    )


async def incident(request: web.Request) -> web.Response:
    """`GET /incidents/ID`: its story, the times, the evidence."""
    reading, lens = request.app[READING], lens_of(request)
    found, known = await recall(request, request.match_info["id"])
    members = [other for other in known.values() if other.parent == found.id]
    parent = None if found.parent is None else known.get(found.parent)
    bundle = reading.state().evidence.get(found.id)
    return render(
        request,
        lens,
        "incident.html",
        found=None if bundle is None else findings(lens, bundle, is_theirs=_is_theirs(found)),
        story=stories.story(lens, found, members, reading.state().silences),
        incident=found,
        verdict=_verdict(lens, found),
        steps=stories.steps(lens, found),
        parent=None if parent is None else stories.story(lens, parent),
        members=[
            stories.story(lens, member) for member in sorted(members, key=lambda member: member.authority)
        ],
        looks=[
            looks.look(
                lens, TargetState(id=name, last=run), reading.next_run(name) if found.is_open else None
            )
            for name, run in (await evidence(reading, found)).items()
        ],
        targets=list(found.targets),
    )


def _verdict(lens: Lens, found: Incident) -> str:
    """What references say beside us; "" where there is none, or they do not speak of that service."""
    if not lens.plan.references or not is_spoken_of(lens.plan, found.authority, found.service):
        return ""
    return lens.words.verdicts[found.verdict]


def _is_theirs(found: Incident) -> bool:
    """Whether it is put down to the other side: not to us, nor to what lies between."""
    return BY_DIAGNOSIS[found.diagnosis] is Party.THEM and found.authority != LOCAL


def missing(request: web.Request) -> web.Response:
    """404 as a page, in the configured language. It repeats nothing of what was asked for."""
    reading = request.app[READING]
    lens = Lens(language=reading.plan().language, plan=reading.plan(), now=reading.clock.now())
    page = render(request, lens, "error.html", path="/")  # never where the caller says: `//evil.example`
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
