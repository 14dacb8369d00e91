"""What the tests of the dashboards share: the files, their parts, and their expressions as trees."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import promql_parser as promql

FOLDER = Path(__file__).parents[2] / "dashboards"
NAMES = ("overview", "authority", "alerting", "daemon")
FILES: dict[str, dict[str, Any]] = {
    name: json.loads((FOLDER / f"{name}.json").read_text("utf-8")) for name in NAMES
}

RATE_INTERVAL = timedelta(minutes=4, seconds=13)
"""Stands for $__rate_interval in a tree: no expression would write this by itself."""
STAND_INS = {"__rate_interval": "4m13s", "__range": "7d", "__interval": "1m"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One query of one panel."""

    dashboard: str
    panel: dict[str, Any]
    query: dict[str, Any]

    @property
    def expression(self) -> str:
        """As it stands in the file."""
        return str(self.query["expr"])

    @property
    def tree(self) -> promql.Expr:
        """Its tree; Raises ValueError where it is not PromQL."""
        return promql.parse(expand(self.expression, STAND_INS))

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.panel['title']} ({self.panel['id']}{self.query['refId']})"


def panels(name: str) -> list[dict[str, Any]]:
    """The panels of a dashboard that draw something."""
    return [panel for panel in FILES[name]["panels"] if panel["type"] != "row"]


def targets(*names: str) -> list[Target]:
    """Every query of these dashboards."""
    return [
        Target(dashboard=name, panel=panel, query=query)
        for name in names or NAMES
        for panel in panels(name)
        for query in panel["targets"]
    ]


def variables(name: str) -> dict[str, dict[str, Any]]:
    """Its variables by name."""
    return {each["name"]: each for each in FILES[name]["templating"]["list"]}


def expand(text: str, values: dict[str, str]) -> str:
    """Put values in place of `$name` and `${name}`, as Grafana does; names that have none stay."""

    def value(match: re.Match[str]) -> str:
        return values.get(match[1] or match[2], match[0])

    return re.sub(r"\$(?:(\w+)|\{(\w+)(?::\w+)?\})", value, text)


def walk(node: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Every node of a tree with those above it, the nearest last."""
    yield node, above
    below: list[Any] = []
    match node:
        case promql.BinaryExpr():
            below = [node.lhs, node.rhs]
        case promql.AggregateExpr():
            below = [node.expr, node.param] if node.param is not None else [node.expr]
        case promql.Call():
            below = list(node.args)
        case promql.ParenExpr() | promql.SubqueryExpr() | promql.UnaryExpr():
            below = [node.expr]
        case promql.MatrixSelector():
            below = [node.vector_selector]
        case _:
            pass
    for each in below:
        yield from walk(each, (*above, node))


def selectors(tree: Any) -> list[tuple[Any, tuple[Any, ...]]]:
    """Every selector of a tree with the nodes above it."""
    return [(node, above) for node, above in walk(tree) if isinstance(node, promql.VectorSelector)]
