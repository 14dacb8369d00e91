"""What is there where a sync interface is held against our own side: one server that answers for both."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.model import CanaryRules, CountRules, Exchange, ItemRules, ItemSource, SyncRules
from tests.matrix.case import Surroundings, There, Where
from tests.matrix.replies import reply
from tests.net.peers import peer
from tests.net.sites import site

Rules = Callable[[Callable[[str], Exchange]], SyncRules]
"""How they are compared, given a way to ask for a path."""


def counts(local: Any, remote: Any, *, grace: float = 3600.0, tolerance: int = 0) -> There:
    """So many records here, so many there."""

    def rules(ask: Callable[[str], Exchange]) -> SyncRules:
        compared = CountRules(
            local=ask("/local"), local_path="$.said", remote=ask("/remote"), remote_path="$.said",
            tolerance=tolerance, grace=grace,
        )  # fmt: skip
        return SyncRules(asks=False, counts=compared)

    return _answers(rules, {"/local": local, "/remote": remote})


def lists(local: Any, remote: Any, *, grace: float = 3600.0, tolerance: int = 0) -> There:
    """These records here, those there."""

    def rules(ask: Callable[[str], Exchange]) -> SyncRules:
        here, there = (
            ItemSource(number=("id",), exchange=ask(path), rows="$.said") for path in ("/local", "/remote")
        )
        return SyncRules(
            asks=False, items=ItemRules(local=here, remote=there, tolerance=tolerance, grace=grace)
        )

    return _answers(rules, {"/local": local, "/remote": remote})


def awaits(shown: Any, *, hours: float | None) -> There:
    """The record E1 was issued so many hours ago (None: nobody says when); this is what the other side shows."""

    def rules(ask: Callable[[str], Exchange]) -> SyncRules:
        canary = CanaryRules(
            request=ask("/remote"), path="$.said", equals="E1", issued_by=ask("/issued"), issued_path="$.said"
        )
        return SyncRules(asks=False, canary=canary)

    issued = None if hours is None else (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
    return _answers(rules, {"/remote": shown, "/issued": issued})


def _answers(rules: Rules, said: dict[str, Any]) -> There:
    """Each path says its value in JSON; bytes are a whole reply."""
    pages = {
        path: value if isinstance(value, bytes) else reply(json.dumps({"said": value}))
        for path, value in said.items()
    }

    @asynccontextmanager
    async def there(around: Surroundings) -> AsyncIterator[Where]:
        async with peer(site(pages)) as port:

            def ask(path: str) -> Exchange:
                return Exchange(host="127.0.0.1", port=port, url=f"http://127.0.0.1:{port}{path}")

            yield {"port": port, "sync": rules(ask)}

    return there
