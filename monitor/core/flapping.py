"""Whether a target comes and goes: the weighted share of changes among its last scheduled runs, as Icinga 2 judges it.

The rule is that of Icinga 2 (lib/icinga/checkable-flapping.cpp): of the last 20 checks each that found another state
than the one before counts, the oldest 0.80, the newest 1.18, divided by 20. It flaps from `high` percent on and until
the share is below `low`. Here a state is whether the run was ok; re-runs and other runs beside the schedule do not
count, nor do runs that a bug of ours broke off.
"""

from __future__ import annotations

from dataclasses import replace

from monitor.core.judge import is_gap
from monitor.model import Cause, Flapping, Result, Target, TargetState

NOTHING = 1
"""The course of a target of which no run is known: the mark that stands before the first one, alone."""
OLDEST, SPREAD = 0.8, 0.4
"""Weight of the oldest change, and how much more a change after the newest would weigh."""


def share(course: int, runs: int) -> float | None:
    """Percent of weighted changes among the last `runs` runs; None while fewer are known.

    `course`: a bit for each run, 1 for ok, the newest last, behind a first bit that is always 1.
    """
    known = course.bit_length() - 1
    if known < runs:
        return None
    changes = (course ^ (course >> 1)) & ((1 << (known - 1)) - 1)
    total = 0.0
    for age in range(min(runs, known - 1)):
        if changes >> age & 1:
            total += OLDEST + SPREAD * (runs - 1 - age) / runs
    return 100.0 * total / runs


def changes(course: int, runs: int) -> int:
    """How many of the last `runs` runs found another state than the one before."""
    known = course.bit_length() - 1
    kept = max(0, min(runs, known - 1))
    return ((course ^ (course >> 1)) & ((1 << kept) - 1)).bit_count()


def longer(course: int, runs: int, *, ok: bool) -> int:
    """The course after one more run; of `runs` and the one before them, no more is kept."""
    course = course << 1 | ok
    kept = runs + 1
    if course.bit_length() - 1 > kept:
        course = 1 << kept | course & ((1 << kept) - 1)
    return course


def advance(
    target: Target, before: TargetState, after: TargetState, result: Result, rules: Flapping
) -> TargetState:
    """`after`, with whether it flaps once this run is counted. `before`: what was known when it came.

    After a long stop of ours nothing older counts: it is not known what happened meanwhile.
    """
    if not result.scheduled or result.cause is Cause.INTERNAL:
        return after
    is_new = is_gap(target, before, result)
    course = longer(NOTHING if is_new else before.course, rules.runs, ok=result.is_ok)
    now = share(course, rules.runs)
    if now is None:
        flapping = before.flapping and not is_new
    else:
        flapping = now >= (rules.low if before.flapping else rules.high)
    struck = before.struck if result.is_ok else result.cause
    if (course, flapping, struck) == (before.course, before.flapping, before.struck):
        return after
    return replace(after, course=course, flapping=flapping, struck=struck)


def begun_anew(state: TargetState) -> TargetState:
    """The target with nothing counted. The very same value if nothing changed."""
    if state.course == NOTHING and not state.flapping:
        return state
    return replace(state, course=NOTHING, flapping=False)
