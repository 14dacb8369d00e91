"""A report as text for a terminal, as CSV for Excel and as one HTML file, in Chinese and English."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from monitor import __version__
from monitor.cli.drawing import clean
from monitor.cli.report_words import TEXTS
from monitor.knowledge import load_registry
from monitor.model import Availability, Outage, Report, Scope, Spread
from monitor.notify.reports import percent
from monitor.notify.times import ZONE_NAMES, duration
from monitor.notify.words import Vocabulary, authority_name, words

MOST_OUTAGES = 20
"""Incidents that the text lists; the others are counted."""
GOOD, FAIR = 0.999, 0.95
"""Shares from which availability is drawn as good and as fair, as on the page."""
ENOUGH = 0.05
"""Share of the time that must be known before availability is coloured."""
COLUMNS = (
    "authority", "name", "service", "uptime", "uptime_with_maintenance", "coverage", "up_seconds", "down_seconds",
    "maintenance_up_seconds", "maintenance_down_seconds", "incidents",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t")
"""What a spreadsheet takes for the beginning of a formula."""


@dataclass(frozen=True)
class Words:
    """The language and the clock by which a report is read."""

    language: str
    zone: str

    @cached_property
    def known(self) -> Vocabulary:
        """The words of the product."""
        return words(self.language)

    def say(self, name: str, **values: object) -> str:
        """A text of the report."""
        return TEXTS[self.language][name].format(**values)

    def name(self, slug: str) -> str:
        """An authority's name."""
        return authority_name(slug, load_registry(), self.language)

    def at(self, instant: datetime) -> str:
        """`2026-11-01 08:00`."""
        return instant.astimezone(ZoneInfo(self.zone)).strftime("%Y-%m-%d %H:%M")

    def clock(self) -> str:
        """What the clock is called."""
        return ZONE_NAMES[self.language].get(self.zone, self.zone)

    def span(self, seconds: float | None) -> str:
        """A stretch of time; empty for none."""
        return "" if seconds is None else duration(timedelta(seconds=seconds), self.language)

    def share(self, share: float | None) -> str:
        """`99.87%`; a dash where nothing is known."""
        return percent(share) or "–"

    def what(self, one: Availability | Outage) -> str:
        """`山东 发票查验`; of a national or local incident what it is put down to."""
        if isinstance(one, Outage) and one.scope is not Scope.AUTHORITY:
            return self.known.diagnoses[one.diagnosis]
        return f"{self.name(one.authority)} {self.known.service(one.service)}".rstrip()


def level(one: Availability) -> str:
    """`ok`, `degraded`, `down` or `unknown`, for the colour."""
    if one.uptime is None or one.coverage < ENOUGH:
        return "unknown"
    return "ok" if one.uptime >= GOOD else "degraded" if one.uptime >= FAIR else "down"


def worst_first(services: Sequence[Availability]) -> list[Availability]:
    """Those that were down longest first, the others in the order of the plan."""
    return sorted(services, key=lambda one: -one.down_seconds)


def spreads(report: Report, say: Words) -> Iterator[tuple[str, str, str, str, int]]:
    """(what, median, 95th percentile, longest, how many), of what happened."""
    found: Mapping[str, Spread] = {"detect": report.detect, "tell": report.tell, "recover": report.recover}
    for name, one in found.items():
        if one.count:
            yield (
                say.say(name),
                say.span(one.p50),
                say.span(one.p95),
                say.span(one.longest),
                one.count,
            )


def summary(report: Report, say: Words) -> str:
    """How many incidents, in a sentence."""
    named = {"open": report.open, "national": report.national, "local": report.local}
    parts = [say.say(f"of_which_{name}", count=count) for name, count in named.items() if count]
    return say.say("between").join([say.say("incidents_are", count=report.incidents), *parts])


def remarks(report: Report, say: Words) -> list[str]:
    """Sentences on what a report cannot show in numbers: no data, and what was open before and still is."""
    found = (
        []
        if any(one.coverage > 0 for one in report.services) or not report.services
        else [say.say("no_data")]
    )
    if report.open_before:
        named = [f"{say.what(one)} ({say.at(one.first_failure_at)})" for one in report.before[:MOST_OUTAGES]]
        found.append(say.say("from_before", count=report.open_before, named=say.say("between").join(named)))
    return found


# --- text ------------------------------------------------------------------------------------------------------------


def print_text(report: Report, say: Words) -> None:
    """For a terminal or a pipe."""
    from monitor.cli.table import print_words

    click.echo(say.say("stretch", since=say.at(report.since), until=say.at(report.until), zone=say.clock()))
    click.echo(
        say.say("all", uptime=say.share(report.uptime), planned=say.share(report.uptime_with_maintenance))
    )
    click.echo(summary(report, say))
    for remark in remarks(report, say):
        click.echo(remark)
    if rows := [
        (what, p50, p95, longest, str(count)) for what, p50, p95, longest, count in spreads(report, say)
    ]:
        click.echo()
        print_words([say.say(name) for name in ("time", "p50", "p95", "longest", "number")], rows)
    if report.services:
        click.echo()
        names = ("service", "uptime", "planned", "down", "down_planned", "incidents", "coverage")
        print_words(
            [say.say(name) for name in names], [_cells(one, say) for one in worst_first(report.services)]
        )
    if report.outages:
        click.echo()
        _print_outages(report, say)


def _cells(one: Availability, say: Words) -> tuple[str, ...]:
    return (
        say.what(one),
        say.share(one.uptime),
        say.share(one.uptime_with_maintenance),
        say.span(one.down_seconds) if one.down_seconds else "",
        say.span(one.maintenance_down_seconds) if one.maintenance_down_seconds else "",
        str(one.incidents or ""),
        say.share(one.coverage),
    )


def _print_outages(report: Report, say: Words) -> None:
    from monitor.cli.table import print_words

    shown = report.outages[-MOST_OUTAGES:]
    names = ("incident", "cause", "since", "lasted", "found_after", "told_after", "id")
    print_words([say.say(name) for name in names], [outage_cells(one, say) for one in reversed(shown)])
    if hidden := report.incidents - len(shown):
        click.echo(say.say("more", count=hidden))


def outage_cells(one: Outage, say: Words) -> tuple[str, ...]:
    """One incident in words."""
    return (
        say.what(one),
        say.known.causes[one.cause],
        say.at(one.first_failure_at),
        say.span(one.recovered_after_seconds) or say.say("still"),
        say.span(one.detected_after_seconds),
        say.span(one.told_after_seconds) or say.say("untold"),
        clean(one.id, 80),
    )


# --- CSV -------------------------------------------------------------------------------------------------------------


def as_csv(report: Report, say: Words) -> bytes:
    """The services, one a line: UTF-8 with a byte order mark and CRLF, as Excel opens it without asking."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for one in report.services:
        row = {"name": say.name(one.authority)}
        writer.writerow([_cell(row.get(name, getattr(one, name, None))) for name in COLUMNS])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _cell(value: object) -> object:
    """Words that a spreadsheet would calculate are put in quotes of its own."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return round(value, 6) if isinstance(value, float) else value


# --- HTML ------------------------------------------------------------------------------------------------------------


def as_html(report: Report, say: Words, vantage: str) -> str:
    """One file that needs nothing else."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(
        report=report,
        words=say,
        say=say.say,
        summary=summary(report, say),
        remarks=remarks(report, say),
        spreads=list(spreads(report, say)),
        services=[(level(one), _cells(one, say)) for one in worst_first(report.services)],
        outages=[(one.severity, outage_cells(one, say)) for one in reversed(report.outages)],
        hidden=report.incidents - len(report.outages),
        vantage=clean(vantage, 200),
        version=__version__,
    )
