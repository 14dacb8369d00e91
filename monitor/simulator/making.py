"""Makes the endpoints of a simulator: which stand-ins there are, what each is called, how it speaks and answers."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from monitor.simulator.answers import Answers
from monitor.simulator.authorities import (
    AUTHORITIES,
    BY_ADDRESS,
    CONTROLS,
    HOST_SUFFIX,
    NATIONAL,
    PLAIN_IN_MIXED,
    VERIFY,
    StandIn,
)
from monitor.simulator.endpoint import Endpoint
from monitor.simulator.names import ZONE
from monitor.simulator.replies import DATA, KEY1

SCHEMES = ("https", "http", "mixed")
SHAPES = (KEY1, DATA, "mixed")
NAMED_HOST = "127.0.0.1"
"""What the names under .localhost lead to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """How all of them are made; the options of `Simulator`. Raises ValueError for what is not known or not loopback."""

    host: str
    scheme: str
    shape: str
    shapes: Mapping[str, str]
    names: bool
    seed: int

    def __post_init__(self) -> None:
        if not ipaddress.IPv4Address(self.host).is_loopback:
            raise ValueError(f"{self.host} is not a loopback address: stand-ins are not for others to reach")
        if (
            self.scheme not in SCHEMES
            or self.shape not in SHAPES
            or not {*self.shapes.values()} <= {KEY1, DATA}
        ):
            raise ValueError(f"scheme is one of {SCHEMES}, shape one of {SHAPES}, shapes of {(KEY1, DATA)}")

    def endpoints(self, only: Iterable[str] | None) -> dict[tuple[str, str], Endpoint]:
        """Slug and service → endpoint: of the authorities in `only` (all without it), the national page and the controls."""
        return {
            (stand_in.slug, service): self._endpoint(stand_in, service, number)
            for number, stand_in in enumerate([*self._chosen(only), NATIONAL, *CONTROLS])
            for service in stand_in.services
        }

    def _chosen(self, only: Iterable[str] | None) -> list[StandIn]:
        wanted = None if only is None else set(only)
        unknown = ((wanted or set()) | set(self.shapes)) - {authority.slug for authority in AUTHORITIES}
        if unknown:
            raise ValueError(f"no authority is called {', '.join(sorted(unknown))}")
        return [authority for authority in AUTHORITIES if wanted is None or authority.slug in wanted]

    def _endpoint(self, stand_in: StandIn, service: str, number: int) -> Endpoint:
        by_turns = (KEY1, DATA)[number % 2] if self.shape == "mixed" else self.shape
        shape = self.shapes.get(stand_in.slug, by_turns)
        # A control by address tells dead names from a dead network (contract §4).
        named = self.names and stand_in.slug != BY_ADDRESS
        return Endpoint(
            stand_in,
            service,
            host=self._called(stand_in, service, named),
            plain=self._is_plain(stand_in, service),
            named=named,
            answers=Answers(stand_in, service, shape=shape, number=number),
            seed=self.seed,
        )

    def _called(self, stand_in: StandIn, service: str, named: bool) -> str:
        if named:
            return f"{service}.{stand_in.slug}.{ZONE}"
        if self.host == NAMED_HOST and not self.names:
            return stand_in.slug + HOST_SUFFIX
        return self.host

    def _is_plain(self, stand_in: StandIn, service: str) -> bool:
        if stand_in.slug == BY_ADDRESS:
            return True
        if self.scheme == "mixed":
            return service == VERIFY and stand_in.slug in PLAIN_IN_MIXED
        return self.scheme == "http" and service == VERIFY
