"""What a kind of probe is: how its request is made of a target, and how what was seen is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from monitor.core.classify import Knowledge
from monitor.model import Result, Seen, Target
from monitor.net import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of probe, as two functions without IO. `judge` answers for every `Seen`, failed or not."""

    request: Callable[[Target], Request]
    judge: Callable[[Target, Seen, Knowledge], Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One run of `target` (its deadline as it was), for somebody who wants to see it whole: what was seen, and what it means."""

    target: Target
    seen: Seen
    result: Result
