"""What really happens, as the generator drew it: the only source of truth. Seconds count from the start of the year.

Nothing here knows the daemon's rules. `Trouble` is what happens, `Stretch` is how it shows at one target.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.model import Cause, Flag, Phase


class Kind(StrEnum):
    """What sort of trouble it is."""

    OUTAGE = "outage"
    """The authority's own, seen by everyone."""
    PATH = "path"
    """Only the way from here to it is broken."""
    BLIP = "blip"
    """Over before it can be confirmed: nobody should hear of it."""
    FLAP = "flap"
    """Up and down again and again."""
    SLOW = "slow"
    NATIONAL = "national"
    """An authority's part of a nationwide outage."""
    LOCAL = "local"
    """Our own network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a target answers for a while."""

    cause: Cause = Cause.NONE
    phase: Phase | None = None
    flags: frozenset[Flag] = frozenset()
    takes: float = 0.0
    """Seconds of one run; 0: as a healthy one."""


WELL = Answer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One target answers like this from `start` to `end`."""

    target: str
    start: float
    end: float
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that happened to one service of one authority (`local`: to us)."""

    kind: Kind
    authority: str
    service: str
    start: float
    end: float
    targets: frozenset[str] = frozenset()
    event: int = 0
    """Troubles of one nationwide outage share it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something about a reference, a receiver or the daemon, from `start` to `end`."""

    start: float
    end: float
    name: str = ""
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A maintenance window that was announced."""

    name: str
    authority: str
    services: tuple[str, ...] | None
    start: float
    end: float


@dataclass(slots=True, kw_only=True)
class Timeline:
    """One drawn year. Stretches that come later in the list lie over earlier ones."""

    seed: int
    length: float
    troubles: list[Trouble] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    windows: list[Planned] = field(default_factory=list)
    frozen: list[Span] = field(default_factory=list)
    """Reference `name` says for ever what it said at the start."""
    mute: list[Span] = field(default_factory=list)
    """Reference `name` cannot be read."""
    lies: list[Span] = field(default_factory=list)
    """Reference `name` says the contrary about authority `word`."""
    deaf: list[Span] = field(default_factory=list)
    """Receiver `name` takes nothing."""
    stops: list[Span] = field(default_factory=list)
    """The daemon is away; `word` `kill`: it was killed, else stopped in order."""

    def edges(self) -> list[float]:
        """Every instant at which anything may begin to answer otherwise, sorted."""
        spans: list[Stretch | Span | Planned] = [*self.stretches, *self.windows]
        for more in (self.frozen, self.mute, self.lies, self.deaf, self.stops):
            spans += more
        return sorted({edge for one in spans for edge in (one.start, one.end)} | {self.length})


class Course:
    """How one target answers, over time."""

    __slots__ = ("answers", "starts")

    def __init__(self, stretches: Iterable[Stretch]) -> None:
        layers = list(stretches)
        self.starts = sorted({0.0} | {edge for one in layers for edge in (one.start, one.end)})
        self.answers = [
            next((one.answer for one in reversed(layers) if one.start <= at < one.end), WELL)
            for at in self.starts
        ]

    def at(self, instant: float) -> Answer:
        """How it answers at this instant."""
        return self.answers[bisect_right(self.starts, instant) - 1]

    def until(self, instant: float) -> float:
        """When it answers otherwise next."""
        place = bisect_right(self.starts, instant)
        return self.starts[place] if place < len(self.starts) else float("inf")


def courses(timeline: Timeline, targets: Iterable[str]) -> Mapping[str, Course]:
    """The course of every target."""
    mine: dict[str, list[Stretch]] = defaultdict(list)
    for stretch in timeline.stretches:
        mine[stretch.target].append(stretch)
    return {id_: Course(mine[id_]) for id_ in targets}


class Seen:
    """Whether others see an authority down: its own troubles alone, as they are, without those of our way there."""

    def __init__(self, timeline: Timeline, service: str) -> None:
        self._down: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for one in timeline.troubles:
            if one.kind in (Kind.OUTAGE, Kind.NATIONAL, Kind.FLAP) and one.service == service:
                self._down[one.authority].append((one.start, one.end))
        for spans in self._down.values():
            spans.sort()

    def is_down(self, authority: str, instant: float) -> bool:
        """Whether it is down at this instant."""
        return any(start <= instant < end for start, end in self._down.get(authority, ()))
