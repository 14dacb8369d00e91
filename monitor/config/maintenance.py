"""Planned work: windows with a start and an end, and rules of cron with a duration."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.config.facts import unknown_authority
from monitor.config.mistakes import Mistake, Path, did_you_mean, quoted
from monitor.config.schema import Maintenance
from monitor.config.times import in_zone, overlaps
from monitor.config.tree import Document
from monitor.core.windows import LONGEST
from monitor.model import MaintenanceRule

_LONGEST = LONGEST.total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the windows of a file are held against."""

    document: Document
    timezone: str
    authorities: Collection[str]
    """Slugs that a window may name: the 36 and `national`. Our own network is never in maintenance."""
    services: Collection[str]
    """Services that a window may name: those of the contract and those that a probe watches."""


def maintenance(
    written: Sequence[Maintenance], positions: Sequence[int], setting: Setting
) -> tuple[tuple[MaintenanceRule, ...], list[Mistake]]:
    """The rules that are sound, and what is wrong with the others."""
    made: list[MaintenanceRule] = []
    mistakes = list(_double_names(written, positions, setting.document))
    for position, each in zip(positions, written, strict=True):
        path: Path = ("maintenance", position)
        wrong = [*_wrong_scope(path, each, setting), *_wrong_times(path, each, setting.document)]
        start, unfit_start = _instant((*path, "start"), each.start, setting)
        end, unfit_end = _instant((*path, "end"), each.end, setting)
        wrong += unfit_start + unfit_end
        if start and end and end <= start:
            meant = "a window ends after its start; across midnight the end has the next day's date"
            wrong.append(
                setting.document.mistake((*path, "end"), "an end that is not after the start", meant)
            )
        mistakes += wrong
        if not wrong:
            made.append(_rule(each, start, end, setting.timezone))
    return tuple(made), mistakes


def overlapping(rules: Sequence[MaintenanceRule]) -> Iterator[str]:
    """What to note of rules whose next window starts before the last one is over."""
    for rule in rules:
        if rule.schedule and overlaps(rule.schedule, rule.duration):
            yield f"maintenance {rule.name}: a window starts before the one before it is over"


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
    """A window has a start and an end, a rule a schedule and a duration; neither has half of it or both."""
    given = written.model_fields_set
    absolute, repeated = given & {"start", "end"}, given & {"schedule", "duration"}
    if absolute and repeated:
        found = f"both {min(absolute)} and {min(repeated)}"
        yield document.mistake(path, found, "start and end, or schedule and duration are meant")
    elif not absolute and not repeated:
        meant = "start and end, or schedule and duration are meant"
        yield document.mistake(path, "no time", meant)
    elif len(absolute or repeated) == 1:
        pair = {"start", "end"} if absolute else {"schedule", "duration"}
        [missing] = pair - given
        yield document.mistake((*path, missing), "missing", f"`{missing}` must be given")
    elif (written.duration or 0.0) > _LONGEST:
        yield document.mistake((*path, "duration"), "a duration of more than 366d", "366d at most is meant")


def _double_names(
    written: Sequence[Maintenance], positions: Sequence[int], document: Document
) -> Iterator[Mistake]:
    first: dict[str, int] = {}
    for position, each in zip(positions, written, strict=True):
        if each.name in first:
            meant = f"maintenance[{first[each.name]}] has it already; windows are told apart by it"
            yield document.mistake(("maintenance", position, "name"), f'the name "{each.name}" again', meant)
        first.setdefault(each.name, position)
