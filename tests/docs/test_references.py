"""What the reference pages list is what the program has: keys, commands and options, paths, diagnoses.

Metrics are compared in tests/metrics, faults of the simulator in tests/simulator, causes and flags in test_causes.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from monitor.cli import group
from monitor.cli.check import json_schema
from monitor.model import Diagnosis, Verdict
from monitor.web.routes import ENDPOINTS
from tests.docs.markdown import headings, sections, text_of

CONFIGURATION = Path("docs/configuration.md")
COMMANDS = Path("docs/command-line.md")
SIMULATOR = Path("docs/simulator.md")
API = Path("docs/api.md")
JUDGING = Path("docs/judging.md")

# --- configuration ---------------------------------------------------------------------------------------------------

OF_OTHER_FILES = {
    "title",
    "source",
    "code_path",
    "codes",
    "cause",
    "flag",
    "transaction",
    "message",
    "meaning",
}
"""Keys of catalogue files and of `map`, which the schema of probes.yaml does not hold, or holds under other names."""


def keys_of_schema() -> set[str]:
    schema: Any = json_schema()
    parts: list[dict[str, Any]] = [schema, *schema.get("$defs", {}).values()]
    return {key for part in parts for key in part.get("properties", {})}


def keys_of_tables() -> Iterator[str]:
    """What stands in the first column of the tables whose head calls it a key."""
    for table in re.findall(r"^\| key\b.*\n\|[-|]+\|\n((?:\|.*\n)+)", text_of(CONFIGURATION), re.MULTILINE):
        for row in table.splitlines():
            yield from re.findall(r"`([a-z0-9_]+)`", row.split("|")[1])


def test_every_key_of_the_schema_is_described():
    assert not keys_of_schema() - set(re.findall(r"`([a-z0-9_]+)[`:]", text_of(CONFIGURATION)))


def test_every_key_described_is_in_the_schema():
    assert not set(keys_of_tables()) - keys_of_schema() - OF_OTHER_FILES


# --- commands --------------------------------------------------------------------------------------------------------


def commands(at: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """`silence add` → its command, for every command that does something itself. A hidden one is its group called alone."""
    if isinstance(at, click.Group):
        context = click.Context(at)
        for word in at.list_commands(context):
            below = at.get_command(context, word)
            assert below is not None
            yield from commands(below, f"{name} {'' if below.hidden else word}".strip())
    else:
        yield name, at


ALL_COMMANDS = dict(commands(group))


def described(name: str) -> str:
    """Where a command is described: the section whose heading names its first word."""
    found = [text for head, text in sections(COMMANDS, 2).items() if name.split()[0] in head.split(", ")]
    assert len(found) == 1, name
    return found[0] + (text_of(SIMULATOR) if name == "simulate" else "")


@pytest.mark.parametrize("name", ALL_COMMANDS)
def test_every_command_and_option_is_described(name: str):
    text = described(name)
    options = [option for option in ALL_COMMANDS[name].params if isinstance(option, click.Option)]
    everywhere = text_of(COMMANDS).partition("\n## ")[0]
    missing = [
        option.opts for option in options if not any(word in text + everywhere for word in option.opts)
    ]
    assert f"fapiao-monitor {name}" in text
    assert not missing


def test_every_command_described_exists():
    heads = {word for head in headings(COMMANDS, 2) for word in head.split(", ")}
    assert heads == {name.split()[0] for name in ALL_COMMANDS}


@pytest.mark.parametrize("name", ALL_COMMANDS)
def test_every_option_described_exists(name: str):
    below = "|".join(other.removeprefix(name) for other in ALL_COMMANDS if other.startswith(f"{name} "))
    synopsis = re.findall(
        rf"^fapiao-monitor {name}\b(?!{below or '$^'})((?:.*\n)(?: {{9,}}.*\n)*)",
        described(name),
        re.MULTILINE,
    )
    known = {word for option in ALL_COMMANDS[name].params for word in option.opts}
    assert not {word for text in synopsis for word in re.findall(r"(--[a-z-]+)", text)} - known


def test_every_command_has_its_row_with_its_exit_codes():
    first = text_of(COMMANDS).partition("\n## ")[0]
    rows = " ".join(re.findall(r"^\| \[(.*?)\]\(", first, re.MULTILINE))
    assert not [name for name in ALL_COMMANDS if name.split()[0] not in rows]


# --- HTTP ------------------------------------------------------------------------------------------------------------


def paths_of_table() -> set[tuple[str, str]]:
    """(method, path) of the first table of docs/api.md."""
    rows = re.findall(r"^\| (`.*?) \|", text_of(API).partition("\n## ")[0], re.MULTILINE)
    found = (re.findall(r"`(?:(POST|PUT|DELETE) )?(/[^`?]*)[^`]*`", row) for row in rows)
    return {(method or "GET", path) for row in found for method, path in row}


def test_the_table_lists_what_is_served_and_nothing_else():
    served = {(one.method, re.sub(r"\{(\w+)\}", lambda name: name[1].upper(), one.path)) for one in ENDPOINTS}
    assert paths_of_table() == served


# --- judging ---------------------------------------------------------------------------------------------------------


def test_every_diagnosis_has_its_anchor_in_the_order_in_which_they_are_asked():
    named = [head for head in headings(JUDGING, 3) if head in set(Diagnosis)]
    assert named == list(Diagnosis)


def test_every_verdict_is_described():
    rows = re.findall(r"^\| `(\w+)` \|", sections(Path("docs/references.md"), 2)["Verdicts"], re.MULTILINE)
    assert rows == list(Verdict)
