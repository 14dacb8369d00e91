"""What kinds `log`, `host` and `file` hold what they find on this machine against. Sizes in bytes, spans in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPattern:
    """Lines that are counted; from `at_least` of them within `within` seconds on they fail the run."""

    name: str
    regex: str
    at_least: int = 5
    within: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogCodes:
    """Codes of a table of the catalogue that are counted in the same way, each by itself, and judged by what it says of them."""

    table: str
    at_least: int = 5
    within: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRules:
    """A growing file, and what to look for in its new lines (kind `log`)."""

    path: str
    """Absolute."""
    patterns: tuple[LogPattern, ...] = ()
    codes: LogCodes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much must be left: a share of the whole, or so many bytes. Exactly one."""

    share: float | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskRule:
    """The file system that holds a path, and what must be free there."""

    path: str
    """Absolute."""
    free: Room


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRules:
    """What this machine must have left (kind `host`). None: measured, not judged."""

    disks: tuple[DiskRule, ...] = ()
    memory: Room | None = None
    load: float | None = None
    """Most processes that run or wait per CPU, over five minutes."""
    files: float | None = None
    """Largest share of the files that may be open: of this process, and of the whole machine."""
    clock_offset: float | None = None
    """Seconds by which our clock may differ from those of the servers that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRules:
    """The newest file that a pattern of paths matches, and what it must be (kind `file`). None: not asked."""

    glob: str
    """Absolute."""
    max_age: float | None = None
    min_size: int | None = None
    sha256_from: str | None = None
    """Path of the file that holds its checksum; `{name}` stands for its name, a relative path starts beside it."""
