"""The series of what is believed: of authorities, of their services, and which of these have an open incident."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from monitor.metrics import series
from monitor.metrics.exposition import labels
from monitor.metrics.family import Family
from monitor.model import (
    LOCAL,
    PSEUDO_AUTHORITIES,
    AuthorityState,
    Diagnosis,
    Incident,
    Plan,
    ServiceState,
)

BATCH = 200
"""Services whose states are rendered without letting go of the loop."""


class Beliefs:
    """One entry per watched authority (`national` and `local` where something of them is watched)."""

    def __init__(self, plan: Plan) -> None:
        watched = {target.authority for target in plan.targets.values()}
        slugs = [*plan.authorities, *(slug for slug in PSEUDO_AUTHORITIES if slug in watched)]
        unknown = (AuthorityState.UNKNOWN, Diagnosis.UNDETERMINED)
        self.states: dict[str, tuple[AuthorityState, Diagnosis]] = dict.fromkeys(slugs, unknown)
        self._services = {
            key: _active(*key)
            for key in sorted({(target.authority, target.service) for target in plan.targets.values()})
        }
        believed = [key for key in self._services if key[0] != LOCAL]
        self._service_states = dict.fromkeys(believed, ServiceState.UNKNOWN)
        self._mains = "".join(_main(plan, *key) for key in believed)
        self._active: frozenset[tuple[str, str]] = frozenset()
        self._info = "".join(
            f"{series.AUTHORITY_INFO.name}{{{_info(plan, slug)}}} 1\n"
            for slug in self.states
            if slug in plan.authorities
        )

    def show(self, slug: str, state: AuthorityState, diagnosis: Diagnosis) -> None:
        """Replace what is believed of one authority; one that is not watched is ignored."""
        if slug in self.states:
            self.states[slug] = (state, diagnosis)

    def show_services(self, slug: str, states: Mapping[str, ServiceState]) -> None:
        """Replace what is believed of the services of one authority; what is not watched is ignored."""
        for service, state in states.items():
            if (slug, service) in self._service_states:
                self._service_states[slug, service] = state

    def show_incidents(self, incidents: Iterable[Incident]) -> None:
        """Replace the open incidents."""
        self._active = frozenset((incident.authority, incident.service) for incident in incidents)

    def pieces(self, *, openmetrics: bool) -> Iterator[str]:
        """All series, a family at a time."""
        states = {slug: str(state) for slug, (state, _) in self.states.items()}
        yield series.AUTHORITY_STATE.head(openmetrics=openmetrics)
        yield _state_set(series.AUTHORITY_STATE, "state", AuthorityState, states)
        diagnoses = {slug: str(diagnosis) for slug, (_, diagnosis) in self.states.items()}
        yield series.AUTHORITY_DIAGNOSIS.head(openmetrics=openmetrics)
        yield _state_set(series.AUTHORITY_DIAGNOSIS, "diagnosis", Diagnosis, diagnoses)
        yield series.AUTHORITY_INFO.head(openmetrics=openmetrics) + self._info
        yield series.SERVICE_STATE.head(openmetrics=openmetrics)
        sets = list(self._service_states.items())
        for start in range(0, len(sets), BATCH):
            yield "".join([_service_set(*key, now) for key, now in sets[start : start + BATCH]])
        yield series.SERVICE_MAIN.head(openmetrics=openmetrics) + self._mains
        yield series.INCIDENT_ACTIVE.head(openmetrics=openmetrics)
        yield "".join([f"{line}{int(key in self._active)}\n" for key, line in self._services.items()])
        yield "".join([f"{_active(*key)}1\n" for key in sorted(self._active - self._services.keys())])


def _active(authority: str, service: str) -> str:
    return f"{series.INCIDENT_ACTIVE.name}{{{labels(authority=authority, service=service)}}} "


def _main(plan: Plan, authority: str, service: str) -> str:
    is_main = plan.main_services.get(authority) == service
    return f"{series.SERVICE_MAIN.name}{{{labels(authority=authority, service=service)}}} {int(is_main)}\n"


_SERVICE_SETS = {
    now: "".join(
        f'{series.SERVICE_STATE.name}{{\0,state="{member}"}} {int(member is now)}\n'
        for member in ServiceState
    )
    for now in ServiceState
}
"""State → the lines of a service that is in it, its labels left open."""


def _service_set(authority: str, service: str, now: ServiceState) -> str:
    """A complete 0/1 set of one service."""
    return _SERVICE_SETS[now].replace("\0", labels(authority=authority, service=service))


def _info(plan: Plan, slug: str) -> str:
    known = plan.authorities[slug]
    return labels(authority=slug, code=known.code, name=known.name, name_en=known.name_en)


def _state_set(family: Family, label: str, members: type[StrEnum], now: dict[str, str]) -> str:
    """A complete 0/1 set per authority."""
    return "".join(
        f'{family.name}{{authority="{slug}",{label}="{member}"}} {int(member == current)}\n'
        for slug, current in now.items()
        for member in members
    )
