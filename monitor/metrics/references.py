"""The series of what others say, of the verdict beside them, and of planned work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from monitor.core.state import State
from monitor.core.status import AuthorityRow
from monitor.metrics import series
from monitor.metrics.exposition import labels
from monitor.metrics.family import Family
from monitor.model import LOCAL, PSEUDO_AUTHORITIES, NoticeStatus, Outcome, Plan, Verdict


class Compared:
    """Rendered when shown: a few hundred lines that change with every reading."""

    def __init__(self, plan: Plan) -> None:
        self._sources = tuple(source.name for source in plan.references)
        self._authorities = frozenset(plan.authorities)
        self._services = [
            ((slug, service), f"{{{labels(authority=slug, service=service)}}} ")
            for slug, service in sorted(
                {(target.authority, target.service) for target in plan.targets.values()}
            )
            if slug != LOCAL
        ]
        self._feeds = tuple(feed.name for feed in plan.notices)
        self.feeds_up: dict[str, bool] = {}
        """Name of a feed of notices → whether its files could be looked at; absent: not looked at yet."""
        self._lines: dict[str, str] = {}
        """Name of the family → its lines."""
        self._publishes_to = plan.publish_file
        self.publishes: bool | None = None
        """Whether `publish.file` could be written; None: nothing was to be written yet."""

    def show(self, rows: Sequence[AuthorityRow], state: State, now: datetime) -> None:
        """Replace everything by what is believed at `now`."""
        compared = [row for row in rows if row.authority not in PSEUDO_AUTHORITIES]
        maintained = {
            (row.authority, service)
            for row in rows
            for window in row.maintenance
            for service in window.services or row.services
        }
        flapping = {(row.authority, service) for row in rows for service in row.flapping}
        self._lines = {
            series.REFERENCE_OUTCOME.name: "".join(self._outcomes(state)),
            series.REFERENCE_VERDICT.name: "".join(map(_verdicts, compared)),
            series.REFERENCE_UPDATED.name: "".join(self._updated(state, now)),
            series.REFERENCE_UP.name: "".join(self._up(state)),
            series.NOTICES_WAITING.name: "".join(self._waiting(state)),
            **{
                name: "".join([f"{name}{labelled}{int(key in active)}\n" for key, labelled in self._services])
                for name, active in (
                    (series.MAINTENANCE_ACTIVE.name, maintained),
                    (series.FLAPPING_ACTIVE.name, flapping),
                )
            },
        }

    def _outcomes(self, state: State) -> Iterator[str]:
        for name in self._sources:
            for row in state.references[name].rows if name in state.references else ():
                if row.authority in self._authorities:
                    yield from (
                        _line(
                            series.REFERENCE_OUTCOME,
                            int(row.outcome is outcome),
                            authority=row.authority,
                            source=name,
                            outcome=outcome.value,
                        )
                        for outcome in Outcome
                    )

    def _updated(self, state: State, now: datetime) -> Iterator[str]:
        for name in self._sources:
            known = state.references.get(name)
            if known is not None and known.rows:
                newest = min(now, max(row.checked_at for row in known.rows))
                yield _line(series.REFERENCE_UPDATED, newest.timestamp(), source=name)

    def _up(self, state: State) -> Iterator[str]:
        for name in self._sources:
            if (known := state.references.get(name)) is not None:
                yield _line(series.REFERENCE_UP, int(known.up), source=name)

    def _waiting(self, state: State) -> Iterator[str]:
        waiting = [one.feed for one in state.notices.values() if one.status is NoticeStatus.WAITING]
        for name in self._feeds:
            yield _line(series.NOTICES_WAITING, waiting.count(name), feed=name)

    def pieces(self, *, openmetrics: bool) -> Iterator[str]:
        """All series, a family at a time."""
        lines = dict(self._lines)
        if self._publishes_to is not None and self.publishes is not None:
            lines[series.PUBLISH_UP.name] = _line(series.PUBLISH_UP, int(self.publishes))
        lines[series.NOTICE_FEED_UP.name] = "".join(
            _line(series.NOTICE_FEED_UP, int(self.feeds_up[name]), feed=name)
            for name in self._feeds
            if name in self.feeds_up
        )
        for family in series.COMPARED_FAMILIES:
            yield family.head(openmetrics=openmetrics) + lines.get(family.name, "")


def _line(family: Family, value: float, **given: str) -> str:
    return f"{family.name}{{{labels(**given)}}} {value!r}\n" if given else f"{family.name} {value!r}\n"


def _verdicts(row: AuthorityRow) -> str:
    return "".join(
        _line(
            series.REFERENCE_VERDICT,
            int(row.verdict is verdict),
            authority=row.authority,
            verdict=verdict.value,
        )
        for verdict in Verdict
    )
