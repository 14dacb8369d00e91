"""YAML text → nodes that remember where they stand, with the traps of YAML 1.1 closed.

Scalars stay text: what they are is said by their key, never by their look. Duplicate keys, tags, tabs as indentation,
several documents, loops of anchors and anchors that expand without end are mistakes. Merge keys (`<<`) work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import yaml
from yaml.reader import Reader

from monitor.config import fullwidth
from monitor.config.mistakes import ConfigError, Mistake, Path, dotted, quoted

_LINE_ENDS = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What YAML 1.1 takes for the end of a line; `str.splitlines` knows more."""

MAX_BYTES: Final = 4 << 20
"""Size of a file, and of what its anchors may expand to."""
MAX_DEPTH: Final = 32


class Blank:
    """The value of a key after which nothing stands. Neither a text nor a mapping: every type refuses it."""


BLANK: Final = Blank()


class Bare(str):
    """A text that was written without quotes. Only where any JSON may stand is it more than its text."""

    __slots__ = ()


@dataclass(slots=True, kw_only=True)
class Node:
    """A value and its place (line and column from 1). `size` and `depth` count what aliases expand to."""

    line: int
    column: int
    size: int = 2
    depth: int = 1

    def plain(self) -> Any:
        """The value as text, dict, list or BLANK."""
        raise NotImplementedError


@dataclass(slots=True, kw_only=True)
class Scalar(Node):
    """A text. `bare`: written without quotes."""

    text: str
    bare: bool

    def plain(self) -> Any:
        """The text, or BLANK where nothing was written."""
        if not self.bare:
            return self.text
        return Bare(self.text) if self.text else BLANK


@dataclass(slots=True, kw_only=True)
class Sequence(Node):
    """A list. `flow`: written in brackets."""

    flow: bool = False
    items: list[Node] = field(default_factory=list)

    def plain(self) -> Any:
        """A list of plain values."""
        return [item.plain() for item in self.items]


@dataclass(slots=True, kw_only=True)
class Mapping(Node):
    """A mapping: key → (the key's node, the value's node)."""

    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)
    merged: list[Node] = field(default_factory=list)
    """Values of `<<`, laid under the entries when the mapping ends."""
    key: Scalar | None = None
    """The key whose value comes next, while the mapping is being read."""

    def plain(self) -> Any:
        """A dict of plain values."""
        return {key: value.plain() for key, (_, value) in self.entries.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document that was read, and the places in it."""

    file: str
    root: Mapping
    slips: tuple[fullwidth.Slip, ...] = ()
    """Texts with full-width punctuation in them, which may be meant as YAML's own."""

    def mistake(self, path: Path, found: str, meant: str, *, at_key: bool = False) -> Mistake:
        """A mistake at the value of `path` (or at its key); where that is missing, at what should hold it."""
        if path and isinstance(path[-1], int) and not isinstance(self._find(path[:-1]), Sequence):
            path = path[:-1]  # a single word was read as a list of it
        node = self._find(path, at_key=at_key)
        place = {"line": node.line, "column": node.column}
        return Mistake(file=self.file, path=dotted(path), found=found, meant=meant, **place)

    def holds(self, path: Path) -> bool:
        """Whether a mapping in it has this key, sound or not."""
        holder = self._find(path[:-1])
        return isinstance(holder, Mapping) and path[-1] in holder.entries

    def words(self, path: Path) -> list[tuple[Path, str]]:
        """The texts that stand at `path`, one or a list of them, each with its place; none where it is not there."""
        held = self._find(path) if path and self.holds(path) else None
        if isinstance(held, Scalar):
            return [((*path, 0), held.text)]
        items = held.items if isinstance(held, Sequence) else ()
        return [((*path, n), item.text) for n, item in enumerate(items) if isinstance(item, Scalar)]

    def _find(self, path: Path, *, at_key: bool = False) -> Node:
        node: Node = self.root
        for position, part in enumerate(path):
            if isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
                node = node.items[part]
            elif isinstance(node, Mapping) and part in node.entries:
                key, value = node.entries[str(part)]
                node = key if at_key and position == len(path) - 1 else value
            else:
                break
        return node


def parse(text: str, file: str) -> tuple[Document, list[Mistake]]:
    """The document in `text`, and the mistakes that do not keep it from being read (duplicate keys, tags).

    Raises ConfigError where it cannot be read as one YAML mapping.
    """
    builder = _Builder(text, file)
    builder.refuse_unprintable()
    try:
        builder.read()
    except yaml.MarkedYAMLError as problem:
        builder.stop(*_explain(text, problem))
    except yaml.YAMLError as problem:
        builder.stop(1, 1, "not YAML", str(problem).splitlines()[0])
    return Document(file=file, root=builder.mapping(), slips=tuple(builder.slips)), builder.mistakes


def _explain(text: str, problem: yaml.MarkedYAMLError) -> tuple[int, int, str, str]:
    """Line, column, what was found and what is meant, of an error of the YAML parser."""
    mark = problem.problem_mark or problem.context_mark
    if mark is None:
        return 1, 1, "not YAML", str(problem.problem)
    lines = _LINE_ENDS.split(text)
    line = lines[mark.line] if mark.line < len(lines) else ""
    before = line[: mark.column + 1]
    if "\t" in before and not before.strip():
        return mark.line + 1, mark.column + 1, "a tab is used for indentation", "write spaces"
    context = f" ({problem.context})" if problem.context else ""
    if slip := fullwidth.before(lines, mark.line):
        return slip[0], slip[1], "not YAML", f"{slip[2]} ({problem.problem})"
    return mark.line + 1, mark.column + 1, "not YAML", f"{problem.problem}{context}"


def _place(event: yaml.Event) -> tuple[int, int]:
    """Line and column of an event, from 1."""
    assert event.start_mark is not None
    return event.start_mark.line + 1, event.start_mark.column + 1


class _Builder:
    """Makes nodes of the parser's events, without recursion: depth and size are watched as they grow."""

    def __init__(self, text: str, file: str) -> None:
        self.mistakes: list[Mistake] = []
        self.slips: list[fullwidth.Slip] = []
        self._text = text
        self._file = file
        self._lines = _LINE_ENDS.split(text)
        self._has_tabs = "\t" in text
        self._open: list[tuple[Sequence | Mapping, str | None]] = []
        self._anchors: dict[str, Node | None] = {}
        self._root: Node | None = None
        self._documents = 0

    def stop(self, line: int, column: int, found: str, meant: str) -> NoReturn:
        """Give up: nothing behind this place can be read."""
        self._note(line, column, found, meant)
        raise ConfigError(self.mistakes)

    def mapping(self) -> Mapping:
        """The document, once everything is read."""
        if isinstance(self._root, Mapping):
            return self._root
        found = "not a mapping" if self._root and self._root.plain() is not BLANK else "the file is empty"
        meant = "write `version: 1` and `probes:`; `fapiao-monitor init` makes a file to start from"
        self._note(1, 1, found, meant)
        raise ConfigError(self.mistakes)

    def refuse_unprintable(self) -> None:
        """Stop at a character that YAML does not allow."""
        match = Reader.NON_PRINTABLE.search(self._text.removeprefix("\ufeff"))
        if match:
            before = self._text[: match.start()]
            line, column = before.count("\n") + 1, match.start() - before.rfind("\n")
            self.stop(
                line, column, f"the character {match.group()!r}", "YAML allows only what can be printed"
            )

    def read(self) -> None:
        """Take in all events."""
        for event in self._events():
            if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                self._close()
            elif isinstance(event, yaml.DocumentStartEvent):
                self._start_document(event)
            elif isinstance(event, yaml.NodeEvent):
                self._take(event)

    def _events(self) -> Iterator[yaml.Event]:
        return yaml.parse(self._text, Loader=yaml.CSafeLoader)

    def _start_document(self, event: yaml.Event) -> None:
        self._documents += 1
        if self._documents > 1:
            self.stop(*_place(event), "a second document", "one file holds one document")

    def _take(self, event: yaml.NodeEvent) -> None:
        line, column = _place(event)
        self._refuse_tab(line, column)
        if isinstance(event, yaml.AliasEvent):
            self._add(self._aliased(event, line, column))
            return
        assert isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)
        if event.tag is not None:
            self._note(line, column, f"the tag {quoted(event.tag)}", "tags are not used here; leave it out")
        if isinstance(event, yaml.ScalarEvent):
            size = len(event.value) + 2
            node = Scalar(
                line=line, column=column, size=size, text=event.value, bare=event.style in (None, "")
            )
            self._anchor(event.anchor, node)
            self._look_for_slips(event, node.bare)
            self._add(node)
        else:
            self._enter(event, line, column)

    def _enter(self, event: yaml.NodeEvent, line: int, column: int) -> None:
        node: Sequence | Mapping = Mapping(line=line, column=column)
        if isinstance(event, yaml.SequenceStartEvent):
            node = Sequence(line=line, column=column, flow=bool(event.flow_style))
        self._open.append((node, event.anchor))
        self._anchor(event.anchor, None)
        if len(self._open) > MAX_DEPTH:
            self.stop(line, column, f"more than {MAX_DEPTH} levels of nesting", "no key needs that many")

    def _look_for_slips(self, event: yaml.ScalarEvent, bare: bool) -> None:
        if event.value.isascii() or event.style in ("|", ">"):
            return
        assert event.start_mark is not None
        assert event.end_mark is not None
        start, end = event.start_mark, event.end_mark
        parent = self._open[-1][0] if self._open else None
        slip = fullwidth.find(
            self._lines,
            (start.line, start.column),
            (end.line, end.column),
            path=tuple(self._path()),
            bare=bare,
            item=isinstance(parent, Sequence) and parent.flow,
        )
        self.slips += [slip] if slip else []

    def _close(self) -> None:
        node, anchor = self._open.pop()
        if isinstance(node, Mapping):
            self._merge(node)
        self._anchor(anchor, node)
        self._add(node)

    def _anchor(self, name: str | None, node: Node | None) -> None:
        if name is not None:
            self._anchors[name] = node

    def _aliased(self, event: yaml.AliasEvent, line: int, column: int) -> Node:
        if event.anchor not in self._anchors:
            self.stop(line, column, f"*{event.anchor}", "no anchor of that name stands before it")
        node = self._anchors[event.anchor]
        if node is None:
            self.stop(line, column, f"*{event.anchor}", "an anchor cannot hold itself")
        return node

    def _add(self, node: Node) -> None:
        """Put a finished node where it belongs, and watch what everything expands to."""
        if not self._open:
            self._root = node
            return
        parent, _ = self._open[-1]
        parent.size += node.size
        parent.depth = max(parent.depth, node.depth + 1)
        if parent.size > MAX_BYTES or parent.depth > MAX_DEPTH:
            self.stop(node.line, node.column, "anchors that expand beyond 4 MiB", "write less with them")
        if isinstance(parent, Sequence):
            parent.items.append(node)
        else:
            self._add_to_mapping(parent, node)

    def _add_to_mapping(self, parent: Mapping, node: Node) -> None:
        if parent.key is None:
            parent.key = self._as_key(node)
            return
        key, parent.key = parent.key, None
        if key.bare and key.text == "<<":
            parent.merged.append(node)
        elif key.text in parent.entries:
            first = parent.entries[key.text][0]
            meant = f"it stands already in line {first.line}; keep one"
            self._note(key.line, key.column, f"duplicate key {quoted(key.text)}", meant, key.text)
        else:
            parent.entries[key.text] = (key, node)

    def _as_key(self, node: Node) -> Scalar:
        if not isinstance(node, Scalar):
            found = "a list or mapping as a key"
            self.stop(node.line, node.column, found, 'a key is a word; put "…" around a text in braces')
        return node

    def _merge(self, node: Mapping) -> None:
        """Lay what `<<` names under the mapping's own keys; the first to name a key wins."""
        for value in node.merged:
            for source in value.items if isinstance(value, Sequence) else [value]:
                if not isinstance(source, Mapping):
                    self._note(source.line, source.column, "<<", "it takes a mapping or a list of mappings")
                    continue
                for key, entry in source.entries.items():
                    node.entries.setdefault(key, entry)

    def _refuse_tab(self, line: int, column: int) -> None:
        """libyaml lets tabs pass inside braces and brackets; people see another indentation than it does."""
        if self._has_tabs and line <= len(self._lines):
            before = self._lines[line - 1][: column - 1]
            if "\t" in before and not before.strip():
                self._note(line, 1, "a tab is used for indentation", "write spaces")

    def _note(self, line: int, column: int, found: str, meant: str, *last: str) -> None:
        path = dotted((*self._path(), *last))
        mistake = Mistake(file=self._file, line=line, column=column, path=path, found=found, meant=meant)
        self.mistakes.append(mistake)

    def _path(self) -> Iterator[str | int]:
        """Where the reading stands: the pending key or the position in every open collection."""
        for node, _ in self._open:
            if isinstance(node, Sequence):
                yield len(node.items)
            elif node.key is not None:
                yield node.key.text
