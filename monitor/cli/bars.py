"""Draws one run: its phases as bars on a common line of time, then what it means and the facts it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.text import Text

from monitor.cli.drawing import ACCENTS, clean, fit, flow, name_and_value, sign_and_word
from monitor.cli.found import found
from monitor.cli.texts import say
from monitor.model import Certificate, Flag, Outcome, Phase, Result, Target
from monitor.notify.times import duration
from monitor.notify.words import detail_words, words

BAR = "━"
MARGIN = 38
"""Columns beside a bar: phase and milliseconds before it, sign and word after it."""
WIDEST, NARROWEST = 60, 10


def draw_result(
    target: Target, result: Result, language: str, width: int, *, with_facts: bool = True
) -> RenderableType:
    """One run in words of `language`, for a terminal `width` columns wide; the facts below it may be left to others."""
    bar_width = max(NARROWEST, min(WIDEST, width - MARGIN))
    parts: list[RenderableType] = [
        _title(target, result, language),
        *_meaning(target, result, language),
        Text(),
    ]
    parts += _bars(target, result, language, bar_width)
    told = replace(result, code=None) if target.is_on_machine else result  # no platform's
    facts = list(_facts(told, language)) if with_facts else []
    return Group(*parts, Text(), name_and_value(facts)) if facts else Group(*parts)


def draw_summary(results: Sequence[Result], language: str) -> Text:
    """`3 targets: ✓ 2 ok, ✗ 1 error`."""
    counts = {outcome: sum(result.outcome is outcome for result in results) for outcome in Outcome}
    known = words(language).outcomes
    pieces = [
        sign_and_word(one, say(language, "counted", count=count, outcome=known[one]))
        for one, count in counts.items()
        if count
    ]
    what = say(language, "targets", count=len(results)) + say(language, "colon")
    return Text(what).append_text(flow(pieces, 80, say(language, "comma")))


def _title(target: Target, result: Result, language: str) -> Text:
    """The code of a cause stays as it is: it is what the documentation and the metrics call it."""
    cause = "" if result.is_ok else f"{say(language, 'colon')}{result.cause}"
    outcome = sign_and_word(result.outcome, f"{words(language).outcomes[result.outcome]}{cause}")
    return Text.assemble((clean(target.id, 80), "bold"), "  ", outcome)


def _meaning(target: Target, result: Result, language: str) -> list[RenderableType]:
    """The cause and the flags in words, and what the probe said of them where that says more."""
    known, colon = words(language), say(language, "colon")
    said = [] if result.is_ok else [known.cause(result.cause, target.kind)]
    said += [f"{flag}{colon}{known.flags[flag]}" for flag in sorted(result.flags)]
    detail = clean(detail_words(result.detail, language))
    said += [detail] * (not any(detail in line for line in said))
    return [Text(line) for line in said]


# --- bars ------------------------------------------------------------------------------------------------------------


def _bars(target: Target, result: Result, language: str, width: int) -> list[RenderableType]:
    """One line per phase reached, where it lay in time (marked where the run ended); then all of it beside its deadline."""
    whole = max(result.duration, sum(result.phases.values())) or 1.0
    began = 0.0
    lines: list[RenderableType] = []
    for phase in () if target.is_on_machine else Phase:  # of this machine nobody was asked
        if phase in result.phases:
            lines.append(_bar(result, phase, language, began / whole, width, whole))
            began += result.phases[phase]
    total = _measured(say(language, "total"), result.duration)
    lines.append(Text.assemble((total, "bold"), (say(language, "deadline", seconds=target.timeout), "dim")))
    return lines


def _ended_in(result: Result, phase: Phase) -> bool:
    """Whether the run got no further than this phase; a reply that says no came whole, through all of them."""
    return phase == result.phase and phase == max(result.phases, key=list(Phase).index)


def _bar(result: Result, phase: Phase, language: str, begin: float, width: int, whole: float) -> Text:
    seconds = result.phases[phase]
    start = min(width - 1, round(begin * width))
    length = max(1, min(width - start, round(seconds / whole * width)))
    failed = _ended_in(result, phase)
    colour = ACCENTS[result.outcome] if failed else ACCENTS[Outcome.OK]
    known = words(language)
    line = Text(_measured(say(language, "phase", name=phase, words=known.phases[phase]), seconds))
    line.append(" " * start + BAR * length, style=colour)
    if failed:
        line.append(" ").append_text(sign_and_word(result.outcome, known.outcomes[result.outcome]))
    return line


def _measured(what: str, seconds: float) -> str:
    return f"  {fit(what, 11)}{seconds * 1000:>8.1f} ms  "


# --- facts -----------------------------------------------------------------------------------------------------------


def _facts(result: Result, language: str) -> Iterator[tuple[str, Text]]:
    if result.address:
        others = len(set(result.addresses) - {result.address})
        name = "more_addresses" if others else "one_address"
        shown = say(language, name, address=clean(result.address), count=others)
        yield say(language, "address"), Text(shown)
    if result.tls_version:
        yield "TLS", Text(clean(result.tls_version))
    if result.certificate:
        yield from _certificate_facts(result.certificate, result, language)
    if result.status_code is not None:
        yield say(language, "status"), Text(str(result.status_code))
    if result.code is not None:
        yield say(language, "code"), Text(clean(result.code, 40))
    if result.lag is not None:
        yield say(language, "lag"), _lag(result, result.lag, language)
    yield from found(result, language)


def _lag(result: Result, seconds: float, language: str) -> Text:
    """How far a sync interface lags behind, by its own word."""
    word = "error" if not result.is_ok else "degraded" if Flag.LAG_WARNING in result.flags else "ok"
    return sign_and_word(word, duration(timedelta(seconds=seconds), language))


def _certificate_facts(certificate: Certificate, result: Result, language: str) -> Iterator[tuple[str, Text]]:
    yield say(language, "certificate"), Text(clean(certificate.subject))
    yield say(language, "issuer"), Text(clean(certificate.issuer))
    ended = result.started_at + timedelta(seconds=result.duration)
    soon = Flag.CERTIFICATE_EXPIRING in result.flags
    yield say(language, "expires"), _expiry(certificate.not_after, ended, soon, language)
    if certificate.verified is False:
        why = clean(certificate.verify_error or say(language, "unknown_reason"), 60)
        yield say(language, "verified"), sign_and_word("error", say(language, "verified_no", why=why))
    elif certificate.verified:
        yield say(language, "verified"), sign_and_word("ok", say(language, "verified_yes"))


def _expiry(not_after: datetime, now: datetime, soon: bool, language: str) -> Text:
    days = (not_after - now) / timedelta(days=1)
    day = f" ({not_after:%Y-%m-%d %H:%M} UTC)"
    if days < 0:
        return Text.assemble(sign_and_word("error", say(language, "expired", days=-days)), day)
    left = say(language, "expires_in", days=int(days))
    return Text.assemble(sign_and_word("degraded", left), day) if soon else Text(left + day)
