"""Patterns of `body_regex`, matched in time linear in the body.

Python's own engine backtracks: `(a+)+$` on thirty letters of a hostile page would hold the whole daemon. The engine
here is the Rust one that pydantic brings along. It knows neither look-around nor back-references.
"""

from __future__ import annotations

from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, core_schema


@lru_cache(maxsize=256)
def compiled(pattern: str) -> SchemaValidator:
    """The compiled pattern. Raises ValueError with the reason if it is none."""
    try:
        return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
    except SchemaError as problem:
        reason = str(problem).strip().rsplit("\n", 1)[-1].removeprefix("error: ")
        raise ValueError(f"{pattern!r} is not a pattern: {reason}") from None


def matches(pattern: str, text: str) -> bool:
    """Whether `pattern` is found anywhere in `text`. Raises ValueError if it is no pattern."""
    return compiled(pattern).isinstance_python(text)
