"""The description of the HTTP interface, made from the table of routes and from the types the code is checked against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp.typedefs import Handler
from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from monitor import __version__
from monitor.web.answers import ErrorAnswer

JSON = "application/json"
HTML = "text/html"
PLAIN = "text/plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a request. `place` is `query`, `header` or `path`."""

    name: str
    schema: Mapping[str, Any]
    about: str
    place: str = "query"
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One thing that is served: how it is asked for, and what it answers."""

    method: str
    path: str
    """As OpenAPI writes it; `{id}` of a target holds slashes."""
    handler: Handler
    about: str
    answer: Any = None
    """The type of a JSON answer; None where `media` is another."""
    media: str = JSON
    more_media: tuple[str, ...] = ()
    status: int = 200
    parameters: tuple[Parameter, ...] = ()
    body: Any = None
    """The type of the JSON that is sent."""
    may_be_bare: bool = False
    """Whether that may be left out."""
    weight: float = 1.0
    """What it costs its caller of what one address may ask for: about milliseconds of work."""
    weight_per_target: float = 0.0
    """What it costs more for each target that is configured."""
    has_tag: bool = False
    """Whether its answer carries an ETag, and is 304 for one who has it."""
    refuses: Mapping[int, str] = field(default_factory=dict)
    """Status and reason of refusals beside those of its parameters, its body and the token."""

    @property
    def guarded(self) -> bool:
        """Whether it needs the token: whatever is no mere reading does."""
        return self.method != "GET"

    @property
    def pattern(self) -> str:
        """The path as the router writes it."""
        return self.path.replace("/targets/{id}", "/targets/{id:.+}")


def document(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """OpenAPI 3.1."""
    rows = list(endpoints)
    references, components = _schemas(rows)
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row, references)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fapiao-monitor",
            "version": __version__,
            "description": (
                "Times are RFC 3339 in UTC, spans are seconds. Reading is open unless users are configured; "
                "changing needs the token."
            ),
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(rows: Iterable[Endpoint]) -> tuple[dict[Any, dict[str, str]], dict[str, Any]]:
    """Where the schema of each type is found, and all schemas by name."""
    wanted: dict[tuple[Any, JsonSchemaMode], TypeAdapter[Any]] = {
        (ErrorAnswer, "serialization"): TypeAdapter(ErrorAnswer)
    }
    for row in rows:
        if row.answer is not None:
            wanted[row.answer, "serialization"] = TypeAdapter(row.answer)
        if row.body is not None:
            wanted[row.body, "validation"] = TypeAdapter(row.body)
    inputs = [(kind, mode, adapter) for (kind, mode), adapter in wanted.items()]
    places, schemas = TypeAdapter.json_schemas(inputs, ref_template="#/components/schemas/{model}")
    return {kind: dict(place) for (kind, _), place in places.items()}, schemas["$defs"]


def _operation(row: Endpoint, references: Mapping[Any, Mapping[str, str]]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": row.handler.__module__.rpartition(".")[2] + "_" + row.handler.__name__,
        "summary": row.about,
        "responses": _responses(row, references),
    }
    if row.parameters:
        operation["parameters"] = [_parameter(one) for one in row.parameters]
    if row.body is not None:
        content = {JSON: {"schema": references[row.body]}}
        operation["requestBody"] = {"required": not row.may_be_bare, "content": content}
    if row.guarded:
        operation["security"] = [{"token": []}]
    return operation


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required or parameter.place == "path",
        "description": parameter.about,
        "schema": dict(parameter.schema),
    }


def _responses(row: Endpoint, references: Mapping[Any, Mapping[str, str]]) -> dict[str, Any]:
    schema = {"type": "string"} if row.answer is None else references[row.answer]
    content = {media: {"schema": schema} for media in (row.media, *row.more_media)}
    found: dict[str, Any] = {str(row.status): {"description": row.about, "content": content}}
    if row.has_tag:
        found["304"] = {"description": "it is as it was: `If-None-Match` has its ETag"}
    error = {JSON: {"schema": references[ErrorAnswer]}}
    if row.media == HTML:
        error[HTML] = {"schema": {"type": "string"}}
    for status, reason in sorted(_refusals(row).items()):
        found[str(status)] = {"description": reason, "content": error}
    return found


def _refusals(row: Endpoint) -> dict[int, str]:
    found = {
        400: "an unknown parameter, or a value that is not meant",
        401: "users are configured, and this is none of them",
        429: "too many requests of this address",
        500: "a bug of ours",
    }
    if row.guarded:
        found |= {401: "no token or a wrong one", 403: "the daemon has no token"}
    if row.body is not None:
        found |= {
            400: "an unknown parameter, or a body with mistakes: all of them",
            408: "the body did not arrive in time",
            413: "the body is too large",
            415: "the body is not application/json",
        }
    return found | dict(row.refuses)
