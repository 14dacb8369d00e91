"""probes.yaml → a plan. Everything that is wrong is told at once, with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from monitor.config import fullwidth
from monitor.config.build import Build
from monitor.config.mistakes import ConfigError, Mistake
from monitor.config.reading import Surroundings
from monitor.config.tree import MAX_BYTES, parse
from monitor.config.understand import understand
from monitor.model import Authority, CodeTable, Plan

__all__ = ["ConfigError", "Loaded", "Mistake", "load", "read", "shipped_text", "without_file"]

HINT = "`fapiao-monitor init` writes one to start from"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A configuration that can be run."""

    plan: Plan
    notes: tuple[str, ...]
    """What an operator should know: targets that are skipped, nobody who is told."""
    secrets: frozenset[str] = field(repr=False)
    """Texts that must never be shown."""
    tables: Mapping[str, CodeTable] = field(default_factory=dict)
    """The catalogue of error codes, the operator's own files laid over it."""


def load(path: Path, *, environ: Mapping[str, str], registry: Mapping[str, Authority]) -> Loaded:
    """The plan that the file at `path` describes. Raises ConfigError with all mistakes.

    Nothing is connected to; the files and variables that it names are read, its notification addresses are tried.
    """
    text = _text(path)
    return read(text, file=str(path), directory=path.parent, environ=environ, registry=registry)


def without_file(registry: Mapping[str, Authority]) -> Plan:
    """The plan of the shipped probes.yaml, for commands that need no configuration."""
    loaded = read(shipped_text(), file="probes.yaml", directory=Path(), environ={}, registry=registry)
    return loaded.plan


def shipped_text() -> str:
    """The probes.yaml that `init` writes and the repository shows at its root."""
    return resources.files("monitor.config").joinpath("probes.yaml").read_text(encoding="utf-8")


def read(
    text: str, *, file: str, directory: Path, environ: Mapping[str, str], registry: Mapping[str, Authority]
) -> Loaded:
    """The plan that `text` describes; `file` is its name in mistakes, `directory` where its relative paths start."""
    document, mistakes = parse(text, file)
    around = Surroundings(environ=environ, directory=directory, secrets=set())
    understood = understand(document, around)
    mistakes += understood.mistakes
    if understood.configuration is None:
        raise ConfigError(fullwidth.explained(mistakes, document.slips, file))
    build = Build(document, understood, around, registry)
    mistakes = fullwidth.explained([*mistakes, *build.mistakes], document.slips, file)
    if mistakes:
        raise ConfigError(mistakes)
    tables = build.catalogue.tables
    notes = (*build.notes(), *fullwidth.notes(document.slips))
    return Loaded(plan=build.plan(), notes=notes, secrets=build.secrets(), tables=tables)


def _text(path: Path) -> str:
    """The text of a file: at most 4 MiB of UTF-8."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as problem:
        raise _whole(path, f"cannot be read: {problem.strerror}", HINT) from None
    if len(data) > MAX_BYTES:
        raise _whole(path, "larger than 4 MiB", "a configuration is smaller")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        before = problem.object[: problem.start].decode()  # without the mark of the order of bytes
        line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
        raise _whole(path, "not UTF-8 text", "save the file as UTF-8", line, column) from None


def _whole(path: Path, found: str, meant: str, line: int = 1, column: int = 1) -> ConfigError:
    return ConfigError([Mistake(file=str(path), line=line, column=column, path="", found=found, meant=meant)])
