"""All that may be known when whose fault it is is asked: built from rows of signs.

Anhui is looked at: `verify` (targets reach and captcha), `dppt`, `sync` and a log of ours; `others` are eleven more authorities, all
answering unless it says `5:---` (five of them went down, with a `?` they never answered); `refs` is what each reference says (`~` stale, `.` nothing).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from monitor.core.diagnosis import diagnose
from monitor.core.facts import facts
from monitor.core.judge import advance
from monitor.core.services import judge_service
from monitor.core.state import WindowRecord
from monitor.core.surroundings import look_around
from monitor.model import (
    Cause,
    Certificate,
    Diagnosis,
    Flag,
    Outcome,
    Phase,
    Plan,
    ReferenceReading,
    ReferenceRow,
    ReferenceSource,
    Result,
    Target,
    TargetState,
    Window,
)
from tests.core.notation import SIGNS, SPACING, START, control, plan_of, target

SLUGS = ("anhui", *(f"other{n:02}" for n in range(11)))
NOW = START + timedelta(minutes=2)
MORE: Mapping[str, dict[str, Any]] = {
    **SIGNS,
    "f": {"cause": Cause.NONE, "flags": frozenset({Flag.UNSIGNED_REFUSED})},
    "y": {"cause": Cause.SYNC_LAG},
    "e": {"cause": Cause.RECORD_MISSING},
    "k": {"cause": Cause.COUNT_MISMATCH},
    "c": {"cause": Cause.CREDENTIAL, "phase": Phase.PROCESSING},
    "p": {"cause": Cause.PROXY_FAILED, "phase": Phase.CONNECT},
    "w": {"cause": Cause.PROBE_MISCONFIGURED},
    "h": {"cause": Cause.DNS_HIJACKED, "phase": Phase.RESOLVE},
    "m": {"cause": Cause.MAINTENANCE_PAGE, "phase": Phase.TRANSFER},
    "5": {"cause": Cause.HTTP_STATUS, "phase": Phase.TRANSFER, "status_code": 503},
    "l": {"cause": Cause.API_ERROR, "code": "device-lost"},
}
"""The signs of notation.py and: f unsigned refused, y lag, e record missing, k counts, c credential, p proxy, w ours,
h hijacked, m maintenance page, 5 status 503, l lines of a log."""
WINDOWS = {
    "open": ("anhui", "verify", -60.0, 3600.0),
    "of dppt": ("anhui", "dppt", -60.0, 3600.0),
    "of another": ("other00", "verify", -60.0, 3600.0),
    "over": ("anhui", "verify", -60.0, 12.0),
    "over before it failed": ("anhui", "verify", -60.0, 9.0),
    "begun after it failed, and over": ("anhui", "verify", 11.0, 15.0),
    "to come": ("anhui", "verify", 3600.0, 7200.0),
    "of all": (None, None, -60.0, 3600.0),
    "of all others": (SLUGS[1:], None, -60.0, 3600.0),
}
"""Name → authority, service, and seconds from START to its start and end. Rows of `++---` begin to fail at 10."""


def after(of: Target, row: str) -> TargetState:
    """The target's state after these runs, five seconds apart."""
    state = TargetState(id=of.id)
    for place, sign in enumerate(row):
        at = START + timedelta(seconds=SPACING * place)
        state = advance(of, state, Result(target=of.id, started_at=at, duration=0.1, **MORE[sign]), at)
    return state


def windows(name: str) -> dict[str, WindowRecord]:
    """The records of the window of that name, none for ""."""
    if not name:
        return {}
    who, service, start, end = WINDOWS[name]
    window = Window(
        id=name,
        name="upgrade",
        authorities=(who,) if isinstance(who, str) else who,
        services=None if service is None else (service,),
        start=START + timedelta(seconds=start),
        end=START + timedelta(seconds=end),
        by_hand=True,
    )
    return {name: WindowRecord(window=window)}


def said(refs: str, others: str | None) -> dict[str, ReferenceReading]:
    """Readings of sources `0`, `1` …: what they say of Anhui and, where it differs, of all others."""
    readings = {}
    for place, sign in enumerate(refs.split()):
        elsewhere = sign if others is None else others.split()[place]
        rows = [_row("anhui", sign), *(_row(slug, elsewhere) for slug in SLUGS[1:])]
        known = tuple(row for row in rows if row is not None)
        readings[str(place)] = ReferenceReading(source=str(place), read_at=NOW, up=True, rows=known)
    return readings


def _row(slug: str, sign: str) -> ReferenceRow | None:
    if sign == ".":
        return None
    outcome = Outcome.OK if sign[-1] == "+" else Outcome.ERROR
    age = timedelta(hours=1) if sign[0] == "~" else timedelta(seconds=10)
    return ReferenceRow(authority=slug, outcome=outcome, checked_at=NOW - age)


def elsewhere(spec: str) -> dict[str, str]:
    """The rows of the others that have any: `5:--- 1:?nn` are five that answered and then failed, one that never did."""
    rows: list[str] = []
    for part in spec.split():
        number, _, row = part.partition(":")
        rows += [row.removeprefix("?") if row.startswith("?") or not row else f"++{row}"] * int(number)
    rows += ["++"] * (len(SLUGS) - 1 - len(rows))
    return {slug: row for slug, row in zip(SLUGS[1:], rows, strict=True) if row}


class Situation:
    """All that is known in one situation."""

    def __init__(
        self,
        verify: str = "++",
        captcha: str = "",
        dppt: str = "",
        sync: str = "",
        log: str = "",
        log_of: str = "issuing",
        others: str = "",
        controls: str = "++",
        refs: str = "",
        of_others: str | None = None,
        window: str = "",
        host: str = "anhui.example",
        ports: str = "",
        clock: str = "",
        network: str = "",
    ) -> None:
        targets = {
            target("reach", "anhui", port=8443 if ports else 443): verify,
            target("captcha", "anhui", host=host): captcha,
            target("dppt", "anhui", service="dppt"): dppt,
            target("sync", "anhui", service="sync", kind="sync"): sync,
        }
        if log:
            targets[target("log", "anhui", service=log_of, kind="log", host="", port=0)] = log
        odd = set(SLUGS[: int(ports or 0)])
        targets |= {
            target("reach", slug, port=8443 if slug in odd else 443): row
            for slug, row in elsewhere(others).items()
        }
        if controls:
            targets |= {control("internet"): controls, control("anycast"): controls}
        sources = tuple(ReferenceSource(name=str(n), url="http://x/") for n in range(len(refs.split())))
        self.plan: Plan = plan_of(*targets, references=sources)
        self.states = {of.id: after(of, row) for of, row in targets.items() if row}
        self._say_the_time(clock)
        self._place(network)
        self.around = look_around(
            self.plan, self.states, NOW, references=said(refs, of_others), records=windows(window)
        )

    def _say_the_time(self, clock: str) -> None:
        """`3600 3600 0`: by how much the clocks of the last others are ahead of ours; Anhui's certificate was valid an hour ago."""
        valid = Certificate(
            subject="CN=anhui",
            issuer="CN=x",
            not_before=NOW - timedelta(days=90),
            not_after=NOW - timedelta(minutes=30),
            names=(),
            fingerprint="",
            chain_length=2,
            verified=False,
        )
        self._change("anhui", certificate=valid)
        for slug, offset in zip(reversed(SLUGS), clock.split(), strict=False):
            self._change(slug, clock_offset=float(offset))

    def _place(self, network: str) -> None:
        """`4:192.0.2.`: the first so many authorities have addresses there, the others elsewhere."""
        number, _, prefix = network.partition(":")
        for place, slug in enumerate(SLUGS if prefix else ()):
            here = place < int(number)
            self._change(slug, address=f"{prefix}{place}" if here else f"198.51.100.{place}")

    def _change(self, slug: str, **what: Any) -> None:
        state = self.states.get(f"reach/{slug}")
        if state is not None and state.last is not None:
            self.states[state.id] = replace(state, last=replace(state.last, **what))

    def of(self, service: str = "verify") -> tuple[Diagnosis, tuple[str, ...]]:
        """Diagnosis and facts of one service of Anhui."""
        mine = tuple(one for one in self.plan.by_authority["anhui"] if one.service == service)
        view = judge_service(mine, self.states)
        return diagnose(view, self.around), facts(view, self.around)
