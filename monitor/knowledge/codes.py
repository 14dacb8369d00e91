"""The catalogue of error codes and the words of pages: codes.yaml and words.yaml made into values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from monitor.core.classify import Catalogue
from monitor.knowledge.files import read_data
from monitor.model import Cause, Code, CodeTable, Flag, Outcome, Words

_CAUSES = {str(cause): cause for cause in Cause}
_ABOUT = frozenset({"title", "source", "code_path"})
"""Keys of a table that are no rows."""


@cache
def load_tables() -> Mapping[str, CodeTable]:
    """Name → table, in the order of the file. The same value at every call."""
    tables = read_data("codes.yaml")["tables"]
    return MappingProxyType({name: _table(name, written) for name, written in tables.items()})


@cache
def load_catalogue() -> Catalogue:
    """(table, endpoint, code) → what it means. The same value at every call."""
    codes = (code for table in load_tables().values() for code in table.codes)
    return MappingProxyType({(code.table, code.endpoint, code.code): code for code in codes})


@cache
def load_words() -> Words:
    """The phrases of words.yaml. The same value at every call."""
    data = read_data("words.yaml")
    return Words(
        maintenance=tuple(data["maintenance"]), challenge=tuple(data["challenge"]), busy=tuple(data["busy"])
    )


def _table(name: str, written: Mapping[str, Any]) -> CodeTable:
    path = written.get("code_path", {})
    return CodeTable(
        name=name,
        title=written["title"],
        source=written["source"],
        code_paths=(("", path),) if isinstance(path, str) else tuple(path.items()),
        codes=tuple(_codes(name, written)),
    )


def _codes(table: str, written: Mapping[str, Any]) -> Iterator[Code]:
    for key, rows in written.items():
        if key not in _ABOUT:
            endpoint = "" if key == "codes" else key
            for code, entry in rows.items():
                yield _code(table, endpoint, code, {"source": written["source"], **entry})


def _code(table: str, endpoint: str, code: str, entry: Mapping[str, Any]) -> Code:
    cause = _CAUSES[entry["cause"]]
    return Code(
        table=table,
        endpoint=endpoint,
        code=code,
        cause=cause,
        flag=Flag(entry["flag"]) if "flag" in entry else None,
        message=entry["message"],
        meaning=entry["meaning"],
        source=entry["source"],
        transaction=Outcome(entry["transaction"]) if "transaction" in entry else cause.outcome,
    )
