"""The keys `counts`, `canary` and `items` of a probe of kind `sync` → the rules of its targets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from monitor.config.sync import CanaryIs, CountsAre, ItemsAre, ItemsFrom, SyncRequest
from monitor.model import CanaryRules, CountRules, Exchange, ItemRules, ItemSource

AsExchange = Callable[[SyncRequest, tuple[str, ...]], Exchange]
"""A request, and where in the probe it stands → what is sent for one authority."""


def counts_of(written: CountsAre, made: AsExchange) -> CountRules:
    """Two numbers and where they stand."""
    return CountRules(
        local=made(written.local, ("counts", "local")),
        local_path=written.local_path,
        remote=made(written.remote, ("counts", "remote")),
        remote_path=written.remote_path,
        tolerance=written.tolerance,
        grace=written.grace,
    )


def canary_of(written: CanaryIs, made: AsExchange, directory: Path, timezone: str) -> CanaryRules:
    """One record, where it shows, and when it was issued."""
    issued = written.issued_at
    by = made(issued.request, ("canary", "issued_at", "request")) if issued.request else None
    return CanaryRules(
        request=made(written.request, ("canary", "request")),
        path=written.path,
        equals=written.equals,
        issued_path=issued.path,
        issued_by=by,
        issued_file=None if issued.file is None else str((directory / issued.file).absolute()),
        warn=written.warn,
        fail=written.fail,
        timezone=timezone,
    )


def items_of(written: ItemsAre, made: AsExchange, directory: Path) -> ItemRules:
    """Two lists."""
    return ItemRules(
        local=_source(written.local, made, directory, "local"),
        remote=_source(written.remote, made, directory, "remote"),
        tolerance=written.tolerance,
        grace=written.grace,
    )


def _source(written: ItemsFrom, made: AsExchange, directory: Path, side: str) -> ItemSource:
    return ItemSource(
        number=written.number,
        exchange=made(written.request, ("items", side, "request")) if written.request else None,
        file=None if written.file is None else str((directory / written.file).absolute()),
        rows=written.rows,
    )
