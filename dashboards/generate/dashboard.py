"""A whole dashboard: its variables, its links to the others, and its panels laid out from left to right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dashboards.generate.panels import COLUMNS, DATASOURCE, Panel

Json = dict[str, Any]

TITLES = {
    "fapiao-overview": "fapiao-monitor / Overview",
    "fapiao-authority": "fapiao-monitor / Authority",
    "fapiao-alerting": "fapiao-monitor / Alerting",
    "fapiao-daemon": "fapiao-monitor / Daemon",
}
"""uid → title. Other pages link by uid: it never changes."""

SCHEMA = 39
"""Of Grafana 10.2; later versions bring it up to date when they load it."""

CARRIED = "${datasource:queryparam}&${job:queryparam}&${instance:queryparam}&${__url_time_range}"
"""What a link from a panel takes along."""


def dashboard(
    uid: str, description: str, panels: Sequence[Panel], *, variables: Sequence[Json] = (), span: str = "24h"
) -> Json:
    """The dashboard as it stands in the file. `variables` come after data source, job and instance."""
    return {
        "annotations": {"list": [_built_in()]},
        "description": description,
        "editable": False,
        "fiscalYearStartMonth": 0,
        "graphTooltip": 1,
        "links": [_link(other, title) for other, title in TITLES.items() if other != uid],
        "liveNow": False,
        "panels": list(_laid_out(panels)),
        "refresh": "1m",
        "schemaVersion": SCHEMA,
        "tags": ["fapiao-monitor"],
        "templating": {"list": [_datasource(), _job(), _instance(), *variables]},
        "time": {"from": f"now-{span}", "to": "now"},
        "timepicker": {},
        "timezone": "browser",
        "title": TITLES[uid],
        "uid": uid,
        "version": 1,
        "weekStart": "monday",
    }


def variable(name: str, label: str, query: str, *, chosen: str, regex: str = "") -> Json:
    """One value to choose, asked of Prometheus again whenever the time changes."""
    return {
        "current": {"selected": True, "text": chosen, "value": chosen},
        "datasource": DATASOURCE,
        "hide": 0,
        "includeAll": False,
        "label": label,
        "multi": False,
        "name": name,
        "options": [],
        "query": query,
        "refresh": 2,
        "regex": regex,
        "skipUrlSync": False,
        "sort": 1,
        "type": "query",
    }


def _several(name: str, label: str, query: str) -> Json:
    """Any number of values to choose, at first all."""
    return variable(name, label, query, chosen="") | {
        "allValue": ".+",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "includeAll": True,
        "multi": True,
    }


def _datasource() -> Json:
    return {
        "hide": 0,
        "includeAll": False,
        "label": "Data source",
        "multi": False,
        "name": "datasource",
        "options": [],
        "query": "prometheus",
        "refresh": 1,
        "regex": "",
        "skipUrlSync": False,
        "type": "datasource",
    }


def _job() -> Json:
    return _several("job", "Job", "label_values(fapiao_build_info, job)")


def _instance() -> Json:
    return _several("instance", "Instance", 'label_values(fapiao_build_info{job=~"$job"}, instance)')


def _built_in() -> Json:
    return {
        "builtIn": 1,
        "datasource": {"type": "grafana", "uid": "-- Grafana --"},
        "enable": True,
        "hide": True,
        "iconColor": "rgba(0, 211, 255, 1)",
        "name": "Annotations & Alerts",
        "type": "dashboard",
    }


def _link(uid: str, title: str) -> Json:
    return {
        "asDropdown": False,
        "icon": "dashboard",
        "includeVars": True,
        "keepTime": True,
        "tags": [],
        "targetBlank": False,
        "title": title.partition(" / ")[2],
        "tooltip": "",
        "type": "link",
        "url": f"/d/{uid}",
    }


def _laid_out(panels: Iterable[Panel]) -> Iterator[Json]:
    """Every panel in its place: side by side while they fit, else below the highest of that line."""
    x = y = highest = 0
    for number, panel in enumerate(panels, 1):
        if x + panel.width > COLUMNS:
            x, y, highest = 0, y + highest, 0
        yield panel.placed(number, x, y)
        x, highest = x + panel.width, max(highest, panel.height)
