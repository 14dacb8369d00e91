"""How an explanation speaks: the texts of explain.zh.yaml and explain.en.yaml with their gaps filled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import yaml

from monitor.knowledge import load_catalogue
from monitor.model import AuthorityState, Cause, Outcome, Result, Target
from monitor.notify.words import Vocabulary, detail_words, words

BETWEEN = {"zh": "；", "en": "; "}
WITHIN = {"zh": "，", "en": ", "}
COLON = {"zh": "：", "en": ": "}
DEADLINE = "nothing more came before the deadline"
PLATFORM = "platform"
"""Table of the catalogue that replies of kind `captcha` are read by; `yzm` is their endpoint in it."""


@cache
def texts(language: str) -> Mapping[str, Any]:
    """Everything that is said in `zh` or `en`."""
    file = resources.files("monitor.cli").joinpath(f"explain.{language}.yaml")
    found: Mapping[str, Any] = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return found


class Speech:
    """One language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.colon = COLON[language]
        self.texts = texts(language)
        self.words: Vocabulary = words(language)

    def __call__(self, key: str, /, **values: object) -> str:
        """A text of the top level, or `section.key`."""
        section, _, name = key.partition(".")
        text: str = self.texts[section][name] if name else self.texts[section]
        return text.format(**values)

    def has(self, section: str, key: str) -> bool:
        """Whether there is such a text."""
        return key in self.texts[section]

    def list(self, items: Iterable[str]) -> str:
        """One after the other."""
        return BETWEEN[self.language].join(items)

    def join(self, items: Iterable[str]) -> str:
        """Parts of one sentence."""
        return WITHIN[self.language].join(items)

    def names(self, items: Sequence[str]) -> str:
        """`a, b and c`."""
        return self.words.listed(items)

    def cause(self, cause: Cause, kind: str = "") -> str:
        """What went wrong, as that kind of probe finds it."""
        return self.words.cause(cause, kind)

    def outcome(self, outcome: Outcome) -> str:
        """How a run ended."""
        return self.words.outcomes[outcome]

    def state(self, state: str) -> str:
        """What a daemon says; a state that this version does not know stays as it is."""
        return next((self.words.states[one] for one in AuthorityState if one == state), state)

    def code(self, code: str, target: Target) -> str | None:
        """The platform's own words for a code; None: nobody knows it."""
        own = next((one.message for one in target.codes if one.code == code), None)
        table = target.sync.table if target.sync is not None else PLATFORM
        endpoint = "" if target.sync is not None else "yzm"
        row = load_catalogue().get((table or "", endpoint, code))
        return own or (None if row is None else row.message)


def remark_on(result: Result, language: str) -> str:
    """The remark on a run in words; nothing where it only says again that the deadline came."""
    return "" if result.detail.startswith(DEADLINE) else detail_words(result.detail, language)
