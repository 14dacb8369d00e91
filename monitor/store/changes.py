"""Notices which rows of a `State` change, so that only those are written; `apply` changes its dicts in place."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from monitor.core.state import State
from monitor.store.owed import Row
from monitor.store.rows import SINGLE, kinds


class Changes:
    """Watches one `State` that it makes itself from a loaded one; `state` is what `apply` is to be given."""

    def __init__(self, loaded: State) -> None:
        self._changed: dict[Row, Any] = {}
        self.state = State()
        self._singles: dict[str, Any] = {}
        for name, kind in kinds().items():
            value = getattr(loaded, name)
            if kind.is_mapping:
                setattr(self.state, name, Watched(name, dict(value), self._changed))
            else:
                setattr(self.state, name, value)
                self._singles[name] = value

    def take(self) -> dict[Row, Any]:
        """The rows that changed since the last call, with their new value; None: the row is gone."""
        for name, known in self._singles.items():
            value = getattr(self.state, name)
            if value is not known:
                self._singles[name] = value
                self._changed[name, SINGLE] = value
        taken = dict(self._changed)
        self._changed.clear()
        return taken


class Watched(MutableMapping[str, Any]):
    """A dict that writes down what is done to it."""

    def __init__(self, name: str, values: dict[str, Any], changed: dict[Row, Any]) -> None:
        self._name = name
        self._values = values
        self._changed = changed

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._values[key] = value
        self._changed[self._name, key] = value

    def __delitem__(self, key: str) -> None:
        del self._values[key]
        self._changed[self._name, key] = None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
