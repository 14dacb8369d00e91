"""The catalogue of error codes and the words of pages: codes.yaml and words.yaml made into values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from monitor.core.classify import Catalogue
from monitor.knowledge.files import read_data
from monitor.model import Cause, Code, Flag, Words

_CAUSES = {str(cause): cause for cause in Cause}


@cache
def load_catalogue() -> Catalogue:
    """(table, endpoint, code) → what it means. The same value at every call."""
    tables = read_data("codes.yaml")["tables"]
    codes = (code for name, table in tables.items() for code in _table(name, table))
    return MappingProxyType({(code.table, code.endpoint, code.code): code for code in codes})


@cache
def load_words() -> Words:
    """The phrases of words.yaml. The same value at every call."""
    data = read_data("words.yaml")
    return Words(
        maintenance=tuple(data["maintenance"]), challenge=tuple(data["challenge"]), busy=tuple(data["busy"])
    )


def _table(name: str, table: Mapping[str, Any]) -> Iterator[Code]:
    for endpoint, codes in table.items():
        if endpoint == "source":
            continue
        for code, entry in codes.items():
            yield _code(name, endpoint, code, {"source": table["source"], **entry})


def _code(table: str, endpoint: str, code: str, entry: Mapping[str, Any]) -> Code:
    return Code(
        table=table,
        endpoint=endpoint,
        code=code,
        cause=_CAUSES[entry["cause"]],
        flag=Flag(entry["flag"]) if "flag" in entry else None,
        message=entry["message"],
        meaning=entry["meaning"],
        back_off=float(entry["back_off"]) if "back_off" in entry else None,
        source=entry["source"],
    )
