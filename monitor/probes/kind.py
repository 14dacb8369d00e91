"""What a kind of probe is: how it looks at its target, and how what was seen is judged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from monitor.core.classify import Knowledge
from monitor.model import Result, Seen, Target
from monitor.net import Admit, Net, Request

Look = Callable[[Target, Net, Admit], Awaitable[Seen]]
"""One look, within `target.timeout`. Always answers with what was seen; raises only `LimitReached` and `Hampered` (see `Net.look`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of probe. `judge` is pure and answers for every `Seen`, failed or not."""

    look: Look
    judge: Callable[[Target, Seen, Knowledge], Result]


def asking(request: Callable[[Target], Request]) -> Look:
    """The look of a kind that asks one address over the network: its request, made of the target, through the lean client."""

    async def look(target: Target, net: Net, admit: Admit) -> Seen:
        asked = request(target)
        if target.every_address:
            asked = replace(asked, every_address=True)
        return await net.look(asked, timeout=target.timeout, admit=admit)

    return look


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One run of `target` (its deadline as it was), for somebody who wants to see it whole: what was seen, and what it means."""

    target: Target
    seen: Seen
    result: Result
