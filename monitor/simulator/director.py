"""Plays a scenario on a simulator: does each step at its time, ends it when it is over, and says what is said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from monitor.simulator.authorities import RESOLVER
from monitor.simulator.kinds import FaultError
from monitor.simulator.scenario import Scenario, Step, Words

if TYPE_CHECKING:
    from monitor.simulator.simulator import Simulator

Place = tuple[str, str]
"""Slug and service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that happens at one instant. Of two at the same instant what ends comes before what begins."""

    at: float
    begins: bool
    number: int
    """Of this occurrence of the step, in the order of the scenario."""
    step: Step


class Director:
    """Plays one scenario once. What somebody else sets meanwhile (the control API) stands until a step touches it."""

    def __init__(
        self, sim: Simulator, scenario: Scenario, *, speed: float = 1.0, say: Callable[[Words], None] | None = None
    ) -> None:  # fmt: skip
        """`speed` 10 plays ten minutes in one. Raises FaultError, with its line, for a step that cannot be played there."""
        self._sim = sim
        self._speed = speed
        self._say = say
        self._held: dict[Place, int] = {}
        self._sync_before: dict[int, dict[str, object]] = {}
        self.moments = moments_of(scenario)
        """All of them in order, in the scenario's own seconds."""
        for step in scenario.steps:
            self._check(step)

    async def play(self) -> None:
        """From the first moment to the last. Cancelling it leaves things as they are."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for moment in self.moments:
            await asyncio.sleep(max(0.0, begun + moment.at / self._speed - loop.time()))
            self.do(moment)

    def do(self, moment: Moment) -> None:
        """Let it happen now."""
        if moment.begins:
            self._begin(moment.step, moment.number)
        else:
            self._end(moment.step, moment.number)

    def _check(self, step: Step) -> None:
        for word in step.authorities:
            for service in step.services or (None,):
                try:
                    self._sim.check(word, step.fault, service, step.share)
                except FaultError as problem:
                    raise FaultError(f"line {step.line}: {problem}") from None

    def _begin(self, step: Step, number: int) -> None:
        if step.say and self._say is not None:
            self._say(step.say)
        if step.fault is not None or (step.authorities and step.reference is None):
            self._set(step, number)
        if step.reference is not None:
            self._sim.elsewhere.see(dict.fromkeys(self._slugs(step), step.reference))
        if step.sync:
            self._sync_before[number] = {name: asdict(self._sim.sync.state)[name] for name in step.sync}
            self._sim.sync.set(**step.sync)
        if step.receiver is not None:
            self._sim.receiver.set_fault(step.receiver)

    def _set(self, step: Step, number: int) -> None:
        for word in step.authorities:
            for service in step.services or (None,):
                if step.fault is None:
                    self._sim.clear_fault(word, service)
                else:
                    self._sim.set_fault(word, step.fault, service, step.share)
        self._held.update(dict.fromkeys(self._places(step), number))

    def _end(self, step: Step, number: int) -> None:
        for slug, service in self._places(step) if step.fault is not None else ():
            if self._held.get((slug, service)) == number:  # else another step has taken it over
                self._sim.clear_fault(slug, None if slug == RESOLVER else service)
        if step.reference is not None:
            self._sim.elsewhere.see(dict.fromkeys(self._slugs(step), None))
        if number in self._sync_before:
            self._sim.sync.set(**self._sync_before.pop(number))
        if step.receiver is not None:
            self._sim.receiver.set_fault(None)

    def _places(self, step: Step) -> list[Place]:
        places: list[Place] = []
        for word in step.authorities:
            if word == RESOLVER:
                places.append((RESOLVER, "dns"))
                continue
            endpoints = self._sim.endpoints(word)
            places += [
                (endpoint.stand_in.slug, endpoint.service)
                for endpoint in endpoints
                if not step.services or endpoint.service in step.services
            ]
        return places

    def _slugs(self, step: Step) -> set[str]:
        """Those of the step that a reference can see."""
        return {slug for slug, _ in self._places(step)} & set(self._sim.slugs)


def moments_of(scenario: Scenario) -> tuple[Moment, ...]:
    """Every beginning and end, in order."""
    moments = []
    number = 0
    for step in scenario.steps:
        for time in range(step.times):
            begins = step.at + time * (step.every or 0.0)
            moments.append(Moment(at=begins, begins=True, number=number, step=step))
            if step.lasts is not None:
                moments.append(Moment(at=begins + step.lasts, begins=False, number=number, step=step))
            number += 1
    return tuple(sorted(moments, key=lambda moment: (moment.at, moment.begins, moment.number)))
