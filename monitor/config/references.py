"""What others say: where each reference is read, how, and when it counts no longer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path as FilePath

from monitor.config import alerts
from monitor.config.mistakes import Mistake, Path
from monitor.config.scalars import plain, web_address
from monitor.config.schema import Map, Reference
from monitor.config.tree import Document
from monitor.model import ReferenceMap, ReferenceSource


def references(
    written: Sequence[Reference], positions: Sequence[int], document: Document, directory: FilePath
) -> tuple[tuple[ReferenceSource, ...], list[Mistake]]:
    """The sources, and what is wrong with them. A relative `file` starts at `directory`."""
    placed = [(("reference", position), each) for position, each in zip(positions, written, strict=True)]
    mistakes = [mistake for path, each in placed for mistake in _wrong(path, each, document)]
    mistakes += _double_names(placed, document)
    return tuple(_source(each, directory) for each in written), mistakes


def secret_parts(source: ReferenceSource) -> Iterator[str]:
    """What of a source's address must not be shown: a user, a password, long opaque words of its query."""
    if source.url is not None:
        yield from (part for part in alerts.secret_parts(source.url) if part != source.url)


def _source(written: Reference, directory: FilePath) -> ReferenceSource:
    return ReferenceSource(
        name=written.name,
        url=written.url,
        file=str((directory / written.file).absolute()) if written.file else None,
        interval=written.interval,
        stale_after=written.stale_after,
        token=written.token,
        proxies=written.proxy,
        map=_map(written.map_) if written.map_ else None,
    )


def _map(written: Map) -> ReferenceMap:
    return ReferenceMap(
        rows=written.rows,
        authority=written.authority,
        outcome=written.outcome,
        at=written.at,
        values=written.values,
    )


def _wrong(path: Path, written: Reference, document: Document) -> Iterator[Mistake]:
    if (written.url is None) == (written.file is None):
        found = "both url and file" if written.url else "neither url nor file"
        yield document.mistake(path, found, "a reference has one of them")
    if written.token is not None and written.url is None:
        yield document.mistake(
            (*path, "token"), "a token without url", "a file is read without one", at_key=True
        )
    if written.stale_after <= written.interval:
        found = (
            f"stale_after {plain(written.stale_after)} is not longer than interval {plain(written.interval)}"
        )
        meant = "a reference that is read in time must not be stale"
        yield document.mistake((*path, _later_key(written)), found, meant)
    if written.url is not None:
        try:
            web_address(written.url)
        except ValueError:
            found, meant = "an address that cannot be used (not shown)", "http://… or https://… is meant"
            yield document.mistake((*path, "url"), found, meant)


def _later_key(written: Reference) -> str:
    return "stale_after" if "stale_after" in written.model_fields_set else "interval"


def _double_names(placed: Sequence[tuple[Path, Reference]], document: Document) -> Iterator[Mistake]:
    first: dict[str, Path] = {}
    for path, written in placed:
        if written.name in first:
            meant = f"reference[{first[written.name][1]}] has it already; each source has one vote"
            yield document.mistake((*path, "name"), f'the name "{written.name}" again', meant)
        first.setdefault(written.name, path)
