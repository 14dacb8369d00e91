"""The colours and words of the dashboards: those of the status page, and never a colour without a sign and a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.model import AuthorityState, Diagnosis, Outcome, Verdict

Json = dict[str, Any]

# Backgrounds, as on the page: dark enough for white text (contrast 5.5 and more).
GREEN, RED, AMBER, GREY, BLUE, BROWN = "#1b5e20", "#7f1d1d", "#5f4b00", "#4a5563", "#0b4a7d", "#8a4b08"
# Lines and bars, as on the page's drawings: seen on light and on dark.
LINE = {
    "green": "#2e8b57",
    "red": "#c0392b",
    "orange": "#d08a1d",
    "blue": "#2f81c7",
    "purple": "#7c5cbf",
    "teal": "#1f9e89",
    "grey": "#7a8794",
}
PHASES = {
    "resolve": LINE["purple"],
    "connect": LINE["blue"],
    "tls": LINE["teal"],
    "processing": LINE["orange"],
    "transfer": LINE["grey"],
}

STATES = (
    AuthorityState.UP,
    AuthorityState.UNKNOWN,
    AuthorityState.MAINTENANCE,
    AuthorityState.DEGRADED,
    AuthorityState.DOWN,
)
"""From the best to the worst: the number of a state is its place here, so that the worst of several instances wins."""

VERDICTS = (
    Verdict.AGREE_UP,
    Verdict.NO_REFERENCE,
    Verdict.OWN_UNKNOWN,
    Verdict.REFERENCE_STALE,
    Verdict.REFERENCE_SPLIT,
    Verdict.AGREE_DOWN,
    Verdict.ONLY_REFERENCE_DOWN,
    Verdict.ONLY_US_DOWN,
)
"""In the order in which they deserve a look, the last one most."""

DIAGNOSES = tuple(reversed(Diagnosis))
"""From the quiet ones to the first of the handbook's table, which holds first."""

OUTCOMES = (Outcome.OK, Outcome.TIMEOUT, Outcome.ERROR)

SHOWN: Mapping[str, tuple[str, str]] = {
    "up": ("✓ up", GREEN),
    "unknown": ("? unknown", GREY),
    "maintenance": ("⚙ maintenance", BLUE),
    "degraded": ("⚠ degraded", BROWN),
    "down": ("✗ down", RED),
    "ok": ("✓ ok", GREEN),
    "timeout": ("◷ timeout", AMBER),
    "error": ("✗ error", RED),
    "agree_up": ("✓ agree: up", GREEN),
    "no_reference": ("? no reference", GREY),
    "own_unknown": ("? own view unknown", GREY),
    "reference_stale": ("? reference stale", GREY),
    "reference_split": ("⚠ references split", BROWN),
    "agree_down": ("✗ agree: down", RED),
    "only_reference_down": ("⚠ only reference down", AMBER),
    "only_us_down": ("✗ only us down", RED),
}
"""Member of a state set → its sign and word, its background."""

_DIAGNOSED = {
    Diagnosis.HEALTHY: ("✓", GREEN),
    Diagnosis.UNDETERMINED: ("?", GREY),
    Diagnosis.SLOW: ("⚠", BROWN),
    Diagnosis.THROTTLED: ("⚠", BROWN),
    Diagnosis.MAINTENANCE: ("⚙", BLUE),
}


def diagnosed() -> list[Json]:
    """The value mapping of a diagnosis as a number."""
    signs = ((each, *_DIAGNOSED.get(each, ("✗", RED))) for each in DIAGNOSES)
    return mapping({
        str(number): (f"{sign} {each.replace('_', ' ')}", colour)
        for number, (each, sign, colour) in enumerate(signs, 1)
    })  # fmt: skip


STATE_COLOURS = {
    "up": LINE["green"],
    "unknown": LINE["grey"],
    "maintenance": LINE["blue"],
    "degraded": LINE["orange"],
    "down": LINE["red"],
}


def numbered(members: tuple[str, ...]) -> list[Json]:
    """The value mapping that undoes `promql.worst`: 1 for the first member, and so on."""
    return mapping({str(number): SHOWN[member] for number, member in enumerate(members, 1)})


def mapping(shown: Mapping[str, tuple[str, str]]) -> list[Json]:
    """Value → text and colour, in Grafana's form."""
    options = {
        value: {"color": colour, "index": index, "text": text}
        for index, (value, (text, colour)) in enumerate(shown.items())
    }
    return [{"type": "value", "options": options}]


YES_IS_BAD = mapping({"1": ("✗ yes", RED), "0": ("✓ no", GREEN)})
YES_IS_GOOD = mapping({"1": ("✓ yes", GREEN), "0": ("✗ no", RED)})
PLANNED = mapping({"1": ("⚙ planned", BLUE), "0": ("none planned", GREY)})
OPEN_OR_NOT = mapping({"1": ("✗ open", RED), "0": ("✓ none open", GREEN)})
