"""Draws one run: its phases as bars on a common line of time, then what it means and the facts it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from monitor.cli.drawing import ACCENTS, clean, flow, sign_and_word
from monitor.model import Certificate, Flag, Outcome, Phase, Result, Target
from monitor.notify.words import Vocabulary

BAR = "━"
MARGIN = 38
"""Columns beside a bar: phase and milliseconds before it, sign and word after it."""
WIDEST, NARROWEST = 60, 10


def draw_result(target: Target, result: Result, words: Vocabulary, width: int) -> RenderableType:
    """One run, for a terminal `width` columns wide."""
    bar_width = max(NARROWEST, min(WIDEST, width - MARGIN))
    parts: list[RenderableType] = [_title(target, result), *_meaning(result, words), Text()]
    parts += _bars(target, result, bar_width)
    facts = list(_facts(result, words))
    return Group(*parts, Text(), _table(facts)) if facts else Group(*parts)


def draw_summary(results: Sequence[Result]) -> Text:
    """`3 targets: ✓ 2 ok, ✗ 1 error`."""
    counts = {outcome: sum(result.outcome is outcome for result in results) for outcome in Outcome}
    pieces = [sign_and_word(outcome, f"{count} {outcome}") for outcome, count in counts.items() if count]
    return Text(f"{len(results)} targets: ").append_text(flow(pieces, 80))


def _title(target: Target, result: Result) -> Text:
    cause = "" if result.is_ok else f": {result.cause}"
    return Text.assemble(
        (clean(target.id, 80), "bold"), "  ", sign_and_word(result.outcome, f"{result.outcome}{cause}")
    )


def _meaning(result: Result, words: Vocabulary) -> list[RenderableType]:
    """The cause and the flags in words, and what the probe said of them."""
    said = [] if result.is_ok else [words.causes[result.cause]]
    said += [f"{flag}: {words.flags[flag]}" for flag in sorted(result.flags)]
    said += [clean(result.detail)] if result.detail else []
    return [Text(line) for line in said]


# --- bars ------------------------------------------------------------------------------------------------------------


def _bars(target: Target, result: Result, width: int) -> list[RenderableType]:
    """One line per phase reached, where it lay in time (marked where the run ended); then all of it beside its deadline."""
    whole = max(result.duration, sum(result.phases.values())) or 1.0
    began = 0.0
    lines: list[RenderableType] = []
    for phase in Phase:
        if phase in result.phases:
            lines.append(_bar(result, phase, began / whole, width, whole))
            began += result.phases[phase]
    total = f"  {'total':<11}{_milliseconds(result.duration)}"
    lines.append(Text.assemble((total, "bold"), (f"  of {target.timeout:g} s", "dim")))
    return lines


def _ended_in(result: Result, phase: Phase) -> bool:
    """Whether the run got no further than this phase; a reply that says no came whole, through all of them."""
    return phase == result.phase and phase == max(result.phases, key=list(Phase).index)


def _bar(result: Result, phase: Phase, begin: float, width: int, whole: float) -> Text:
    seconds = result.phases[phase]
    start = min(width - 1, round(begin * width))
    length = max(1, min(width - start, round(seconds / whole * width)))
    failed = _ended_in(result, phase)
    colour = ACCENTS[result.outcome] if failed else ACCENTS[Outcome.OK]
    line = Text(f"  {phase:<11}{_milliseconds(seconds)}  ")
    line.append(" " * start + BAR * length, style=colour)
    return line.append(" ").append_text(sign_and_word(result.outcome)) if failed else line


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:>8.1f} ms"


# --- facts -----------------------------------------------------------------------------------------------------------


def _table(facts: Sequence[tuple[str, Text]]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(Text(f"  {name}", style="dim"), value)
    return table


def _facts(result: Result, words: Vocabulary) -> Iterator[tuple[str, Text]]:
    if result.address:
        others = len(set(result.addresses) - {result.address})
        yield "address", Text(clean(result.address) + (f" (and {others} more)" if others else ""))
    if result.tls_version:
        yield "TLS", Text(clean(result.tls_version))
    if result.certificate:
        yield from _certificate_facts(result.certificate, result, words)
    if result.status_code is not None:
        yield "status", Text(str(result.status_code))
    if result.code is not None:
        yield "code", Text(clean(result.code, 40))
    if result.lag is not None:
        yield "lag", _lag(result)


def _lag(result: Result) -> Text:
    """How far a sync interface lags behind, by its own word."""
    hours, rest = divmod(int(result.lag or 0), 3600)
    word = "error" if not result.is_ok else "degraded" if Flag.LAG_WARNING in result.flags else "ok"
    return sign_and_word(word, f"{hours} h {rest // 60} min" if hours else f"{rest // 60} min {rest % 60} s")


def _certificate_facts(
    certificate: Certificate, result: Result, words: Vocabulary
) -> Iterator[tuple[str, Text]]:
    yield "certificate", Text(clean(certificate.subject))
    yield "issued by", Text(clean(certificate.issuer))
    ended = result.started_at + timedelta(seconds=result.duration)
    yield "expires", _expiry(certificate.not_after, ended, Flag.CERTIFICATE_EXPIRING in result.flags)
    if certificate.verified is False:
        yield "verified", sign_and_word("error", f"no: {clean(certificate.verify_error or 'unknown', 60)}")
    elif certificate.verified:
        yield "verified", sign_and_word("ok", "yes")


def _expiry(not_after: datetime, now: datetime, soon: bool) -> Text:
    days = (not_after - now) / timedelta(days=1)
    day = f"({not_after:%Y-%m-%d %H:%M} UTC)"
    if days < 0:
        return Text.assemble(sign_and_word("error", f"expired {-days:.0f} days ago"), f" {day}")
    left = f"in {int(days)} days"
    return Text.assemble(sign_and_word("degraded", left), f" {day}") if soon else Text(f"{left} {day}")
