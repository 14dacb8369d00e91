"""The keys of kind `sync`: its request, its codes, its success, its freshness."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from monitor.config.reading import OneOrMore, Read, Surroundings, fetch
from monitor.config.scalars import duration, whole
from monitor.config.section import Section, written
from monitor.config.tree import BLANK, Bare
from monitor.config.values import (
    Duration,
    HeaderValue,
    JsonPath,
    Line,
    Method,
    RowsPath,
    Span,
    Template,
    Text,
)

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,99})(\.[0-9]{1,99})?([eE][+-]?[0-9]{1,2})?")
_WORDS: Mapping[str, Any] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~"), None),
}


Tolerance = Annotated[
    int,
    Read(
        whole(0, 100_000_000), "a whole number from 0 to 100000000 is meant", {"type": ["integer", "string"]}
    ),
]


def typed(text: str) -> Any:
    """What a scalar without quotes is in JSON, by its look: a number, true, false, null, else the text.

    A number is what JSON itself writes as one, so `0000` and `+86` stay texts, as do dates, `yes` and `no`.
    """
    if text in _WORDS:
        return _WORDS[text]
    if match := _NUMBER.fullmatch(text):
        return float(text) if match[2] or match[3] else int(text)
    return text


def read_json(value: Any, around: Surroundings) -> Any:
    """A JSON value as it was written; `{env: NAME}` and `{file: PATH}` anywhere in it are texts from there."""
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)) in ("env", "file"):
            text = fetch(value, around, "a text is meant")
            around.secrets.add(text)
            return text
        return {str(key): read_json(item, around) for key, item in value.items()}
    if isinstance(value, list):
        return [read_json(item, around) for item in value]
    if value is BLANK:
        return None
    return typed(str(value)) if isinstance(value, Bare) else str(value)


@dataclass(frozen=True, slots=True, eq=False)
class ReadJson:
    """How a key reads that takes any JSON value."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take part in pydantic: this type reads raw values itself."""
        return core_schema.with_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Anything."""
        return {"description": "any JSON value; {env: NAME} and {file: PATH} anywhere in it"}

    def _read(self, value: object, info: ValidationInfo) -> Json:
        assert isinstance(info.context, Surroundings)
        return Json(read_json(value, info.context))


@dataclass(frozen=True, slots=True)
class Json:
    """A JSON value that was given, null included."""

    value: Any


class SyncRequest(Section):
    """The one request of a run. At most one of `json`, `form` and `body`."""

    method: Method | None = None
    url: Template
    headers: dict[str, HeaderValue] = Field(default_factory=dict)
    json_value: Annotated[Json | None, ReadJson()] = Field(default=None, alias="json")
    form: dict[str, Text] | None = None
    body: Text | None = None


class SuccessIs(Section):
    """Where the reply says that all is well, and in which words (compared as text)."""

    path: JsonPath
    any_of: Annotated[tuple[Text, ...], OneOrMore("a text or a list of texts is meant")] = Field(alias="in")


class FreshnessIs(Section):
    """Where the reply says when it last synchronised, and how long ago that may be."""

    path: JsonPath
    warn: Duration = written(duration("4h"), "4h")
    fail: Span = written(duration("24h"), "24h")


class CountsAre(Section):
    """Two numbers of records that should be alike."""

    local: SyncRequest
    local_path: JsonPath
    remote: SyncRequest
    remote_path: JsonPath
    tolerance: Tolerance = 0
    grace: Duration = written(duration("24h"), "24h")


class IssuedAt(Section):
    """When the canary was issued: in a reply, that of `request` or the canary's own, or in a file."""

    path: JsonPath | None = None
    file: Line | None = None
    request: SyncRequest | None = None


class CanaryIs(Section):
    """One record of ours, and how long the other side may take to show it."""

    request: SyncRequest
    path: JsonPath
    equals: Text
    issued_at: IssuedAt
    warn: Duration = written(duration("4h"), "4h")
    fail: Span = written(duration("24h"), "24h")


class ItemsFrom(Section):
    """A list of records, of a request or a file: JSON (with `rows`) or CSV."""

    request: SyncRequest | None = None
    file: Line | None = None
    rows: RowsPath | None = None
    number: Annotated[tuple[Line, ...], OneOrMore("a key or a list of keys is meant")]


class ItemsAre(Section):
    """Two lists of records that should hold the same."""

    local: ItemsFrom
    remote: ItemsFrom
    tolerance: Tolerance = 0
    grace: Duration = written(duration("24h"), "24h")
