"""Panels in Grafana's form: a query, what it is drawn as, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboards.generate.colours import LINE

Json = dict[str, Any]

DATASOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One expression. `instant` asks for its last value only; `table` for rows in place of lines."""

    expr: str
    legend: str = ""
    instant: bool = False
    table: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel without its place. `width` is in 24ths of the page, `height` in Grafana's rows of 30 pixels."""

    kind: str
    title: str
    description: str = ""
    queries: tuple[Query, ...] = ()
    width: int = COLUMNS
    height: int = 8
    defaults: Json = field(default_factory=dict)
    overrides: tuple[Json, ...] = ()
    options: Json = field(default_factory=dict)
    transformations: tuple[Json, ...] = ()
    step: str = ""
    """Least `$__interval`: what happens once in minutes needs steps of minutes to have something in each."""
    max_points: int | None = None
    """Most steps of `$__interval` in the shown time; Grafana takes the panel's width where this is None."""

    def placed(self, number: int, x: int, y: int) -> Json:
        """The panel as it stands in the file."""
        place = {"h": self.height, "w": self.width, "x": x, "y": y}
        drawn: Json = {"id": number, "type": self.kind, "title": self.title, "gridPos": place}
        if self.kind == "row":
            return {**drawn, "collapsed": False, "panels": []}
        drawn |= {
            "description": self.description,
            "datasource": DATASOURCE,
            "fieldConfig": {"defaults": self.defaults, "overrides": list(self.overrides)},
            "options": self.options,
            "targets": [_target(query, number) for number, query in enumerate(self.queries)],
        }
        if self.transformations:
            drawn["transformations"] = list(self.transformations)
        if self.step:
            drawn["interval"] = self.step
        if self.max_points is not None:
            drawn["maxDataPoints"] = self.max_points
        return drawn


def _target(query: Query, number: int) -> Json:
    return {
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": query.expr,
        "format": "table" if query.table else "time_series",
        "instant": query.instant,
        "legendFormat": query.legend or "__auto",
        "range": not query.instant,
        "refId": chr(ord("A") + number),
    }


def row(title: str) -> Panel:
    """A heading over the panels that follow."""
    return Panel(kind="row", title=title, height=1)


def stat(
    title: str,
    description: str,
    *queries: Query,
    unit: str = "none",
    mappings: Sequence[Json] = (),
    steps: Sequence[tuple[float | None, str]] = ((None, LINE["grey"]),),
    colours: Mapping[str, str] | None = None,
    width: int = 4,
    height: int = 4,
    text: str = "auto",
    graph: str = "none",
    decimals: int | None = None,
    links: Sequence[Json] = (),
    max_points: int | None = None,
) -> Panel:
    """Numbers in large type on the colour of their mapping or threshold; `text` says whether value or name is shown."""
    return Panel(
        kind="stat",
        title=title,
        description=description,
        queries=queries,
        width=width,
        height=height,
        defaults=_defaults(unit, mappings, steps, decimals=decimals, links=links),
        overrides=_coloured(colours),
        options={
            "colorMode": "background_solid",
            "graphMode": graph,
            "justifyMode": "auto",
            "orientation": "auto",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "textMode": text,
            "wideLayout": True,
        },
        step="1m" if max_points else "",
        max_points=max_points,
    )


def lines(
    title: str,
    description: str,
    *queries: Query,
    unit: str,
    colours: Mapping[str, str] | None = None,
    stacked: bool = False,
    bars: bool = False,
    width: int = 12,
    height: int = 8,
    smallest: float | None = 0,
    step: str = "",
) -> Panel:
    """Values over time, as lines or bars, stacked or not; `colours` by the name of a line."""
    custom = {
        "drawStyle": "bars" if bars else "line",
        "fillOpacity": 70 if bars else 25 if stacked else 8,
        "lineWidth": 0 if bars else 1,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "normal" if stacked else "none"},
    }
    defaults = _defaults(unit, (), ((None, LINE["green"]),)) | {
        "color": {"mode": "palette-classic"},
        "custom": custom,
    }
    if smallest is not None:
        defaults["min"] = smallest
    return Panel(
        kind="timeseries",
        title=title,
        description=description,
        queries=queries,
        width=width,
        height=height,
        defaults=defaults,
        overrides=_coloured(colours),
        options={
            "legend": {"calcs": ["lastNotNull"], "displayMode": "table", "placement": "right", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        step=step,
    )  # fmt: skip


def timeline(
    title: str,
    description: str,
    *queries: Query,
    mappings: Sequence[Json],
    width: int = COLUMNS,
    height: int = 8,
) -> Panel:
    """States over time: one band for each line, with the word of the state on it.

    An instant without a value is drawn as the one before it, so a state that ends must be followed by another.
    """
    return Panel(
        kind="state-timeline",
        title=title,
        description=description,
        queries=queries,
        width=width,
        height=height,
        defaults=_defaults("none", mappings, ((None, LINE["grey"]),))
        | {"custom": {"fillOpacity": 100, "lineWidth": 0}},
        options={
            "alignValue": "left",
            "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
            "mergeValues": True,
            "rowHeight": 0.9,
            "showValue": "auto",
            "tooltip": {"mode": "single", "sort": "none"},
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table: where it comes from (a label, or the `Value #A` of a query) and how it is shown."""

    source: str
    title: str
    unit: str = ""
    mappings: tuple[Json, ...] = ()
    steps: tuple[tuple[float | None, str], ...] = ()
    links: tuple[Json, ...] = ()
    decimals: int | None = None

    def override(self) -> Json:
        """How this column differs from the others."""
        properties = [
            {"id": "unit", "value": self.unit} if self.unit else None,
            {"id": "decimals", "value": self.decimals} if self.decimals is not None else None,
            {"id": "mappings", "value": list(self.mappings)} if self.mappings else None,
            {"id": "thresholds", "value": _thresholds(self.steps)} if self.steps else None,
            {"id": "links", "value": list(self.links)} if self.links else None,
            {"id": "custom.cellOptions", "value": {"mode": "basic", "type": "color-background"}}
            if self.mappings or self.steps
            else None,
        ]
        shown = [each for each in properties if each is not None]
        return {"matcher": {"id": "byName", "options": self.title}, "properties": shown}


def table(
    title: str,
    description: str,
    *queries: Query,
    joined_by: str | None,
    columns: Sequence[Column],
    sorted_by: tuple[str, bool],
    width: int = COLUMNS,
    height: int = 10,
    max_points: int | None = None,
) -> Panel:
    """Rows joined by a label, only the columns named, in their order; `sorted_by` is a title and whether downwards.

    A single query needs no joining: `joined_by` None.
    """
    join = {"id": "joinByField", "options": {"byField": joined_by, "mode": "outer"}}
    kept = {"id": "filterFieldsByName", "options": {"include": {"names": [each.source for each in columns]}}}
    arranged = {
        "id": "organize",
        "options": {
            "excludeByName": {},
            "indexByName": {each.source: place for place, each in enumerate(columns)},
            "renameByName": {each.source: each.title for each in columns},
        },
    }
    name, down = sorted_by
    return Panel(
        kind="table",
        title=title,
        description=description,
        queries=queries,
        width=width,
        height=height,
        defaults=_defaults("none", (), ((None, LINE["grey"]),))
        | {"custom": {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False}},
        overrides=tuple(each.override() for each in columns),
        options={
            "cellHeight": "sm",
            "showHeader": True,
            "sortBy": [{"desc": down, "displayName": name}],
        },
        transformations=(*([join] if joined_by else []), kept, arranged),
        step="1m" if max_points else "",
        max_points=max_points,
    )


def _defaults(
    unit: str,
    mappings: Sequence[Json],
    steps: Sequence[tuple[float | None, str]],
    *,
    decimals: int | None = None,
    links: Sequence[Json] = (),
) -> Json:
    found: Json = {
        "color": {"mode": "thresholds"},
        "mappings": list(mappings),
        "thresholds": _thresholds(steps),
        "unit": unit,
    }
    if decimals is not None:
        found["decimals"] = decimals
    if links:
        found["links"] = list(links)
    return found


def _thresholds(steps: Sequence[tuple[float | None, str]]) -> Json:
    return {"mode": "absolute", "steps": [{"color": colour, "value": value} for value, colour in steps]}


def _coloured(colours: Mapping[str, str] | None) -> tuple[Json, ...]:
    """A fixed colour for each line of that name."""
    return tuple(
        {
            "matcher": {"id": "byName", "options": name},
            "properties": [{"id": "color", "value": {"fixedColor": colour, "mode": "fixed"}}],
        }
        for name, colour in (colours or {}).items()
    )
