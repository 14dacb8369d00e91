"""How a single value is read by its key: its text, taken from the file, the environment or another file.

Any value may be written `{env: NAME}` or `{file: PATH}`. What comes from there, and what is secret by its nature, is
never shown in a mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from monitor.config.mistakes import quoted
from monitor.config.tree import BLANK

CREDENTIALS = "$CREDENTIALS_DIRECTORY"
"""Stands at the beginning of a path for the directory in which systemd hands a service its secrets (LoadCredential=)."""
MAX_FILE = 64 << 10
"""Bytes of a file named by `{file: …}`."""


@dataclass(slots=True, kw_only=True)
class Surroundings:
    """What `{env:}` and `{file:}` read from; `secrets` collects what came out of them."""

    environ: Mapping[str, str]
    directory: Path
    """Relative paths start here: the directory of the configuration."""
    secrets: set[str]
    remarks: set[str] = field(default_factory=set)
    """What an operator should know of what was read although nothing is wrong."""


class NotYet(Exception):  # noqa: N818 - it says what is so
    """A value of the public face that this version does not build. Its text, if any, says what to write meanwhile."""


def wrong(found: str, meant: str) -> PydanticCustomError:
    """The error that becomes a Mistake."""
    return PydanticCustomError("wrong", "{found}; {meant}", {"found": found, "meant": meant})


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """How text becomes a value of one type. `parse` raises ValueError (its text, if any, replaces `meant`)."""

    parse: Callable[[str], Any]
    meant: str
    schema: Mapping[str, Any]
    collects: bool = False
    """What comes from `{env:}` or `{file:}` is a secret (false for numbers, names and paths)."""
    secret: bool = False
    """Secret even where it stands in the file."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take part in pydantic: this type reads raw values itself."""
        return core_schema.with_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The text, or where to take it from."""
        return {"anyOf": [dict(self.schema), FROM_ELSEWHERE]}

    def _read(self, value: object, info: ValidationInfo) -> Any:
        around = around_of(info)
        text = fetch(value, around, self.meant)
        elsewhere = not isinstance(value, str)
        if self.secret or (self.collects and elsewhere):
            around.secrets.add(text)
        shown = _origin(value) if elsewhere else "a value not shown here" if self.secret else quoted(text)
        try:
            return self.parse(text)
        except NotYet as problem:
            raise wrong(f"not yet: {shown}", str(problem) or "this version does not build it") from None
        except ValueError as problem:
            raise wrong(shown, str(problem) or self.meant) from None


@dataclass(frozen=True, slots=True, eq=False)
class OneOrMore:
    """How a key reads that takes one value or a list of at least one; always a tuple. Goes on a `tuple[T, ...]`."""

    meant: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take part in pydantic: one value is read as a list of it, so that each mistake has the place of its item."""
        return core_schema.no_info_before_validator_function(self._as_list, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """One, or a list of them."""
        several = handler(schema)
        return {"anyOf": [several["items"], {**several, "minItems": 1}]}

    def _as_list(self, value: object) -> list[object]:
        if value == []:
            raise wrong("an empty list", self.meant)
        return value if isinstance(value, list) else [value]


@dataclass(frozen=True, slots=True, eq=False)
class WordOrList:
    """How a key reads that takes one of some words, or a list. `parse` reads one item and raises ValueError."""

    words: Mapping[str, Any]
    """Word → value."""
    parse: Callable[[str], str]
    meant: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take part in pydantic: this type reads raw values itself."""
        return core_schema.with_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """One of the words, or a list of texts."""
        return {
            "anyOf": [{"enum": [*self.words]}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]
        }

    def _read(self, value: object, info: ValidationInfo) -> Any:
        around = around_of(info)
        if isinstance(value, list) and value:
            return tuple(self._item(item, around) for item in value)
        text = fetch(value, around, self.meant)
        if text not in self.words:
            raise wrong(quoted(text), self.meant)
        return self.words[text]

    def _item(self, value: object, around: Surroundings) -> str:
        text = fetch(value, around, self.meant)
        try:
            return self.parse(text)
        except ValueError:
            raise wrong(quoted(text), self.meant) from None


FROM_ELSEWHERE: Mapping[str, Any] = {
    "type": "object",
    "properties": {"env": {"type": "string"}, "file": {"type": "string"}},
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
}


def fetch(value: object, around: Surroundings, meant: str) -> str:
    """The text of a raw value, taken from the environment or a file where it says so."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and len(value) == 1:
        [(source, name)] = value.items()
        if source in ("env", "file") and isinstance(name, str) and name:
            return _from_environment(name, around) if source == "env" else _from_file(name, around)
        if name is BLANK:
            raise wrong("braces without quotes", f'write "{{{source}}}" in quotes')
    raise wrong("no value" if value is BLANK else f"a {_shape(value)}", meant)


def around_of(info: ValidationInfo) -> Surroundings:
    """What a validator reads from."""
    assert isinstance(info.context, Surroundings)
    return info.context


def _from_environment(name: str, around: Surroundings) -> str:
    if name not in around.environ:
        raise wrong(f"{{env: {name}}}", "this variable is not set in the environment")
    return around.environ[name]


def _from_file(name: str, around: Surroundings) -> str:
    shown = f"{{file: {name}}}"
    path = _credential(name, shown, around) or around.directory / name
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
        text = data.decode().rstrip("\r\n")
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        raise wrong(shown, f"this file cannot be read: {reason}") from None
    if len(data) > MAX_FILE:
        raise wrong(shown, "this file is larger than 64 KiB")
    return text


def _credential(name: str, shown: str, around: Surroundings) -> Path | None:
    """Where a path that begins with `$CREDENTIALS_DIRECTORY` leads; None for any other."""
    first, _, rest = name.partition("/")
    if first != CREDENTIALS:
        return None
    given = around.environ.get(CREDENTIALS[1:])
    if not given:
        raise wrong(shown, "systemd sets this directory for a unit with LoadCredential=; it is not set here")
    return Path(given) / rest


def _origin(value: object) -> str:
    assert isinstance(value, dict)
    [(source, name)] = value.items()
    return f"the value of {{{source}: {name}}}"


def _shape(value: object) -> str:
    return "list" if isinstance(value, list) else "mapping"
