"""Nodes → the typed configuration, and every mistake of form on the way.

A part that is wrong is taken out and the rest read again, so that one mistake does not hide those that only show when
the parts are held against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from monitor.config.kinds import KINDS, HttpProbe, Probe, TlsProbe
from monitor.config.mistakes import Mistake, Path, did_you_mean, quoted
from monitor.config.reading import Surroundings
from monitor.config.schema import Configuration
from monitor.config.section import Section
from monitor.config.tree import BLANK, Document

_LISTS: tuple[Path, ...] = (("probes",), ("alerts", "routes"), ("reference",), ("maintenance",))


@dataclass(slots=True, kw_only=True)
class Understood:
    """The configuration as far as it could be read. `probes`, `routes` … are positions in the file."""

    configuration: Configuration | None = None
    mistakes: list[Mistake] = field(default_factory=list)
    broken: set[Path] = field(default_factory=set)
    """Paths of keys that were taken out: what stands in their place now is only a default."""
    probes: list[int] = field(default_factory=list)
    routes: list[int] = field(default_factory=list)
    references: list[int] = field(default_factory=list)
    maintenance: list[int] = field(default_factory=list)


def understand(document: Document, around: Surroundings) -> Understood:
    """Read a document. Nothing is raised: what is wrong stands in `mistakes`."""
    raw = document.root.plain()
    understood = Understood()
    kept = {path: list(range(_length(raw, path))) for path in _LISTS}
    for widest in (False, True, True):
        try:
            understood.configuration = Configuration.model_validate(raw, context=around)
            break
        except ValidationError as problem:
            errors = problem.errors(include_url=False)
            if not widest:
                understood.mistakes += [m for error in errors for m in _mistakes(error, document, around)]
            cuts = {_cut(error, widest=widest) for error in errors}
            understood.broken |= {_original(cut, kept) for cut in cuts}
            _take_out(raw, cuts, kept)
    understood.probes, understood.routes, understood.references, understood.maintenance = (
        kept[path] for path in _LISTS
    )
    return understood


# --- taking out what is wrong ----------------------------------------------------------------------------------------


def _length(raw: Any, path: Path) -> int:
    found = _at(raw, path)
    return len(found) if isinstance(found, list) else 0


def _at(raw: Any, path: Path) -> Any:
    try:
        for part in path:
            raw = raw[part]
    except (KeyError, IndexError, TypeError):
        return None
    return raw


def _where(error: ErrorDetails) -> Path:
    """The path of an error in the document: without the kind that pydantic puts after `probes, 1`."""
    loc = error["loc"]
    return (*loc[:2], *loc[3:]) if loc[:1] == ("probes",) else loc


def _cut(error: ErrorDetails, *, widest: bool) -> Path:
    """What to take out for this error. `widest`: a cut before this one was not enough."""
    path = _where(error)
    if path[:1] == ("probes",):
        return path[:2] if widest or (error["type"] == "missing" and len(path) == 3) else path[:3]
    if path[:2] == ("alerts", "routes"):
        return path[:3]
    if path[:1] in (("reference",), ("maintenance",)):
        return path[:2]
    if path[:2] in (("alerts", "receivers"), ("authorities", "override")):
        return path[:3] if widest else path[:4]
    return path[:1] if widest else path[:2]


def _original(path: Path, kept: dict[Path, list[int]]) -> Path:
    for start, positions in kept.items():
        if path[: len(start)] == start and len(path) > len(start):
            position = path[len(start)]
            assert isinstance(position, int)
            return (*start, positions[position], *path[len(start) + 1 :])
    return path


def _take_out(raw: Any, cuts: Iterable[Path], kept: dict[Path, list[int]]) -> None:
    """Remove what stands at the paths. The last of a list goes first, so that positions stay true."""
    for path in sorted(cuts, key=lambda path: [str(part).zfill(9) for part in path], reverse=True):
        holder = _at(raw, path[:-1])
        if isinstance(holder, dict):
            holder.pop(path[-1], None)
        elif isinstance(holder, list) and isinstance(path[-1], int):
            del holder[path[-1]]
            if path[:-1] in kept:
                del kept[path[:-1]][path[-1]]
    for start, positions in kept.items():
        del positions[_length(raw, start) :]


# --- saying what is wrong --------------------------------------------------------------------------------------------


def _mistakes(error: ErrorDetails, document: Document, around: Surroundings) -> Iterator[Mistake]:
    """The mistakes that one error of pydantic stands for."""
    path = _where(error)
    match error["type"]:
        case "wrong":
            context = error["ctx"]
            yield document.mistake(path, context["found"], context["meant"])
        case "extra_forbidden":
            yield document.mistake(path, *_unknown(error["loc"]), at_key=True)
        case "missing":
            yield document.mistake(path, "missing", f"`{path[-1]}` must be given")
        case "union_tag_not_found" | "union_tag_invalid" if isinstance(error["input"], dict):
            yield document.mistake((*path, "kind"), *_kind(error["input"]))
            yield from _beside_the_kind(path, error["input"], document, around)
        case kind:
            yield document.mistake(path, _shape(error["input"]), _SHAPES.get(kind, error["msg"]))


_SHAPES = {
    "model_type": "a mapping is meant",
    "model_attributes_type": "a mapping is meant",
    "dict_type": "a mapping is meant",
    "tuple_type": "a list is meant",
    "union_tag_not_found": "a mapping is meant",
}


def _shape(value: object) -> str:
    """What a value is, without showing it."""
    if value is BLANK:
        return "no value"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else "a text"


def _kind(probe: dict[str, Any]) -> tuple[str, str]:
    if "kind" not in probe:
        return "missing", f"`kind` must be given: {' | '.join(KINDS)}"
    kind = probe["kind"]
    if not isinstance(kind, str):
        return _shape(kind), f"a word that stands here itself is meant: {' | '.join(KINDS)}"
    return quoted(kind), did_you_mean(kind, KINDS)


def _beside_the_kind(
    path: Path, probe: dict[str, Any], document: Document, around: Surroundings
) -> Iterator[Mistake]:
    """Mistakes in the other keys of a probe whose kind is not known: read as the kind it looks like."""
    model: type[Probe] = HttpProbe if "url" in probe else TlsProbe
    guess = {**probe, "kind": "http" if "url" in probe else "tls"}
    try:
        model.model_validate(guess, context=around)
    except ValidationError as problem:
        known = {key for kind in KINDS.values() for key in kind.model_fields}
        for error in problem.errors(include_url=False):
            unknown = error["type"] == "extra_forbidden"
            if error["type"] != "missing" and not (unknown and error["loc"][-1] in known):
                yield from _mistakes(
                    {**error, "loc": (*path, model.__name__, *error["loc"])}, document, around
                )


def _unknown(loc: Path) -> tuple[str, str]:
    """What to say of a key that a section does not have."""
    key = str(loc[-1])
    sections = list(_sections_at(loc[:-1]))
    if any(key in section.later for section in sections):
        return "not yet", "this version does not build it; leave it out"
    known = {field.alias or name for section in sections for name, field in section.model_fields.items()}
    others = [kind for kind, model in KINDS.items() if key in model.model_fields]
    if loc[:1] == ("probes",) and len(loc) == 4 and others:
        return f"kind {loc[2]} has no such key", f"it belongs to kind {' | '.join(others)}"
    return "unknown key", did_you_mean(key, known)


def _sections_at(loc: Path) -> Iterable[type[Section]]:
    """The models that may stand at a location (of pydantic's kind, with the probe's kind in it)."""
    sections: list[type[Section]] = [Configuration]
    for position, part in enumerate(loc):
        if position == 2 and loc[0] == "probes" and part in KINDS:
            sections = [KINDS[str(part)]]
            continue
        fields = [section.model_fields.get(str(part)) for section in sections]
        inside = [found for field in fields if field for found in _sections_in(field.annotation)]
        sections = inside or sections
    return sections


def _sections_in(annotation: Any) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for argument in get_args(annotation):
        yield from _sections_in(argument)
