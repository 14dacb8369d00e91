"""Reads the data files of this package."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

# libyaml's loader where PyYAML was built with it: the registry is read at every start, and it is ten times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_data(name: str) -> Any:
    """The parsed content of `monitor/knowledge/<name>`. Our own file: what is wrong in it may raise anything."""
    text = files("monitor.knowledge").joinpath(name).read_text(encoding="utf-8")
    return yaml.load(text, Loader=_LOADER)  # noqa: S506  both loaders are the safe one
