"""What each time of a sentence is for: which words belong to it, and what they say of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from monitor.core.notices.moments import Span
from monitor.core.notices.scopes import Scope, names, stopped
from monitor.core.notices.words import Mood, last_word, mood

_CLAUSE = re.compile(r"[,;\t]")
_PIECE = re.compile(r"[、和及并]")
_LABEL = re.compile(
    r"(?:停机|停服|升级|维护|暂停|切换|检修)[^,;、]{0,8}(?:时间|期间|时段|窗口)?[为是于从自:(]{0,2}$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Times that share their words: 将于[…]、[…]暂停服务."""

    spans: tuple[Span, ...]
    before: str
    after: str

    own: str
    """The clause in which they stand, what follows first."""
    said: Mood | None
    """What is said of them."""
    scope: Scope
    """What they say is stopped, if it is a stop."""


def clusters(plain: str, start: int, end: int, spans: Sequence[Span]) -> list[Cluster]:
    """The times of the sentence from `start` to `end`, each with the words that belong to it."""
    groups: list[list[Span]] = []
    edges = [start]
    for left, right in pairwise([None, *spans]):
        assert right is not None
        cut = _cut(plain[left.end : right.start]) if left else None
        if left is not None and cut is None:
            groups[-1].append(right)
            continue
        if left is not None and cut is not None:
            edges.append(left.end + cut)
        groups.append([right])
    edges.append(end)
    return [
        _cluster(group, plain[begins : group[0].start], plain[group[-1].end : ends])
        for group, (begins, ends) in zip(groups, pairwise(edges), strict=True)
    ]


def _cluster(group: Sequence[Span], before: str, after: str) -> Cluster:
    earlier, later = _CLAUSE.split(before), _CLAUSE.split(after)
    own = f"{later[0]},{earlier[-1]}"
    clauses = [*earlier[:-1], f"{earlier[-1]}|{later[0]}", *later[1:]]
    return Cluster(
        spans=tuple(group),
        before=before,
        after=after,
        own=own,
        said=_said(own, earlier, later),
        scope=stopped(clauses, len(earlier) - 1),
    )


def _said(own: str, earlier: Sequence[str], later: Sequence[str]) -> Mood | None:
    """Their own clause first, then what follows, then what stands before."""
    here, after = mood(own), [mood(clause) for clause in later]
    if here in (Mood.OTHER, Mood.STOP):
        return here
    if Mood.STOP in after:
        return Mood.STOP
    before = (mood(clause) for clause in reversed(earlier))
    return here or next(filter(None, after), None) or next(filter(None, before), None)


def _cut(between: str) -> int | None:
    """Where the words of one time end and those of the next begin; None where both have the same."""
    says = last_word(between)
    if says < 0 and not names(between):
        return None
    marks = [match.start() for match in _CLAUSE.finditer(between)]
    if not marks:
        if _LABEL.search(between):
            return 0
        piece = _PIECE.search(between, max(says, 0))
        return piece.end() if piece else len(between) if says >= 0 else 0
    if _LABEL.search(between[marks[-1] :]):
        says = last_word(between[: marks[-1]])
    return next((mark for mark in marks if mark >= says), marks[-1]) + 1
