"""The operator's own files of error codes (key `catalogue`): read, checked with places, laid over the shipped tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

from monitor.config.beside import text_of
from monitor.config.mistakes import ConfigError, Mistake, Path, did_you_mean, quoted
from monitor.config.scalars import name as as_name
from monitor.config.scalars import plain_path
from monitor.config.tree import BLANK, Document, parse
from monitor.model import Cause, Code, CodeTable, Flag, Outcome

CAUSES: Mapping[str, Cause] = {
    str(cause): cause
    for cause in (
        Cause.NONE, Cause.API_ERROR, Cause.BACKEND_BUSY, Cause.MAINTENANCE_PAGE, Cause.CREDENTIAL,
        Cause.PROBE_MISCONFIGURED, Cause.BLOCKED, Cause.RECORD_MISSING, Cause.SYNC_LAG,
    )
}  # fmt: skip
"""What a code in a reply can mean."""
FLAGS: Mapping[str, Flag] = {
    str(flag): flag for flag in (Flag.THROTTLED, Flag.WARNING_CODE, Flag.UNSIGNED_REFUSED)
}
_TRANSACTIONS = {str(outcome): outcome for outcome in Outcome}
_ABOUT = ("title", "source", "code_path")
_TEXTS = ("message", "meaning", "source")
_ROW = ("cause", "flag", "transaction", *_TEXTS)


@dataclass(slots=True, kw_only=True)
class Catalogue:
    """The tables as this configuration has them, and the operator's own rows in them."""

    tables: dict[str, CodeTable]
    own: dict[str, tuple[Code, ...]] = field(default_factory=dict)
    """Table → its rows that come from the operator's files."""
    mistakes: list[Mistake] = field(default_factory=list)

    def lay_over(self, table: CodeTable) -> None:
        """Put a table of one file over what is known: its rows replace those of the same endpoint and code."""
        known = self.tables.get(table.name)
        self.own[table.name] = _merged(self.own.get(table.name, ()), table.codes)
        if known is None:
            self.tables[table.name] = table
            return
        self.tables[table.name] = replace(
            known,
            title=table.title or known.title,
            source=table.source or known.source,
            code_paths=table.code_paths or known.code_paths,
            codes=_merged(known.codes, table.codes),
        )


def _merged(known: Iterable[Code], new: Iterable[Code]) -> tuple[Code, ...]:
    rows = {(code.endpoint, code.code): code for code in (*known, *new)}
    return tuple(rows.values())


def read_catalogue(
    files: Iterable[str], shipped: Mapping[str, CodeTable], document: Document, directory: FilePath
) -> Catalogue:
    """The shipped tables with those of `files` laid over them in order. Relative paths start at `directory`."""
    catalogue = Catalogue(tables=dict(shipped))
    for index, name in enumerate(files):
        try:
            text = text_of(directory / name)
        except ValueError as problem:
            meant = "a file of codes is meant, in the form of `tables: {NAME: {codes: {…}}}`"
            catalogue.mistakes.append(document.mistake(("catalogue", index), str(problem), meant))
            continue
        try:
            found, mistakes = parse(text, str(directory / name))
        except ConfigError as problem:
            catalogue.mistakes += problem.mistakes
            continue
        reader = _Reader(found)
        for table in reader.tables():
            catalogue.lay_over(table)
        catalogue.mistakes += [*mistakes, *reader.mistakes]
    return catalogue


class _Reader:
    """Walks one document; what is wrong is noted with its place and left out."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.mistakes: list[Mistake] = []

    def tables(self) -> Iterator[CodeTable]:
        """The tables that the document holds."""
        root = self._document.root.plain()
        for key in root:
            if key != "tables":
                self._note((key,), "unknown key", did_you_mean(key, ["tables"]), at_key=True)
        for name, written in self._mapping(root.get("tables"), ("tables",)).items():
            path: Path = ("tables", name)
            if self._fits(as_name, name, path, "a name is meant: letters, digits, - _ and .", at_key=True):
                yield self._table(name, self._mapping(written, path), path)

    def _table(self, name: str, written: Mapping[str, Any], path: Path) -> CodeTable:
        about = {key: self._word(written, key, path) for key in ("title", "source")}
        codes: list[Code] = []
        for key, rows in written.items():
            if key not in _ABOUT:
                place = (*path, key)
                endpoint = "" if key == "codes" else key
                for code, row in self._mapping(rows, place).items():
                    source = about["source"] or FilePath(self._document.file).name
                    if made := self._row(name, endpoint, code, row, (*place, code), source):
                        codes.append(made)
        return CodeTable(
            name=name,
            title=about["title"],
            source=about["source"],
            code_paths=self._paths(written.get("code_path"), (*path, "code_path")),
            codes=tuple(codes),
        )

    def _paths(self, written: Any, path: Path) -> tuple[tuple[str, str], ...]:
        if written is None:
            return ()
        given = {"": written} if isinstance(written, str) else self._mapping(written, path)
        meant = "a path of plain steps is meant: $.data.code"
        return tuple(
            (endpoint, place)
            for endpoint, place in given.items()
            if self._fits(plain_path, place, (*path, endpoint) if endpoint else path, meant)
        )

    def _row(self, table: str, endpoint: str, code: str, row: Any, path: Path, source: str) -> Code | None:
        """One row; a single word is its cause."""
        written = {"cause": row} if isinstance(row, str) else self._mapping(row, path)
        for key in written:
            if key not in _ROW:
                self._note((*path, key), "unknown key", did_you_mean(key, _ROW), at_key=True)
        at = path if isinstance(row, str) else (*path, "cause")
        flag = self._choice(FLAGS, written.get("flag"), (*path, "flag"))
        cause = self._choice(CAUSES, written.get("cause", "none" if flag else BLANK), at)
        if cause is None:
            return None
        if flag is not None and cause is not Cause.NONE:
            self._note((*path, "flag"), "a flag beside a cause", "a flag goes with `cause: none`")
        transaction = self._choice(_TRANSACTIONS, written.get("transaction"), (*path, "transaction"))
        texts = {key: self._word(written, key, path) for key in _TEXTS}
        return Code(
            table=table,
            endpoint=endpoint,
            code=code,
            cause=cause,
            flag=flag,
            message=texts["message"],
            meaning=texts["meaning"],
            source=texts["source"] or source,
            transaction=transaction or cause.outcome,
        )

    def _mapping(self, value: Any, path: Path) -> Mapping[str, Any]:
        if isinstance(value, dict):
            return value
        found = (
            "no value"
            if value is None or value is BLANK
            else "a list"
            if isinstance(value, list)
            else "a text"
        )
        self._note(path, found, "a mapping is meant")
        return {}

    def _word(self, written: Mapping[str, Any], key: str, path: Path) -> str:
        value = written.get(key, "")
        if isinstance(value, str) and (not value or value.isprintable()):
            return value
        self._note((*path, key), "no text", "a text on one line is meant")
        return ""

    def _choice(self, known: Mapping[str, Any], value: Any, path: Path) -> Any:
        if value is None or (isinstance(value, str) and value in known):
            return None if value is None else known[value]
        meant = " | ".join(known)
        self._note(path, quoted(value) if isinstance(value, str) else "no value", meant)
        return None

    def _fits(
        self, parse: Callable[[str], object], value: Any, path: Path, meant: str, *, at_key: bool = False
    ) -> bool:
        if not isinstance(value, str):
            self._note(path, "no text", meant, at_key=at_key)
            return False
        try:
            parse(value)
        except ValueError:
            self._note(path, quoted(value), meant, at_key=at_key)
            return False
        return True

    def _note(self, path: Path, found: str, meant: str, *, at_key: bool = False) -> None:
        self.mistakes.append(self._document.mistake(path, found, meant, at_key=at_key))
