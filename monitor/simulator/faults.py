"""Reads a fault as somebody writes it: `name` or `name:argument` (`slow:2.5`, `waf:521`).

Statuses and platform codes are families: `status_503` is any three-digit status, `003` any three-digit code of the
platform, known or not.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

from monitor.simulator.kinds import Fault, FaultError, Kind, Stage
from monitor.simulator.table import FAULTS, PROMISES

__all__ = ["FAULTS", "Fault", "FaultError", "Kind", "Stage", "parse", "promise_of"]

_NUMBER = re.compile(r"\d{1,9}(\.\d{1,6})?", re.ASCII)
_STATUS = re.compile(r"[2-5]\d\d", re.ASCII)
_CODE = re.compile(r"\d{3}|\d|010_|rqerr|fpdmerr", re.ASCII)
_SHAPES = {"seconds": _NUMBER, "bytes": re.compile(r"\d{1,9}", re.ASCII), "status": _STATUS, "code": _CODE}
_WHOLE = (Stage.NAME, Stage.LISTEN)
"""Stages that strike every connection or none."""


def parse(text: str, share: float = 1.0) -> Fault:
    """The fault that `text` names, striking that share of the connections (above 0, at most 1).

    Raises FaultError, with the nearest name where there is none.
    """
    name, _, argument = text.strip().partition(":")
    if name.startswith("status_"):
        name, argument = "status", name.removeprefix("status_")
    elif _CODE.fullmatch(name) and not argument:
        name, argument = "code", name
    kind = FAULTS.get(name)
    if kind is None:
        near = get_close_matches(name, FAULTS, 1)
        raise FaultError(f"no fault is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    argument = argument or kind.default
    if argument and not kind.argument:
        raise FaultError(f"{name} takes no argument")
    if kind.argument and not _SHAPES[kind.argument].fullmatch(argument):
        raise FaultError(f"{argument!r} is no {kind.argument} for {name}")
    if not 0 < share <= 1:
        raise FaultError("share is above 0 and at most 1")
    if share < 1 and kind.stage in _WHOLE:
        raise FaultError(f"{name} strikes every connection or none: it has no share")
    return Fault(kind=kind, argument=argument, text=text.strip(), share=share)


def promise_of(fault: Fault) -> str:
    """What a monitor is to make of it, in the words of the contract: see the table."""
    written = {"status": f"status_{fault.argument}", "code": fault.argument}
    return PROMISES.get(
        written.get(fault.kind.name, f"{fault.kind.name}:{fault.argument}"), fault.kind.promise
    )
