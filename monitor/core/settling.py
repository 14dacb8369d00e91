"""Brings the incidents in line with what is believed: what should be open, against what is."""

from __future__ import annotations

from dataclasses import replace

from monitor.core import flaps, judge, muting, parents
from monitor.core import incidents as cases
from monitor.core.draft import Draft
from monitor.core.incidents import Key
from monitor.core.opening import begin, end, inquire_anew
from monitor.core.services import ServiceView, judge_service, main_service, services
from monitor.core.surroundings import Surroundings
from monitor.core.windows import covering, overran
from monitor.model import Incident, Scope, Verdict


def settle(draft: Draft, *, everything: bool) -> None:
    """Bring the incidents in line with what is believed: of the unsettled authorities, or of `everything`."""
    unsettled, draft.unsettled = draft.unsettled, set()
    around = draft.around()
    turned = parents.settle_local(draft, around)
    if turned:
        flaps.count_anew(draft)
        around = draft.around()
    if everything or turned or not unsettled:
        settle_all(draft, around)
    else:
        _settle(draft, [slug for slug in _served(draft) if slug in unsettled], around)


def settle_all(draft: Draft, around: Surroundings) -> None:
    """All authorities, also what nothing looks at any more."""
    _settle(draft, _served(draft), around)
    for key, incident in list(draft.open.items()):
        if key.scope is Scope.AUTHORITY and key.service not in services(draft.plan, key.authority):
            end(draft, incident, watched=False)


def _settle(draft: Draft, slugs: list[str], around: Surroundings) -> None:
    for slug in slugs:
        _reconcile(draft, slug, around)
    parents.settle_national(draft, around)
    mute(draft)


def _served(draft: Draft) -> list[str]:
    """What has services: the authorities, the national page, and this machine where more than its network is looked at."""
    return list(draft.plan.by_service)


def open_still_down(draft: Draft) -> list[Incident]:
    """Open what is down still after a fault of ours; returns what was opened."""
    known = {incident.id for incident in draft.open.values()}
    around = draft.around()
    for slug in _served(draft):
        _reconcile(draft, slug, around)
    mute(draft)
    return [incident for incident in draft.open.values() if incident.id not in known]


def _reconcile(draft: Draft, authority: str, around: Surroundings) -> None:
    views = {
        service: judge_service(targets, draft.believed)
        for service, targets in services(draft.plan, authority).items()
    }
    verdict = around.verdict(views.get(main_service(draft.plan, authority) or ""), authority)
    for service, view in views.items():
        key = Key(Scope.AUTHORITY, authority, service)
        outage = cases.outage_of(view, draft.plan, around)
        incident = draft.open.get(key)
        if incident is None:
            if outage is not None and not parents.is_quiet(draft) and _is_fresh(draft, view):
                _begin(draft, key, outage, verdict, around)
        elif outage is None:
            if draft.doubted.isdisjoint(incident.targets):
                end(draft, incident)
        elif (
            not around.local.holds and not around.local.suspected
        ):  # a fault of ours says nothing new of them
            if _must_fail_again(incident, outage, verdict, view, around):
                outage, verdict = cases.as_believed(outage, incident), incident.verdict
            after = cases.changed(incident, outage, draft.now)
            if after.cause is not incident.cause:
                inquire_anew(draft, after)
            draft.keep(after if after.verdict is verdict else _compared(after, verdict))


def _must_fail_again(
    incident: Incident, outage: cases.Outage, verdict: Verdict, view: ServiceView, around: Surroundings
) -> bool:
    """Whether what was told differs only by a reference that saw it work, and we have not looked since.

    A reference may see the recovery before us: then ours ends the incident, and nobody was wrong. Once we fail again
    after its look it is believed.
    """
    told = bool(incident.told) and cases.differs_by_reference(incident, outage, verdict)
    works = around.seen_working(view.authority)
    if not told or works is None:
        return False
    failed = [judge.ended(state.last) for state in view.failing if state.last and not state.last.is_ok]
    return max(failed, default=incident.first_failure_at) < works


def _is_fresh(draft: Draft, view: ServiceView) -> bool:
    """Whether a failing target of it ran lately."""
    return not all(
        judge.is_outdated(draft.plan.targets[state.id], state, draft.now) for state in view.failing
    )


def _begin(draft: Draft, key: Key, outage: cases.Outage, verdict: Verdict, around: Surroundings) -> None:
    """Open an incident, inside a window perhaps; also one that is found only now to have begun in one."""
    window = covering(around.windows, key.authority, key.service, draft.now) or overran(
        around.windows, key.authority, key.service, outage.first_failure_at, draft.now
    )
    draft.keep(_compared(replace(begin(draft, key, outage), window=window), verdict))


def _compared(incident: Incident, verdict: Verdict) -> Incident:
    """With what references say beside it."""
    return replace(incident, verdict=verdict, agreed=incident.agreed or verdict is Verdict.AGREE_DOWN)


def mute(draft: Draft) -> None:
    """Note of every open incident which window covers it and what keeps its opening untold."""
    for incident in list(draft.open.values()):
        after = muting.under_window(incident, draft.windows_near, draft.now)
        resting = after.window is not None and muting.rests(after, draft.plan, draft.now)
        by = after.window.id if resting and after.window is not None else None
        by = by or muting.silenced_by(after, draft.silences, draft.now)
        muted_by = None if after.told else by
        if muted_by != after.muted_by:
            note = f"muted={muted_by}" if muted_by else "unmuted"
            after = replace(cases.noted(after, note, draft.now), muted_by=muted_by)
        if after is not incident:
            draft.keep(after)
