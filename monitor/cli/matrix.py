"""Draws the answer of /api/v1/status: a headline, the matrix of authorities, and the open incidents.

Background of a cell = what the reference says (neutral without a fresh one), its text = our own last result: white where
they agree, else the colour of our own. Sign and word say the same, so nothing depends on colour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from monitor.cli.concerned import concerned
from monitor.cli.drawing import (
    BACKGROUNDS,
    GREY,
    NEUTRAL,
    SIGNS,
    TEXTS,
    WHITE,
    clean,
    fit,
    flow,
    sign_and_word,
    span,
)
from monitor.cli.wall import with_offset, zone_in

Row = Mapping[str, Any]

NARROW, WIDE = 19, 22
"""Columns of one cell: one line (`✗ 山东 timeout`), or two lines with slug and cause."""
MOST_INCIDENTS = 12
FLAGS_TOLD = ("slow", "throttled", "certificate_expiring", "tls_unverified", "address_failed", "warning_code")
"""Flags that a wide cell shows, the most telling first; the others are how a healthy endpoint answers."""
WIDE_FROM = 120
"""Columns of terminal from which cells have two lines."""


def draw_status(
    status: Mapping[str, Any], incidents: Sequence[Mapping[str, Any]], width: int
) -> RenderableType:
    """The whole picture for a terminal `width` columns wide."""
    rows = _rows(status)
    parts: list[RenderableType] = [headline(status, width), Text()]
    parts += matrix(rows, width)
    if any(reference_outcome(row) for row in rows):
        parts.append(
            Text("background: the reference; text: our own last result; ! where they differ", style="dim")
        )
    if incidents:
        parts += [Text(), Text("Open incidents", style="bold")]
        parts += _incidents(incidents, status, width)
    return Group(*parts)


def _rows(status: Mapping[str, Any]) -> list[Row]:
    rows = status.get("authorities")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


# --- the headline ----------------------------------------------------------------------------------------------------


def headline(status: Mapping[str, Any], width: int) -> Text:
    """What is true now, in a few lines: our own network first, because without it the rest says nothing."""
    lines = Text()
    local = status.get("local") or {}
    if local.get("state") == "down":
        ours = f"our own network fails ({clean(local.get('diagnosis'), 40)}): nothing is known of the authorities"
        lines.append_text(sign_and_word("down", ours)).append("\n")
    rows, national = _rows(status), status.get("national")
    lines.append_text(flow(_tally(rows, national) if rows or national else [_alone(local)], width))
    where = f"\nseen from {clean(status.get('vantage'), 60)} at {_clock(status.get('generated_at'), status)}"
    return lines.append(where, style="dim")


def _alone(local: Row) -> Text:
    """Where no authority is watched: this machine and its network."""
    state = clean(local.get("state"), 12)
    return sign_and_word(state, f"this machine and its network {state}; no authority is watched")


def _tally(rows: Sequence[Row], national: Row | None) -> list[Text]:
    """`✓ 33 of 36 up`, `✗ 2 down (shandong, henan)`, `? 1 unknown`: the bad ones by name while they are few."""
    counts = Counter(str(row.get("state")) for row in rows)
    up = sign_and_word("up" if counts["up"] else "unknown", f"{counts['up']} of {len(rows)} up")
    pieces = [up] if rows else []
    others = [state for state in ("down", "degraded", "maintenance", "unknown") if counts[state]]
    pieces += [_counted(rows, state, counts[state]) for state in others]
    if national:
        state = clean(national.get("state"), 12)
        pieces.append(sign_and_word(state, f"national page {state}"))
    return pieces


def _counted(rows: Sequence[Row], state: str, count: int) -> Text:
    return Text().append_text(sign_and_word(state, f"{count} {state}")).append(_names(rows, state))


def _names(rows: Sequence[Row], state: str) -> str:
    slugs = [clean(row.get("authority"), 20) for row in rows if row.get("state") == state]
    return f" ({', '.join(slugs)})" if len(slugs) <= 3 else ""


def _clock(instant: Any, status: Mapping[str, Any]) -> str:
    """The time of day of an RFC 3339 instant by the daemon's `timezone`, with its offset: `16:12:00 +08:00`."""
    return with_offset(instant, zone_in(status), "%H:%M:%S")


# --- the matrix ------------------------------------------------------------------------------------------------------


def reference_outcome(row: Row) -> str | None:
    """What most of the fresh references say; None without one, or without a majority."""
    references = row.get("reference") or []
    votes = Counter(
        one.get("outcome") for one in references if isinstance(one, dict) and not one.get("stale")
    )
    leaders = votes.most_common(1)
    return str(leaders[0][0]) if leaders and 2 * leaders[0][1] > votes.total() else None


def cell_style(own: str | None, reference: str | None) -> str:
    """Colours of a cell, by the rule of the page."""
    background = BACKGROUNDS.get(reference or "", NEUTRAL)
    text = WHITE if own and own == reference else TEXTS.get(own or "", GREY)
    return f"{text} on {background}"


def matrix(rows: Sequence[Row], width: int) -> list[Text]:
    """The lines of the matrix: as many cells side by side as fit, then as even as they come."""
    wide = width >= WIDE_FROM
    cell_width = WIDE if wide else NARROW
    most = max(1, (width + 1) // (cell_width + 1))
    height = -(-len(rows) // most) or 1
    columns = -(-len(rows) // height)
    lines: list[Text] = []
    for start in range(0, len(rows), columns or 1):
        cells = [_cell(row, cell_width, wide) for row in rows[start : start + columns]]
        lines += [Text(" ").join(line) for line in zip(*cells, strict=True)]
        lines += [Text()] if wide else []
    return lines


def _cell(row: Row, width: int, wide: bool) -> list[Text]:
    """The one or two lines of one cell, each exactly `width` columns."""
    own = row.get("outcome")
    reference = reference_outcome(row)
    style = cell_style(own, reference)
    name = fit(clean(row.get("name") or row.get("authority"), 8), 6)
    sign, word = _says(row)
    differs = "!" if own and reference and own != reference else " "
    if not wide:
        stands_out = "" if own in ("ok", None) else "bold "
        return [Text(fit(f" {sign} {name} {word}", width - 1) + differs, style=stands_out + style)]
    why = _why(row, word)
    indent = "   " if len(why) + 4 <= width else " "
    return [
        Text(fit(f" {sign} {name} {clean(row.get('authority'), 20)}", width), style=f"bold {style}"),
        Text(fit(indent + why, width - 1) + differs, style=style),
    ]


def _says(row: Row) -> tuple[str, str]:
    """Sign and word of a row: a window or a degradation where there is one, else our own last outcome."""
    state, own = row.get("state"), row.get("outcome")
    if state == "maintenance":
        return SIGNS["maintenance"], "maint."
    if own is None:
        return SIGNS["unknown"], "no run"
    if state == "degraded" and own == "ok":
        return SIGNS["degraded"], "degraded"
    return SIGNS.get(own, "?"), clean(own, 8)


def _why(row: Row, word: str) -> str:
    """The second line of a wide cell: the cause where there is one, else the word and the first flag."""
    cause = clean(row.get("cause") or "none", 24)
    if row.get("state") == "maintenance":
        return "maintenance"
    if cause != "none":
        return cause
    flags = row.get("flags") or []
    told = next((flag for flag in FLAGS_TOLD if flag in flags), "")
    return f"{word}, {told}" if told and len(told) < 13 else told or word


# --- incidents -------------------------------------------------------------------------------------------------------


def _incidents(
    incidents: Sequence[Mapping[str, Any]], status: Mapping[str, Any], width: int
) -> list[RenderableType]:
    """One entry per incident, those that another explains left to it; the rest is counted where they are many."""
    ids = {incident.get("id") for incident in incidents}
    own = [incident for incident in incidents if incident.get("parent") not in ids]
    shown: list[RenderableType] = [_incident(incident, status, width) for incident in own[:MOST_INCIDENTS]]
    if len(own) > MOST_INCIDENTS:
        shown.append(Text(f"and {len(own) - MOST_INCIDENTS} more: /api/v1/incidents?open=true", style="dim"))
    return shown


def _incident(incident: Mapping[str, Any], status: Mapping[str, Any], width: int) -> Text:
    """`✗ shandong verify, response_timeout, provincial_outage, since 08:15:00 (12 min)` and its id, for `ack`."""
    severity = clean(incident.get("severity") or "", 12)
    members = incident.get("members") or ()
    since = incident.get("first_failure_at") or incident.get("opened_at")
    pieces = [
        sign_and_word("down" if severity == "critical" else "degraded", concerned(incident)),
        Text(clean(incident.get("cause"), 40)),
        Text(clean(incident.get("diagnosis") or "undetermined", 40)),
        Text(f"since {_clock(since, status)}{_ago(since, status)}"),
        *([Text(f"explains {len(members)} more")] if members else []),
        Text(clean(incident.get("id"), 60), style="dim"),
    ]
    return flow(pieces, width)


def _ago(since: Any, status: Mapping[str, Any]) -> str:
    try:
        passed = datetime.fromisoformat(str(status.get("generated_at"))) - datetime.fromisoformat(str(since))
    except (ValueError, TypeError):
        return ""
    return f" ({span(passed.total_seconds())})"
