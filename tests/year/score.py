"""The scoreboard: what was heard, held against what really happened. It reads the receivers' logs and the timeline, nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from monitor.model import LOCAL, NATIONAL, Plan
from tests.year.timeline import Kind, Timeline, Trouble
from tests.year.truth import LATE, Due, Range, Truth, dues, muted
from tests.year.world import Heard, Said

OPENS = frozenset(
    {"incident_opened", "maintenance_overrun", "incident_changed", "incident_escalated", "flapping_started"}
)
PAGES = frozenset({"incident_opened", "maintenance_overrun", "flapping_started", "daemon_degraded"})
"""Events that get somebody out of bed."""
CLOSES = frozenset({"incident_resolved", "flapping_stopped"})
LOUD = frozenset({"critical", "warning"})
FLAPPING_ENDS = 20 * 300.0
"""Flapping is judged by the last 20 scheduled runs; of what is looked at every five minutes these are so many seconds."""
MENDED_WITHIN = 15 * 60.0
"""Seconds after an outage's end within which whoever heard of it must hear that it is over."""
SURE = 90.0
"""Seconds that a trouble must have lasted, and must go on, for "it is over" to be plainly wrong."""
STORM = 6
"""More messages to one receiver about one nationwide or local trouble than this are a storm."""
DOCUMENTED = frozenset({"undetermined"})


@dataclass(slots=True, kw_only=True)
class Score:
    """One year, or several added up. Lists name what went wrong, for whoever looks into it."""

    outages: int = 0
    """Troubles that had to be told."""
    missed: list[str] = field(default_factory=list)
    false_pages: list[str] = field(default_factory=list)
    messages: int = 0
    """About incidents, by key: however many receivers, one message counts once."""
    delays: list[float] = field(default_factory=list)
    """Seconds from the first failing run to the first receiver that took it, where nothing held it back."""
    unresolved: list[str] = field(default_factory=list)
    false_ends: list[str] = field(default_factory=list)
    doubles: list[str] = field(default_factory=list)
    storms: list[str] = field(default_factory=list)
    diagnosed: int = 0
    wrong: list[str] = field(default_factory=list)
    """Whose fault it is, wrong when last said."""
    wrong_first: list[str] = field(default_factory=list)
    """The same in the first word."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing that matters went wrong."""
        return not (
            self.missed
            or self.false_pages
            or self.unresolved
            or self.false_ends
            or self.doubles
            or self.storms
        )

    def add(self, other: Score) -> None:
        """Take in another year."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def score(timeline: Timeline, plan: Plan, heard: Sequence[Heard]) -> Score:
    """Judge one year."""
    it = Judging(timeline, plan, heard)
    found = Score(messages=len({one.key for one in heard if one.incidents}))
    it.told(found)
    it.pages(found)
    it.ends(found)
    it.doubles(found)
    it.storms(found)
    it.diagnoses(found)
    return found


@dataclass(slots=True, kw_only=True)
class Cover:
    """From when to when a receiver believed that something is down."""

    receiver: str
    id: str
    scope: str
    authority: str
    service: str
    start: float
    first_failure_at: float
    end: float = float("inf")


class Judging:
    """One year under judgement."""

    def __init__(self, timeline: Timeline, plan: Plan, heard: Sequence[Heard]) -> None:
        self.timeline, self.plan, self.heard = timeline, plan, heard
        self.truth = Truth(timeline)
        self.covers = covers(heard)
        self._by: dict[tuple[str, str], list[Cover]] = {}
        for one in self.covers:
            self._by.setdefault((one.authority, one.service), []).append(one)
        self.national = [one for one in self.covers if one.scope == "national"]

    # --- missed, and how late -----------------------------------------------------------------------------------

    def told(self, found: Score) -> None:
        """Whether everything that had to be told was, and when."""
        for due in dues(self.timeline, self.plan):
            found.outages += 1
            cover = self._cover(due)
            if cover is None:
                found.missed.append(_name(due.trouble))
            elif due.start == due.trouble.start and cover.start >= due.start and cover.scope != "national":
                first = max(cover.first_failure_at, due.start)
                found.delays.append(cover.start - first)

    def _cover(self, due: Due) -> Cover | None:
        trouble = due.trouble
        mine = self._by.get((trouble.authority, trouble.service), [])
        if trouble.authority == LOCAL:
            mine = [one for one in self.covers if one.scope == "local"]
        if trouble.kind is Kind.NATIONAL:
            mine = [*mine, *self.national]
        reaching = [one for one in mine if one.start <= due.end + LATE and one.end >= due.start]
        return min(reaching, key=lambda one: one.start, default=None)

    # --- pages --------------------------------------------------------------------------------------------------

    def pages(self, found: Score) -> None:
        """Whether every page had a truth behind it, and came at a time at which it may."""
        seen = set[str]()
        for one in self.heard:
            if one.event in PAGES and one.severity in LOUD and one.key not in seen:
                seen.add(one.key)
                wrong = [said for said in one.incidents if said.is_open and not self._justified(one, said)]
                if wrong or not one.incidents:
                    about = ", ".join(f"{said.authority}/{said.service}" for said in wrong)
                    found.false_pages.append(f"{one.at:.0f} {one.event} {one.scope} {about} {one.key}")

    def _justified(self, heard: Heard, said: Said) -> bool:
        since = said.first_failure_at - 1
        if heard.scope == "local":
            return self.truth.local(since, heard.at)
        if heard.scope == "national" and said.authority == NATIONAL:
            return self.truth.national(since, heard.at)
        behind = self.truth.behind(said.authority, said.service, since, heard.at)
        return behind is not None and not self._is_quiet(said, heard)

    def _is_quiet(self, said: Said, heard: Heard) -> bool:
        windows = muted(self.timeline, self.plan, said.authority, said.service)
        return heard.scope == "authority" and any(
            start + SURE < heard.at < end and said.first_failure_at >= start for start, end in windows
        )

    # --- ends ---------------------------------------------------------------------------------------------------

    def ends(self, found: Score) -> None:
        """Whether who heard that it broke heard that it mended: in time, and not before it was so."""
        for cover in self.covers:
            over = self._over(cover)
            if over is None:
                continue
            latest = self._latest(cover, over)
            if latest < min(cover.end, self.timeline.length):
                found.unresolved.append(
                    f"{cover.id} to {cover.receiver}: over at {over:.0f}, told {cover.end:.0f}"
                )
            if cover.scope == "authority" and self._is_plainly_down(cover):
                found.false_ends.append(f"{cover.id} to {cover.receiver} at {cover.end:.0f}")

    def _over(self, cover: Cover) -> float | None:
        """When what it is about really ended."""
        if cover.scope == "daemon":
            return None
        if cover.scope == "local":
            mine: Iterable[Trouble] = self.truth.of(LOCAL, "")
        elif cover.scope == "national":
            mine = [one for one in self.timeline.troubles if one.kind is Kind.NATIONAL]
        else:
            mine = self.truth.of(cover.authority, cover.service)
        return max(
            (one.end for one in mine if one.start <= cover.start and cover.first_failure_at - 1 <= one.end),
            default=None,
        )

    def _latest(self, cover: Cover, over: float) -> float:
        """Until when its end must be told: later where the daemon or the receiver was away, or our network was."""
        name = cover.receiver.partition("[")[0]
        away: list[Range] = [(one.start, one.end) for one in self.timeline.deaf if one.name == name]
        away += [(one.start, one.end) for one in self.timeline.stops]
        away += [(one.start, one.end) for one in self.truth.of(LOCAL, "")]
        away += [
            (one.start, one.end)
            for one in self.truth.of(cover.authority, cover.service)
            if one.kind in (Kind.FLAP, Kind.OUTAGE)
        ]
        flapped = any(
            one.kind is Kind.FLAP and one.end > over - FLAPPING_ENDS and one.start <= over
            for one in self.truth.of(cover.authority, cover.service)
        )
        latest = over + MENDED_WITHIN + (FLAPPING_ENDS if flapped else 0.0)
        for start, end in sorted(away):
            if start <= latest and end + MENDED_WITHIN > latest and end > over:
                latest = end + MENDED_WITHIN
        return latest

    def _is_plainly_down(self, cover: Cover) -> bool:
        return any(
            one.kind in (Kind.OUTAGE, Kind.PATH, Kind.NATIONAL)
            and one.start < cover.end - SURE
            and one.end > cover.end + SURE
            for one in self.truth.of(cover.authority, cover.service)
        ) and not self._was_deaf(cover)

    def _was_deaf(self, cover: Cover) -> bool:
        """Whether the word may be an old one: its receiver took nothing when it was said."""
        name = cover.receiver.partition("[")[0]
        return any(one.name == name and one.start <= cover.end <= one.end + 900 for one in self.timeline.deaf)

    # --- doubles and storms -------------------------------------------------------------------------------------

    def doubles(self, found: Score) -> None:
        """Whether anybody was told the same thing twice."""
        keys = Counter((one.receiver, one.key) for one in self.heard)
        found.doubles += [f"{key} to {receiver}" for (receiver, key), times in keys.items() if times > 1]
        open_: set[tuple[str, str]] = set()
        for one in self.heard:
            for said in one.incidents:
                if one.event in CLOSES and not said.is_open:
                    open_.discard((one.receiver, said.id))
                elif one.event in PAGES and one.scope == "authority":
                    if (one.receiver, said.id) in open_:
                        found.doubles.append(f"{said.id} opened again to {one.receiver} at {one.at:.0f}")
                    open_.add((one.receiver, said.id))

    def storms(self, found: Score) -> None:
        """Whether one nationwide trouble, or one of ours, brought a flood."""
        spans: dict[str, tuple[float, float]] = {}
        for one in self.timeline.troubles:
            name = (
                "local"
                if one.kind is Kind.LOCAL
                else f"national {one.event}"
                if one.kind is Kind.NATIONAL
                else ""
            )
            if name:
                name = f"{name} {one.start:.0f}" if name == "local" else name
                start, end = spans.get(name, (one.start, one.end))
                spans[name] = (min(start, one.start), max(end, one.end))
        for name, (start, end) in spans.items():
            told = Counter(
                one.receiver
                for one in self.heard
                if one.event == "incident_opened" and start <= one.at <= min(end, start + 600)
            )
            found.storms += [
                f"{name}: {many} openings to {who}" for who, many in told.items() if many > STORM
            ]

    # --- whose fault --------------------------------------------------------------------------------------------

    def diagnoses(self, found: Score) -> None:
        """Whether it was said rightly whose fault it is: in the first word, and in the last one."""
        said: dict[str, list[tuple[Heard, Said]]] = {}
        for one in self.heard:
            for incident in one.incidents:
                if one.event in OPENS and one.scope == "authority" and incident.is_open:
                    said.setdefault(incident.id, []).append((one, incident))
        for id_, words in said.items():
            first, last = words[0], words[-1]
            wanted = self._wanted(*first)
            if not wanted:
                continue
            found.diagnosed += 1
            if first[1].diagnosis not in wanted:
                found.wrong_first.append(f"{id_}: {first[1].diagnosis}, is {'/'.join(sorted(wanted))}")
            if last[1].diagnosis not in wanted:
                found.wrong.append(f"{id_}: {last[1].diagnosis}, is {'/'.join(sorted(wanted))}")

    def _wanted(self, heard: Heard, said: Said) -> frozenset[str]:
        """What may be said of it; empty: nothing can be asked, for those who could know it were lying, stale or silent."""
        behind = self.truth.behind(said.authority, said.service, said.first_failure_at - 1, heard.at)
        if behind is None or heard.event == "flapping_started":
            return frozenset()
        if heard.event == "maintenance_overrun":
            return frozenset({"maintenance_overrun"})
        if behind.kind is Kind.NATIONAL:
            return frozenset({"national_outage", "provincial_outage"})
        spans = (*self.timeline.frozen, *self.timeline.mute, *self.timeline.lies)
        if any(
            one.start - 600 <= heard.at <= one.end + 600 and one.word in ("", said.authority) for one in spans
        ):
            return frozenset()
        if behind.kind is Kind.PATH:
            speak = said.service == self.plan.main_services.get(said.authority)
            return frozenset({"path_from_here"} if speak else {"provincial_outage"}) | DOCUMENTED
        return frozenset({"provincial_outage"}) | DOCUMENTED


def covers(heard: Sequence[Heard]) -> list[Cover]:
    """What each receiver believed to be down, from when to when."""
    found: list[Cover] = []
    open_: dict[tuple[str, str], Cover] = {}
    for one in heard:
        flapped = (one.receiver, one.key.partition("/")[0])
        if (
            one.event == "flapping_stopped" and flapped in open_
        ):  # it names what is so now, not that it flapped
            open_.pop(flapped).end = one.at
        for said in one.incidents:
            key = (one.receiver, said.id)
            if one.scope == "national" and one.event in OPENS and said.authority != NATIONAL:
                continue  # named as a part of it, and over with it
            if said.is_open and (one.event in OPENS or one.event == "incident_resolved"):
                if key not in open_:
                    scope = (
                        one.scope
                        if said.authority in (NATIONAL, LOCAL) and one.scope != "authority"
                        else "authority"
                    )
                    cover = Cover(
                        receiver=one.receiver, id=said.id, scope=scope, authority=said.authority, service=said.service,
                        start=one.at, first_failure_at=said.first_failure_at,
                    )  # fmt: skip
                    found.append(cover)
                    open_[key] = cover
            elif not said.is_open and one.event in CLOSES and key in open_:
                open_.pop(key).end = one.at
    return found


def _name(trouble: Trouble) -> str:
    return f"{trouble.kind} {trouble.authority}/{trouble.service} {trouble.start:.0f}+{trouble.end - trouble.start:.0f}"
