"""Draws a year from a seed: what goes wrong, when and for how long. It knows nothing of the daemon's rules.

Frequencies and durations are those of a bad year: each kind of trouble must occur often enough to be counted. Blips shorter
than any confirmation and outages just over two intervals are both common, because they are what a rule is torn between.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from monitor.model import LOCAL, NATIONAL, Cause, Flag, Phase, Plan, Target
from tests.year.timeline import Answer, Kind, Planned, Span, Stretch, Timeline, Trouble

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
WARM_UP = 2 * HOUR
"""Nothing happens in the first hours: everything must have been seen up once."""
APART = 15 * MINUTE
"""Troubles of one authority leave it alone for so long, that it be clear which one a message is about."""
BLIP = 9.0
"""No blip is longer: three runs, five seconds apart, do not fit into it."""
BREATH = 4.0
"""A dying server answers for a moment, too short for two runs."""

NETWORK = (
    Answer(cause=Cause.CONNECTION_REFUSED, phase=Phase.CONNECT, takes=0.05),
    Answer(cause=Cause.CONNECT_TIMEOUT, phase=Phase.CONNECT, takes=5.0),
    Answer(cause=Cause.DNS_SERVFAIL, phase=Phase.RESOLVE, takes=0.3),
    Answer(cause=Cause.TLS_HANDSHAKE, phase=Phase.TLS, takes=0.2),
    Answer(cause=Cause.CONNECTION_RESET, phase=Phase.TLS, takes=0.1),
)
CONTENT = (
    Answer(cause=Cause.HTTP_STATUS, phase=Phase.PROCESSING, takes=0.4),
    Answer(cause=Cause.BACKEND_BUSY, phase=Phase.PROCESSING, takes=0.8),
    Answer(cause=Cause.MAINTENANCE_PAGE, phase=Phase.PROCESSING, takes=0.2),
    Answer(cause=Cause.RESPONSE_TIMEOUT, phase=Phase.PROCESSING, takes=5.0),
)
NO_NETWORK = (
    Answer(cause=Cause.UNREACHABLE, phase=Phase.CONNECT, takes=0.01),
    Answer(cause=Cause.CONNECT_TIMEOUT, phase=Phase.CONNECT, takes=5.0),
)
SLOW = Answer(flags=frozenset({Flag.SLOW}), takes=3.6)

PER_YEAR = {
    "outage": 200, "just over": 120, "blip": 420, "flap": 8, "slow": 30, "path": 30, "planned": 80, "unplanned": 30,
    "national": 8, "local": 24, "control blip": 40, "page": 8, "frozen": 30, "mute": 40, "lie": 40, "deaf": 14, "stop": 40,
}  # fmt: skip
"""How many of each in 365 days."""


class Drawing:
    """One timeline in the making."""

    def __init__(
        self, seed: int, days: float, plan: Plan, sources: Sequence[str], receivers: Sequence[str]
    ) -> None:
        self.dice = random.Random(f"year {seed}")
        self.timeline = Timeline(seed=seed, length=days * DAY)
        self.plan, self.sources, self.receivers = plan, sources, receivers
        self.slugs = sorted(plan.authorities)
        self._taken: dict[str, list[tuple[float, float]]] = {}
        self._last = self.timeline.length - 2 * HOUR

    def how_many(self, what: str) -> int:
        """A number of these for the length of the timeline, the odd part by chance."""
        wanted = PER_YEAR[what] * self.timeline.length / (365 * DAY)
        return int(wanted) + (self.dice.random() < wanted % 1)

    def instant(self) -> float:
        """Some instant; days of the month on which everybody files and the last ones are likelier, and so is daytime."""
        while True:
            at = self.dice.uniform(WARM_UP, self._last)
            day, hour = int(at / DAY) % 30, at % DAY / HOUR
            weight = (1.0 if day < 15 or day >= 28 else 0.5) * (1.0 if 8 <= hour < 20 else 0.6)
            if self.dice.random() < weight:
                return at

    def place(self, slugs: Sequence[str], length: float) -> float | None:
        """A start at which none of these authorities has anything else; None: there is no room."""
        for _ in range(50):
            start = self.instant()
            if start + length < self._last and all(
                self._is_free(slug, start, start + length) for slug in slugs
            ):
                for slug in slugs:
                    self._taken.setdefault(slug, []).append((start, start + length))
                return start
        return None

    def _is_free(self, slug: str, start: float, end: float) -> bool:
        return all(end + APART <= begin or over + APART <= start for begin, over in self._taken.get(slug, ()))

    def targets(self, slug: str, *probes: str) -> list[Target]:
        """The targets of an authority, of these probes."""
        return [one for one in self.plan.by_authority.get(slug, ()) if one.probe in probes]

    # --- troubles -----------------------------------------------------------------------------------------------

    def struck(self, slug: str) -> tuple[list[Target], Answer, float]:
        """What of an authority fails together and how, and the shortest interval at which that is looked at."""
        kind = self.dice.choices(("way in", "content", "dppt", "all"), (4, 3, 2, 1))[0]
        probes = {"way in": ("reach", "captcha"), "content": ("captcha",), "dppt": ("dppt",)}
        found = self.targets(slug, *probes.get(kind, ("reach", "captcha", "dppt")))
        if not found:
            return self.struck(slug)
        answer = self.dice.choice(CONTENT if kind == "content" else NETWORK)
        return found, answer, min(one.interval for one in found)

    def fail(
        self, kind: Kind, targets: Sequence[Target], answer: Answer, start: float, end: float, event: int = 0
    ) -> None:
        """Let these targets of one authority fail."""
        for service in sorted({one.service for one in targets}):
            mine = frozenset(one.id for one in targets if one.service == service)
            self.timeline.troubles.append(
                Trouble(
                    kind=kind, authority=targets[0].authority, service=service, start=start, end=end, targets=mine,
                    event=event,
                )
            )  # fmt: skip
        self.show(targets, answer, start, end)

    def show(self, targets: Sequence[Target], answer: Answer, start: float, end: float) -> None:
        """Let these targets answer like this."""
        self.timeline.stretches += [
            Stretch(target=one.id, start=start, end=end, answer=answer) for one in targets
        ]

    def duration(self) -> float:
        """Of an outage: half of them under half an hour, a few of them days."""
        return min(max(self.dice.lognormvariate(7.3, 1.3), 5 * MINUTE), 2 * DAY)

    def outage(self, kind: Kind = Kind.OUTAGE, *, just_over: bool = False) -> None:
        """One authority fails; one in ten answers for a moment now and then."""
        slug = self.dice.choice(self.slugs)
        targets, answer, interval = self.struck(slug)
        length = (
            interval * 2 + self.dice.uniform(1, 20) if just_over else max(self.duration(), interval * 2.5)
        )
        start = self.place([slug], length)
        if start is None:
            return
        self.fail(kind, targets, answer, start, start + length)
        if length > HOUR and self.dice.random() < 0.2:
            at = start + 10 * MINUTE
            while at < start + min(length, 6 * HOUR) - 10 * MINUTE:
                self.show(targets, Answer(takes=0.3), at, at + BREATH)
                at += self.dice.uniform(2 * MINUTE, 9 * MINUTE)

    def blip(self) -> None:
        """Something fails for a few seconds."""
        slug = self.dice.choice([*self.slugs, NATIONAL])
        targets, answer, _ = self.struck(slug) if slug != NATIONAL else (*self._page(), 0.0)
        if (start := self.place([slug], MINUTE)) is None:
            return
        quick = answer if answer.takes < 1 else NETWORK[0]
        self.fail(Kind.BLIP, targets, quick, start, start + self.dice.uniform(1, BLIP))

    def _page(self) -> tuple[list[Target], Answer]:
        return self.targets(NATIONAL, "national-page"), self.dice.choice(CONTENT)

    def page(self) -> None:
        """The national page fails."""
        length = self.duration()
        if (start := self.place([NATIONAL], length)) is not None:
            targets, answer = self._page()
            self.fail(Kind.OUTAGE, targets, answer, start, start + max(length, 12 * MINUTE))

    def flap(self) -> None:
        """The way in comes and goes for an hour or so."""
        slug, length = self.dice.choice(self.slugs), self.dice.uniform(0.7, 1.6) * HOUR
        if (start := self.place([slug], length)) is None:
            return
        targets, answer = self.targets(slug, "reach", "captcha"), self.dice.choice(NETWORK)
        self.fail(Kind.FLAP, targets, answer, start, start + length)
        at = start
        while at < start + length:
            at += self.dice.uniform(30, 4 * MINUTE)
            self.show(
                targets,
                Answer(takes=0.2),
                at,
                min(at := at + self.dice.uniform(30, 4 * MINUTE), start + length),
            )

    def slow(self) -> None:
        """It answers, slowly."""
        slug, length = self.dice.choice(self.slugs), self.dice.uniform(0.5, 10) * HOUR
        if (start := self.place([slug], length)) is not None:
            self.fail(Kind.SLOW, self.targets(slug, "captcha"), SLOW, start, start + length)

    def planned(self, *, announced: bool) -> None:
        """Maintenance: in time, over early, or overrun. Unannounced, it is an outage like any other."""
        slug, length = self.dice.choice(self.slugs), self.dice.choice((1, 2, 4, 8)) * HOUR
        if (start := self.place([slug], length + 5 * HOUR)) is None:
            return
        services = self.dice.choice((None, ("verify",), ("verify",)))
        targets = self.targets(slug, "reach", "captcha", *(("dppt",) if services is None else ()))
        begins = start + self.dice.uniform(0, 10) * MINUTE
        ends = start + length + self.dice.choice((-30, -5, 0, 15, 60, 240)) * MINUTE
        if announced:
            name = f"planned-{len(self.timeline.windows)}"
            window = Planned(name=name, authority=slug, services=services, start=start, end=start + length)
            self.timeline.windows.append(window)
        answer = CONTENT[2] if self.dice.random() < 0.3 else NETWORK[0]
        self.fail(Kind.OUTAGE, targets, answer, begins, ends)

    # --- the country, and us ------------------------------------------------------------------------------------

    def national(self) -> None:
        """Many authorities fail within minutes, and come back within minutes."""
        many = self.dice.sample(self.slugs, self.dice.randint(min(15, len(self.slugs)), len(self.slugs)))
        length = self.dice.uniform(10 * MINUTE, 5 * HOUR)
        if (start := self.place(self.slugs, length + 5 * MINUTE)) is None:
            return
        answer, spread = self.dice.choice(NETWORK), self.dice.choice((1.0, 20.0, 120.0))
        event = len(self.timeline.troubles) + 1
        for slug in many:
            begins, ends = start + self.dice.uniform(0, spread), start + length + self.dice.uniform(0, spread)
            self.fail(Kind.NATIONAL, self.targets(slug, "reach", "captcha"), answer, begins, ends, event)

    def local(self) -> None:
        """Our own network is gone: nothing answers. It takes no heed of what else goes on."""
        start, length = self.instant(), self.dice.choice((30.0, 3 * MINUTE, 20 * MINUTE, 2 * HOUR))
        length *= self.dice.uniform(0.7, 2)
        others = [span for span in self.timeline.troubles if span.kind is Kind.LOCAL]
        if any(start < one.end + HOUR and one.start < start + length + HOUR for one in others):
            return
        end = start + length
        self.timeline.troubles.append(
            Trouble(kind=Kind.LOCAL, authority=LOCAL, service="", start=start, end=end)
        )
        self.show(list(self.plan.targets.values()), self.dice.choice(NO_NETWORK), start, end)

    def control_blip(self) -> None:
        """One control alone fails for a while: that is no fault of ours."""
        start = self.instant()
        control = self.dice.choice(self.plan.by_authority[LOCAL])
        end = start + self.dice.choice((5, 90, 1800))
        self.timeline.troubles.append(
            Trouble(
                kind=Kind.SLOW,
                authority=LOCAL,
                service="",
                start=start,
                end=end,
                targets=frozenset({control.id}),
            )
        )
        self.show([control], NETWORK[0], start, end)

    def span(self, kept: list[Span], names: Sequence[str], longest: float, word: str = "") -> None:
        """Something about one of these, for minutes to hours; never two of one kind at once."""
        start = self.instant()
        end = min(start + self.dice.uniform(2 * MINUTE, longest), self._last)
        if all(one.end + HOUR < start or end + HOUR < one.start for one in kept):
            kept.append(Span(start=start, end=end, name=self.dice.choice(list(names)), word=word))

    def stop(self) -> None:
        """The daemon is restarted, or killed and started again."""
        start, away = self.instant(), self.dice.choice((1.0, 5.0, 40.0, 10 * MINUTE))
        if all(abs(one.start - start) > HOUR for one in self.timeline.stops):
            word = self.dice.choice(("kill", "stop"))
            self.timeline.stops.append(Span(start=start, end=start + away, word=word))


def draw(seed: int, days: float, plan: Plan, sources: Sequence[str], receivers: Sequence[str]) -> Timeline:
    """The timeline of a seed. `plan`: of which only targets and authorities are asked."""
    it = Drawing(seed, days, plan, sources, receivers)
    line = it.timeline
    steps = {
        "national": it.national,
        "planned": lambda: it.planned(announced=True),
        "unplanned": lambda: it.planned(announced=False),
        "flap": it.flap,
        "slow": it.slow,
        "outage": it.outage,
        "path": lambda: it.outage(Kind.PATH),
        "just over": lambda: it.outage(just_over=True),
        "page": it.page,
        "blip": it.blip,
        "control blip": it.control_blip,
        "local": it.local,  # after all others: it lies over them
        "frozen": lambda: it.span(line.frozen, sources, 6 * HOUR),
        "mute": lambda: it.span(line.mute, sources, 6 * HOUR),
        "lie": lambda: it.span(line.lies, sources, DAY, it.dice.choice(it.slugs)),
        "deaf": lambda: it.span(
            line.deaf,
            receivers,
            it.dice.choice((10 * MINUTE, HOUR, HOUR, 3 * HOUR, 3 * HOUR, 40 * HOUR)),
            it.dice.choice(("hang", "refuse")),
        ),
        "stop": it.stop,
    }
    for what, step in steps.items():
        for _ in range(it.how_many(what)):
            step()
    for spans in (line.stops, line.frozen, line.mute, line.lies, line.deaf):
        spans.sort(key=lambda one: one.start)
    line.troubles.sort(key=lambda one: one.start)
    return line
