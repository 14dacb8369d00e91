"""`codes`: the catalogue of error codes: its tables, one table, or one code wherever it stands."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from monitor.cli.configuration import DEFAULT_FILE, config_option
from monitor.knowledge import load_registry, load_tables
from monitor.model import Code, CodeTable, Outcome


@click.command()
@click.argument("word", metavar="[TABLE|CODE]", required=False)
@config_option("A configuration whose catalogue is laid over")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(word: str | None, file: Path | None, as_json: bool) -> int:
    """Show the error codes of the platform and of sync interfaces, and what each means.

    Without a word its tables; a table by its name; a code in all tables that have it. Exits 1 if there is none.
    """
    tables = _tables(file)
    if word is None:
        _print_json([_about(table) for table in tables.values()]) if as_json else _print_tables(tables)
        return 0
    if word in tables:
        _print_json(_whole(tables[word])) if as_json else _print_table(tables[word])
        return 0
    found = find(tables, word)
    if as_json:
        _print_json([_row(code) for code in found])
    elif found:
        _print_codes(found)
    else:
        click.echo(_nothing(tables, word), err=True)
    return 0 if found else 1


def find(tables: Mapping[str, CodeTable], word: str) -> list[Code]:
    """The rows of that code in all tables, whatever its case."""
    wanted = word.strip().lower()
    return [code for table in tables.values() for code in table.codes if code.code.lower() == wanted]


def _tables(file: Path | None) -> Mapping[str, CodeTable]:
    """The catalogue, with what the configuration lays over it. A broken one that was not asked for is only mentioned."""
    path = file or DEFAULT_FILE
    if file is None and not path.exists():
        return load_tables()
    from monitor.config.load import ConfigError, load  # a third of a second that the catalogue does not need

    try:
        return load(path, environ=os.environ, registry=load_registry()).tables
    except ConfigError as problem:
        if file is not None:
            raise click.UsageError(str(problem)) from None
        click.echo(f"{path} has mistakes and is left aside; see `fapiao-monitor check`", err=True)
        return load_tables()


def _nothing(tables: Mapping[str, CodeTable], word: str) -> str:
    from difflib import get_close_matches

    known = [*tables, *(code.code for table in tables.values() for code in table.codes)]
    near = get_close_matches(word, dict.fromkeys(known), 3)
    hint = f"; did you mean {' or '.join(near)}?" if near else "; without a word `codes` lists the tables"
    return f"no table and no code is called {word[:80]!r}{hint}"


# --- as JSON ---------------------------------------------------------------------------------------------------------


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _about(table: CodeTable) -> dict[str, Any]:
    return {
        "table": table.name,
        "title": table.title,
        "source": table.source,
        "code_path": dict(table.code_paths),
        "count": len(table.codes),
    }


def _whole(table: CodeTable) -> dict[str, Any]:
    return {**_about(table), "codes": [_row(code) for code in table.codes]}


def _row(code: Code) -> dict[str, Any]:
    return {
        "table": code.table,
        "endpoint": code.endpoint,
        "code": code.code,
        "outcome": str(code.cause.outcome),
        "cause": str(code.cause),
        "flag": None if code.flag is None else str(code.flag),
        "speaks_of": None if code.cause.outcome is Outcome.OK else str(code.cause.speaks_of),
        "transaction": str(code.transaction),
        "message": code.message,
        "meaning": code.meaning,
        "source": code.source,
    }


# --- for people ------------------------------------------------------------------------------------------------------


def _print_tables(tables: Mapping[str, CodeTable]) -> None:
    rows = [
        (table.name, str(len(table.codes)), _paths(table) or "kind captcha", table.title)
        for table in tables.values()
    ]
    _print(("table", "codes", "code stands at", "whose"), rows)
    click.echo("\n`fapiao-monitor codes TABLE` shows its codes, `codes CODE` a code in all tables")


def _paths(table: CodeTable) -> str:
    return ", ".join(f"{endpoint} {path}".strip() for endpoint, path in table.code_paths)


def _print_table(table: CodeTable) -> None:
    from monitor.cli.drawing import clean

    click.echo(f"{table.name}: {clean(table.title)}")
    click.echo(f"  source  {clean(table.source)}")
    if table.code_paths:
        click.echo(f"  code    {_paths(table)}")
    click.echo("")
    several = len({code.endpoint for code in table.codes}) > 1
    head = (*(("endpoint",) if several else ()), "code", *_MEANS)
    rows = [(*((code.endpoint,) if several else ()), code.code, *_means(code)) for code in table.codes]
    _print(head, rows)


def _print_codes(codes: Sequence[Code]) -> None:
    rows = [(f"{code.table}/{code.endpoint}".rstrip("/"), code.code, *_means(code)) for code in codes]
    _print(("table", "code", *_MEANS), rows)
    for source in dict.fromkeys(code.source for code in codes):
        click.echo(f"  source  {source}")


_MEANS = ("for the service", "for what was asked", "message", "meaning")


def _means(code: Code) -> tuple[str, ...]:
    """What a code means, in words: `error: credential`, `ok, throttled`."""
    cause = "" if code.cause.outcome is Outcome.OK else f": {code.cause}"
    flag = "" if code.flag is None else f", {code.flag}"
    return (
        f"{code.cause.outcome}{cause}{flag}",
        str(code.transaction),
        code.message or "-",
        code.meaning or "-",
    )


def _print(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from monitor.cli.table import print_words

    print_words(head, rows)
