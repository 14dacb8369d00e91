"""How a sync interface is read, and what is compared beside its one reply (kind `sync`). Spans in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """What a sync interface says when all is well: the value at `path` is, as text, one of `any_of`."""

    path: str
    any_of: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Where a sync interface says when it last synchronised, and how long ago that may be, in seconds."""

    path: str
    warn: float
    fail: float
    timezone: str = "Asia/Shanghai"
    """Of times that carry none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One more request of a run, with everything that is sent."""

    host: str
    port: int
    url: str = field(repr=False)
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)

    @property
    def host_key(self) -> str:
        """As `Target.host_key`."""
        return f"{self.host.lower().rstrip('.')}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRules:
    """Two numbers of records that should be alike, but for `tolerance`, or become so within `grace`."""

    local: Exchange
    local_path: str
    remote: Exchange
    remote_path: str
    tolerance: int = 0
    grace: float = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryRules:
    """One record that we issued, and how long it may take until the other side shows it.

    `issued_path` stands in the reply of `issued_by`, else in that of `request`; `issued_file` is a file that holds the time.
    Exactly one of path and file.
    """

    request: Exchange
    path: str
    equals: str = field(repr=False)
    issued_path: str | None = None
    issued_by: Exchange | None = None
    issued_file: str | None = None
    warn: float = 4 * 3600.0
    fail: float = 86400.0
    timezone: str = "Asia/Shanghai"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSource:
    """Where a list of records comes from: a request or a file, JSON or CSV.

    `rows`: path to the list in JSON; None: it is CSV. `number`: keys (columns) whose values, joined, name a record.
    """

    number: tuple[str, ...]
    exchange: Exchange | None = None
    file: str | None = None
    rows: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRules:
    """Two lists of records that should hold the same, but for `tolerance`, or come to within `grace`, each record by itself."""

    local: ItemSource
    remote: ItemSource
    tolerance: int = 0
    grace: float = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRules:
    """How the replies of a sync interface are read (kind `sync`)."""

    table: str | None = None
    """Table of the catalogue that its codes are in; None: it has none."""
    code_paths: tuple[tuple[str, str], ...] = ()
    """(endpoint of the table, where its code stands), outermost first. Only the first must be there."""
    success: Success | None = None
    freshness: Freshness | None = None
    timezone: str = "Asia/Shanghai"
    """Of times that carry none."""
    asks: bool = True
    """Whether the target has a request of its own, beside those of what is compared."""
    counts: CountRules | None = None
    canary: CanaryRules | None = None
    items: ItemRules | None = None

    def exchanges(self) -> dict[str, Exchange]:
        """All further requests of a run by name, in the order in which they are made."""
        counts, canary, items = self.counts, self.canary, self.items
        found: dict[str, Exchange | None] = {}
        if counts is not None:
            found |= {"counts.local": counts.local, "counts.remote": counts.remote}
        if canary is not None:
            found |= {"canary.issued_at": canary.issued_by, "canary": canary.request}
        if items is not None:
            found |= {"items.local": items.local.exchange, "items.remote": items.remote.exchange}
        return {name: exchange for name, exchange in found.items() if exchange is not None}
