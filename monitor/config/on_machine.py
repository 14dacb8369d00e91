"""A probe of kind `log`, `host` or `file` → the rules of its targets, and what cannot be meant between its keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

from monitor.config.catalogue import Catalogue
from monitor.config.facts import fill
from monitor.config.kinds import FileProbe, LogProbe, MachineProbe, Probe
from monitor.config.mistakes import Mistake, Path, did_you_mean, quoted
from monitor.config.scalars import plain
from monitor.config.tree import Document
from monitor.core.machine import countable
from monitor.model import (
    LOCAL,
    Authority,
    CodeTable,
    DiskRule,
    FileRules,
    HostRules,
    LogCodes,
    LogPattern,
    LogRules,
)

MOST_PATTERNS = 50
MOST_DISKS = 20
LONGEST_SPAN = 7 * 86400.0
"""Within which lines are counted."""
LIMITS = ("disk", "memory", "load", "files", "clock_offset")

OnMachine = LogProbe | MachineProbe | FileProbe


def rules_of(
    probe: OnMachine, authority: Authority, catalogue: Catalogue, directory: FilePath
) -> dict[str, Any]:
    """The parts of a target that say what is looked at. Relative paths start at `directory`. Raises NotKnown for a fact that is null."""
    if isinstance(probe, LogProbe):
        path = _absolute(directory, fill(probe.path, authority))
        table = catalogue.tables.get(probe.codes.table) if probe.codes else None
        return {"log": _log(probe, path), "codes": countable(table.codes) if table else ()}
    if isinstance(probe, FileProbe):
        return {
            "file": FileRules(
                glob=_absolute(directory, fill(probe.glob, authority)),
                max_age=probe.max_age,
                min_size=probe.min_size,
                sha256_from=probe.sha256_from,
            )
        }
    return {"machine": _host(probe, directory)}


def _absolute(directory: FilePath, path: str) -> str:
    return str((directory / path).absolute())


def _log(probe: LogProbe, path: str) -> LogRules:
    codes = probe.codes
    return LogRules(
        path=path,
        patterns=tuple(
            LogPattern(name=one.name, regex=one.regex, at_least=one.at_least, within=one.within)
            for one in probe.patterns
        ),
        codes=LogCodes(table=codes.table, at_least=codes.at_least, within=codes.within) if codes else None,
    )


def _host(probe: MachineProbe, directory: FilePath) -> HostRules:
    return HostRules(
        disks=tuple(DiskRule(path=_absolute(directory, one.path), free=one.min_free) for one in probe.disk),
        memory=probe.memory.min_free if probe.memory else None,
        load=probe.load.max if probe.load else None,
        files=probe.files.max if probe.files else None,
        clock_offset=probe.clock_offset.max if probe.clock_offset else None,
    )


# --- what cannot be meant --------------------------------------------------------------------------------------------


def refused(
    probe: Probe,
    path: Path,
    tables: Mapping[str, CodeTable],
    document: Document,
    *,
    authority: str,
    interval: float,
) -> Iterator[Mistake]:
    """What is wrong between the keys of one probe. `interval`: as it will be."""
    if isinstance(probe, LogProbe):
        yield from _wrong_log(probe, path, tables, document, interval)
    if isinstance(probe, MachineProbe):
        yield from _wrong_host(probe, path, document, authority)


def _wrong_log(
    probe: LogProbe, path: Path, tables: Mapping[str, CodeTable], document: Document, interval: float
) -> Iterator[Mistake]:
    if not probe.patterns and probe.codes is None:
        yield document.mistake(path, "nothing to look for", "`patterns` or `codes` must be given")
    if len(probe.patterns) > MOST_PATTERNS:
        found = f"{len(probe.patterns)} patterns"
        yield document.mistake((*path, "patterns"), found, f"at most {MOST_PATTERNS} are meant")
    names = Counter(one.name for one in probe.patterns)
    for index, one in enumerate(probe.patterns):
        at: Path = (*path, "patterns", index)
        if names[one.name] > 1:
            yield document.mistake((*at, "name"), f'the name "{one.name}" again', "each is counted by itself")
        yield from _wrong_span(one.within, (*at, "within"), document, interval)
    if probe.codes is not None:
        yield from _wrong_span(probe.codes.within, (*path, "codes", "within"), document, interval)
        yield from _wrong_table(probe.codes.table, (*path, "codes", "table"), tables, document)


def _wrong_span(within: float, path: Path, document: Document, interval: float) -> Iterator[Mistake]:
    """Lines are only known to lie between two looks."""
    if within > LONGEST_SPAN:
        yield document.mistake(path, plain(within), f"at most {plain(LONGEST_SPAN)} is meant")
    elif within < interval:
        found = f"{plain(within)} is shorter than the interval {plain(interval)}"
        yield document.mistake(path, found, "look more often, or count over a longer time")


def _wrong_table(
    name: str, path: Path, tables: Mapping[str, CodeTable], document: Document
) -> Iterator[Mistake]:
    usable = [known for known, table in tables.items() if countable(table.codes)]
    if name not in tables:
        yield document.mistake(path, f"unknown table {quoted(name)}", did_you_mean(name, usable))
    elif name not in usable:
        meant = f"digits alone stand in any line; tables with codes that can be found: {', '.join(usable)}"
        yield document.mistake(path, f'the table "{name}" has only codes of digits', meant)


def _wrong_host(probe: MachineProbe, path: Path, document: Document, authority: str) -> Iterator[Mistake]:
    if authority != LOCAL:
        found = f'kind host for "{authority or "each authority"}"'
        yield document.mistake(
            (*path, "kind"), found, "it looks at this machine: `authority: local` is meant"
        )
    if not any(getattr(probe, key) for key in LIMITS):
        yield document.mistake(path, "nothing to judge by", f"one of {', '.join(LIMITS)} must be given")
    if len(probe.disk) > MOST_DISKS:
        yield document.mistake((*path, "disk"), f"{len(probe.disk)} paths", f"at most {MOST_DISKS} are meant")
