"""What a caller sends to change something: read within bounds, checked strictly, all mistakes told at once."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from aiohttp import web
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)
from pydantic.annotated_handlers import GetJsonSchemaHandler
from pydantic_core import CoreSchema, ErrorDetails
from yarl import URL

from monitor.core.drills import LONGEST, SHORTEST
from monitor.model import Diagnosis, Severity
from monitor.web.errors import RequestError

PATIENCE = 5.0
"""Seconds in which a body must have arrived."""
MOST_MISTAKES = 20

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def read_instant(value: object) -> datetime:
    """RFC 3339 with its offset, as UTC. Raises ValueError, and never holds what was sent."""
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("a time is meant, as 2026-12-01T18:00:00+08:00")
    instant = datetime.fromisoformat(value.upper().replace(" ", "T"))
    if not 2000 <= instant.year < 2200:
        raise ValueError("a year from 2000 to 2199 is meant")
    return instant.astimezone(UTC)


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("one line of printable characters is meant")
    return text


def _listed(value: object) -> object:
    """A word stands for a list of one."""
    return [value] if isinstance(value, str) else value


def _unless_all(value: object) -> object:
    """`all`, alone or in a list, stands for null."""
    return None if value in ("all", ["all"]) else _listed(value)


def _unless_none(value: object) -> object:
    """No service named is every service. An empty list of authorities is refused: it would be a mistake that mutes all."""
    return None if value == [] else _unless_all(value)


class _OrOne:
    """Lets the schema say that one word does for a list of one."""

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        listed = handler(core_schema)
        return {"anyOf": [listed["items"], listed]}


Instant = Annotated[
    datetime, BeforeValidator(read_instant), WithJsonSchema({"type": "string", "format": "date-time"})
]
Line = Annotated[str, AfterValidator(_one_line), StringConstraints(max_length=1000)]
Name = Annotated[str, AfterValidator(_one_line), StringConstraints(min_length=1, max_length=100)]
Word = Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,64}$")]

T = TypeVar("T")
Some = Annotated[list[T], BeforeValidator(_listed), Field(min_length=1, max_length=100), _OrOne()]


class Body(BaseModel):
    """No key beyond those named, no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class AckBody(Body):
    """Somebody takes an incident."""

    author: Name
    comment: Line = ""


class Matchers(Body):
    """What is silenced: all that are given must match; each is a word or a list of words."""

    authority: Some[Word] | None = None
    service: Some[Word] | None = None
    severity: Some[Severity] | None = None
    diagnosis: Some[Diagnosis] | None = None


class SilenceBody(Body):
    """A silence; without `starts_at` from now on."""

    matchers: Matchers
    starts_at: Instant | None = None
    ends_at: Instant
    author: Name
    comment: Line = ""


class WindowBody(Body):
    """A maintenance window by hand; without `start` from now on. `authorities`, `services`: words, `all` or null for all."""

    name: Name = "by hand"
    authorities: Annotated[Some[Word] | None, BeforeValidator(_unless_all)]
    services: Annotated[Some[Word] | None, BeforeValidator(_unless_none)] = None
    start: Instant | None = None
    end: Instant


def _web_address(text: str) -> str:
    """An http or https address with a host. Raises ValueError, and never holds what was sent: it may be a secret."""
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        fits = fits and text.isprintable() and " " not in text and bool(URL(text).host)
    except ValueError:
        fits = False
    if not fits:
        raise ValueError("an address that begins with http:// or https:// and names a host is meant")
    return text


WebAddress = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_web_address)]


class WaitingBody(Body):
    """Somebody wants to be told once when it is back; without `service` the main one, without `webhook` by the routes."""

    authority: Word
    service: Word | None = None
    ticket: Annotated[str, AfterValidator(_one_line), StringConstraints(max_length=200)] = ""
    webhook: WebAddress | None = None


class ApproveBody(Body):
    """Who approves a notice, and whom it is about where it does not say so itself."""

    author: Annotated[str, AfterValidator(_one_line), StringConstraints(max_length=100)] = ""
    authorities: Some[Word] | None = None


B = TypeVar("B", bound=Body)


async def read_body(request: web.Request, kind: type[B]) -> B:
    """The body as `kind`.

    RequestError 415 for another content type, 408 for one that does not come, 413 for one too large (by aiohttp), 400
    with all mistakes of one that is not what was asked for.
    """
    if request.content_type != "application/json":
        raise RequestError(415, "the body must be JSON, with Content-Type: application/json")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RequestError(415, "the body must not be compressed")
    try:
        async with asyncio.timeout(PATIENCE):
            sent = await request.read()
    except TimeoutError:
        raise RequestError(408, f"the body did not arrive within {PATIENCE:g} s") from None
    except web.RequestPayloadError:
        raise RequestError(400, "the body cannot be read") from None
    return _checked(sent, kind)


def _checked(sent: bytes, kind: type[B]) -> B:
    try:
        json.loads(sent.decode(), object_pairs_hook=_once)
        return kind.model_validate_json(sent)
    except ValidationError as problem:
        raise refusal(_mistake(error, kind) for error in problem.errors()) from None
    except RecursionError:
        raise RequestError(400, "the body is nested too deep") from None
    except (
        ValueError
    ) as problem:  # no UTF-8, no JSON, a key twice; these never hold what was sent beyond the key
        raise RequestError(400, f"the body is not JSON: {str(problem)[:200]}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def refusal(mistakes: Iterable[str]) -> RequestError:
    """400 with all of the mistakes in one line."""
    told = list(mistakes)
    more = f"; and {len(told) - MOST_MISTAKES} more" if len(told) > MOST_MISTAKES else ""
    return RequestError(400, "; ".join(told[:MOST_MISTAKES]) + more)


def _printable(text: str) -> str:
    """A name that a caller chose, on one line."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


_MEANT = {
    "greater_than_equal": "{ge:g} or more is meant",
    "less_than_equal": "{le:g} or less is meant",
    "float_type": "a number is meant",
    "float_parsing": "a number is meant",
    "string_type": "a text is meant",
    "too_short": "at least one is meant",
    "too_long": "{max_length} at most are meant",
    "string_too_short": "it is empty",
    "string_too_long": "{max_length} characters at most are meant",
    "string_pattern_mismatch": "a word of letters, digits, - _ and . is meant",
    "finite_number": "a number is meant",
}
"""What is meant, by pydantic's kind of error."""


def _mistake(error: ErrorDetails, kind: type[Body]) -> str:
    """`ends_at: is missing`, in the words of a person."""
    place = ".".join(_printable(str(step)[:64]) for step in error["loc"]) or "body"
    if error["type"] == "missing":
        return f"{place}: is missing"
    if error["type"] == "extra_forbidden":
        known = Matchers.model_fields if error["loc"][0] == "matchers" else kind.model_fields
        return f"{place}: unknown key{meant(str(error['loc'][-1]), known)}"
    if error["type"] == "enum":
        return _strange_word(error, place)
    if error["type"] in _MEANT:
        return f"{place}: {_MEANT[error['type']].format(**error.get('ctx', {}))}"
    said = error["msg"].removeprefix("Value error, ")
    return f"{place}: {said[:1].lower()}{said[1:]}"


def _strange_word(error: ErrorDetails, place: str) -> str:
    """`matchers.severity: unknown word 'loud'; …`: what was sent is shown here alone, cut, for words are no secrets."""
    known = {"severity": Severity, "diagnosis": Diagnosis}.get(
        str(error["loc"][1]) if len(error["loc"]) > 1 else "", ()
    )
    word = _printable(str(error["input"])[:64])
    return (
        f"{re.sub(r'[.][0-9]+$', '', place)}: unknown word {word!r}{meant(word, [str(one) for one in known])}"
    )


def meant(word: str, known: Collection[str]) -> str:
    """`; did you mean X?` where something known is near."""
    near = get_close_matches(word[:64], known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


class DrillBody(Body):
    """A drill of the main services of these authorities: words, `all` or null for all that are watched."""

    authorities: Annotated[Some[Word] | None, BeforeValidator(_unless_all)]
    duration_seconds: Annotated[float, Field(ge=SHORTEST, le=LONGEST)] = 600.0
