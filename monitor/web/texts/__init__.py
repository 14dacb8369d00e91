"""What the pages say beyond the words of the product (those are in notify/texts): headings, sentences, units; by subject."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.web.texts import ahead, feed, findings, frame, incidents, looks, overview

SUBJECTS = (frame, overview, ahead, looks, findings, incidents, feed)
TEXTS: Mapping[str, Mapping[str, str]] = {
    language: {name: said for subject in SUBJECTS for name, said in subject.TEXTS[language].items()}
    for language in ("zh", "en")
}
"""Language → name → text; no two subjects have a name in common."""


def text(language: str, name: str, **values: object) -> str:
    """A page text with its gaps filled."""
    return TEXTS[language][name].format(**values)


def span(language: str, seconds: float) -> str:
    """A stretch of time for people: `45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`."""
    whole = max(0, int(seconds))
    if whole < 60:
        return text(language, "seconds", n=whole)
    if whole < 3600:
        return text(language, "minutes", n=whole // 60)
    if whole < 86400:
        return text(language, "hours", n=whole // 3600, m=whole % 3600 // 60)
    return text(language, "days", n=whole // 86400, m=whole % 86400 // 3600)
