"""What explains many outages at once: a fault of our own network, or a nationwide outage.

A nationwide outage is an incident of scope `national` about (`national`, no service). The national page is watched as
the authority `national`, and its outages have scope `authority` like everyone's: `incidents.Key` keeps them apart.

Joining a parent sends nothing. While it is open its members are not told of; when it ends, one message says who of them
is still down. One of our own network also takes back what nobody was told yet.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core import incidents as cases
from monitor.core.doubt import look_again, weigh
from monitor.core.draft import Draft
from monitor.core.facts import Fact, control_facts
from monitor.core.incidents import LOCAL_KEY, NATIONAL_KEY, Outage
from monitor.core.muting import is_covered
from monitor.core.opening import begin, end
from monitor.core.services import main_service
from monitor.core.surroundings import Surroundings
from monitor.core.wakeup import longest, row_time
from monitor.model import (
    LOCAL,
    PSEUDO_AUTHORITIES,
    Cause,
    Confirmed,
    Diagnosis,
    Incident,
    Scope,
    SpeaksOf,
)

NOT_EXPLAINED = frozenset({Cause.BLOCKED, Cause.CREDENTIAL, Cause.PROBE_MISCONFIGURED, Cause.INTERNAL})
"""What no fault of our network can bring about: we reached them, or it is our own mistake."""
MOST_DOUBLED = 5
"""The hold of a nationwide outage that comes back again and again is doubled so often at most."""


# --- our own network -------------------------------------------------------------------------------------------------


def settle_local(draft: Draft, around: Surroundings) -> bool:
    """Open, change or end the incident of our own network. Returns whether it began or ended."""
    incident = draft.open.get(LOCAL_KEY)
    outage = cases.local_outage(draft.plan, draft.targets, around)
    if incident is None:
        if outage is None:
            return False
        _explain(draft, begin(draft, LOCAL_KEY, outage))
    elif outage is None:
        if draft.doubt is None:
            look_again(draft)  # no control said so before: it ended with the authorities that are back
            weigh(draft)
        end(draft, incident)
    else:
        draft.keep(cases.changed(incident, outage, draft.now))
        return False
    return True


def _explain(draft: Draft, local: Incident) -> None:
    """Our own fault explains the others: what nobody was told is withdrawn, the rest gets it as its parent."""
    for incident in list(draft.open.values()):
        if incident.scope not in (Scope.AUTHORITY, Scope.NATIONAL) or incident.cause in NOT_EXPLAINED:
            continue
        fresh = not incident.sequence and not incident.reopened and incident.muted_by is None
        if incident.id in draft.waiting and fresh:
            draft.forget(incident)
        else:
            _join(draft, incident, local)


def is_quiet(draft: Draft) -> bool:
    """Whether nothing is opened: our own fault holds, or its last word, which says who is down, is to come."""
    return LOCAL_KEY in draft.open or any(one.scope is Scope.LOCAL for one in ended(draft))


def ended(draft: Draft) -> list[Incident]:
    """Parents that are over but whose end is not told yet."""
    waiting = (draft.incidents[id_] for id_ in draft.waiting)
    return [
        one for one in waiting if one.scope in (Scope.LOCAL, Scope.NATIONAL) and not one.is_open and one.told
    ]


def is_explained(draft: Draft, incident: Incident) -> bool:
    """Whether a parent speaks for it, or has its last word still to say."""
    if incident.scope is Scope.NATIONAL:
        return is_quiet(draft)
    if incident.scope is not Scope.AUTHORITY:
        return False
    if is_quiet(draft):
        return True
    parent = draft.incidents.get(incident.parent or "")
    return parent is not None and (parent.is_open or parent in ended(draft))


def _join(draft: Draft, incident: Incident, parent: Incident) -> None:
    if incident.parent != parent.id:
        draft.keep(replace(cases.noted(incident, f"joined={parent.id}", draft.now), parent=parent.id))


# --- the whole country -----------------------------------------------------------------------------------------------


def settle_national(draft: Draft, around: Surroundings) -> None:
    """Open, change or end the nationwide incident, and take in who is part of it. A fault of ours freezes it."""
    incident = draft.open.get(NATIONAL_KEY)
    if is_quiet(draft) or around.local.holds or around.local.suspected:
        return
    if around.is_national:
        if incident is None:
            incident = begin(draft, NATIONAL_KEY, _outage(draft, around))
        elif incident.fading_since is not None:
            incident = replace(incident, fading_since=None)
        draft.keep(cases.changed(incident, _outage(draft, around), draft.now))
    elif incident is not None:
        _fade(draft, incident, around)
    incident = draft.open.get(NATIONAL_KEY)
    if incident is not None:
        for member in _struck(draft):
            _join(draft, member, incident)


def _fade(draft: Draft, incident: Incident, around: Surroundings) -> None:
    """Too few are down. It ends when that has stood for a while, or at once when fewer than half of those needed are.

    So a number that goes up and down around the threshold is one outage, and each return makes it more patient.
    """
    needed = around.national_from
    since = incident.fading_since or draft.now
    if around.down * 2 < needed or draft.now >= since + hold(draft, incident) or draft.now < since:
        end(draft, incident)
    elif incident.fading_since is None:
        draft.keep(replace(incident, fading_since=since))


def hold(draft: Draft, incident: Incident) -> timedelta:
    """How long too few must be down before a nationwide outage is over: as long as it takes to confirm a failure."""
    row = longest(
        row_time(target, target.confirm)
        for slug, targets in draft.plan.by_authority.items()
        if slug not in PSEUDO_AUTHORITIES
        for target in targets
    )
    return row * int(2 ** min(incident.reopened, MOST_DOUBLED))


def _struck(draft: Draft) -> list[Incident]:
    """The incidents that a nationwide outage explains: what is down outside windows and answered once."""
    return [
        incident
        for incident in draft.open.values()
        if speaks_of_authority(incident)
        and incident.authority != LOCAL
        and not incident.never_up
        and incident.cause is not Cause.FORMAT_DRIFT
        and not is_covered(incident, draft.now)
    ]


def speaks_of_authority(incident: Incident) -> bool:
    """Whether it says that an authority is down (and not that we cannot see it, or that our own network is)."""
    return incident.scope is Scope.AUTHORITY and incident.cause.speaks_of is SpeaksOf.AUTHORITY


def is_still_down(incident: Incident) -> bool:
    """Whether the end of a fault of ours must say that it goes on: it is an outage, or was told before the fault."""
    return incident.scope is Scope.AUTHORITY and (speaks_of_authority(incident) or bool(incident.told))


def _outage(draft: Draft, around: Surroundings) -> Outage:
    """What the nationwide incident says: the commonest cause, and since when so many fail."""
    mains = [one for one in _struck(draft) if one.service == main_service(draft.plan, one.authority)]
    causes = Counter((one.cause, one.phase) for one in mains)
    (cause, phase), _ = max(
        causes.items(), key=lambda pair: (pair[1], str(pair[0])), default=((Cause.API_ERROR, None), 0)
    )
    return Outage(
        cause=cause,
        phase=phase,
        severity=draft.plan.judgement.severity_national,
        never_up=False,
        targets=(),
        first_failure_at=_became_national(draft, mains, around.national_from),
        diagnosis=Diagnosis.NATIONAL_OUTAGE,
        facts=(f"{Fact.DOWN}={around.down}/{around.watched}", *control_facts(around.local)),
    )


def _became_national(draft: Draft, mains: list[Incident], needed: int) -> datetime:
    """When the one fell that made it so many; what was down before was an outage of its own until then."""
    falls = sorted(one.began_at for one in mains if one.authority not in PSEUDO_AUTHORITIES)
    return max(falls[:needed], default=draft.now)


def members(draft: Draft, parent: Incident) -> list[Incident]:
    """The open incidents that it explains."""
    return [one for one in draft.open.values() if one.parent == parent.id]


def is_suspected(draft: Draft) -> bool:
    """Whether so many main services fail that it may be nationwide, and not all of that is confirmed yet."""
    around = draft.around()
    if around.is_national or around.local.holds or NATIONAL_KEY in draft.open:
        return False
    return len(_failing(draft)) >= around.national_from


def may_be_ours(draft: Draft) -> bool:
    """Whether a nationwide outage that nobody was told of yet may still turn out to be a fault of ours: references deny it,
    and so many main services fail, confirmed or not, that all of them together would say so."""
    incident, around = draft.open.get(NATIONAL_KEY), draft.around()
    if incident is None or incident.told or around.local.holds or not around.denied:
        return False
    return len(_failing(draft)) >= draft.plan.judgement.local_share * around.watched


def rests_on_old_words(draft: Draft) -> bool:
    """Whether a fault of ours that nobody was told of yet rests on nothing but references that looked before it began."""
    incident, around = draft.open.get(LOCAL_KEY), draft.around()
    if incident is None or incident.told or around.local.by_controls or not around.local.together:
        return False
    return around.denied and not around.denied_since


def _failing(draft: Draft) -> set[str]:
    """The authorities whose main service failed when it last ran and once worked."""
    return {
        target.authority
        for target in draft.plan.targets.values()
        if target.authority not in PSEUDO_AUTHORITIES
        and target.id not in draft.doubted
        and (state := draft.targets.get(target.id)) is not None
        and state.seen_up
        and state.failures
        and target.service == main_service(draft.plan, target.authority)
    }


def longest_row(draft: Draft) -> timedelta:
    """The longest that the failures which are not confirmed yet need for that."""
    failing = (
        target
        for target in draft.plan.targets.values()
        if (state := draft.targets.get(target.id)) is not None
        and state.failures
        and state.confirmed is not Confirmed.DOWN
    )
    return longest(row_time(target, target.confirm) for target in failing)


def ends_fading(draft: Draft) -> datetime | None:
    """When a nationwide outage of which too few are left ends, if nothing changes."""
    incident = draft.open.get(NATIONAL_KEY)
    if incident is None or incident.fading_since is None or is_quiet(draft):
        return None
    return incident.fading_since + hold(draft, incident)
