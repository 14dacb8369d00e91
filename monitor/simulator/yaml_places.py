"""Reads YAML with the place of everything in it, so that each mistake can be said with line and column, all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import yaml

MAX_DEPTH = 6
MAX_NODES = 50_000
"""A thousand steps that name every authority one by one."""
MAX_MISTAKES = 100
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where it is there: ten times as fast."""


class TooManyError(Exception):
    """There are so many mistakes that no more are looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One thing that is wrong. `line` and `column` count from 1."""

    line: int
    column: int
    path: str
    found: str
    meant: str

    def __str__(self) -> str:
        meant = self.meant if self.meant.startswith("did you mean") else f"meant is {self.meant}"
        return f"line {self.line}, column {self.column}: {self.path}: found {self.found}; {meant}"


@dataclass(slots=True)
class Reader:
    """Collects the mistakes while nodes are read."""

    mistakes: list[Mistake] = field(default_factory=list)

    def wrong(self, node: yaml.Node, path: str, meant: str, found: str | None = None) -> None:
        """Note a mistake at `node`. Raises TooManyError after MAX_MISTAKES of them."""
        mark = node.start_mark
        self.mistakes.append(
            Mistake(
                line=mark.line + 1,
                column=mark.column + 1,
                path=path or "the file",
                found=_shown(node) if found is None else found,
                meant=meant,
            )
        )
        if len(self.mistakes) >= MAX_MISTAKES:
            raise TooManyError

    def mapping(self, node: yaml.Node, path: str, known: tuple[str, ...]) -> Mapping[str, yaml.Node]:
        """The entries of a mapping whose keys are all `known` and stand once; what else there is, is noted."""
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, path, f"a mapping of {', '.join(known)}")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if name not in known:
                near = get_close_matches(name, known, 1)
                meant = f"did you mean {near[0]}?" if near else f"one of {', '.join(known)}"
                self.wrong(key, path, meant, f"the unknown key {name[:60]!r}")
            elif name in found:
                self.wrong(key, path, "each key once", f"{name} a second time")
            else:
                found[name] = value
        return found

    def items(self, node: yaml.Node, path: str, most: int) -> Iterator[tuple[str, yaml.Node]]:
        """The members of a list with their paths, at most `most`."""
        if not isinstance(node, yaml.SequenceNode):
            self.wrong(node, path, "a list")
            return
        if len(node.value) > most:
            self.wrong(node, path, f"at most {most} entries", f"{len(node.value)} entries")
        for number, member in enumerate(node.value[:most]):
            yield f"{path}[{number}]", member

    def word(self, node: yaml.Node, path: str, meant: str) -> str | None:
        """A scalar as it is written; None (and noted) for anything else."""
        if isinstance(node, yaml.ScalarNode) and node.value:
            return str(node.value)
        self.wrong(node, path, meant)
        return None


def compose(text: str, reader: Reader) -> yaml.Node | None:
    """The root of one document. None where it is no YAML, is empty, has aliases, is too deep or too long: then noted."""
    try:
        amiss = _amiss(text)
        node: yaml.Node | None = None if amiss else yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError as problem:
        reader.mistakes.append(_of_yaml(problem))
        return None
    if node is None:
        reader.mistakes.append(amiss or _mistake(None, "nothing", "a scenario"))
    return node


def _amiss(text: str) -> Mistake | None:
    """What must not even be composed. Read as events: nothing is built, and the rest of the file is not looked at."""
    depth = nodes = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.AliasEvent):
            return _mistake(event, "an alias", "everything written out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        nodes += isinstance(event, yaml.NodeEvent)
        if depth > MAX_DEPTH:
            return _mistake(event, f"more than {MAX_DEPTH} levels", "a scenario")
        if nodes > MAX_NODES:
            return _mistake(event, f"more than {MAX_NODES} values", "fewer")
    return None


def _of_yaml(problem: Exception) -> Mistake:
    mark = getattr(problem, "problem_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    found = str(getattr(problem, "problem", None) or getattr(problem, "reason", None) or "no YAML")
    return Mistake(line=line, column=column, path="the file", found=found, meant="YAML")


def _mistake(event: yaml.Event | None, found: str, meant: str) -> Mistake:
    mark = event.start_mark if event else None
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Mistake(line=line, column=column, path="the file", found=found, meant=meant)


def _shown(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return repr(node.value[:60]) if node.value else "nothing"
    return "a mapping" if isinstance(node, yaml.MappingNode) else "a list"
