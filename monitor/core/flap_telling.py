"""What is told of services that come and go: once that it began, once that it is over, with how it is then.

Meanwhile neither openings nor ends of their incidents are told (`Draft.flap`). That it began is held back by what holds an
opening back; that it is over is told to everyone who heard that it began, whatever routes, silences and windows say by
then, and nobody hears of the same end twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core import judge, muting, parents, releasing
from monitor.core.draft import Draft
from monitor.core.facts import Fact
from monitor.core.flaps import UNMARK, is_behind, is_unsure, stand_in
from monitor.core.incidents import NATIONAL_KEY, Key, noted
from monitor.core.routes import of_incident, receivers
from monitor.core.services import judge_service, main_service, services
from monitor.core.state import Flap
from monitor.core.telling import Word, first_words, notification, told_of
from monitor.core.wakeup import LOOK_AGAIN, longest, row_time
from monitor.core.windows import covering
from monitor.model import (
    Confirmed,
    EventName,
    Incident,
    Notification,
    Scope,
    Target,
    Verdict,
)


def tell(draft: Draft) -> None:
    """Tell of what is over, then of what began and has waited; what begins together is told together."""
    if is_unsure(draft):
        return
    for flap in list(draft.flaps.values()):
        if flap.over_at is not None and not _is_undecided(draft, flap):
            _end(draft, flap)
    shared: dict[frozenset[str], list[Flap]] = {}
    for flap in draft.flaps.values():
        if _may_begin(draft, flap) and (to := _to(draft, flap)):
            shared.setdefault(to, []).append(flap)
    for to, together in shared.items():
        draft.notifications.append(_beginning(draft, together, to))
        for flap in together:
            draft.flaps[flap.key] = replace(flap, told=to)
            _mark(draft, flap, f"told={EventName.FLAPPING_STARTED}")


def moments(draft: Draft) -> Iterator[datetime]:
    """When there may next be something to say of a service that comes and goes, for what its time alone brings."""
    if is_behind(draft):
        yield draft.now + LOOK_AGAIN
    for flap in draft.flaps.values():
        if flap.over_at is not None:
            yield draft.now + LOOK_AGAIN
        elif not flap.told:
            yield _from(draft, flap)
            if draft.sweep is not None:
                yield draft.sweep.until


# --- that it began ---------------------------------------------------------------------------------------------------


def _from(draft: Draft, flap: Flap) -> datetime:
    """From when it may be told (not held by a clock that was set back)."""
    return min(flap.began_at, draft.now) + timedelta(seconds=draft.plan.group_wait)


def _may_begin(draft: Draft, flap: Flap) -> bool:
    if flap.told or flap.over_at is not None or draft.now < _from(draft, flap):
        return False
    if draft.sweep is not None and draft.sweep.is_pending(draft.now):
        return False
    around = draft.around()
    if around.local.suspected or NATIONAL_KEY in draft.open:
        return False
    about = as_incident(draft, flap)
    return not (
        covering(draft.windows_near, flap.authority, flap.service, draft.now)
        or muting.rests(about, draft.plan, draft.now)
        or muting.silenced_by(about, draft.silences, draft.now)
        or parents.is_explained(draft, about)
    )


def _to(draft: Draft, flap: Flap) -> frozenset[str]:
    matter = of_incident(EventName.FLAPPING_STARTED, as_incident(draft, flap))
    return receivers(draft.plan, matter, draft.now)


def _beginning(draft: Draft, together: Sequence[Flap], to: frozenset[str]) -> Notification:
    return _notification(
        draft, EventName.FLAPPING_STARTED, 1, together, [as_incident(draft, flap) for flap in together], to
    )


def as_incident(draft: Draft, flap: Flap) -> Incident:
    """What flaps in the shape of an incident, with the severity of flapping: the open one of that service, or one nowhere kept."""
    known = draft.open.get(_key(flap))
    severity = draft.plan.judgement.severity_flapping
    if known is not None:
        return replace(known, severity=severity, facts=(*known.facts, flap.fact))
    return replace(stand_in(draft.plan, flap), verdict=_verdict(draft, flap))


# --- that it is over -------------------------------------------------------------------------------------------------


def _is_undecided(draft: Draft, flap: Flap) -> bool:
    """Whether a row of runs is under way that says how it is now; waited for no longer than such rows take."""
    watched = services(draft.plan, flap.authority).get(flap.service, ())
    rows = longest(max(row_time(one, one.confirm), row_time(one, one.recover)) for one in watched)
    since = flap.over_at or draft.now
    return since <= draft.now < since + rows and any(_is_turning(draft, one) for one in watched)


def _is_turning(draft: Draft, target: Target) -> bool:
    state = draft.targets.get(target.id)
    if state is None:
        return False
    return judge.is_recovering(state) or (state.failures > 0 and state.confirmed is not Confirmed.DOWN)


def _end(draft: Draft, flap: Flap) -> None:
    """Say how it is now to those who heard that it began; all else goes on as usual."""
    del draft.flaps[flap.key]
    _mark(draft, flap, UNMARK)
    if (known := _incident(draft, flap)) is not None:
        draft.keep(replace(known, returns=0))
    incident = draft.open.get(_key(flap))
    if incident is not None:
        _say_down(draft, flap, incident)
    else:
        _say_up(draft, flap)


def _say_down(draft: Draft, flap: Flap, incident: Incident) -> None:
    """It is down: those who hear so count as told of the incident. Others whom the routes name hear of it as usual.

    Steps of escalation count from now: as long as it came and went there was nothing for anyone to take.
    """
    if incident.told and incident.id != flap.apart:
        incident = replace(incident, untaken_since=draft.now)
        draft.keep(incident)
    if not flap.told:
        return
    others: list[Word] = []
    if not incident.told and not releasing.is_held_back(draft, incident):
        first = first_words(draft.plan, incident, draft.now)
        others = [replace(word, to=word.to - flap.told) for word in first]
    after = told_of(incident, EventName.FLAPPING_STOPPED, flap.told, draft.now)
    draft.keep(after)
    draft.notifications.append(_stopped(draft, flap, after))
    releasing.tell(draft, [replace(word, incident=after) for word in others if word.to])


def _say_up(draft: Draft, flap: Flap) -> None:
    """It is up. Who was told of its incident hears so by this, or by the incident's own end: by one of them."""
    ended = draft.incidents.get(flap.owed or "")
    if flap.told:
        draft.notifications.append(_stopped(draft, flap, _shown_over(draft, flap, ended)))
    if ended is None:
        return
    if flap.told:
        ended = noted(ended, f"told={EventName.FLAPPING_STOPPED}", draft.now)
        heard = ended.told & flap.told
        ended = replace(ended, told=ended.told - heard, heard=ended.heard | heard, told_at=draft.now)
        draft.keep(ended)
    if ended.told:
        draft.wait_with(ended.id)


def _shown_over(draft: Draft, flap: Flap, ended: Incident | None) -> Incident:
    """What is said to be over: its incident, or what came and went without one that anybody was told of."""
    shown = ended or replace(as_incident(draft, flap), resolved_at=draft.now)
    gone = Fact.NO_LONGER_WATCHED.value
    if flap.service in services(draft.plan, flap.authority) or gone in shown.facts:
        return shown
    return replace(shown, facts=(*shown.facts, gone))


def _stopped(draft: Draft, flap: Flap, incident: Incident) -> Notification:
    event, severity = EventName.FLAPPING_STOPPED, draft.plan.judgement.severity_flapping
    shown = incident if incident.is_open else replace(incident, severity=severity)
    to = flap.told
    if not any(receiver.id in to for receiver in draft.plan.receivers):
        to = receivers(draft.plan, of_incident(event, shown), draft.now)
    return _notification(draft, event, 2, [flap], [shown], to)


# --- both ------------------------------------------------------------------------------------------------------------


def _notification(
    draft: Draft,
    event: EventName,
    sequence: int,
    flaps: Sequence[Flap],
    about: Sequence[Incident],
    to: frozenset[str],
) -> Notification:
    said = notification(event, Scope.AUTHORITY, about, to, draft.now, lambda one: releasing.votes(draft, one))
    first = flaps[0].id if len(flaps) == 1 else f"group-{flaps[0].id}"
    return replace(said, key=f"{first}/{sequence}/{event}")


def _verdict(draft: Draft, flap: Flap) -> Verdict:
    main = main_service(draft.plan, flap.authority)
    targets = services(draft.plan, flap.authority).get(main or "")
    view = judge_service(targets, draft.believed) if targets else None
    return draft.around().verdict(view, flap.authority)


def _mark(draft: Draft, flap: Flap, entry: str) -> None:
    """Note it in the timeline of the service's incident, if it has one."""
    incident = _incident(draft, flap)
    if incident is not None:
        draft.keep(noted(incident, entry, draft.now))


def _incident(draft: Draft, flap: Flap) -> Incident | None:
    """The open incident of the service, or the one whose end is still to be told."""
    return draft.open.get(_key(flap)) or draft.incidents.get(flap.owed or "")


def _key(flap: Flap) -> Key:
    return Key(Scope.AUTHORITY, flap.authority, flap.service)
