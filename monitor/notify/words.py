"""What the words of the product are called in Chinese and English, for people: notifications, page and `probe`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

import yaml

from monitor.core.diagnosis import Fact
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Every word in one language. A mapping over an enum has all of its members."""

    causes: Mapping[Cause, str]
    diagnoses: Mapping[Diagnosis, str]
    faults: Mapping[Diagnosis, str]
    """Whose fault it most likely is, one sentence."""
    steps: Mapping[Diagnosis, str]
    """What to do next, one step."""
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
    never_up: str
    never_up_step: str

    def service(self, name: str) -> str:
        """A service; a user's own word stays as it is."""
        return self.services.get(name, name)

    def fact(self, text: str) -> str:
        """A fact of an incident (`name=value`) as a sentence; an unknown one stays as it is."""
        name, _, value = text.partition("=")
        if value.startswith("0/") and (nothing := self.facts.get(f"{name}=0")) is not None:
            return nothing
        sentence = self.facts.get(name)
        return text if sentence is None else sentence.replace("{value}", value)


ENUMS: Mapping[str, type[StrEnum]] = {
    "causes": Cause,
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
    file = resources.files("monitor.notify") / "texts" / language / "words.yaml"
    data: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
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
