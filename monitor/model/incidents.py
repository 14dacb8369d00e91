"""Outages, and how loudly they are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.model.outcomes import Cause, Phase
from monitor.model.states import Diagnosis, Verdict
from monitor.model.windows import Window


class Severity(StrEnum):
    """How loudly an incident is told."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Scope(StrEnum):
    """What an incident is about."""

    AUTHORITY = "authority"
    NATIONAL = "national"
    LOCAL = "local"
    DAEMON = "daemon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One outage of one (authority, service), or of our own network (`local`), with an id of its own."""

    id: str
    scope: Scope
    authority: str
    service: str
    severity: Severity
    cause: Cause
    phase: Phase | None
    diagnosis: Diagnosis
    facts: tuple[str, ...]
    first_failure_at: datetime
    opened_at: datetime
    resolved_at: datetime | None = None
    parent: str | None = None
    never_up: bool = False
    """It never answered since it was configured: the address may be wrong."""
    targets: tuple[str, ...] = ()
    told: frozenset[str] = frozenset()
    """Ids of the receiver URLs that a notification of its opening was decided for."""
    told_severity: Severity | None = None
    """How loudly it was told last; None: nobody was told."""
    sequence: int = 0
    """Number of notifications decided so far; part of their keys."""
    verdict: Verdict = Verdict.NO_REFERENCE
    """Own view beside the references, when last looked at."""
    agreed: bool = False
    """Whether references ever saw it down as well: then a word of theirs that it works is a recovery, and nothing of our network."""
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    comment: str = ""
    told_at: datetime | None = None
    """When a notification about it was decided last; reminders count from here."""
    muted_by: str | None = None
    """Id of the window or silence that keeps its opening untold; None: nothing does."""
    reopened: int = 0
    """How often it was down again within `reopen` of its resolution."""
    timeline: tuple[tuple[datetime, str], ...] = ()
    """What happened to it, oldest first, as language-neutral words (`opened`, `cause=tls_expired`, `acked=wang`), at most 100."""
    heard: frozenset[str] = frozenset()
    """Ids of the receiver URLs that heard of an earlier end of it and not yet that it is down again."""
    told_cause: Cause | None = None
    """What it was put down to when told last."""
    told_diagnosis: Diagnosis | None = None
    """Whose fault it was said to be when told last."""
    told_verdict: Verdict | None = None
    """Who was said to agree when told last."""
    told_facts: tuple[str, ...] = ()
    """What the references were said to say when told last."""
    changed_at: datetime | None = None
    """When cause, severity or diagnosis changed last."""
    window: Window | None = None
    """The maintenance window that covers it, or covered it last while it was open."""
    fading_since: datetime | None = None
    """Since when its reason is gone, while it stays open in case that comes back (national, daemon)."""

    drill: bool = False
    """It is only played: told as if it were real, marked, and part of nothing else."""
    escalated: frozenset[str] = frozenset()
    """Ids of the receiver URLs that were told because nobody took it in time; like `told` these hear how it goes on."""
    untaken_since: datetime | None = None
    """When it was told first, or told again after an acknowledgement was lifted: `escalate` counts from here."""
    fell_at: datetime | None = None
    """When it failed last after an end that was told, or while it came and went; None: it was not up since `first_failure_at`."""
    mended_at: datetime | None = None
    """When it had ended before it failed again at `fell_at`."""
    relapse_told_at: datetime | None = None
    """When those who heard of its end were told last that it is down again."""
    changes: int = 0
    """How often a change of its cause, severity or diagnosis was told: each further one must stand twice as long."""
    lifted_depth: int | None = None
    """How early on the way the cause struck for which an acknowledgement was lifted last; again only for an earlier one."""
    returns: int = 0
    """`reopened` without what came before a flapping of it was over: its end must stand the longer, the more there are."""
    end_from: datetime | None = None
    """From when its end may be told, while that must stand first because it was down again so often."""

    @property
    def began_at(self) -> datetime:
        """Since when it is down without an end in between."""
        return self.fell_at or self.first_failure_at

    @property
    def is_open(self) -> bool:
        """Whether it is not resolved yet."""
        return self.resolved_at is None
