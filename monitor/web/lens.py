"""Whose eyes a page is made for: everything that turns a value into words, names and times for a reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.model import Plan
from monitor.notify.words import Vocabulary, authority_name, words
from monitor.web.texts import TEXTS, span, text

SIGNS = {
    "ok": "✓", "up": "✓", "error": "✗", "down": "✗", "timeout": "◷",
    "degraded": "⚠", "maintenance": "⚙", "unknown": "?",
}  # fmt: skip
"""The same signs as `fapiao-monitor status` uses."""

NAMED = 6
"""Authorities that a sentence names before it says `and others`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """Whose eyes a page is made for: language, time zone, the present, and the plan behind the names."""

    language: str
    plan: Plan
    now: datetime

    @property
    def words(self) -> Vocabulary:
        """The words of the product in this language."""
        return words(self.language)

    def say(self, name: str, **values: object) -> str:
        """A page text."""
        return text(self.language, name, **values)

    def knows(self, name: str) -> bool:
        """Whether there is a page text of that name."""
        return name in TEXTS[self.language]

    def kind(self, target: str) -> str:
        """The kind of a target; "" where it is no longer configured."""
        known = self.plan.targets.get(target)
        return "" if known is None else known.kind

    def name(self, slug: str) -> str:
        """An authority's short name."""
        return authority_name(slug, self.plan.authorities, self.language)

    def names(self, slugs: Sequence[str]) -> str:
        """The first few names, and that there are more."""
        shown = self.say("separator").join(self.name(slug) for slug in slugs[:NAMED])
        return shown + (self.say("more") if len(slugs) > NAMED else "")

    def when(self, instant: datetime) -> str:
        """`2026-11-21 16:00:05 +08:00` in the configured zone; the date is left out today."""
        zone = ZoneInfo(self.plan.timezone)
        there, today = instant.astimezone(zone), self.now.astimezone(zone).date()
        offset = there.strftime("%z")
        clock = f"{there:%H:%M:%S} {offset[:3]}:{offset[3:5]}"
        return clock if there.date() == today else f"{there:%Y-%m-%d} {clock}"

    def stretch(self, seconds: float) -> str:
        """A stretch of time in words."""
        return span(self.language, seconds)

    def span(self, start: datetime, end: datetime | None = None) -> str:
        """The time from `start` to `end`, or till now."""
        return span(self.language, ((end or self.now) - start).total_seconds())
