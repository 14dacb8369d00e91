"""What the words of the product are called in Chinese and English, for people: notifications, page and `probe`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

import yaml

from monitor.core.facts import Fact
from monitor.model import (
    LOCAL,
    NATIONAL,
    Authority,
    AuthorityState,
    Cause,
    Confirmed,
    Diagnosis,
    Flag,
    Outcome,
    Phase,
    Scope,
    Severity,
    Verdict,
)

LANGUAGES = ("zh", "en")
STOPS = {"zh": "；", "en": "; "}
LONGEST = 200
"""Characters of what others wrote that are shown in one piece."""
COLONS = {"zh": "：", "en": ": "}
SPAN_PART = re.compile(r"(\d+) (s|min|h|d)")
SPAN = re.compile(rf"{SPAN_PART.pattern}(?: {SPAN_PART.pattern})?")
"""As `core.spans` says a length of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Every word in one language. A mapping over an enum has all of its members."""

    causes: Mapping[Cause, str]
    briefs: Mapping[Cause, str]
    """The causes in a few words, for titles and lists: a locked phone shows some 30 characters."""
    diagnoses: Mapping[Diagnosis, str]
    faults: Mapping[Diagnosis, str]
    """Whose fault it most likely is, one sentence."""
    steps: Mapping[Diagnosis, str]
    """What to do next, one step, with `{place}` and `{work}` in it: `notify.advice` fills them in."""
    cases: Mapping[str, Mapping[str, str]]
    """Name of a case (`notify.advice.Case`) → its own `fault` and `step`."""
    endings: Mapping[str, str]
    """The next step when it is over: `theirs`, `ours`, `never_up`."""
    units: Mapping[str, str]
    """Of time, by the letters with which `core.spans` says them."""
    works: Mapping[str, str]
    """Service → what the business does with it."""
    work_other: str
    """The same for a service of the user's own, with `{service}`."""
    work_unknown: str
    """The same where no service is named."""
    places_many: str
    """Too many authorities to name in a sentence, with `{count}`."""
    cause_of_many: str
    """`{cause}` of `{count}` authorities."""
    other_causes: str
    flags: Mapping[Flag, str]
    outcomes: Mapping[Outcome, str]
    phases: Mapping[Phase, str]
    states: Mapping[AuthorityState, str]
    """Of authorities, and of services (a subset of the same words)."""
    confirmed: Mapping[Confirmed, str]
    severities: Mapping[Severity, str]
    scopes: Mapping[Scope, str]
    verdicts: Mapping[Verdict, str]
    services: Mapping[str, str]
    facts: Mapping[str, str]
    """Name of a fact → sentence with `{value}`."""
    pseudo: Mapping[str, str]
    """`national` and `local` where an authority's name is due."""
    comma: str
    """What stands between the items of a list."""
    comma_last: str
    """What stands before the last one in a sentence."""
    stores: Mapping[str, str]
    """What the daemon keeps its memory in."""
    readings: Mapping[str, str]
    """What was measured or counted, by the name of the reading (`notify.readings` shows its value)."""
    cause_steps: Mapping[str, str]
    """What to do next where the cause says it better than the diagnosis: a cause, or `gone` (a page that is not there)."""
    kinds: Mapping[str, Mapping[str, Any]]
    """Kind that looks at this machine → `looking`, and cause → the same in full and in a few words."""
    ofs: Mapping[str, str]
    """What a reading is of, where that is a word of ours."""
    limit: str
    """`limit ≥ 10 %`, with `{value}`."""
    details: Mapping[str, str]
    """A fixed remark on a run, `{}` for what varies → the same in this language."""

    def cause(self, cause: Cause, kind: str = "") -> str:
        """A cause, as a kind that looks at this machine finds it."""
        return str(self.kinds.get(kind, {}).get(cause, [self.causes[cause]])[0])

    def brief(self, cause: Cause, kind: str = "") -> str:
        """The same in a few words."""
        return str(self.kinds.get(kind, {}).get(cause, [self.briefs[cause]])[-1])

    def found(self, code: str) -> str:
        """What of this machine is beyond its limit (`disk_free:/var`), or the name of a pattern, or a code, as it is."""
        name, _, of = code.partition(":")
        return f"{self.readings[name]} {of}".rstrip() if name in self.readings else code

    def service(self, name: str) -> str:
        """A service; a user's own word stays as it is."""
        return self.services.get(name, name)

    def listed(self, items: Sequence[str]) -> str:
        """`a, b and c`."""
        return self.comma_last.join(filter(None, [self.comma.join(items[:-1]), *items[-1:]]))

    def work(self, service: str) -> str:
        """What the business does with a service."""
        if not service:
            return self.work_unknown
        return self.works.get(service) or self.work_other.replace("{service}", service)

    def fact(self, text: str, scope: Scope = Scope.AUTHORITY) -> str:
        """A fact (`name=value`) of an incident of that scope as a sentence; an unknown one stays as it is."""
        name, _, value = text.partition("=")
        value = self.found(value) if name == Fact.FOUND else value
        count, _, total = value.partition("/")
        forms = [f"{name}@{scope}", text]
        if total:
            forms += [f"{name}=0"] if count == "0" else [f"{name}=all"] if count == total else []
        sentence = next(filter(None, map(self.facts.get, [*forms, name])), None)
        if sentence is None:
            return text
        return sentence.replace("{count}", count).replace("{total}", total).replace("{value}", value)


ENUMS: Mapping[str, type[StrEnum]] = {
    "causes": Cause,
    "briefs": Cause,
    "diagnoses": Diagnosis,
    "faults": Diagnosis,
    "steps": Diagnosis,
    "flags": Flag,
    "outcomes": Outcome,
    "phases": Phase,
    "states": AuthorityState,
    "confirmed": Confirmed,
    "severities": Severity,
    "scopes": Scope,
    "verdicts": Verdict,
}
"""Which mappings of a vocabulary are keyed by which words of the model."""


@cache
def words(language: str) -> Vocabulary:
    """The words of `zh` or `en`. Raises KeyError when the data lacks a member of an enum, for any other language too."""
    if language not in LANGUAGES:
        raise KeyError(language)
    data: dict[str, Any] = {}
    for name in ("words.yaml", "causes.yaml"):
        file = resources.files("monitor.notify") / "texts" / language / name
        data |= yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    for name, enum in ENUMS.items():
        data[name] = {member: data[name][member.value] for member in enum}
    if missing := {fact.value for fact in Fact} - data["facts"].keys():
        raise KeyError(f"{language}: {sorted(missing)}")
    return Vocabulary(**{field.name: data[field.name] for field in fields(Vocabulary)})


def authority_name(slug: str, authorities: Mapping[str, Authority], language: str) -> str:
    """An authority's short name in a language; the slug where nothing better is known."""
    if slug in (NATIONAL, LOCAL):
        return words(language).pseudo[slug]
    authority = authorities.get(slug)
    if authority is None:
        return slug
    return authority.name if language == "zh" else authority.name_en


LONGEST_DETAIL = 500
"""Characters of a remark beyond which it is none of ours."""
_BLANK = re.compile(r"\{(\d?)\}")


def detail_words(detail: str, language: str) -> str:
    """A remark on a run (`Result.detail`, `Notification.detail`) in a language; what is not ours stays as it is."""
    if len(detail) > LONGEST_DETAIL:
        return detail
    if (several := _several(detail, language)) is not None:
        return several
    for pattern, sentence in _details(language):
        if found := pattern.fullmatch(detail):
            return _filled(sentence, found.groups(), language)
    part, colon, rest = detail.partition(": ")  # `counts.remote: unknown code 0`
    said = detail_words(rest, language) if colon else rest
    return detail if said == rest else f"{part}{COLONS[language]}{said}"


def _several(detail: str, language: str) -> str | None:
    """Several remarks, one after the other, where each is one of ours; None else."""
    parts = detail.split("; ")
    said = [detail_words(part, language) for part in parts] if len(parts) > 1 else []
    if not said or any(one == part for one, part in zip(said, parts, strict=True)):
        return None
    return STOPS[language].join(said)


@cache
def _details(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """The table of remarks, read as patterns: `{}` is any text."""
    return tuple(
        (re.compile("(.+?)".join(re.escape(part) for part in remark.split("{}")), re.DOTALL), sentence)
        for remark, sentence in words(language).details.items()
    )


def _filled(sentence: str, values: Sequence[str], language: str) -> str:
    """`{}` is the next value, `{1}` the one of that number; phases, spans and remarks within are said in words."""
    said = [_value(value, language) for value in values]
    following = iter(said)
    return _BLANK.sub(lambda blank: said[int(blank[1])] if blank[1] else next(following), sentence)


def _value(value: str, language: str) -> str:
    phases = words(language).phases
    if value in phases:
        return phases[Phase(value)]
    return span_words(value, language) if SPAN.fullmatch(value) else detail_words(value, language)


def span_words(said: str, language: str) -> str:
    """A length of time as `core.spans` says it, in a language: `2 min` → `2 分钟`."""
    return SPAN_PART.sub(lambda part: f"{part[1]} {words(language).units[part[2]]}", said)


def clean(text: str) -> str:
    """One short line without control characters, of what others wrote."""
    visible = "".join(letter if letter.isprintable() else " " for letter in text)
    return visible if len(visible) <= LONGEST else visible[: LONGEST - 1] + "…"
