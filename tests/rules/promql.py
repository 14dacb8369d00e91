"""What an expression asks for and which labels its answer has, from its parsed form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

import promql_parser as promql

SCRAPED = frozenset({"job", "instance"})
"""Labels that Prometheus adds to everything it scrapes."""
SETS = ("and", "unless")
COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")


def walk(node: promql.Expr) -> Iterator[promql.Expr]:
    """The node and all below it."""
    yield node
    for below in _below(node):
        yield from walk(below)


def _below(node: promql.Expr) -> list[promql.Expr]:
    match node:
        case promql.BinaryExpr():
            return [node.lhs, node.rhs]
        case promql.Call():
            return list(node.args)
        case promql.MatrixSelector():
            return [node.vector_selector]
        case promql.AggregateExpr() | promql.ParenExpr() | promql.SubqueryExpr() | promql.UnaryExpr():
            return [node.expr]
        case _:
            return []


def selectors(text: str) -> list[promql.VectorSelector]:
    """All series that an expression asks for."""
    return [node for node in walk(promql.parse(text)) if isinstance(node, promql.VectorSelector)]


def bare(text: str) -> list[str]:
    """Metrics that are asked for as they are now, not over a range."""
    tree = promql.parse(text)
    ranged = [node.vector_selector for node in walk(tree) if isinstance(node, promql.MatrixSelector)]
    names = [str(node.name) for node in walk(tree) if isinstance(node, promql.VectorSelector)]
    for each in ranged:
        names.remove(str(each.name))
    return names


def ranges(text: str) -> list[tuple[str, timedelta]]:
    """(metric, window) of each range in an expression."""
    found = [node for node in walk(promql.parse(text)) if isinstance(node, promql.MatrixSelector)]
    return [(str(node.vector_selector.name), node.range) for node in found]


def compares(text: str) -> bool:
    """Whether an alert has a condition: a comparison outside of functions, or `absent`."""
    return any(_is_condition(node) for node in walk(promql.parse(text)))


def _is_condition(node: promql.Expr) -> bool:
    if isinstance(node, promql.Call):
        return str(node.func.name) == "absent"
    return isinstance(node, promql.BinaryExpr) and str(node.op) in COMPARISONS


def surviving(node: promql.Expr, known: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The labels that the answer certainly has. `known`: the labels of each metric, as scraped or recorded."""
    match node:
        case promql.AggregateExpr():
            assert node.modifier is not None, "say which labels are to stay"
            assert node.modifier.type == promql.AggModifierType.By, "say which labels are to stay"
            return frozenset(node.modifier.labels)
        case promql.BinaryExpr():
            return _of_two(node, known)
        case promql.Call():
            return _of_call(node, known)
        case promql.VectorSelector():
            return known[str(node.name)]
        case promql.MatrixSelector():
            return surviving(node.vector_selector, known)
        case promql.ParenExpr() | promql.SubqueryExpr() | promql.UnaryExpr():
            return surviving(node.expr, known)
        case _:
            return frozenset()


def _of_two(node: promql.BinaryExpr, known: Mapping[str, frozenset[str]]) -> frozenset[str]:
    left, right = surviving(node.lhs, known), surviving(node.rhs, known)
    if str(node.op) in SETS:
        return left
    if str(node.op) == "or":
        return left & right
    scalars = (promql.NumberLiteral, promql.Call)
    if isinstance(node.lhs, scalars) and not left:
        return right
    matching = node.modifier.matching if node.modifier else None
    grouped = node.modifier is not None and node.modifier.card != promql.VectorMatchCardinality.OneToOne
    if matching is None or grouped:
        return left
    return left & frozenset(matching.labels)


def _of_call(node: promql.Call, known: Mapping[str, frozenset[str]]) -> frozenset[str]:
    if str(node.func.name) == "absent":
        [selector] = selectors(node.prettify())
        return frozenset(str(one.name) for one in selector.matchers.matchers)
    vectors = [surviving(each, known) for each in node.args]
    found = next((labels for labels in reversed(vectors) if labels), frozenset[str]())
    return found - {"le"} if str(node.func.name) == "histogram_quantile" else found
