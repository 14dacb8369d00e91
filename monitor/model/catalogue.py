"""The catalogue of error codes, and the phrases that give away what a page is."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.model.outcomes import Cause, Flag, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What a code in a reply means for the health of the service. Keyed by (endpoint, code) in a table.

    `cause` NONE with `flag` None: the service answered (a business answer). `phase` is always processing's reply.
    """

    table: str
    endpoint: str
    code: str
    cause: Cause
    flag: Flag | None
    message: str
    """What the platform says, in Chinese."""
    meaning: str
    """What it means, in English."""
    source: str = ""
    transaction: Outcome = Outcome.OK
    """What it means for the one thing that was asked, in a log of transactions: E007 is well for the service and an
    error for the invoice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTable:
    """One table of the catalogue: the codes of one platform or vendor."""

    name: str
    title: str
    """Whose codes these are, in their own language."""
    source: str
    code_paths: tuple[tuple[str, str], ...]
    """(endpoint, where its code stands in a JSON reply), outermost first; empty: not for kind `sync`."""
    codes: tuple[Code, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Phrases that give away what a page is (knowledge/words.yaml)."""

    maintenance: tuple[str, ...]
    challenge: tuple[str, ...]
    """Markers of a WAF or a JavaScript challenge."""
    busy: tuple[str, ...] = ()
