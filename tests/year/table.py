"""The scoreboard in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.year.score import Score

ROWS = (
    ("outages that had to be told", "outages"),
    ("missed", "missed"),
    ("false pages", "false_pages"),
    ("messages", "messages"),
    ("ends not told in time", "unresolved"),
    ("ends told while it was down", "false_ends"),
    ("told twice", "doubles"),
    ("floods", "storms"),
    ("wrong diagnosis, first word", "wrong_first"),
    ("wrong diagnosis, last word", "wrong"),
    ("diagnoses that could be checked", "diagnosed"),
)
NOT_THEIRS = frozenset({"unresolved", "false_ends", "doubles", "wrong_first", "wrong", "diagnosed"})
"""What plain thresholds are not asked."""


def figures(score: Score) -> dict[str, Any]:
    """A score as plain numbers."""
    found: dict[str, Any] = {}
    for _, name in ROWS:
        value = getattr(score, name)
        found[name] = value if isinstance(value, int) else len(value)
    found["messages_per_outage"] = round(score.messages / score.outages, 2) if score.outages else None
    found["told_after_p50"], found["told_after_p95"] = (
        percentile(score.delays, 50),
        percentile(score.delays, 95),
    )
    return found


def percentile(values: Sequence[float], percent: int) -> float | None:
    """The value that so many percent do not exceed, None of nothing."""
    if not values:
        return None
    return round(sorted(values)[min(len(values) - 1, len(values) * percent // 100)], 1)


def table(ours: Score, plain: Sequence[tuple[str, Score]]) -> str:
    """The rows side by side, as a table of Markdown."""
    columns = [("fapiao-monitor", figures(ours)), *((name, figures(score)) for name, score in plain)]
    lines = [f"| | {' | '.join(name for name, _ in columns)} |", f"|---|{'---:|' * len(columns)}"]
    rows = [
        *ROWS, ("messages per outage", "messages_per_outage"), ("first failing run → told, p50, s", "told_after_p50"),
        ("the same, p95, s", "told_after_p95"),
    ]  # fmt: skip
    for words, name in rows:
        cells = [
            "–" if found[name] is None or (place and name in NOT_THEIRS) else str(found[name])
            for place, (_, found) in enumerate(columns)
        ]
        lines.append(f"| {words} | {' | '.join(cells)} |")
    return "\n".join(lines)


def troubles(score: Score) -> str:
    """What went wrong, one a line; empty if nothing did."""
    names = ("missed", "false_pages", "unresolved", "false_ends", "doubles", "storms", "wrong")
    return "\n".join(f"{name}: {one}" for name in names for one in getattr(score, name))
