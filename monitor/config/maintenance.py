"""Planned work: windows with a start and an end, rules of cron or iCalendar with a duration, and feeds of notices."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path as FilePath

from monitor.config.facts import unknown_authority
from monitor.config.mistakes import Mistake, Path, did_you_mean, quoted
from monitor.config.schema import Maintenance
from monitor.config.times import in_zone
from monitor.config.tree import Document
from monitor.core import rrules
from monitor.core.windows import LONGEST, begins, repeats
from monitor.model import MaintenanceRule, NoticeFeed

_LONGEST = LONGEST.total_seconds()
_ANY_DAY = datetime(2024, 1, 1, tzinfo=UTC)
FORMS = "start and end, or schedule and duration, or rrule, start and duration are meant"
OF_FEEDS = frozenset({"feed", "approve", "open_end"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the windows of a file are held against."""

    document: Document
    timezone: str
    authorities: Collection[str]
    """Slugs that a window may name: the 36 and `national`. Our own network is never in maintenance."""
    services: Collection[str]
    """Services that a window may name: those of the contract and those that a probe watches."""
    directory: FilePath
    """Where relative paths start."""


def maintenance(
    written: Sequence[Maintenance], positions: Sequence[int], setting: Setting
) -> tuple[tuple[MaintenanceRule, ...], tuple[NoticeFeed, ...], list[Mistake]]:
    """The rules and the feeds of notices that are sound, and what is wrong with the others."""
    made: list[MaintenanceRule] = []
    feeds: list[NoticeFeed] = []
    mistakes = list(_double_names(written, positions, setting.document))
    for position, each in zip(positions, written, strict=True):
        path: Path = ("maintenance", position)
        if each.model_fields_set & OF_FEEDS:
            wrong = list(_wrong_feed(path, each, setting.document))
            feeds += [] if wrong else [_feed(each, setting)]
        else:
            rule, wrong = _planned(path, each, setting)
            made += [] if wrong else [rule]
        mistakes += wrong
    return tuple(made), tuple(feeds), mistakes


def _planned(path: Path, written: Maintenance, setting: Setting) -> tuple[MaintenanceRule, list[Mistake]]:
    wrong = [*_wrong_scope(path, written, setting), *_wrong_times(path, written, setting.document)]
    start, unfit_start = _instant((*path, "start"), written.start, setting)
    end, unfit_end = _instant((*path, "end"), written.end, setting)
    wrong += unfit_start + unfit_end
    if start and end and end <= start:
        meant = "a window ends after its start; across midnight the end has the next day's date"
        wrong.append(setting.document.mistake((*path, "end"), "an end that is not after the start", meant))
    rule = _rule(written, start, end, setting.timezone)
    if rule.rrule and start:
        wrong += _wrong_rrule((*path, "rrule"), rule.rrule, start, setting)
    return rule, wrong


def _wrong_rrule(path: Path, rule: str, start: datetime, setting: Setting) -> Iterator[Mistake]:
    recurrence = rrules.Recurrence(rule=rule, start=start, timezone=setting.timezone)
    if why_not := rrules.why_not(recurrence):
        yield setting.document.mistake(path, quoted(rule), why_not)


def overlapping(rules: Sequence[MaintenanceRule]) -> Iterator[str]:
    """What to note of rules whose next window starts before the last one is over."""
    for rule in rules:
        if repeats(rule):
            starts = islice(begins(rule, rule.start or _ANY_DAY), 100)
            if any(later - start < timedelta(seconds=rule.duration) for start, later in pairwise(starts)):
                yield f"maintenance {rule.name}: a window starts before the one before it is over"


def notes_of(feeds: Sequence[NoticeFeed], *, has_token: bool) -> Iterator[str]:
    """What an operator should know of feeds although nothing is wrong."""
    for feed in feeds:
        if not FilePath(feed.directory).is_dir():
            yield f"maintenance {feed.name}: there is no directory {feed.directory} yet"
    if feeds and not has_token:
        yield "maintenance: without server.token nobody can approve a notice"


def _rule(
    written: Maintenance, start: datetime | None, end: datetime | None, timezone: str
) -> MaintenanceRule:
    return MaintenanceRule(
        name=written.name,
        authorities=written.authorities,
        services=written.services,
        start=start,
        end=end,
        schedule=written.schedule,
        rrule=written.rrule,
        duration=written.duration or 0.0,
        timezone=timezone,
        announce=written.announce,
    )


def _instant(path: Path, moment: datetime | None, setting: Setting) -> tuple[datetime | None, list[Mistake]]:
    if moment is None:
        return None, []
    try:
        return in_zone(moment, setting.timezone), []
    except ValueError as problem:
        found = f'"{moment:%Y-%m-%d %H:%M}"'
        return None, [setting.document.mistake(path, found, str(problem))]
    except OverflowError:
        return None, [setting.document.mistake(path, "a time beyond the calendar", "a nearer year is meant")]


def _wrong_scope(path: Path, written: Maintenance, setting: Setting) -> Iterator[Mistake]:
    document = setting.document
    if "authorities" not in written.model_fields_set:
        meant = "`authorities` must be given: all, or a list of slugs"
        yield document.mistake((*path, "authorities"), "missing", meant)
    for index, slug in enumerate(written.authorities or ()):
        if slug not in setting.authorities:
            found = unknown_authority(slug, setting.authorities)
            yield document.mistake((*path, "authorities", index), *found)
    for index, service in enumerate(written.services or ()):
        if service not in setting.services:
            meant = did_you_mean(service, setting.services)
            yield document.mistake((*path, "services", index), f"unknown service {quoted(service)}", meant)


def _wrong_times(path: Path, written: Maintenance, document: Document) -> Iterator[Mistake]:
    """A window has a start and an end, a rule a schedule (or an rrule and a start) and a duration; none has half of it."""
    given = written.model_fields_set
    absolute, repeated = given & {"start", "end"}, given & {"schedule", "duration"}
    if "rrule" in given:
        yield from _wrong_repetition(path, given, document)
    elif absolute and repeated:
        found = f"both {min(absolute)} and {min(repeated)}"
        yield document.mistake(path, found, FORMS)
    elif not absolute and not repeated:
        yield document.mistake(path, "no time", FORMS)
    elif len(absolute or repeated) == 1:
        pair = {"start", "end"} if absolute else {"schedule", "duration"}
        [missing] = pair - given
        yield document.mistake((*path, missing), "missing", f"`{missing}` must be given")
    if (written.duration or 0.0) > _LONGEST:
        yield document.mistake((*path, "duration"), "a duration of more than 366d", "366d at most is meant")


def _wrong_repetition(path: Path, given: Collection[str], document: Document) -> Iterator[Mistake]:
    for besides in ("schedule", "end"):
        if besides in given:
            yield document.mistake((*path, besides), f"both rrule and {besides}", FORMS, at_key=True)
    for needed in ("start", "duration"):
        if needed not in given:
            yield document.mistake((*path, needed), "missing", f"`{needed}` must be given with `rrule`")


def _wrong_feed(path: Path, written: Maintenance, document: Document) -> Iterator[Mistake]:
    """A feed has nothing but itself: whom and what a window is for, and when, stands in the notice."""
    given = written.model_fields_set
    if written.feed is None:
        yield document.mistake((*path, "feed"), "missing", "`feed` must be given: /srv/notices/*.txt")
    elif "**" in written.feed:
        meant = "wildcards within one level are meant: /srv/notices/*.txt or /srv/*/notices/*.txt"
        yield document.mistake((*path, "feed"), quoted(written.feed), meant)
    for besides in sorted(given - OF_FEEDS - {"name"}):
        meant = "of a feed it stands in the notices"
        yield document.mistake((*path, besides), f"both feed and {besides}", meant, at_key=True)
    if written.open_end > _LONGEST:
        yield document.mistake((*path, "open_end"), "more than 366d", "366d at most is meant")


def _feed(written: Maintenance, setting: Setting) -> NoticeFeed:
    return NoticeFeed(
        name=written.name,
        feed=str((setting.directory / (written.feed or "")).absolute()),
        approve=written.approve,
        open_end=written.open_end,
    )


def _double_names(
    written: Sequence[Maintenance], positions: Sequence[int], document: Document
) -> Iterator[Mistake]:
    first: dict[str, int] = {}
    for position, each in zip(positions, written, strict=True):
        if each.name in first:
            meant = f"maintenance[{first[each.name]}] has it already; windows are told apart by it"
            yield document.mistake(("maintenance", position, "name"), f'the name "{each.name}" again', meant)
        first.setdefault(each.name, position)
