"""A real server on loopback over a plan and a state that a test fills."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import BaseTestServer, TestServer
from yarl import URL

from monitor.core.decide import decide
from monitor.core.state import Commit, State, apply
from monitor.knowledge.registry import load_registry
from monitor.metrics import Metrics
from monitor.model import (
    Authority,
    Cause,
    Command,
    Confirmed,
    Diagnosis,
    Incident,
    Phase,
    Plan,
    Repeat,
    Result,
    Scope,
    Seen,
    Severity,
    Target,
    TargetState,
)
from monitor.probes import Observation
from monitor.probes.aside import Hindrance, NotNow
from monitor.web.live import Live
from monitor.web.server import Reading, make_app

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
REGISTRY = load_registry()


class StillClock:
    """Stands at `AT`."""

    def now(self) -> datetime:
        return AT

    def monotonic(self) -> float:
        return 0.0


def make_target(probe: str, authority: str, service: str = "verify", **more: Any) -> Target:
    """A target as config would expand it."""
    repeat = Repeat(attempts=3, spacing=5.0)
    given: dict[str, Any] = {
        "id": f"{probe}/{authority}" if authority in REGISTRY else probe,
        "probe": probe,
        "kind": "captcha",
        "authority": authority,
        "service": service,
        "interval": 300.0,
        "timeout": 5.0,
        "while_down": 60.0,
        "confirm": repeat,
        "recover": repeat,
        "host": f"{authority}.example",
        "port": 443,
    }
    return Target(**{**given, **more})


def make_plan(authorities: dict[str, Authority] | None = None, **more: Any) -> Plan:
    """The ladder in small: a captcha for each authority, the national page, one control."""
    watched = dict(REGISTRY) if authorities is None else authorities
    targets = [make_target("captcha", slug) for slug in watched]
    targets.append(make_target("national-page", "national", "", kind="http"))
    targets.append(make_target("internet", "local", "", kind="http"))
    given: dict[str, Any] = {
        "vantage": "shanghai-office",
        "language": "zh",
        "timezone": "Asia/Shanghai",
        "targets": {target.id: target for target in targets},
        "authorities": watched,
    }
    return Plan(**{**given, **more})


def make_result(target: str, cause: Cause = Cause.NONE, **more: Any) -> Result:
    """One run that ended a minute ago."""
    return Result(
        **{
            "target": target,
            "started_at": AT - timedelta(minutes=1),
            "duration": 0.25,
            "cause": cause,
            **more,
        }
    )


def make_incident(authority: str, cause: Cause = Cause.CONNECT_TIMEOUT, **more: Any) -> Incident:
    """An outage of the main service that began ten minutes ago."""
    given: dict[str, Any] = {
        "id": f"{authority}-1",
        "scope": Scope.AUTHORITY,
        "authority": authority,
        "service": "verify",
        "severity": Severity.CRITICAL,
        "cause": cause,
        "phase": None,
        "diagnosis": Diagnosis.PROVINCIAL_OUTAGE,
        "facts": ("3 runs in a row failed",),
        "first_failure_at": AT - timedelta(minutes=10),
        "opened_at": AT - timedelta(minutes=9, seconds=50),
        "targets": (f"captcha/{authority}",),
    }
    return Incident(**{**given, **more})


@dataclass
class World:
    """What the server shows: a test changes it and asks."""

    plan: Plan = field(default_factory=make_plan)
    state: State = field(default_factory=State)
    live: Live = field(default_factory=lambda: Live(AT))
    asked: list[Command] = field(default_factory=list)
    mistakes: tuple[str, ...] = ()
    """What a reload finds wrong."""
    reloads: int = 0
    hindrance: Hindrance | None = None
    """Why nothing may be looked at now."""

    def see(self, result: Result, confirmed: Confirmed | None = None, *, seen_up: bool = True) -> None:
        """Make `result` the last run of its target, confirmed as it says unless told otherwise."""
        belief = confirmed or (Confirmed.UP if result.is_ok else Confirmed.DOWN)
        self.state.targets[result.target] = TargetState(
            id=result.target,
            confirmed=belief,
            failures=0 if result.is_ok else 3,
            oks=3 if result.is_ok else 0,
            seen_up=seen_up,
            since=AT - timedelta(minutes=10),
            first_failure_at=None if result.is_ok else AT - timedelta(minutes=10),
            cause=result.cause,
            phase=result.phase,
            last=result,
            last_success_at=result.started_at if result.is_ok else AT - timedelta(hours=1),
        )

    def see_all_up(self) -> None:
        """Every target answered."""
        for name in self.plan.targets:
            self.see(make_result(name))

    def open(self, incident: Incident) -> None:
        """Remember an incident."""
        self.state.incidents[incident.id] = incident

    async def ask(self, command: Command) -> Commit:
        """What the pipeline does with a command, without the disk."""
        self.asked.append(command)
        commit = decide(command, self.state, AT, self.plan)
        apply(self.state, commit)
        return commit

    async def reload(self) -> tuple[str, ...]:
        """Count it, and find the mistakes that a test put there."""
        self.reloads += 1
        return self.mistakes

    async def look(self, target: Target) -> Observation:
        """What the watcher does with a target, without a network."""
        if self.hindrance is not None:
            raise NotNow(self.hindrance, 41.5)
        seen = Seen(started_at=AT, duration=0.25, phases={Phase.RESOLVE: 0.25})
        return Observation(target=target, seen=seen, result=make_result(target.id, Cause.DNS_NXDOMAIN))

    def reading(self) -> Reading:
        """What the app would hand in."""
        metrics = Metrics(self.plan)
        metrics.restore(self.state)
        metrics.publish(self.plan, self.state, AT)
        return Reading(
            plan=lambda: self.plan,
            state=lambda: self.state,
            next_run=lambda name: AT + timedelta(seconds=30) if name in self.plan.targets else None,
            metrics=metrics,
            clock=StillClock(),
            registry=REGISTRY,
            live=self.live,
            ask=lambda command: self.ask(command),
            reload=self.reload,
            look=self.look,
        )


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Any
    text: str
    json: Any


Ask = Callable[..., Awaitable[Answer]]


@pytest.fixture
def world() -> World:
    """All 36, none looked at yet."""
    return World()


@pytest.fixture
async def server(world: World) -> AsyncIterator[BaseTestServer]:
    """The application, listening."""
    async with TestServer(make_app(world.reading())) as running:
        yield running


@pytest.fixture
async def ask(server: BaseTestServer) -> AsyncIterator[Ask]:
    """`await ask("/path", method="GET", headers={})`; the path is sent as written."""
    async with aiohttp.ClientSession() as session:

        async def ask(path: str, method: str = "GET", **more: Any) -> Answer:
            url = URL(f"http://127.0.0.1:{server.port}{path}", encoded=True)
            async with session.request(method, url, allow_redirects=False, **more) as reply:
                text = await reply.text()
                is_json = reply.content_type == "application/json" and method != "HEAD"
                return Answer(reply.status, reply.headers, text, await reply.json() if is_json else None)

        yield ask
