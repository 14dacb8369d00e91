"""What a message says of the members of a nationwide outage: which causes, who was down before, what else is listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from monitor.model import PSEUDO_AUTHORITIES, Incident, Plan
from monitor.notify.words import Vocabulary

MOST_CAUSES = 3
"""Causes that are named; the rest is counted."""


def authorities_of(members: Sequence[Incident], plan: Plan) -> list[str]:
    """The authorities that are down, by their main service: those that the number in the title counts."""
    return list(dict.fromkeys(one.authority for one in members if _is_main(one, plan)))


def beside(members: Sequence[Incident], plan: Plan) -> list[Incident]:
    """Those that are further services, or the national page: listed, and no authority that is down."""
    return [one for one in members if not _is_main(one, plan)]


def _is_main(incident: Incident, plan: Plan) -> bool:
    main = plan.main_services.get(incident.authority, plan.judgement.main_service)
    return incident.authority not in PSEUDO_AUTHORITIES and incident.service == main


def causes_in_words(members: Sequence[Incident], plan: Plan, known: Vocabulary) -> str:
    """`连接被拒绝 9 个、响应超时 4 个`: of how many authorities each; empty where all fail alike."""
    count = Counter(one.cause for one in members if _is_main(one, plan))
    if len(count) < 2:
        return ""
    said = [(known.briefs[cause], number) for cause, number in count.most_common()]
    more = sum(number for _, number in said[MOST_CAUSES:])
    named = said[:MOST_CAUSES] + ([(known.other_causes, more)] if more else [])
    return known.comma.join(known.cause_of_many.format(cause=cause, count=number) for cause, number in named)


def earliest(parent: Incident | None, members: Sequence[Incident]) -> Incident | None:
    """Who was down first, where that was before so many were."""
    first = min(members, key=lambda one: one.began_at, default=None)
    return first if parent and first and first.began_at < parent.began_at else None
