"""One seed from drawing to score."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from monitor.model import Plan
from tests.year.daemon import RECEIVERS, SOURCES, START, live, shipped_plan
from tests.year.draw import draw
from tests.year.peers import Peers
from tests.year.score import Score, score
from tests.year.timeline import Timeline


@dataclass(slots=True, kw_only=True)
class Year:
    """What became of one seed."""

    seed: int
    score: Score
    results: int = 0
    jumped: int = 0
    """Results that were jumped over, beside `results` that were made."""
    plain: list[tuple[str, Score]] = field(default_factory=list)


def nobody(_instant: float) -> None:
    """Progress that nobody watches."""


def year(
    seed: int,
    days: float,
    *,
    progress: Callable[[float], None] = nobody,
    change: Callable[[Plan], Plan] = lambda plan: plan,
) -> Year:
    """Live through a seed. `change`: another plan for the daemon, the truth stays that of the shipped one."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    timeline = draw(seed, days, shipped_plan(Timeline(seed=seed, length=0.0)), SOURCES, RECEIVERS)
    plan, peers = shipped_plan(timeline), Peers(START)
    with tempfile.TemporaryDirectory(dir=_memory()) as directory:
        lived = live(
            timeline,
            Path(directory),
            plan=change(plan),
            listens=peers.listen,
            leapt=peers.leap,
            progress=progress,
        )
    names = [f"{rule.n} in a row" for rule in peers.rules]
    return Year(
        seed=seed,
        results=lived.results,
        jumped=lived.jumped,
        score=score(timeline, plan, lived.heard),
        plain=list(zip(names, peers.scores(timeline, plan), strict=True)),
    )


def _memory() -> str | None:
    """A file system in memory where there is one: a disk that syncs says nothing about alerting."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
