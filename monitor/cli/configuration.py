"""What commands take from a configuration that need not be there, nor be without mistakes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from monitor.model import Authority, Plan

DEFAULT_FILE = Path("probes.yaml")


def config_option(about: str = "The configuration") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Adds `-c`, described by `about`; the command is called with `file`, None where neither it nor the variable names one."""
    return click.option(
        "-c",
        "--config",
        "file",
        envvar="FAPIAO_CONFIG",
        type=click.Path(path_type=Path),
        help=f"{about}; default: $FAPIAO_CONFIG, then probes.yaml.",
    )


def plan_of(file: Path | None, registry: Mapping[str, Authority]) -> Plan:
    """The plan of the file that is named or lies here, without one the shipped ladder. Raises ConfigError.

    What is secret in the file is kept out of the log from then on.
    """
    from monitor import log
    from monitor.config.load import load, without_file

    if file is None and not DEFAULT_FILE.exists():
        return without_file(registry)
    loaded = load(file or DEFAULT_FILE, environ=os.environ, registry=registry)
    log.REDACTION.add(loaded.secrets)
    return loaded.plan


def setting(file: Path | None, name: str) -> object:
    """One key of the top of a configuration as it is written, also of one with mistakes; None: no file that can be read.

    A key that is left out is an empty text.
    """
    from monitor.config.mistakes import ConfigError
    from monitor.config.tree import parse

    try:
        document, _ = parse((file or DEFAULT_FILE).read_text(encoding="utf-8"), "probes.yaml")
        return document.root.plain().get(name, "")
    except (ConfigError, OSError, ValueError):
        return None
