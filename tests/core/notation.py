"""A small notation for the tests of deciding: a row of signs per target, one column every five seconds.

+ ok          s slow          t throttled     u certificate not verifiable, reported     a an address failed
- no reply    r refused       n no such name  x certificate expired                      d shape unknown
b blocked     ! shut out (020)                i a bug of ours                            . does not run
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.core.decide import decide
from monitor.core.state import Commit, State, apply
from monitor.model import (
    Authority,
    Cause,
    Event,
    Flag,
    Incident,
    Notification,
    Phase,
    Plan,
    Receiver,
    Repeat,
    Result,
    Route,
    Target,
    Tick,
)

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SPACING = 5.0
HOUR = 3600
"""In seconds."""
SLUGS = ("anhui", "beijing", "fujian", "gansu", "hebei", "jilin")
CONTROLS = ("internet", "anycast")

SIGNS: Mapping[str, dict[str, Any]] = {
    "+": {"cause": Cause.NONE},
    "s": {"cause": Cause.NONE, "flags": frozenset({Flag.SLOW})},
    "t": {"cause": Cause.NONE, "flags": frozenset({Flag.THROTTLED})},
    "u": {"cause": Cause.NONE, "flags": frozenset({Flag.TLS_UNVERIFIED})},
    "a": {
        "cause": Cause.NONE,
        "flags": frozenset({Flag.ADDRESS_FAILED}),
        "addresses": ("10.0.0.1", "10.0.0.2"),
        "address": "10.0.0.2",
    },
    "-": {"cause": Cause.RESPONSE_TIMEOUT, "phase": Phase.PROCESSING},
    "r": {"cause": Cause.CONNECTION_REFUSED, "phase": Phase.CONNECT},
    "n": {"cause": Cause.DNS_NXDOMAIN, "phase": Phase.RESOLVE},
    "x": {"cause": Cause.TLS_EXPIRED, "phase": Phase.TLS},
    "d": {"cause": Cause.FORMAT_DRIFT, "phase": Phase.TRANSFER},
    "b": {"cause": Cause.BLOCKED, "phase": Phase.PROCESSING, "status_code": 412},
    "!": {"cause": Cause.BLOCKED, "phase": Phase.PROCESSING, "code": "020"},
    "i": {"cause": Cause.INTERNAL},
}


def result(target: str, sign: str, at: datetime) -> Result:
    """What one run of `target`, begun at `at`, means."""
    return Result(target=target, started_at=at, duration=0.1, **SIGNS[sign])


def target(probe: str, authority: str, **more: Any) -> Target:
    """A target with the shipped rules: three to confirm, two to recover, five seconds between."""
    given: dict[str, Any] = {
        "id": f"{probe}/{authority}",
        "probe": probe,
        "kind": "tls" if probe == "reach" else "captcha",
        "authority": authority,
        "service": "verify",
        "interval": 60.0 if probe == "reach" else 300.0,
        "timeout": 5.0,
        "while_down": 60.0,
        "confirm": Repeat(attempts=3, spacing=SPACING),
        "recover": Repeat(attempts=2, spacing=SPACING),
        "host": f"{authority}.example",
        "port": 443,
    }
    return Target(**{**given, **more})


def control(name: str, **more: Any) -> Target:
    """A control by address."""
    return target(name, "local", **{"id": name, "kind": "tcp", "service": "", "host": name, **more})


def plan_of(*targets: Target, **more: Any) -> Plan:
    """A plan that tells everything to `oncall[0]` and `bus[0]` after ten seconds."""
    slugs = dict.fromkeys(one.authority for one in targets if one.authority not in ("local", "national"))
    given: dict[str, Any] = {
        "vantage": "desk",
        "language": "en",
        "timezone": "Asia/Shanghai",
        "targets": {one.id: one for one in targets},
        "authorities": {
            slug: Authority(slug=slug, code="1100", name=slug, name_en=slug, full_name=slug) for slug in slugs
        },
        "receivers": tuple(
            Receiver(id=f"{name}[0]", name=name, kind="webhook", url="http://127.0.0.1:9/")
            for name in ("oncall", "bus")
        ),
        "routes": (Route(to=("oncall", "bus")),),
    }
    return Plan(**{**given, **more})


def six(**more: Any) -> Plan:
    """Six authorities with one cheap target each, and two controls."""
    return plan_of(*(target("reach", slug) for slug in SLUGS), *map(control, CONTROLS), **more)


def hasty(**more: Any) -> Plan:
    """Six, of which `anhui` needs one run to be believed down; nothing waits for a group."""
    once = Repeat(attempts=1, spacing=SPACING)
    others = [target("reach", slug, timeout=3.0) for slug in SLUGS[1:]]
    anhui = target("reach", SLUGS[0], confirm=once)
    return plan_of(anhui, *others, *map(control, CONTROLS), group_wait=0.0, **more)


@dataclass
class World:
    """Feeds events to `decide` as the pipeline does: results in order, a Tick when the last commit asked for one."""

    plan: Plan
    now: datetime = START
    state: State = field(default_factory=State)
    told: list[Notification] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)

    def event(self, event: Event) -> Commit:
        """Decide one event at the present instant."""
        commit = decide(event, self.state, self.now, self.plan)
        apply(self.state, commit)
        self.told += commit.notifications
        self.commits.append(commit)
        return commit

    def see(self, target: str, sign: str) -> Commit:
        """One run of a target that ends now."""
        return self.event(result(target, sign, self.now))

    def pass_time(self, seconds: float) -> None:
        """Let time pass, with every Tick that is asked for on the way."""
        end = self.now + timedelta(seconds=seconds)
        self._tick()
        while (wakeup := self._wakeup()) is not None and wakeup <= end:
            self.now = max(self.now, wakeup)
            before = self._wakeup()
            self._tick()
            assert self._wakeup() != before, "a Tick asks for itself again at the same instant"
        self.now = end

    def _wakeup(self) -> datetime | None:
        return self.commits[-1].next_wakeup if self.commits else None

    def _tick(self) -> None:
        wakeup = self._wakeup()
        if wakeup is not None and wakeup <= self.now:
            self.event(Tick())

    def play(self, rows: Mapping[str, str], spacing: float = SPACING) -> None:
        """Play rows of signs: the first column now, the others `spacing` seconds after each other."""
        for column in range(max(map(len, rows.values()))):
            for id_, row in rows.items():
                if column < len(row) and row[column] != ".":
                    self.see(id_, row[column])
            self.pass_time(spacing)

    def warm(self) -> None:
        """Everything answers twice: all is confirmed up, and the minute of the last sweep is over."""
        self.play(dict.fromkeys(self.plan.targets, "++"))
        self.pass_time(60)

    @property
    def open(self) -> list[Incident]:
        """The open incidents."""
        return [one for one in self.state.incidents.values() if one.is_open]

    @property
    def heard(self) -> list[tuple[str, tuple[str, ...]]]:
        """What was told so far: event and authorities of each notification."""
        return [(str(note.event), tuple(one.authority for one in note.incidents)) for note in self.told]

    @property
    def events(self) -> list[str]:
        """What was told so far: the event of each notification."""
        return [str(note.event) for note in self.told]

    @property
    def wanted(self) -> dict[str, float]:
        """What the last commit wants to run: seconds from now by target."""
        return {due.target: (due.at - self.now).total_seconds() for due in self.commits[-1].due}


def told_down(world: World, row: str = "---") -> str:
    """Break anhui and let it be told; the id of its incident."""
    world.play({"reach/anhui": row})
    world.pass_time(10)
    return world.open[0].id


def looks(world: World, signs: str, every: float = 60) -> None:
    """Scheduled runs of anhui, one a minute as while it is down."""
    world.play({"reach/anhui": signs}, spacing=every)


def everyone(plan: Plan, row: str) -> dict[str, str]:
    """The same row for every target."""
    return dict.fromkeys(plan.targets, row)
